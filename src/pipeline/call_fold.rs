use crate::arc::{ArcTracker, ArcTurn, TurningPoint};
use crate::call::{Meta, Source, Span, Speaker, Turn, Warning};
use crate::escalation::{Escalation, RiskTracker, RiskTurn, Signal, SignalHit};
use crate::heatmap::{
    CallReport, ComplaintTerm, SignalSpan, TermSpan, TurnReport, WordReport, lanes, rounded,
};
use crate::segment::Word;
use crate::sentiment::{ContextTracker, Reading, Score};
use crate::terms::{TermHit, TurnTerms, TurnText};
use crate::text::Normalised;
use crate::text::personal::{self, Said};
use crate::timing::TimingTracker;

use super::analyser::{Analysed, Stages};

/// One call on its way through the stages, turn by turn. Batch and live both
/// use it, so the same turns give the same [`CallReport`].
pub struct CallFold<'a> {
    stages: &'a Stages,
    turns: Vec<TurnReport>,
    customer: Vec<TurnAnalysis>,
    context: ContextTracker,
    timing: TimingTracker,
    arc: ArcTracker,
    risk: RiskTracker<'a>,
}

/// What became known with one turn.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// The turning point that this turn confirmed.
    pub turning_point: Option<TurningPoint>,
    /// The risk, when its level changed.
    pub escalation: Option<Escalation>,
}

/// A turn as the later stages and the batch's terms need it.
pub(super) struct TurnAnalysis {
    index: usize,
    text: Normalised,
    words: Vec<Word>,
    score: Score,
    terms: Vec<TermHit>,
    signals: Vec<SignalHit>,
    /// Personal data, known when the call is over: numbers go over several turns.
    personal: Vec<Span>,
}

impl TurnAnalysis {
    /// The turn as the batch's terms take it.
    pub(super) fn terms(&self) -> TurnTerms<'_> {
        TurnTerms {
            turn: self.index,
            normalised: &self.text,
            words: &self.words,
            score: &self.score,
            hits: &self.terms,
            personal: &self.personal,
        }
    }
}

impl<'a> CallFold<'a> {
    /// A call of which no turn is known yet.
    pub fn new(stages: &'a Stages) -> Self {
        Self {
            stages,
            turns: Vec::new(),
            customer: Vec::new(),
            context: ContextTracker::default(),
            timing: TimingTracker::new(stages.options.timing),
            arc: ArcTracker::new(stages.options.arc),
            risk: RiskTracker::new(&stages.risk),
        }
    }

    /// Takes the next turn with what the model says of it.
    pub fn push(&mut self, turn: &Turn, reading: &Reading) -> Finding {
        let index = self.turns.len();
        let words_alone = reading.score;
        let score = if self.stages.options.context {
            self.context.push(turn, words_alone)
        } else {
            words_alone
        };
        let analysis = self.analyse(index, turn, score, reading);
        self.timing.push(turn);
        let turning_point = self.arc.push(&ArcTurn {
            index,
            turn,
            text: &analysis.text,
            // The arc follows the levels itself.
            score: words_alone,
        });
        let escalation = self.risk.push(&RiskTurn {
            index,
            turn,
            score,
            terms: &analysis.terms,
            signals: &analysis.signals,
            level: self.arc.level(),
            point: turning_point.as_ref(),
        });
        let report = self.turn_report(turn, &analysis);
        self.turns.push(report);
        if turn.speaker == Speaker::Customer {
            self.customer.push(analysis);
        }
        Finding {
            turning_point,
            escalation,
        }
    }

    /// The turns so far.
    pub fn turns(&self) -> &[TurnReport] {
        &self.turns
    }

    /// Everything about the call.
    pub fn finish(
        mut self,
        call_id: String,
        source: Source,
        meta: Meta,
        warnings: Vec<Warning>,
    ) -> Analysed {
        self.find_personal_data();
        let arc = self.arc.finish();
        let last = self
            .turns
            .iter()
            .filter_map(|turn| turn.end_ms.or(turn.start_ms))
            .max();
        let report = CallReport {
            call_id,
            source,
            meta,
            duration_ms: last,
            heatmap: lanes(&self.turns, last, self.stages.options.bins),
            turning_points: arc.turning_points,
            arc: arc.course,
            complaint_terms: ComplaintTerm::of_turns(&self.turns),
            escalation: self.risk.finish(),
            timing: self.timing.finish(),
            turns: self.turns,
            warnings,
        };
        Analysed {
            report,
            customer: self.customer,
        }
    }

    fn find_personal_data(&mut self) {
        let said = self.turns.iter().map(|turn| Said {
            speaker: turn.speaker,
            text: &turn.text,
        });
        let found = personal::find(&said.collect::<Vec<_>>());
        for turn in &mut self.customer {
            let pieces = found.get(turn.index).map_or(&[][..], Vec::as_slice);
            turn.personal = pieces.iter().map(|piece| piece.span).collect();
        }
    }

    /// Only a customer's words can be a complaint or a signal. `score` is the
    /// turn's own, in its context; `reading` is of its words alone.
    ///
    /// What a complaint is stands in the turn itself: terms take the score of the
    /// words alone, with which they were fitted.
    fn analyse(&self, index: usize, turn: &Turn, score: Score, reading: &Reading) -> TurnAnalysis {
        let text = Normalised::new(&turn.text);
        let is_customer = turn.speaker == Speaker::Customer;
        let words = if is_customer || self.stages.options.words {
            self.stages.segmenter.words(text.text())
        } else {
            Vec::new()
        };
        let (terms, signals) = if is_customer {
            let turn_text = TurnText {
                normalised: &text,
                words: &words,
                score: &reading.score,
                marked: reading.phrases.as_deref(),
                raw: &turn.text,
            };
            (
                self.stages.terms.find(&turn_text),
                self.stages.signals.find(&text, &score, reading.escalation),
            )
        } else {
            (Vec::new(), Vec::new())
        };
        TurnAnalysis {
            index,
            text,
            words,
            score,
            terms,
            signals,
            personal: Vec::new(),
        }
    }

    fn turn_report(&self, turn: &Turn, analysis: &TurnAnalysis) -> TurnReport {
        let TurnAnalysis {
            index,
            text,
            words,
            score,
            terms,
            signals,
            personal: _,
        } = analysis;
        let mut kinds: Vec<Signal> = signals.iter().map(|hit| hit.signal).collect();
        kinds.sort_unstable();
        kinds.dedup();
        let word_report = |word: &Word| WordReport {
            span: text.raw_span(word.range.clone()),
            tag: word.tag.clone(),
        };
        TurnReport {
            index: *index,
            speaker: turn.speaker,
            start_ms: turn.start_ms,
            end_ms: turn.end_ms,
            text: turn.text.clone(),
            label: score.label(),
            valence: rounded(score.valence),
            probabilities: score.into(),
            terms: terms.iter().map(TermSpan::from).collect(),
            signals: kinds,
            signal_spans: signals.iter().map(SignalSpan::from).collect(),
            words: self
                .stages
                .options
                .words
                .then(|| words.iter().map(word_report).collect()),
        }
    }
}

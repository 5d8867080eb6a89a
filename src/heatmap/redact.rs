use super::batch::{Failure, Heatmap};
use super::call_report::{CallReport, ComplaintTerm, TermSpan, TurnReport, WordReport};
use super::shown_ids::ShownIds;
use crate::call::{Meta, Span};
use crate::escalation::Escalation;
use crate::terms::BatchTerm;
use crate::text::Normalised;
use crate::text::personal::{self, Piece, Said, Shown, shown_identifier, shown_value};

/// A shorter rest of a complaint term tells nothing.
const SHORTEST_TERM: usize = 2;

/// Shows results with placeholders in place of personal data. What was found is
/// not judged anew: scores, spans and counts stay, in terms of the text shown.
#[derive(Debug, Clone, Default)]
pub struct Redactor {
    ids: ShownIds,
}

impl Redactor {
    /// A call with placeholders in its turns, metadata, path and identifier. A
    /// complaint term that quoted personal data is cut to its longest other
    /// part, or goes where nothing is left.
    pub fn call(&mut self, call: &CallReport) -> CallReport {
        let said: Vec<Said<'_>> = call.turns.iter().map(said).collect();
        let found = personal::find(&said);
        let shown: Vec<Shown> = call
            .turns
            .iter()
            .zip(&found)
            .map(|(turn, pieces)| Shown::new(&turn.text, pieces))
            .collect();
        let turns: Vec<TurnReport> = call
            .turns
            .iter()
            .zip(&shown)
            .map(|(turn, shown)| turn_shown(turn, shown))
            .collect();
        let touched = found.iter().any(|pieces: &Vec<Piece>| !pieces.is_empty());
        let complaint_terms = if touched {
            ComplaintTerm::of_turns(&turns)
        } else {
            call.complaint_terms.clone()
        };
        let text_of = |turn: usize| shown.get(turn).map(|shown| shown.text().to_owned());
        let mut report = CallReport {
            call_id: self.id(&call.call_id),
            meta: meta_shown(&call.meta),
            complaint_terms,
            escalation: escalation_shown(&call.escalation, text_of),
            turns,
            // Everything else holds no words.
            ..call.clone()
        };
        report.source.path = shown_identifier(&call.source.path);
        for warning in &mut report.warnings {
            warning.message = shown_identifier(&warning.message);
        }
        report
    }

    /// What the identifier of a call is shown as; the same each time.
    pub fn id(&mut self, id: &str) -> String {
        self.ids.shown(id)
    }

    /// The batch's terms.
    pub fn terms(&mut self, terms: &[BatchTerm]) -> Vec<BatchTerm> {
        let mut terms = terms.to_vec();
        terms.retain(|term| personal::find_in(&term.term).is_empty());
        for example in terms.iter_mut().flat_map(|term| &mut term.examples) {
            example.call_id = self.id(&example.call_id);
        }
        terms
    }

    /// What could not be read.
    pub fn failure(&self, failure: &Failure) -> Failure {
        Failure {
            path: shown_identifier(&failure.path),
            line: failure.line,
            reason: shown_identifier(&failure.reason),
        }
    }

    /// What stands around the calls of a heatmap; its calls, if any, are taken too.
    pub fn heatmap(&mut self, heatmap: Heatmap) -> Heatmap {
        let calls = heatmap
            .calls
            .as_ref()
            .map(|calls| calls.iter().map(|call| self.call(call)).collect());
        Heatmap {
            calls,
            terms: self.terms(&heatmap.terms),
            failures: heatmap
                .failures
                .iter()
                .map(|failure| self.failure(failure))
                .collect(),
            ..heatmap
        }
    }
}

/// A turn as personal data is looked for in it.
pub(super) fn said(turn: &TurnReport) -> Said<'_> {
    Said {
        speaker: turn.speaker,
        text: &turn.text,
    }
}

fn meta_shown(meta: &Meta) -> Meta {
    meta.iter()
        .map(|(key, value)| (key.clone(), shown_value(key, value)))
        .collect()
}

/// The reasons quote whole turns: they quote the turns as they are shown.
pub(super) fn escalation_shown(
    escalation: &Escalation,
    text_of: impl Fn(usize) -> Option<String>,
) -> Escalation {
    let mut escalation = escalation.clone();
    for reason in &mut escalation.reasons {
        reason.text = text_of(reason.turn).unwrap_or_else(|| personal::shown(&reason.text));
    }
    escalation
}

/// A turn with its text as shown and its spans moved along.
pub(super) fn turn_shown(turn: &TurnReport, shown: &Shown) -> TurnReport {
    let mut turn = turn.clone();
    if shown.is_raw() {
        return turn;
    }
    let raw = std::mem::replace(&mut turn.text, shown.text().to_owned());
    turn.terms = turn
        .terms
        .iter()
        .filter_map(|term| term_shown(term, &raw, shown))
        .collect();
    for signal in &mut turn.signal_spans {
        signal.span = shown.span(signal.span);
    }
    if let Some(words) = &mut turn.words {
        words.retain(|word| !shown.is_touched(word.span));
        for word in words.iter_mut() {
            word.span = shown.span(word.span);
        }
        words.extend(shown.placeholders().map(|span| WordReport {
            span,
            tag: "x".to_owned(),
        }));
        words.sort_by_key(|word| word.span);
    }
    turn
}

fn term_shown(term: &TermSpan, raw: &str, shown: &Shown) -> Option<TermSpan> {
    if !shown.is_touched(term.span) {
        return Some(TermSpan {
            span: shown.span(term.span),
            ..term.clone()
        });
    }
    let Span(start, end) = shown.untouched(term.span)?;
    let rest: String = raw.chars().skip(start).take(end - start).collect();
    let told = rest
        .chars()
        .filter(|character| character.is_alphanumeric())
        .count();
    (told >= SHORTEST_TERM).then(|| TermSpan {
        canonical: Normalised::new(&rest).text().trim().to_owned(),
        term: rest,
        category: term.category,
        span: shown.span(Span(start, end)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::{Source, Speaker};
    use crate::escalation::{Level, Reason, Signal};
    use crate::heatmap::{Probabilities, SignalSpan};
    use crate::sentiment::Label;
    use crate::terms::Category;
    use crate::timing::{TimingOptions, TimingTracker};

    fn turn(index: usize, speaker: Speaker, text: &str) -> TurnReport {
        TurnReport {
            index,
            speaker,
            start_ms: None,
            end_ms: None,
            text: text.to_owned(),
            label: Label::Negative,
            valence: -0.5,
            probabilities: Probabilities {
                negative: 0.8,
                neutral: 0.1,
                positive: 0.1,
            },
            terms: Vec::new(),
            signals: Vec::new(),
            signal_spans: Vec::new(),
            words: None,
        }
    }

    fn span_of(text: &str, words: &str) -> Span {
        let start = text[..text.find(words).unwrap()].chars().count();
        Span(start, start + words.chars().count())
    }

    fn quoted(text: &str, span: Span) -> String {
        text.chars().skip(span.0).take(span.1 - span.0).collect()
    }

    fn term(text: &str, words: &str) -> TermSpan {
        TermSpan {
            term: words.to_owned(),
            canonical: words.to_owned(),
            category: Category::Attitude,
            span: span_of(text, words),
        }
    }

    fn call() -> CallReport {
        let angry = "我叫张伟，你们乱扣费，给一三八零零零零一二三四乱打电话，我去12315投诉";
        let mut customer = turn(1, Speaker::Customer, angry);
        customer.terms = vec![
            term(angry, "乱扣费"),
            term(angry, "零一二三四乱打电话"),
            term(angry, "张伟"),
        ];
        customer.signals = vec![Signal::Regulator];
        customer.signal_spans = vec![SignalSpan {
            signal: Signal::Regulator,
            span: span_of(angry, "12315投诉"),
        }];
        let words = ["我叫", "张伟", "乱扣费"].map(|words| WordReport {
            span: span_of(angry, words),
            tag: "n".to_owned(),
        });
        customer.words = Some(words.to_vec());
        let turns = vec![turn(0, Speaker::Agent, "您好"), customer];
        let complaint_terms = ComplaintTerm::of_turns(&turns);
        CallReport {
            call_id: "13800001234_20240506".to_owned(),
            source: Source {
                path: "rec/13800001234_20240506.json".to_owned(),
                format: "native".to_owned(),
            },
            meta: serde_json::from_str(r#"{"caller":"13800001234","agent_id":"8021"}"#).unwrap(),
            duration_ms: None,
            turns,
            heatmap: Vec::new(),
            turning_points: Vec::new(),
            arc: crate::arc::ArcTracker::new(crate::arc::ArcOptions::default())
                .finish()
                .course,
            complaint_terms,
            escalation: Escalation {
                risk: 0.9,
                level: Level::High,
                reasons: vec![Reason {
                    signal: "regulator".to_owned(),
                    turn: 1,
                    text: angry.to_owned(),
                }],
            },
            timing: TimingTracker::new(TimingOptions::default()).finish(),
            warnings: Vec::new(),
        }
    }

    #[test]
    fn nothing_shown_quotes_personal_data_and_every_span_fits() {
        let shown = Redactor::default().call(&call());
        let text = &shown.turns[1].text;
        assert_eq!(
            text,
            "我叫[姓名]，你们乱扣费，给[手机号]乱打电话，我去12315投诉"
        );
        for found in &shown.turns[1].terms {
            assert_eq!(quoted(text, found.span), found.term);
        }
        let terms: Vec<&str> = shown
            .complaint_terms
            .iter()
            .map(|t| t.term.as_str())
            .collect();
        assert_eq!(terms, ["乱扣费", "乱打电话"]);
        assert_eq!(
            quoted(text, shown.turns[1].signal_spans[0].span),
            "12315投诉"
        );
        let words: Vec<String> = shown.turns[1]
            .words
            .iter()
            .flatten()
            .map(|word| quoted(text, word.span))
            .collect();
        assert_eq!(words, ["我叫", "[姓名]", "乱扣费", "[手机号]"]);
        assert_eq!(shown.escalation.reasons[0].text, *text);
        let json = serde_json::to_string(&shown).unwrap();
        for gone in ["13800001234", "一三八", "张伟", "一二三四"] {
            assert!(!json.contains(gone), "{gone} in {json}");
        }
        assert!(json.contains("8021") && shown.call_id == "[手机号]_20240506");
        assert_eq!(Redactor::default().call(&shown), shown, "redacted twice");
    }
}

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::lanes::Lane;
use crate::arc::{Course, TurningPoint};
use crate::call::{Meta, Source, Span, Speaker, Warning};
use crate::escalation::{Escalation, Signal, SignalHit};
use crate::sentiment::{Label, Score};
use crate::terms::{Category, TermHit};
use crate::timing::Timing;

/// Everything callheat says about one call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CallReport {
    /// Identifier of the call, unique in the batch.
    pub call_id: String,
    /// Where it was read from.
    pub source: Source,
    /// What else the input carried: `agent_id`, `queue`, `started_at`, `audio_uri`, …
    pub meta: Meta,
    /// Length of the call; null when the input has no times.
    pub duration_ms: Option<u64>,
    /// The turns, in order.
    pub turns: Vec<TurnReport>,
    /// One lane a speaker, customer first.
    pub heatmap: Vec<Lane>,
    /// Emotional turning points (情绪拐点) of the customer, in order.
    pub turning_points: Vec<TurningPoint>,
    /// The customer's emotional level over the call.
    #[serde(default)]
    pub arc: Course,
    /// Complaint terms (投诉词) of the customer, most frequent first.
    pub complaint_terms: Vec<ComplaintTerm>,
    /// Escalation risk (升级风险) with its reasons.
    pub escalation: Escalation,
    /// Silences, interruptions, talk ratio, speed; null parts when the input has no times.
    pub timing: Timing,
    /// Oddities of the input.
    pub warnings: Vec<Warning>,
}

/// One turn with what was found in it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TurnReport {
    /// Position in the call, from 0.
    pub index: usize,
    /// Who speaks.
    pub speaker: Speaker,
    /// Milliseconds from the start of the call.
    pub start_ms: Option<u64>,
    /// Milliseconds from the start of the call.
    pub end_ms: Option<u64>,
    /// The text as the input has it.
    pub text: String,
    /// The most probable class.
    pub label: Label,
    /// −1..1.
    pub valence: f32,
    /// The model's probabilities, of a customer's spoken turn in the light of his
    /// turns before; they add up to 1.
    pub probabilities: Probabilities,
    /// Complaint terms, customer turns only.
    pub terms: Vec<TermSpan>,
    /// Kinds of escalation signals, customer turns only.
    pub signals: Vec<Signal>,
    /// Where the signals stand.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub signal_spans: Vec<SignalSpan>,
    /// jieba's words, with `--words` only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub words: Option<Vec<WordReport>>,
}

/// Probabilities of the three classes.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Probabilities {
    /// 0..1
    pub negative: f32,
    /// 0..1
    pub neutral: f32,
    /// 0..1
    pub positive: f32,
}

impl From<&Score> for Probabilities {
    fn from(score: &Score) -> Self {
        Self {
            negative: rounded(score.negative),
            neutral: rounded(score.neutral),
            positive: rounded(score.positive),
        }
    }
}

/// A complaint term in a turn.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TermSpan {
    /// The passage that holds the complaint, as it stands in the text.
    pub term: String,
    /// The form under which it is counted: its core, numbers and light words
    /// folded, or the name of the lexicon's entry.
    #[serde(default)]
    pub canonical: String,
    /// What it is about.
    pub category: Category,
    /// Characters of `text`.
    pub span: Span,
}

/// An escalation signal in a turn.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SignalSpan {
    /// Its kind.
    pub signal: Signal,
    /// Characters of `text`.
    pub span: Span,
}

impl From<&TermHit> for TermSpan {
    fn from(hit: &TermHit) -> Self {
        Self {
            term: hit.term.clone(),
            canonical: hit.canonical.clone(),
            category: hit.category,
            span: hit.span,
        }
    }
}

impl From<&SignalHit> for SignalSpan {
    fn from(hit: &SignalHit) -> Self {
        Self {
            signal: hit.signal,
            span: hit.span,
        }
    }
}

/// A word of a turn.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WordReport {
    /// Characters of `text`.
    pub span: Span,
    /// Part of speech in jieba's tag set.
    pub tag: String,
}

/// A complaint term of a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ComplaintTerm {
    /// The term under its canonical form.
    pub term: String,
    /// What it is about.
    pub category: Category,
    /// How often it stands in the call.
    pub count: usize,
    /// The turns it stands in.
    pub turns: Vec<usize>,
}

impl ComplaintTerm {
    /// The terms of a call's turns, most frequent first, then in order of appearance.
    pub fn of_turns(turns: &[TurnReport]) -> Vec<Self> {
        let mut position: BTreeMap<(&str, Category), usize> = BTreeMap::new();
        let mut terms: Vec<Self> = Vec::new();
        for turn in turns {
            for found in &turn.terms {
                let at = *position
                    .entry((&found.canonical, found.category))
                    .or_insert(terms.len());
                if at == terms.len() {
                    let term = found.canonical.clone();
                    terms.push(Self {
                        term,
                        category: found.category,
                        count: 0,
                        turns: Vec::new(),
                    });
                }
                let term = &mut terms[at];
                term.count += 1;
                if term.turns.last() != Some(&turn.index) {
                    term.turns.push(turn.index);
                }
            }
        }
        terms.sort_by_key(|term| std::cmp::Reverse(term.count));
        terms
    }
}

/// Four decimals: more would be noise, and equal runs stay equal.
pub fn rounded(value: f32) -> f32 {
    let rounded = (f64::from(value) * 1e4).round() / 1e4;
    // Avoids "-0.0" in the output.
    rounded as f32 + 0.0
}

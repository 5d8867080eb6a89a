//! The columns of the overview: what a call's row needs, for every call of the
//! batch, some hundreds of calls a block.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

/// Calls of one overview block.
const CALLS_PER_BLOCK: usize = 512;

/// The part of a call that the overview reads. All of it may be absent: the page
/// shows what there is.
#[derive(Deserialize)]
pub struct CallRow<'a> {
    #[serde(borrow)]
    call_id: Cow<'a, str>,
    #[serde(default)]
    meta: Option<Meta>,
    duration_ms: Option<f64>,
    #[serde(borrow, default)]
    turns: Vec<TurnRow<'a>>,
    #[serde(borrow, default)]
    heatmap: Vec<LaneRow<'a>>,
    #[serde(default)]
    turning_points: Vec<serde::de::IgnoredAny>,
    #[serde(borrow, default)]
    complaint_terms: Vec<TermRow<'a>>,
    #[serde(borrow, default)]
    escalation: Option<EscalationRow<'a>>,
    #[serde(default)]
    arc: Option<ArcRow>,
}

#[derive(Deserialize)]
struct Meta {
    agent_id: Option<Value>,
    queue: Option<Value>,
    started_at: Option<Value>,
}

#[derive(Deserialize)]
struct TurnRow<'a> {
    #[serde(borrow, default)]
    text: Cow<'a, str>,
    #[serde(default)]
    signals: Vec<Value>,
}

#[derive(Deserialize)]
struct LaneRow<'a> {
    #[serde(borrow)]
    speaker: Cow<'a, str>,
    #[serde(default)]
    cells: Vec<CellRow>,
}

#[derive(Deserialize)]
struct CellRow {
    bin: usize,
    valence: Option<f64>,
    #[serde(default)]
    complaints: BTreeMap<String, u64>,
}

#[derive(Deserialize)]
struct TermRow<'a> {
    #[serde(borrow)]
    term: Cow<'a, str>,
    #[serde(borrow)]
    category: Cow<'a, str>,
    #[serde(default)]
    count: u64,
}

#[derive(Deserialize)]
struct EscalationRow<'a> {
    risk: f64,
    #[serde(borrow)]
    level: Cow<'a, str>,
}

#[derive(Deserialize)]
struct ArcRow {
    lowest: Option<LowestRow>,
}

#[derive(Deserialize)]
struct LowestRow {
    level: Option<f64>,
}

impl CallRow<'_> {
    /// Risk, 0..1; 0 when the call has none.
    pub fn risk(&self) -> f64 {
        self.escalation
            .as_ref()
            .map_or(0.0, |escalation| escalation.risk)
    }

    /// The customer's lowest level: the arc's, else the lowest cell's, else 1.
    pub fn lowest(&self) -> f64 {
        self.arc
            .as_ref()
            .and_then(|arc| arc.lowest.as_ref())
            .and_then(|lowest| lowest.level)
            .unwrap_or_else(|| {
                self.customer_cells()
                    .filter_map(|cell| cell.valence)
                    .fold(1.0, f64::min)
            })
    }

    /// Adds what makes this batch this batch: its calls' names and texts.
    pub fn hash_into(&self, hash: &mut Sha256) {
        let texts = self.turns.iter().map(|turn| &turn.text);
        for text in std::iter::once(&self.call_id).chain(texts) {
            hash.update((text.len() as u64).to_le_bytes());
            hash.update(text.as_bytes());
        }
    }

    fn customer_cells(&self) -> impl Iterator<Item = &CellRow> {
        self.heatmap
            .iter()
            .filter(|lane| lane.speaker == "customer")
            .flat_map(|lane| lane.cells.iter())
    }
}

/// Columns of up to [`CALLS_PER_BLOCK`] calls. Valences are whole hundredths.
#[derive(Default, Serialize)]
pub struct OverviewColumns {
    /// Position in the batch of the block's first call.
    first: usize,
    id: Vec<String>,
    agent: Vec<Option<String>>,
    queue: Vec<Option<String>>,
    started: Vec<Option<String>>,
    duration: Vec<Option<u64>>,
    turns: Vec<usize>,
    risk: Vec<f64>,
    level: Vec<String>,
    lowest: Vec<i32>,
    points: Vec<usize>,
    signals: Vec<Vec<String>>,
    /// The block's own complaint terms with their categories.
    terms: Vec<(String, String)>,
    /// For each call: index of a term, its count, index, count, …
    counts: Vec<Vec<u64>>,
    /// For each call: the customer's valence by bin, null where nothing was said.
    cells: Vec<Vec<Option<i32>>>,
    /// For each call: bin, number of complaints in it, bin, number, …
    complaints: Vec<Vec<u64>>,
    #[serde(skip)]
    known: BTreeMap<(String, String), u64>,
}

impl OverviewColumns {
    /// Adds the call at `position` of the batch.
    pub fn push(&mut self, position: usize, row: &CallRow<'_>) {
        if self.is_empty() {
            self.first = position;
        }
        let meta = row.meta.as_ref();
        self.id.push(row.call_id.to_string());
        self.agent
            .push(meta.and_then(|meta| plain(meta.agent_id.as_ref())));
        self.queue
            .push(meta.and_then(|meta| plain(meta.queue.as_ref())));
        self.started
            .push(meta.and_then(|meta| plain(meta.started_at.as_ref())));
        self.duration
            .push(row.duration_ms.map(|duration| duration.max(0.0) as u64));
        self.turns.push(row.turns.len());
        self.risk.push((row.risk() * 1e4).round() / 1e4);
        self.level.push(
            row.escalation
                .as_ref()
                .map_or("low".to_owned(), |e| e.level.to_string()),
        );
        self.lowest.push(hundredths(row.lowest()));
        self.points.push(row.turning_points.len());
        self.signals.push(signal_names(&row.turns));
        let counts = self.term_counts(&row.complaint_terms);
        self.counts.push(counts);
        self.push_cells(row);
    }

    /// Whether the block should be written.
    pub fn is_full(&self) -> bool {
        self.id.len() >= CALLS_PER_BLOCK
    }

    /// Whether no call waits in the block.
    pub fn is_empty(&self) -> bool {
        self.id.is_empty()
    }

    fn term_counts(&mut self, terms: &[TermRow<'_>]) -> Vec<u64> {
        let mut counts = Vec::with_capacity(terms.len() * 2);
        for term in terms {
            let name = (term.term.to_string(), term.category.to_string());
            let next = self.terms.len() as u64;
            let index = *self.known.entry(name.clone()).or_insert(next);
            if index == next {
                self.terms.push(name);
            }
            counts.extend([index, term.count]);
        }
        counts
    }

    fn push_cells(&mut self, row: &CallRow<'_>) {
        /// Far above any sensible number of bins; a larger one is not drawn.
        const MOST_BINS: usize = 1_000;
        let mut cells = Vec::new();
        let mut complaints = Vec::new();
        for cell in row.customer_cells().filter(|cell| cell.bin < MOST_BINS) {
            if cells.len() <= cell.bin {
                cells.resize(cell.bin + 1, None);
            }
            if let Some(slot) = cells.get_mut(cell.bin) {
                *slot = cell.valence.map(hundredths);
            }
            let count: u64 = cell
                .complaints
                .values()
                .fold(0, |sum, n| sum.saturating_add(*n));
            if count > 0 {
                complaints.extend([cell.bin as u64, count]);
            }
        }
        self.cells.push(cells);
        self.complaints.push(complaints);
    }
}

fn hundredths(valence: f64) -> i32 {
    (valence.clamp(-1.0, 1.0) * 100.0).round() as i32
}

/// A text or a number of `meta` as text; nothing for any other value.
fn plain(value: Option<&Value>) -> Option<String> {
    match value? {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// The kinds of escalation signals of a call, each once, in order of appearance.
fn signal_names(turns: &[TurnRow<'_>]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for signal in turns.iter().flat_map(|turn| &turn.signals) {
        let name = signal
            .as_str()
            .or_else(|| signal.get("signal").and_then(Value::as_str));
        if let Some(name) = name.filter(|name| !names.iter().any(|known| known == name)) {
            names.push(name.to_owned());
        }
    }
    names
}

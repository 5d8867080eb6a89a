//! How usual a form is in complaints in general, so that what is unusual in a
//! batch stands out.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::hashing::hash;

/// Hashes of forms with their usual rates: 4 bytes hash, 2 bytes rate in
/// units of [`UNIT`], little-endian, sorted by hash.
const TABLE: &[u8] = include_bytes!("reference.bin");
const ROW: usize = 6;
/// Turns per unit of the table's rates: 1 unit = 1 in 100,000 customer turns.
const UNIT: f64 = 100_000.0;
/// Size of the reference in turns: how much its rates weigh against the batch.
pub(super) const TURNS: f64 = 20_000.0;
/// Rate of a form that the reference does not have.
const UNSEEN: f64 = 0.3 / TURNS;

/// How usual forms are, to compare a batch with.
#[derive(Debug, Clone)]
pub struct Reference(Cow<'static, [u8]>);

impl Default for Reference {
    /// The table in the binary.
    fn default() -> Self {
        Self(Cow::Borrowed(TABLE))
    }
}

impl Reference {
    /// A table as [`ReferenceTable::bytes`] writes it.
    pub fn from_bytes(bytes: Vec<u8>) -> Self {
        Self(Cow::Owned(bytes))
    }

    /// Share of complaining customer turns in which a form is usual, 0..1.
    pub(super) fn usual_rate(&self, form: &str) -> f64 {
        let wanted = hash(form) as u32;
        let (mut low, mut high) = (0, self.0.len() / ROW);
        while low < high {
            let middle = usize::midpoint(low, high);
            let (found, rate) = self.row(middle);
            match found.cmp(&wanted) {
                std::cmp::Ordering::Equal => return f64::from(rate) / UNIT,
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
            }
        }
        UNSEEN
    }

    /// Uses of a form that are usual in [`TURNS`] complaining turns.
    pub(super) fn usual_uses(&self, form: &str) -> f64 {
        self.usual_rate(form) * TURNS
    }

    fn row(&self, index: usize) -> (u32, u16) {
        let at = index * ROW;
        let bytes: [u8; ROW] = self.0[at..at + ROW].try_into().unwrap_or_default();
        (
            u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]),
            u16::from_le_bytes([bytes[4], bytes[5]]),
        )
    }
}

/// Counts forms over labelled or analysed calls and writes the table.
#[derive(Debug, Default)]
pub struct ReferenceTable {
    rates: BTreeMap<u32, u16>,
}

impl ReferenceTable {
    /// An empty table.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the uses of forms in a collection of `turns` displeased turns. A
    /// form that several collections have keeps its highest rate, so that what
    /// is usual in any kind of call counts as usual.
    pub fn add_collection(&mut self, uses: &BTreeMap<String, u64>, turns: u64, fewest: u64) {
        for (form, &count) in uses.iter().filter(|(_, count)| **count >= fewest) {
            let rate = (count as f64 / turns.max(1) as f64 * UNIT).min(f64::from(u16::MAX)) as u16;
            let known = self.rates.entry(hash(form) as u32).or_default();
            *known = (*known).max(rate);
        }
    }

    /// The bytes of the table.
    pub fn bytes(&self) -> Vec<u8> {
        let row = |(hash, rate): (&u32, &u16)| {
            [hash.to_le_bytes().as_slice(), &rate.to_le_bytes()].concat()
        };
        self.rates.iter().flat_map(row).collect()
    }
}

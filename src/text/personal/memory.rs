use std::collections::{BTreeSet, VecDeque};

use super::Kind;

/// Most numbers and names that are remembered of a call; the latest numbers stay.
const MOST: usize = 48;

/// What a call has told so far, to know it again where it is repeated.
#[derive(Debug, Default)]
pub(super) struct Memory {
    numbers: VecDeque<(String, Kind)>,
    names: BTreeSet<String>,
}

impl Memory {
    pub(super) fn add_number(&mut self, digits: &str, kind: Kind) {
        if digits.len() < 4 || self.number_with(digits).is_some() {
            return;
        }
        self.numbers.push_back((digits.to_owned(), kind));
        if self.numbers.len() > MOST {
            self.numbers.pop_front();
        }
    }

    /// The kind of a number of the call that has these digits.
    pub(super) fn number_with(&self, digits: &str) -> Option<Kind> {
        let known = self.numbers.iter().find(|known| known.0.contains(digits));
        known.map(|(_, kind)| *kind)
    }

    pub(super) fn add_name(&mut self, name: &str) {
        if self.names.len() < MOST {
            self.names.insert(name.to_owned());
        }
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &String> {
        self.names.iter()
    }
}

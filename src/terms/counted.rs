use super::batch::Example;
use super::category::Category;
use super::periods::{Tally, Width};

/// Examples kept of a term.
const EXAMPLES: usize = 3;
/// Calls remembered of a form, so that two forms can be joined without
/// counting a call twice; beyond it, a common call counts in both.
const REMEMBERED: usize = 4_096;

/// The uses of a form, or of several that say the same.
#[derive(Debug, Clone, Default)]
pub(super) struct Counted {
    pub(super) count: u64,
    pub(super) calls: u64,
    pub(super) times: Tally,
    /// Forms that were joined to this one, with their uses.
    pub(super) forms: Vec<(String, u64)>,
    last_call: u64,
    categories: [u32; Category::ALL.len()],
    /// The first calls with a use, in order, and when they started.
    used_in: Vec<(u64, Option<i64>)>,
    examples: Vec<(u64, Example)>,
}

/// Where a term was found.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'a> {
    /// Number of the call in the batch, from 1.
    pub(super) call: u64,
    pub(super) call_id: &'a str,
    pub(super) turn: usize,
    pub(super) started_at: Option<i64>,
    pub(super) width: Width,
}

impl Counted {
    pub(super) fn add(&mut self, place: &Place<'_>, category: Category) {
        self.count += 1;
        self.categories[category as usize] += 1;
        if self.last_call == place.call {
            return;
        }
        self.last_call = place.call;
        self.calls += 1;
        if let Some(at) = place.started_at {
            self.times.add(at, place.width);
        }
        if self.used_in.len() < REMEMBERED {
            self.used_in.push((place.call, place.started_at));
        }
        if self.examples.len() < EXAMPLES {
            let example = Example {
                call_id: place.call_id.to_owned(),
                turn: place.turn,
            };
            self.examples.push((place.call, example));
        }
    }

    /// Joins another form to this one.
    pub(super) fn join(&mut self, name: String, other: Self, width: Width) {
        self.count += other.count;
        self.calls += other.calls;
        self.times.join(&other.times);
        for (call, at) in &other.used_in {
            if self
                .used_in
                .binary_search_by_key(call, |used| used.0)
                .is_ok()
            {
                self.calls -= 1;
                if let Some(at) = *at {
                    self.times.remove(at, width);
                }
            }
        }
        self.used_in.extend(other.used_in);
        self.used_in.sort_unstable();
        self.used_in.dedup();
        self.used_in.truncate(REMEMBERED);
        for (mine, theirs) in self.categories.iter_mut().zip(other.categories) {
            *mine += theirs;
        }
        self.forms.push((name, other.count));
        self.forms.extend(other.forms);
        self.examples.extend(other.examples);
        self.examples
            .sort_by_key(|(call, example)| (*call, example.turn));
        self.examples.dedup_by_key(|(call, _)| *call);
        self.examples.truncate(EXAMPLES);
    }

    /// What most of the uses are about.
    pub(super) fn category(&self) -> Category {
        let most = self.categories.iter().copied().max().unwrap_or(0);
        let category = Category::ALL
            .into_iter()
            .find(|&category| self.categories[category as usize] == most);
        category.unwrap_or(Category::Other)
    }

    pub(super) fn examples(&self) -> Vec<Example> {
        let examples = self.examples.iter().map(|(_, example)| example.clone());
        examples.collect()
    }

    pub(super) fn halve_times(&mut self) {
        self.times.halve();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn used(calls: &[u64]) -> Counted {
        let mut counted = Counted::default();
        for &call in calls {
            let place = Place {
                call,
                call_id: "c",
                turn: 0,
                started_at: Some(call.cast_signed()),
                width: Width::default(),
            };
            counted.add(&place, Category::Fee);
        }
        counted
    }

    #[test]
    fn a_call_with_two_joined_forms_counts_once() {
        let mut joined = used(&[1, 2, 5]);
        joined.join("b".to_owned(), used(&[2, 3, 5, 5]), Width::default());
        assert_eq!((joined.count, joined.calls), (7, 4));
        assert_eq!(joined.times.total(), 4);
        joined.join("c".to_owned(), used(&[3, 9]), Width::default());
        assert_eq!((joined.count, joined.calls), (9, 5));
        assert_eq!(joined.times.total(), 5);
        assert_eq!(joined.forms, [("b".to_owned(), 4), ("c".to_owned(), 2)]);
    }
}

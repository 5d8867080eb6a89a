use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use super::statistics::{Counts, bootstrap};
use super::{Estimate, Evaluated, Matches};
use crate::terms::Category;
use crate::text::Normalised;

/// How many phrases are listed as most often missed and most often wrong.
const MOST_PHRASES: usize = 20;

/// Complaint terms: a match is in the same turn, and one phrase contains the
/// other; one-to-one.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Terms {
    /// Labelled customer turns.
    pub turns: usize,
    /// Precision, recall, F1.
    pub matches: Matches,
    /// Share of the matched terms whose category is right.
    pub category_accuracy: Estimate,
    /// Gold phrases not found, most often first.
    pub missed: Vec<Phrase>,
    /// Phrases found that are no gold phrase, most often first.
    pub wrong: Vec<Phrase>,
}

/// A phrase and how often.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Phrase {
    /// The phrase, normalised.
    pub term: String,
    /// How often.
    pub count: usize,
}

#[derive(Default)]
struct Call {
    turns: usize,
    counts: Counts,
    right_category: usize,
    missed: Vec<String>,
    wrong: Vec<String>,
}

pub(super) fn measure(calls: &[Evaluated]) -> Option<Terms> {
    let by_call: Vec<Call> = calls
        .iter()
        .map(match_call)
        .filter(|call| call.turns > 0)
        .collect();
    if by_call.is_empty() {
        return None;
    }
    let counts: Vec<Counts> = by_call.iter().map(|call| call.counts).collect();
    Some(Terms {
        turns: by_call.iter().map(|call| call.turns).sum(),
        matches: Matches::of(&counts),
        category_accuracy: bootstrap(&by_call, |sample| {
            let matched: usize = sample.iter().map(|call| call.counts.matched).sum();
            let right: usize = sample.iter().map(|call| call.right_category).sum();
            (matched > 0).then(|| right as f64 / matched as f64)
        }),
        missed: most(by_call.iter().flat_map(|call| call.missed.iter())),
        wrong: most(by_call.iter().flat_map(|call| call.wrong.iter())),
    })
}

fn most<'a>(phrases: impl Iterator<Item = &'a String>) -> Vec<Phrase> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    phrases.for_each(|phrase| *counts.entry(phrase).or_default() += 1);
    let mut counts: Vec<Phrase> = counts
        .into_iter()
        .map(|(term, count)| Phrase {
            term: term.to_owned(),
            count,
        })
        .collect();
    counts.sort_by_key(|phrase| std::cmp::Reverse(phrase.count));
    counts.truncate(MOST_PHRASES);
    counts
}

fn match_call(call: &Evaluated) -> Call {
    let mut result = Call::default();
    for index in call.gold.customer_turns() {
        let gold = call
            .gold
            .turns
            .get(index)
            .and_then(|turn| turn.terms.as_ref());
        let (Some(gold), Some(found)) = (gold, call.found.turns.get(index)) else {
            continue;
        };
        let gold = gold
            .iter()
            .map(|term| (plain(&term.term), term.category))
            .collect();
        let found = found
            .terms
            .iter()
            .map(|(term, category)| (plain(term), *category))
            .collect();
        match_turn(gold, found, &mut result);
    }
    result
}

/// Pairs off the phrases of a turn, the longest overlaps first.
fn match_turn(
    mut gold: Vec<(String, Category)>,
    mut found: Vec<(String, Category)>,
    call: &mut Call,
) {
    call.turns += 1;
    call.counts.gold += gold.len();
    call.counts.found += found.len();
    let by_length = |a: &(String, Category), b: &(String, Category)| b.0.len().cmp(&a.0.len());
    found.sort_by(by_length);
    found.retain(|(phrase, category)| {
        let best = gold
            .iter()
            .enumerate()
            .filter(|(_, (label, _))| label.contains(phrase) || phrase.contains(label))
            .max_by_key(|(index, (label, _))| {
                (label.len().min(phrase.len()), std::cmp::Reverse(*index))
            })
            .map(|(index, _)| index);
        let Some(index) = best else { return true };
        call.counts.matched += 1;
        call.right_category += usize::from(gold.remove(index).1 == *category);
        false
    });
    call.missed.extend(gold.into_iter().map(|(term, _)| term));
    call.wrong.extend(found.into_iter().map(|(term, _)| term));
}

/// Normalised, without spaces and punctuation: pauses differ between readers.
fn plain(phrase: &str) -> String {
    let normalised = Normalised::new(phrase);
    normalised
        .text()
        .chars()
        .filter(|c| c.is_alphanumeric())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(term: &str, category: Category) -> (String, Category) {
        (plain(term), category)
    }

    #[test]
    fn phrases_match_one_to_one_where_one_contains_the_other() {
        let mut call = Call::default();
        let gold = vec![
            pair("等了 三天了", Category::Delay),
            pair("亂扣費", Category::Fee),
            pair("没人管", Category::Attitude),
        ];
        let found = vec![
            pair("三天了", Category::Delay),
            pair("等了三天", Category::Delay),
            pair("老是乱扣费", Category::Refund),
        ];
        match_turn(gold, found, &mut call);
        assert_eq!(
            call.counts,
            Counts {
                gold: 3,
                found: 3,
                matched: 2
            }
        );
        assert_eq!(call.right_category, 1);
        assert_eq!(
            (call.missed, call.wrong),
            (vec!["没人管".to_owned()], vec!["三天了".to_owned()])
        );
    }
}

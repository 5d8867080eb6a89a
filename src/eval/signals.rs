use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use super::statistics::Counts;
use super::{Evaluated, Matches};
use crate::escalation::Signal;

/// Escalation signals, by customer turn.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Signals {
    /// Labelled customer turns.
    pub turns: usize,
    /// Turns with any signal.
    pub any: Matches,
    /// Each kind, over the turns whose label names kinds; kinds that neither
    /// occur nor were found are left out.
    pub by_kind: BTreeMap<String, Matches>,
    /// How many turns each kind was found in.
    pub found: BTreeMap<String, usize>,
}

pub(super) fn measure(calls: &[Evaluated]) -> Option<Signals> {
    let labelled: Vec<_> = calls
        .iter()
        .map(labelled_turns)
        .filter(|t| !t.is_empty())
        .collect();
    if labelled.is_empty() {
        return None;
    }
    let any: Vec<Counts> = labelled
        .iter()
        .map(|turns| count(turns.iter().map(|turn| (turn.any, !turn.found.is_empty()))))
        .collect();
    let named = |signal: Signal| -> Vec<Counts> {
        let of_turn =
            |turn: &Turn<'_>| Some((turn.kinds?.contains(&signal), turn.found.contains(&signal)));
        labelled
            .iter()
            .map(|turns| count(turns.iter().filter_map(of_turn)))
            .collect()
    };
    // A label that only says yes leaves its kinds open, so a file of such labels
    // says nothing about single kinds.
    let names_kinds = labelled
        .iter()
        .flatten()
        .any(|turn| turn.kinds.is_some_and(|k| !k.is_empty()));
    let by_kind = Signal::ALL
        .into_iter()
        .filter(|_| names_kinds)
        .map(|signal| (signal.name().to_owned(), Matches::of(&named(signal))))
        .filter(|(_, matches)| matches.gold + matches.found > 0)
        .collect();
    let found = Signal::ALL.into_iter().map(|signal| {
        let turns = labelled
            .iter()
            .flatten()
            .filter(|turn| turn.found.contains(&signal));
        (signal.name().to_owned(), turns.count())
    });
    Some(Signals {
        turns: labelled.iter().map(Vec::len).sum(),
        any: Matches::of(&any),
        by_kind,
        found: found.filter(|&(_, turns)| turns > 0).collect(),
    })
}

struct Turn<'a> {
    any: bool,
    kinds: Option<&'a [Signal]>,
    found: &'a [Signal],
}

fn labelled_turns(call: &Evaluated) -> Vec<Turn<'_>> {
    let indices = call.gold.customer_turns();
    indices
        .into_iter()
        .filter_map(|index| {
            let gold = call.gold.turns.get(index)?.escalation.as_ref()?;
            let found = &call.found.turns.get(index)?.signals;
            Some(Turn {
                any: gold.any,
                kinds: gold.kinds.as_deref(),
                found,
            })
        })
        .collect()
}

/// Counts turns labelled, found, and both.
fn count(turns: impl Iterator<Item = (bool, bool)>) -> Counts {
    turns.fold(Counts::default(), |counts, (gold, found)| Counts {
        gold: counts.gold + usize::from(gold),
        found: counts.found + usize::from(found),
        matched: counts.matched + usize::from(gold && found),
    })
}

//! Joins forms that say the same, so that counting means something.

use std::collections::BTreeMap;

use aho_corasick::AhoCorasick;

use super::counted::Counted;
use super::periods::Width;

/// A form used in fewer calls takes up no others.
const FEWEST_CALLS: u64 = 2;
/// Shorter forms take up only what they make up to a good part: 没用 is not
/// the matter of 用了三年都没用过几次.
const SHORT: usize = 3;
/// A form before which one of these stands means the opposite.
const NEGATIONS: [char; 5] = ['不', '没', '未', '无', '别'];

/// Joins each rare form to the most frequent form that it contains.
pub(super) fn join(
    mut forms: BTreeMap<String, Counted>,
    width: Width,
) -> BTreeMap<String, Counted> {
    let heads: Vec<(String, u64)> = forms
        .iter()
        .filter(|(form, counted)| counted.calls >= FEWEST_CALLS && form.chars().count() >= 2)
        .map(|(form, counted)| (form.clone(), counted.calls))
        .collect();
    let Ok(finder) = AhoCorasick::new(heads.iter().map(|(form, _)| form)) else {
        return forms;
    };
    let mut rarest_first: Vec<(u64, String)> = forms
        .iter()
        .map(|(form, counted)| (counted.calls, form.clone()))
        .collect();
    rarest_first.sort_by(|a, b| {
        a.0.cmp(&b.0)
            .then(b.1.len().cmp(&a.1.len()))
            .then(a.1.cmp(&b.1))
    });
    for (calls, form) in rarest_first {
        let within = finder
            .find_overlapping_iter(&form)
            .map(|found| (&heads[found.pattern().as_usize()], found.start()))
            .filter(|((head, uses), start)| {
                *uses > calls && head.len() < form.len() && says_the_same(head, &form, *start)
            });
        let Some(head) = within
            .max_by(|((a, uses), _), ((b, others), _)| uses.cmp(others).then(a.len().cmp(&b.len())))
            .map(|((head, _), _)| head.clone())
        else {
            continue;
        };
        if let Some(joined) = forms.remove(&form)
            && let Some(head) = forms.get_mut(&head)
        {
            head.join(form, joined, width);
        }
    }
    forms
}

fn says_the_same(head: &str, form: &str, start: usize) -> bool {
    let long_enough = head.chars().count() >= SHORT || 2 * head.len() >= form.len();
    long_enough && !form[..start].ends_with(NEGATIONS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::terms::Category;
    use crate::terms::counted::Place;

    fn counted(calls: std::ops::Range<u64>) -> Counted {
        let mut counted = Counted::default();
        for call in calls {
            let place = Place {
                call,
                call_id: "c",
                turn: 0,
                started_at: None,
                width: Width::default(),
            };
            counted.add(&place, Category::Quality);
        }
        counted
    }

    #[test]
    fn rare_forms_join_the_frequent_one_they_contain_unless_it_is_negated() {
        let forms = BTreeMap::from([
            ("闪退".to_owned(), counted(1..9)),
            ("老闪退".to_owned(), counted(9..11)),
            ("一打开就闪退".to_owned(), counted(11..12)),
            ("不闪退".to_owned(), counted(12..13)),
            ("屏幕发绿".to_owned(), counted(13..14)),
        ]);
        let joined = join(forms, Width::default());
        let uses: Vec<(&str, u64)> = joined
            .iter()
            .map(|(form, c)| (form.as_str(), c.calls))
            .collect();
        assert_eq!(
            uses,
            [
                ("一打开就闪退", 1),
                ("不闪退", 1),
                ("屏幕发绿", 1),
                ("闪退", 10)
            ]
        );
        assert_eq!(joined["闪退"].forms, [("老闪退".to_owned(), 2)]);
    }
}

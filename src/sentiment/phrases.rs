//! Where a model that can tell sees complaint phrases: from the logits of its
//! tokens to the probability of each phrase.

use std::sync::Arc;

/// Tags of a token: outside of any phrase, the first of one, inside of one.
pub(super) const TAGS: usize = 3;
const FIRST: usize = 1;
const INSIDE: usize = 2;
/// Less probable phrases are left out.
const LEAST: f32 = 0.005;
/// Characters of the longest phrase.
const LONGEST: u32 = 16;

/// A phrase that the model may take for a complaint.
#[derive(Debug, Clone, PartialEq)]
pub struct MarkedPhrase {
    /// First character, in the text as it was given.
    pub start: u32,
    /// The character after the last one.
    pub end: u32,
    /// Probability that it is exactly a complaint phrase, 0..1.
    pub chance: f32,
    /// What it is about, by the name in the model's configuration.
    pub category: Arc<str>,
}

/// The phrases of one text, in order.
pub type MarkedPhrases = Arc<[MarkedPhrase]>;

/// The phrases that the tokens of `text` make probable. `logits` has a row per
/// token, tags before categories; `places` the characters of each token.
///
/// A phrase has the probability that its first token is tagged so, times that
/// its other tokens are inside, times that the next one is not.
pub(super) fn marked(
    text: &str,
    logits: &[f32],
    places: &[(u32, u32)],
    categories: &[Arc<str>],
) -> MarkedPhrases {
    let rows = logits.chunks_exact(TAGS + categories.len());
    let tokens: Vec<Token<'_>> = rows
        .zip(places)
        .filter(|(_, (start, end))| start < end)
        .map(|(row, &(start, end))| Token {
            tags: softmax(&row[..TAGS]),
            categories: &row[TAGS..],
            start,
            end,
        })
        .collect();
    let characters: Vec<char> = text.chars().collect();
    let mut found: Vec<MarkedPhrase> = Vec::new();
    for (at, first) in tokens.iter().enumerate() {
        let mut open = first.tags[FIRST];
        let mut sums = vec![0.0; categories.len()];
        for (offset, last) in tokens[at..].iter().enumerate() {
            if offset > 0 {
                open *= last.tags[INSIDE];
            }
            if open < LEAST || last.end.saturating_sub(first.start) > LONGEST {
                break;
            }
            for (sum, logit) in sums.iter_mut().zip(last.categories) {
                *sum += logit;
            }
            let goes_on = tokens
                .get(at + offset + 1)
                .map_or(0.0, |next| next.tags[INSIDE]);
            let chance = open * (1.0 - goes_on);
            if chance >= LEAST
                && let Some((start, end)) = trimmed(&characters, first.start, last.end)
                && let Some(category) = highest(&sums, categories)
            {
                found.push(MarkedPhrase {
                    start,
                    end,
                    chance,
                    category: Arc::clone(category),
                });
            }
        }
    }
    found.into()
}

struct Token<'a> {
    tags: [f32; TAGS],
    categories: &'a [f32],
    start: u32,
    end: u32,
}

fn softmax(logits: &[f32]) -> [f32; TAGS] {
    let most = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let mut chances = [0.0; TAGS];
    for (chance, logit) in chances.iter_mut().zip(logits) {
        *chance = (logit - most).exp();
    }
    let sum: f32 = chances.iter().sum();
    chances.map(|chance| chance / sum)
}

/// Without marks and spaces at its ends; `None` where nothing else is there.
fn trimmed(characters: &[char], start: u32, end: u32) -> Option<(u32, u32)> {
    let piece = characters.get(start as usize..end as usize)?;
    let first = piece.iter().position(|c| c.is_alphanumeric())?;
    let last = piece.iter().rposition(|c| c.is_alphanumeric())?;
    Some((start + first as u32, start + last as u32 + 1))
}

fn highest<'a>(sums: &[f32], categories: &'a [Arc<str>]) -> Option<&'a Arc<str>> {
    let best = categories
        .iter()
        .zip(sums)
        .max_by(|a, b| a.1.total_cmp(b.1));
    best.map(|(category, _)| category)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Logits of tags and two categories that are as good as certain.
    fn row(tag: usize, category: usize) -> [f32; 5] {
        let mut row = [0.0; 5];
        row[tag] = 9.0;
        row[TAGS + category] = 3.0;
        row
    }

    fn names() -> [Arc<str>; 2] {
        ["delay", "fee"].map(Arc::from)
    }

    #[test]
    fn a_phrase_is_the_first_token_and_those_inside() {
        let text = "那个，乱扣费吧";
        let places = [(0, 0), (0, 2), (2, 4), (4, 7), (7, 8), (0, 0)];
        let logits = [
            row(0, 0),
            row(0, 0),
            row(1, 1),
            row(2, 1),
            row(0, 0),
            row(0, 0),
        ];
        let found = marked(text, logits.as_flattened(), &places, &names());
        let best = found
            .iter()
            .max_by(|a, b| a.chance.total_cmp(&b.chance))
            .unwrap();
        assert_eq!(
            (best.start, best.end, &*best.category),
            (3, 7, "fee"),
            "{found:?}"
        );
        assert!(best.chance > 0.99, "{found:?}");
    }

    #[test]
    fn tokens_outside_and_texts_without_tokens_give_none() {
        let found = marked("好的", row(0, 0).as_slice(), &[(0, 2)], &names());
        assert!(found.iter().all(|phrase| phrase.chance < 0.01), "{found:?}");
        assert!(marked("", &[], &[], &names()).is_empty());
        assert!(marked("，", row(1, 0).as_slice(), &[(0, 1)], &names()).is_empty());
    }
}

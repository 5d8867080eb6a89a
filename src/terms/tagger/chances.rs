//! How probable each phrase is under the field, and which to report.
//!
//! The best sequence of tags is a poor answer where many phrases are possible
//! and none is probable: it names none of them. What counts is whether a reader
//! finds the complaint in the phrase, so a phrase is worth the probability that
//! a reader would mark it, or a part or an extension of it that says much the
//! same (minimum Bayes risk). Of a phrase that is more than twice as long a word
//! tells nothing: 又 lies in many complaints and is none.

use std::ops::Range;

use super::model::{ENDS, FIRST, INNER, LAST, LONGEST, ONLY, OUT, TAGS};

/// The probability of each phrase that it is exactly one a reader would mark.
pub(super) struct Chances {
    /// `of[start][length - 1]`.
    of: Vec<[f32; LONGEST]>,
}

/// How phrases are chosen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Choice {
    /// What the scores of characters out of any phrase are lowered by.
    pub bias: f32,
    /// How many of a reader's phrases must be expected in a phrase, at least.
    pub least: f32,
}

/// What a reader's phrases have to say for a phrase.
#[derive(Debug, Clone, Copy, Default)]
struct Matched {
    count: f32,
    agreement: f32,
}

impl Matched {
    fn add(&mut self, chance: f32, agreement: f32) {
        self.count += chance;
        self.agreement += chance * agreement;
    }
}

/// A row of weights by tag.
type Row = [f32; TAGS];

impl Chances {
    /// Probabilities of all phrases of at most [`LONGEST`] characters, by the
    /// forward-backward algorithm (Rabiner 1989), rescaled at each character.
    /// `weights` are exp(score) of each character's tags, `steps` exp of the
    /// transitions.
    pub(super) fn new(weights: &[Row], steps: &[Row; TAGS]) -> Self {
        let length = weights.len();
        let (forward, scaled) = forward(weights, steps);
        let backward = backward(&scaled, steps);
        let mut of = vec![[0.0; LONGEST]; length];
        for start in 0..length {
            let enter = |tag: usize| match start.checked_sub(1) {
                None => 1.0,
                Some(before) => ENDS
                    .iter()
                    .map(|&end| forward[before][end] * steps[end][tag])
                    .sum(),
            };
            of[start][0] = enter(ONLY) * scaled[start][ONLY] * backward[start][ONLY];
            let mut open = enter(FIRST) * scaled[start][FIRST];
            let mut last = FIRST;
            for (at, extent) in (start + 1..length).zip(1..LONGEST) {
                of[start][extent] =
                    open * steps[last][LAST] * scaled[at][LAST] * backward[at][LAST];
                open *= steps[last][INNER] * scaled[at][INNER];
                last = INNER;
            }
        }
        Self { of }
    }

    /// Mixes the probabilities of another judge in, who counts `share`.
    pub(super) fn mix<'a>(
        &mut self,
        others: impl IntoIterator<Item = (&'a Range<usize>, f32)>,
        share: f32,
    ) {
        for chance in self.of.as_flattened_mut() {
            *chance *= 1.0 - share;
        }
        for (phrase, chance) in others {
            let row = self.of.get_mut(phrase.start);
            let length = phrase.len().checked_sub(1);
            if let Some(own) = row.zip(length).and_then(|(row, at)| row.get_mut(at)) {
                *own += share * chance;
            }
        }
    }

    fn of(&self, start: usize, length: usize) -> f32 {
        self.of[start][length - 1]
    }

    /// How many of a reader's phrases say the same as `phrase`, on average, and
    /// how well it agrees with them: each counts by the share of the longer of
    /// the two that the shorter makes up.
    ///
    /// The same is said by those that lie in it and make up a third of it, and
    /// by those that hold it and are at most twice as long; of these only by
    /// such as touch none of `taken`.
    fn matched(&self, phrase: &Range<usize>, taken: &[Range<usize>]) -> Matched {
        let own = phrase.len();
        let mut matched = Matched::default();
        for start in phrase.clone() {
            for length in own.div_ceil(3)..=phrase.end - start {
                matched.add(self.of(start, length), length as f32 / own as f32);
            }
        }
        for start in phrase.end.saturating_sub(LONGEST)..=phrase.start {
            let shortest = phrase.end - start + usize::from(start == phrase.start);
            let longest = LONGEST.min(self.of.len() - start).min(2 * own);
            let free = |end: usize| taken.iter().all(|t| t.end <= start || end <= t.start);
            for length in shortest..=longest {
                if free(start + length) {
                    matched.add(self.of(start, length), own as f32 / length as f32);
                }
            }
        }
        matched
    }

    /// The phrases to report of those `allowed`, in order: the best one first,
    /// then the best beside it, as long as one is probable enough.
    pub(super) fn choose(&self, allowed: &[Range<usize>], choice: Choice) -> Vec<Range<usize>> {
        let mut taken: Vec<Range<usize>> = Vec::new();
        let mut open: Vec<&Range<usize>> = allowed.iter().collect();
        loop {
            let mut best: Option<(f32, &Range<usize>)> = None;
            open.retain(|&phrase| {
                let is_free = taken
                    .iter()
                    .all(|t| t.end <= phrase.start || phrase.end <= t.start);
                let matched = is_free.then(|| self.matched(phrase, &taken));
                let Some(matched) = matched.filter(|matched| matched.count >= choice.least) else {
                    return false;
                };
                // Of equals the first: they come in the order of the text.
                if best.is_none_or(|(agreement, _)| matched.agreement > agreement) {
                    best = Some((matched.agreement, phrase));
                }
                true
            });
            let Some((_, best)) = best else { break };
            taken.push(best.clone());
        }
        taken.sort_by_key(|phrase| phrase.start);
        taken
    }
}

/// Forward probabilities, and the weights divided by each character's sum.
fn forward(weights: &[Row], steps: &[Row; TAGS]) -> (Vec<Row>, Vec<Row>) {
    let mut forward: Vec<Row> = Vec::with_capacity(weights.len());
    let mut scaled = Vec::with_capacity(weights.len());
    for (at, weight) in weights.iter().enumerate() {
        let mut row = [0.0; TAGS];
        for (tag, value) in row.iter_mut().enumerate() {
            let came: f32 = match forward.last() {
                None => f32::from(u8::from(follows(OUT, tag))),
                Some(before) => (0..TAGS)
                    .filter(|&from| follows(from, tag))
                    .map(|from| before[from] * steps[from][tag])
                    .sum(),
            };
            // An open phrase at the end would be none.
            let closes = at + 1 < weights.len() || ENDS.contains(&tag);
            *value = if closes { came * weight[tag] } else { 0.0 };
        }
        let sum = row.iter().sum::<f32>().max(f32::MIN_POSITIVE);
        forward.push(row.map(|value| value / sum));
        scaled.push(weight.map(|value| value / sum));
    }
    (forward, scaled)
}

fn backward(scaled: &[Row], steps: &[Row; TAGS]) -> Vec<Row> {
    let mut backward = vec![[0.0; TAGS]; scaled.len()];
    let mut after: Option<Row> = None;
    for (at, row) in backward.iter_mut().enumerate().rev() {
        for (tag, value) in row.iter_mut().enumerate() {
            *value = match after {
                None => f32::from(u8::from(ENDS.contains(&tag))),
                Some(after) => (0..TAGS)
                    .filter(|&to| follows(tag, to))
                    .map(|to| steps[tag][to] * scaled[at + 1][to] * after[to])
                    .sum(),
            };
        }
        after = Some(*row);
    }
    backward
}

/// Whether a tag may follow another.
fn follows(before: usize, tag: usize) -> bool {
    ENDS.contains(&before) == [OUT, FIRST, ONLY].contains(&tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Tags of a text of `length` characters that the rules allow.
    fn sequences(length: usize) -> Vec<Vec<usize>> {
        let mut all: Vec<Vec<usize>> = vec![Vec::new()];
        for _ in 0..length {
            let longer = all.iter().flat_map(|tags| {
                let before = tags.last().copied().unwrap_or(OUT);
                let next = (0..TAGS).filter(move |&tag| follows(before, tag));
                next.map(move |tag| [tags.as_slice(), &[tag]].concat())
            });
            all = longer.collect();
        }
        all.retain(|tags| ENDS.contains(&tags[length - 1]));
        all
    }

    fn numbers(seed: u64) -> impl FnMut() -> f32 {
        let mut state = seed;
        move || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (state >> 40) as f32 / (1 << 24) as f32 * 3.0 + 0.05
        }
    }

    #[test]
    fn probabilities_are_those_of_all_sequences_together() {
        for (seed, length) in (0..20).zip((1..=6).cycle()) {
            let mut number = numbers(seed);
            let weights: Vec<Row> = (0..length).map(|_| [(); TAGS].map(|()| number())).collect();
            let steps = [(); TAGS].map(|()| [(); TAGS].map(|()| number()));
            let mut sum = 0.0;
            let mut sums = vec![[0.0; LONGEST]; length];
            for tags in sequences(length) {
                let emitted: f32 = tags
                    .iter()
                    .zip(&weights)
                    .map(|(&tag, row)| row[tag])
                    .product();
                let moved: f32 = tags
                    .windows(2)
                    .map(|pair| steps[pair[0]][pair[1]])
                    .product();
                let weight = emitted * moved;
                sum += weight;
                let mut first = 0;
                for (at, &tag) in tags.iter().enumerate() {
                    if tag == FIRST || tag == ONLY {
                        first = at;
                    }
                    if tag == LAST || tag == ONLY {
                        sums[first][at - first] += weight;
                    }
                }
            }
            let chances = Chances::new(&weights, &steps);
            for (start, row) in sums.iter().enumerate() {
                for (extent, &expected) in row.iter().enumerate().take(length - start) {
                    let found = chances.of(start, extent + 1);
                    assert!(
                        (found - expected / sum).abs() < 1e-4,
                        "{start} {extent}: {found} instead of {}",
                        expected / sum
                    );
                }
            }
        }
    }

    #[test]
    fn one_phrase_is_chosen_of_those_that_say_the_same() {
        let none = [1.0, 1e-6, 1e-6, 1e-6, 1e-6];
        let mut chances = Chances::new(&[none; 8], &[[1.0; TAGS]; TAGS]);
        chances.mix([(&(2..5), 0.4), (&(2..6), 0.3), (&(7..8), 0.1)], 1.0);
        let allowed = [0..1, 2..3, 2..5, 2..6, 2..8, 7..8];
        let choice = Choice {
            bias: 0.0,
            least: 0.2,
        };
        let chosen = chances.choose(&allowed, choice);
        assert!(matches!(chosen.as_slice(), [phrase] if *phrase == (2..5)));
        let bold = Choice {
            bias: 0.0,
            least: 0.05,
        };
        assert_eq!(chances.choose(&allowed, bold), [2..5, 7..8]);
        let strict = Choice {
            bias: 0.0,
            least: 0.9,
        };
        assert!(chances.choose(&allowed, strict).is_empty());
    }
}

//! How probable each phrase is: that it is exactly one a reader would mark.

use std::ops::Range;

use super::model::{ENDS, FIRST, INNER, LAST, LONGEST, ONLY, OUT, TAGS};

/// The probability of each phrase that it is exactly one a reader would mark.
pub(super) struct Chances {
    /// `of[start][length - 1]`.
    of: Vec<[f32; LONGEST]>,
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

    /// The probability of the phrase of `length` characters at `start`.
    fn of(&self, start: usize, length: usize) -> f32 {
        self.of[start][length - 1]
    }

    /// How many of a reader's phrases are expected within a stretch of characters.
    pub(super) fn expected(&self, stretch: &Range<usize>) -> f32 {
        let begun = |start: usize| &self.of[start][..LONGEST.min(stretch.end - start)];
        stretch.clone().flat_map(begun).sum()
    }

    /// How well a phrase agrees with what a reader would mark: the probability
    /// of each phrase in it, or around it and at most twice as long, times the
    /// share of the longer of the two that the shorter makes up.
    pub(super) fn agreement(&self, phrase: &Range<usize>) -> f32 {
        let own = phrase.len();
        let share = |shorter: usize, longer: usize| shorter as f32 / longer as f32;
        let inside = phrase.clone().flat_map(|start| {
            (1..=LONGEST.min(phrase.end - start))
                .map(move |length| self.of(start, length) * share(length, own))
        });
        let around = (phrase.end.saturating_sub(LONGEST)..=phrase.start).flat_map(|start| {
            let shortest = phrase.end - start + usize::from(start == phrase.start);
            let longest = LONGEST.min(self.of.len() - start).min(2 * own);
            (shortest..=longest).map(move |length| self.of(start, length) * share(own, length))
        });
        inside.sum::<f32>() + around.sum::<f32>()
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
    fn a_phrase_agrees_with_those_in_it_and_around_it() {
        let none = [1.0, 1e-6, 1e-6, 1e-6, 1e-6];
        let mut chances = Chances::new(&[none; 8], &[[1.0; TAGS]; TAGS]);
        chances.mix([(&(2..5), 0.4), (&(2..6), 0.2), (&(7..8), 0.1)], 1.0);
        let close = |found: f32, expected: f32| (found - expected).abs() < 1e-6;
        assert!(close(chances.agreement(&(2..5)), 0.4 + 0.2 * 0.75));
        assert!(close(chances.agreement(&(2..6)), 0.2 + 0.4 * 0.75));
        // More than twice as long says something else.
        assert!(close(chances.agreement(&(2..3)), 0.0));
        assert!(close(chances.expected(&(2..5)), 0.4));
        assert!(close(chances.expected(&(0..8)), 0.7));
    }
}

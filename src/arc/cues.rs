//! What the wording around a customer's turn says of the customer's level.

use std::collections::{BTreeSet, HashMap};

/// What is added to the log-odds of the five levels −2 … 2.
pub(super) type LevelLogits = [f32; 5];

/// Whose text an n-gram stands in, relative to a customer's turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// The customer's turn itself.
    Own,
    /// What the agent said since the customer's turn before.
    Agent,
    /// The customer's turn before.
    Previous,
    /// The agent's answer.
    Answer,
}

impl Role {
    const ALL: [(Self, &'static str); 4] = [
        (Self::Own, "own"),
        (Self::Agent, "agent"),
        (Self::Previous, "previous"),
        (Self::Answer, "answer"),
    ];
}

/// Longest n-gram of the table, in characters.
const LONGEST: usize = 4;

/// An n-gram of `cues.tsv`.
#[derive(Debug, Clone, Copy)]
struct Cue {
    rarity: f32,
    weights: LevelLogits,
}

/// The table `cues.tsv`: a multinomial regression from the character n-grams of
/// the four texts to the five levels, fitted by `models/training/arc.py`.
#[derive(Debug)]
pub(super) struct Cues([HashMap<Box<str>, Cue>; 4]);

impl Cues {
    /// Reads the table; the error names the 1-based line.
    pub fn parse(table: &str) -> Result<Self, String> {
        let mut cues = Self(Default::default());
        for (index, line) in table.lines().enumerate() {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            cues.take(line).ok_or_else(|| {
                format!(
                    "line {}: expected role, n-gram, rarity, 5 weights",
                    index + 1
                )
            })?;
        }
        Ok(cues)
    }

    fn take(&mut self, line: &str) -> Option<()> {
        let mut fields = line.split('\t');
        let (role, gram) = (fields.next()?, fields.next()?);
        let (role, _) = Role::ALL.into_iter().find(|(_, name)| *name == role)?;
        let mut numbers = fields.map(|field| Some(field.parse::<f32>().ok()? / 100.0));
        let rarity = numbers.next()??;
        let mut weights = [0.0; 5];
        for weight in &mut weights {
            *weight = numbers.next()??;
        }
        self.0[role as usize].insert(gram.replace('_', " ").into(), Cue { rarity, weights });
        Some(())
    }

    /// What a text in a role adds to the log-odds of the levels: its known
    /// n-grams as a vector of their rarities, of length 1 (tf–idf with binary
    /// counts), times the weights.
    pub fn of(&self, role: Role, text: &Cleaned) -> LevelLogits {
        let known = &self.0[role as usize];
        let mut sum = [0.0; 5];
        let mut squares = 0.0_f32;
        for gram in text.grams() {
            if let Some(cue) = known.get(gram) {
                squares += cue.rarity * cue.rarity;
                for (total, weight) in sum.iter_mut().zip(&cue.weights) {
                    *total += cue.rarity * weight;
                }
            }
        }
        let length = squares.sqrt();
        if length > 0.0 {
            sum.map(|total| total / length)
        } else {
            sum
        }
    }
}

/// A text as the n-grams see it: pauses and the punctuation between words are
/// one space; ? and ! stay.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Cleaned(String);

impl Cleaned {
    /// Cleans normalised text.
    pub fn new(text: &str) -> Self {
        let mut cleaned = Self::default();
        cleaned.push(text);
        cleaned
    }

    /// Appends another text after a pause.
    pub fn push(&mut self, text: &str) {
        let is_pause = |c: char| c.is_whitespace() || "，,。.、…;；:：".contains(c);
        for word in text.split(is_pause).filter(|word| !word.is_empty()) {
            if !self.0.is_empty() {
                self.0.push(' ');
            }
            self.0.push_str(word);
        }
    }

    /// Every distinct n-gram of one to four characters.
    ///
    /// In order, because sums of floats depend on theirs.
    pub fn grams(&self) -> BTreeSet<&str> {
        let text = self.0.as_str();
        let mut bounds: Vec<usize> = text.char_indices().map(|(index, _)| index).collect();
        bounds.push(text.len());
        let mut grams = BTreeSet::new();
        for (place, &start) in bounds.iter().enumerate() {
            let ends = bounds.iter().skip(place + 1).take(LONGEST);
            grams.extend(ends.filter_map(|&end| text.get(start..end)));
        }
        grams
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_are_one_space_and_grams_are_distinct() {
        let mut text = Cleaned::new("，好， 好");
        text.push("吗?");
        assert_eq!(text.0, "好 好 吗?");
        let grams = text.grams();
        assert!(grams.contains("好 好") && grams.contains("吗?") && grams.contains(" 吗?"));
        // Of 1: 好, space, 吗, ?; of 2: "好 ", " 好", " 吗", "吗?"; of 3: 4; of 4: 3.
        assert_eq!(grams.len(), 4 + 4 + 4 + 3);
    }

    #[test]
    fn a_text_is_a_vector_of_rarities_of_length_one() {
        let table = "# c\nown\t退\t300\t200\t0\t0\t0\t0\nown\t钱\t400\t100\t0\t0\t0\t-100\n";
        let cues = Cues::parse(table).unwrap();
        let own = cues.of(Role::Own, &Cleaned::new("退钱"));
        assert!((own[0] - (3.0 * 2.0 + 4.0 * 1.0) / 5.0).abs() < 1e-6);
        assert!((own[4] + 4.0 / 5.0).abs() < 1e-6);
        assert!(
            cues.of(Role::Agent, &Cleaned::new("退钱"))
                .iter()
                .all(|cue| cue.abs() < f32::EPSILON)
        );
        assert!(
            cues.of(Role::Own, &Cleaned::default())
                .iter()
                .all(|cue| cue.abs() < f32::EPSILON)
        );
        assert!(Cues::parse("own\t退\t1\t2").unwrap_err().contains("line 1"));
    }
}

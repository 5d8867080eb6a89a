//! What the wording around a customer's turn says of the customer's level.

use std::collections::{HashMap, HashSet};

/// Log-odds of the five levels −2 … 2, up to a constant.
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

/// The weights of `cues.tsv`: a multinomial regression from character n-grams
/// to the five levels, fitted by `models/training/arc.py`.
#[derive(Debug)]
pub(super) struct Cues {
    bias: LevelLogits,
    answered: LevelLogits,
    weights: [HashMap<Box<str>, LevelLogits>; 4],
}

impl Cues {
    /// Reads the table; the error names the 1-based line.
    pub fn parse(table: &str) -> Result<Self, String> {
        let mut cues = Self {
            bias: [0.0; 5],
            answered: [0.0; 5],
            weights: Default::default(),
        };
        for (index, line) in table.lines().enumerate() {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            cues.take(line)
                .ok_or_else(|| format!("line {}: expected role, n-gram and five weights", index + 1))?;
        }
        Ok(cues)
    }

    fn take(&mut self, line: &str) -> Option<()> {
        let mut fields = line.split('\t');
        let (role, gram) = (fields.next()?, fields.next()?);
        let mut weights = [0.0; 5];
        for weight in &mut weights {
            *weight = fields.next()?.parse::<f32>().ok()? / 100.0;
        }
        match (role, gram) {
            ("bias", "now") => self.bias = weights,
            ("bias", "answered") => self.answered = weights,
            _ => {
                let (role, _) = Role::ALL.into_iter().find(|(_, name)| *name == role)?;
                self.weights[role as usize].insert(gram.replace('_', " ").into(), weights);
            }
        }
        Some(())
    }

    /// What a text in a role adds: the mean weight of its known n-grams, times
    /// the root of their number, which is how the regression saw them.
    pub fn of(&self, role: Role, text: &Cleaned) -> LevelLogits {
        let known = &self.weights[role as usize];
        let mut sum = [0.0; 5];
        let mut count = 0.0_f32;
        for gram in text.grams() {
            if let Some(weights) = known.get(gram) {
                add(&mut sum, weights);
                count += 1.0;
            }
        }
        sum.map(|level| level / count.max(1.0).sqrt())
    }

    /// The log-odds before the agent's answer is known.
    pub fn now(&self, parts: [&LevelLogits; 3]) -> LevelLogits {
        let mut sum = self.bias;
        for part in parts {
            add(&mut sum, part);
        }
        centred(sum)
    }

    /// The log-odds once it is; `parts` as before, with the answer's last.
    pub fn settled(&self, parts: [&LevelLogits; 4]) -> LevelLogits {
        let mut sum = self.bias;
        add(&mut sum, &self.answered);
        for part in parts {
            add(&mut sum, part);
        }
        centred(sum)
    }
}

fn add(sum: &mut LevelLogits, part: &LevelLogits) {
    for (total, value) in sum.iter_mut().zip(part) {
        *total += value;
    }
}

fn centred(logits: LevelLogits) -> LevelLogits {
    let mean = logits.iter().sum::<f32>() / 5.0;
    logits.map(|logit| logit - mean)
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
    pub fn grams(&self) -> HashSet<&str> {
        let text = self.0.as_str();
        let mut bounds: Vec<usize> = text.char_indices().map(|(index, _)| index).collect();
        bounds.push(text.len());
        let mut grams = HashSet::new();
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
    fn weights_add_up_by_the_root_of_their_number() {
        let table = "# c\nbias\tnow\t0\t0\t0\t0\t0\nbias\tanswered\t0\t0\t0\t0\t0\nown\t退\t200\t0\t0\t0\t0\nown\t钱\t200\t0\t0\t0\t-100\n";
        let cues = Cues::parse(table).unwrap();
        let own = cues.of(Role::Own, &Cleaned::new("退钱"));
        assert!((own[0] - 4.0 / 2.0_f32.sqrt()).abs() < 1e-6);
        assert!((own[4] + 1.0 / 2.0_f32.sqrt()).abs() < 1e-6);
        assert_eq!(cues.of(Role::Agent, &Cleaned::new("退钱")), [0.0; 5]);
        assert!(Cues::parse("own\t退\t1\t2").unwrap_err().contains("line 1"));
    }
}

//! What the wording around a customer's turn says of the customer's level.

use crate::text::{Cleaned, GramSet};

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

/// An n-gram of `cues.tsv`.
#[derive(Debug, Clone, Copy)]
struct Cue {
    rarity: f32,
    weights: LevelLogits,
}

/// The table `cues.tsv`: a multinomial regression from the character n-grams of
/// the four texts to the five levels, fitted by `models/training/arc.py`.
#[derive(Debug)]
pub(super) struct Cues {
    grams: GramSet,
    /// By the number of the n-gram, then by role.
    by_gram: Vec<[Option<Cue>; 4]>,
}

/// The n-grams of a text that the table knows, by their numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct KnownGrams(Vec<u32>);

impl Cues {
    /// Reads the table; the error names the 1-based line.
    pub fn parse(table: &str) -> Result<Self, String> {
        let mut lines = Vec::new();
        for (index, line) in table.lines().enumerate() {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            lines.push(parse_line(line).ok_or_else(|| {
                format!(
                    "line {}: expected role, n-gram, rarity, 5 weights",
                    index + 1
                )
            })?);
        }
        let grams = GramSet::new(lines.iter().map(|(_, gram, _)| gram.as_str()))
            .ok_or("an n-gram has one to four characters")?;
        let mut by_gram = vec![[None; 4]; grams.len()];
        for (role, gram, cue) in lines {
            if let Some(number) = grams.number(&gram) {
                by_gram[number][role as usize] = Some(cue);
            }
        }
        Ok(Self { grams, by_gram })
    }

    /// The n-grams of a text that the table has in any role.
    pub fn known(&self, text: &Cleaned) -> KnownGrams {
        KnownGrams(self.grams.found(text))
    }

    /// What a text in a role adds to the log-odds of the levels: its known
    /// n-grams as a vector of their rarities, of length 1 (tf–idf with binary
    /// counts), times the weights.
    pub fn of(&self, role: Role, text: &KnownGrams) -> LevelLogits {
        let mut sum = [0.0; 5];
        let mut squares = 0.0_f32;
        for &number in &text.0 {
            if let Some(cue) = self.by_gram[number as usize][role as usize] {
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

fn parse_line(line: &str) -> Option<(Role, String, Cue)> {
    let mut fields = line.split('\t');
    let (role, gram) = (fields.next()?, fields.next()?);
    let (role, _) = Role::ALL.into_iter().find(|(_, name)| *name == role)?;
    let mut numbers = fields.map(|field| Some(field.parse::<f32>().ok()? / 100.0));
    let rarity = numbers.next()??;
    let mut weights = [0.0; 5];
    for weight in &mut weights {
        *weight = numbers.next()??;
    }
    Some((role, gram.replace('_', " "), Cue { rarity, weights }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_a_vector_of_rarities_of_length_one() {
        let table = "# c\nown\t退\t300\t200\t0\t0\t0\t0\nown\t钱\t400\t100\t0\t0\t0\t-100\n";
        let cues = Cues::parse(table).unwrap();
        let of = |role, text| cues.of(role, &cues.known(&Cleaned::new(text)));
        let own = of(Role::Own, "退钱");
        assert!((own[0] - (3.0 * 2.0 + 4.0 * 1.0) / 5.0).abs() < 1e-6);
        assert!((own[4] + 4.0 / 5.0).abs() < 1e-6);
        assert!(
            of(Role::Agent, "退钱")
                .iter()
                .all(|cue| cue.abs() < f32::EPSILON)
        );
        assert!(of(Role::Own, "").iter().all(|cue| cue.abs() < f32::EPSILON));
        assert!(Cues::parse("own\t退\t1\t2").unwrap_err().contains("line 1"));
    }
}

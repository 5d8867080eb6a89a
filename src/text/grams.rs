//! Character n-grams, as the fitted tables of wording know them.

use rustc_hash::FxHashMap;

/// Longest n-gram, in characters.
const LONGEST: usize = 4;

/// A text as n-grams see it: pauses and the punctuation between words are one
/// space; ? and ! stay.
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
}

/// The n-grams of one to four characters that a table has, numbered in the
/// order of their code points.
#[derive(Debug)]
pub(crate) struct GramSet(FxHashMap<Key, u32>);

/// The characters of an n-gram, 21 bits each, so that nothing has to be
/// allocated or compared by character.
type Key = u128;

/// The key of an n-gram with one more character.
fn longer(key: Key, character: char) -> Key {
    key << 21 | (Key::from(u32::from(character)) + 1)
}

impl GramSet {
    /// Numbers n-grams; equal ones get one number.
    ///
    /// `None` where one has no or more than four characters.
    pub fn new<'a>(grams: impl IntoIterator<Item = &'a str>) -> Option<Self> {
        let mut grams: Vec<&str> = grams.into_iter().collect();
        grams.sort_unstable();
        grams.dedup();
        let is_short = |gram: &&str| (1..=LONGEST).contains(&gram.chars().count());
        let key = |gram: &str| gram.chars().fold(0, longer);
        let numbered = || grams.iter().map(|gram| key(gram)).zip(0..);
        grams
            .iter()
            .all(is_short)
            .then(|| Self(numbered().collect()))
    }

    /// How many n-grams there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The number of an n-gram.
    pub fn number(&self, gram: &str) -> Option<usize> {
        let key = gram.chars().fold(0, longer);
        self.0.get(&key).map(|&number| number as usize)
    }

    /// The numbers of the n-grams that occur in a text, each once, ascending:
    /// sums of floats depend on their order.
    pub fn found(&self, text: &Cleaned) -> Vec<u32> {
        let mut found = Vec::new();
        let mut rest = text.0.chars();
        while !rest.as_str().is_empty() {
            let keys = rest.clone().take(LONGEST).scan(0, |key, character| {
                *key = longer(*key, character);
                Some(*key)
            });
            found.extend(keys.filter_map(|key| self.0.get(&key)));
            rest.next();
        }
        found.sort_unstable();
        found.dedup();
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_are_one_space() {
        let mut text = Cleaned::new("，好， 好");
        text.push("吗?");
        assert_eq!(text.0, "好 好 吗?");
    }

    #[test]
    fn known_grams_are_found_once_and_in_order() {
        let set = GramSet::new(["吗?", "好", "好 好", "吗?", "好 吗", "坏", " "]).unwrap();
        assert_eq!(set.len(), 6);
        let found = set.found(&Cleaned::new("好,好,吗?"));
        let grams: Vec<&str> = ["坏", "吗?", "好", "好 好", "好 吗", " "]
            .into_iter()
            .filter(|gram| {
                let number = set.number(gram).unwrap() as u32;
                found.contains(&number)
            })
            .collect();
        assert_eq!(grams, ["吗?", "好", "好 好", "好 吗", " "]);
        assert!(found.is_sorted_by(|a, b| a < b));
        assert!(set.found(&Cleaned::default()).is_empty());
    }

    #[test]
    fn a_gram_of_five_characters_is_none() {
        assert!(GramSet::new(["一二三四五"]).is_none());
        assert!(GramSet::new([""]).is_none());
        // One that begins with the lowest character differs from the shorter one.
        let set = GramSet::new(["\0好", "好"]).unwrap();
        assert_ne!(set.number("\0好"), set.number("好"));
    }
}

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use crate::text::personal::shown_identifier;

/// What call identifiers are shown as. Recordings are often named after the
/// number that called: the number becomes a placeholder, the rest stays. Where
/// two identifiers would look the same, the later one gets a suffix (`#2`), so
/// that they stay unique; the same calls in the same order are shown the same.
///
/// Remembers 64-bit hashes, 32 bytes for each identifier that was changed.
#[derive(Debug, Clone, Default)]
pub(super) struct ShownIds {
    /// Identifier → its number among those that look the same.
    numbers: HashMap<u64, u32>,
    /// Look → how many identifiers have it.
    looks: HashMap<u64, u32>,
}

impl ShownIds {
    pub(super) fn shown(&mut self, id: &str) -> String {
        let look = shown_identifier(id);
        if look == id {
            return look;
        }
        let ShownIds { numbers, looks } = self;
        let number = *numbers.entry(hash(id)).or_insert_with(|| {
            let count = looks.entry(hash(&look)).or_insert(0);
            *count += 1;
            *count
        });
        if number == 1 {
            look
        } else {
            format!("{look}#{number}")
        }
    }
}

fn hash(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_stay_unique() {
        let mut ids = ShownIds::default();
        assert_eq!(ids.shown("13800138000_1"), "[手机号]_1");
        assert_eq!(ids.shown("13900139000_1"), "[手机号]_1#2");
        assert_eq!(ids.shown("13800138000_1"), "[手机号]_1");
        assert_eq!(ids.shown("c1"), "c1");
    }
}

//! Identifiers: derived where the input gives none, and each used once.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;

use crate::call::Warning;

/// The identifier of a call that has none: the file's name, with the call's
/// position when the file holds several.
pub fn derived(path: &str, position: Option<usize>) -> String {
    let stem = match path {
        "-" => "stdin".to_owned(),
        path => Path::new(path).file_stem().map_or_else(
            || path.to_owned(),
            |stem| stem.to_string_lossy().into_owned(),
        ),
    };
    match position {
        Some(position) => format!("{stem}-{position}"),
        None => stem,
    }
}

/// The identifiers of the batch so far, as 64-bit hashes: 16 bytes a call.
#[derive(Default)]
pub struct Seen {
    uses: HashMap<u64, u32>,
}

impl Seen {
    /// The identifier itself when it is new, or with a suffix (`id#2`) and a
    /// warning when an earlier call of the batch has it.
    pub fn unique(&mut self, id: String) -> (String, Option<Warning>) {
        let Some(count) = self.count(&id) else {
            return (id, None);
        };
        let mut number = count + 1;
        let renamed = loop {
            let renamed = format!("{id}#{number}");
            if self.count(&renamed).is_none() {
                break renamed;
            }
            number += 1;
        };
        self.uses.insert(hash(&id), number);
        let message = format!(
            "an earlier call of the batch has the identifier {id}; this one is called {renamed}"
        );
        (renamed, Some(Warning::call("duplicate_call_id", message)))
    }

    /// How often the identifier was used before; remembers this use if it is the first.
    fn count(&mut self, id: &str) -> Option<u32> {
        let known = self.uses.get(&hash(id)).copied();
        if known.is_none() {
            self.uses.insert(hash(id), 1);
        }
        known
    }
}

fn hash(id: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    id.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn later_calls_are_renamed() {
        let mut seen = Seen::default();
        let mut name = |id: &str| seen.unique(id.to_owned()).0;
        assert_eq!(name("a"), "a");
        assert_eq!(name("a"), "a#2");
        assert_eq!(name("a#3"), "a#3");
        assert_eq!(name("a"), "a#4");
        assert_eq!(name("a#2"), "a#2#2");
    }

    #[test]
    fn names_come_from_the_file() {
        assert_eq!(derived("calls/早班.json", None), "早班");
        assert_eq!(derived("calls/b.jsonl", Some(3)), "b-3");
        assert_eq!(derived("-", Some(1)), "stdin-1");
    }
}

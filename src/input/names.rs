//! Comparing the names of fields, columns and roles.

/// Compares names without regard to letter case, `_`, `-` and spaces.
pub fn same_name(left: &str, right: &str) -> bool {
    folded(left).eq(folded(right))
}

/// A name as [`same_name`] compares it.
pub fn fold(name: &str) -> String {
    folded(name).collect()
}

fn folded(name: &str) -> impl Iterator<Item = char> + '_ {
    name.chars()
        .filter(|c| !matches!(c, '_' | '-' | ' '))
        .map(|c| c.to_ascii_lowercase())
}

/// Whether a word stands in a list of words with spaces between them.
pub fn among(list: &str, word: &str) -> bool {
    list.split_whitespace().any(|listed| listed == word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spelling_does_not_distinguish_names() {
        assert!(same_name("BeginTime", "begin_time"));
        assert!(!same_name("begin", "begin_time"));
        assert_eq!(fold("Call-ID"), "callid");
        assert!(among("agent 客服", "客服") && !among("agent 客服", ""));
    }
}

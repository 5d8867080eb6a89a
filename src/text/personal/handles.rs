//! Names that people go by in services, where they are introduced: WeChat ids,
//! accounts, orders and documents of letters and digits.

use std::sync::LazyLock;

use regex::Regex;

use super::Kind;
use super::cues;
use super::line::Line;

static WECHAT: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        "微信(?:号码|号|id)?(?:是|就是|叫|为|加|搜|你加|给你)?[:, ]{0,2}([a-z](?:[ \\-_]?[a-z0-9_零一二三四五六七八九幺]){4,24})",
    )
    .ok()
});

/// Letters and digits in one word.
static MIXED: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new("[a-z0-9][a-z0-9_\\-]{4,40}").ok());

/// An unexplained word with so many digits is somebody's number.
const MANY_DIGITS: usize = 8;

/// Takes the handles of a line.
pub(super) fn take(line: &mut Line) {
    let text = line.text();
    let mut found = Vec::new();
    if let Some(pattern) = WECHAT.as_ref().filter(|_| text.contains("微信")) {
        let ids = pattern.captures_iter(text).filter_map(|id| id.get(1));
        found.extend(
            ids.filter(|id| is_id(id.as_str()) || text[..id.start()].ends_with(['号', '是']))
                .map(|id| (id.range(), Kind::WeChat)),
        );
    }
    if let Some(pattern) = MIXED
        .as_ref()
        .filter(|_| text.bytes().any(|b| b.is_ascii_lowercase()))
    {
        for word in pattern
            .find_iter(text)
            .filter(|word| is_id(word.as_str()) && !is_link(text, word.start()))
        {
            let digits = word.as_str().bytes().filter(u8::is_ascii_digit).count();
            let cue = cues::ahead(text, word.start(), digits.max(4));
            let kind = cue.filter(|cue| {
                matches!(
                    cue,
                    Kind::Order
                        | Kind::Account
                        | Kind::Document
                        | Kind::WeChat
                        | Kind::Qq
                        | Kind::Identity
                )
            });
            let kind = kind.filter(|_| digits >= 4);
            let unexplained =
                (digits >= MANY_DIGITS && cue != Some(Kind::Number)).then_some(Kind::Number);
            found.extend(kind.or(unexplained).map(|kind| (word.range(), kind)));
        }
    }
    for (range, kind) in found {
        line.take(range, kind);
    }
}

/// Letters with digits or an underscore: no plain word.
fn is_id(word: &str) -> bool {
    word.chars().any(|c| c.is_ascii_lowercase())
        && word
            .chars()
            .any(|c| c == '_' || super::numerals::is_numeral(c))
        && !is_capacity(word)
}

/// 256gb, 1080p: digits, then a few letters.
fn is_capacity(word: &str) -> bool {
    let rest = word.trim_start_matches(|c: char| c.is_ascii_digit());
    rest.len() < word.len() && rest.len() <= 3 && word.len() - rest.len() <= 5
}

/// Whether the word stands in a link.
fn is_link(text: &str, at: usize) -> bool {
    text[..at]
        .rsplit(|c: char| c.is_whitespace() || !c.is_ascii())
        .next()
        .is_some_and(|word| {
            word.contains("://") || word.contains("www.") || word.ends_with(['/', '#', '@'])
        })
}

//! Number plates: a province, a letter, five characters or (new-energy) six.

use std::sync::LazyLock;

use regex::Regex;

use super::Kind;
use super::line::Line;

static PLATE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let character = "[a-hj-np-z0-9零〇一二三四五六七八九幺洞拐两]";
    Regex::new(&format!(
        "[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼] ?[a-hj-np-z][ ·.•\\-,]{{0,2}}\
         (?:{character}[ ,]?){{4}}(?:{character}[ ,]?)?(?:{character}|[挂学警港澳领使])"
    ))
    .ok()
});

/// A plate without its province, after the word for it.
static NAMED: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        "(?:车牌|牌照|车号)(?:号码|号)?(?:是|为|就是|尾号)?[:, ]{0,2}([a-z]?[ ·]?[a-z0-9零一二三四五六七八九幺]{5,6})",
    )
    .ok()
});

/// Takes the number plates of a line.
pub(super) fn take(line: &mut Line) {
    let text = line.text();
    let mut found = Vec::new();
    if let Some(pattern) = PLATE.as_ref() {
        found.extend(
            pattern
                .find_iter(text)
                .map(|found| found.range())
                .filter(|range| has_digits(&text[range.clone()])),
        );
    }
    if let Some(pattern) = NAMED.as_ref().filter(|_| text.contains(['牌', '车'])) {
        let named = pattern.captures_iter(text).filter_map(|found| found.get(1));
        found.extend(
            named
                .map(|found| found.range())
                .filter(|range| has_digits(&text[range.clone()])),
        );
    }
    for range in found {
        line.take(range, Kind::Plate);
    }
}

fn has_digits(plate: &str) -> bool {
    plate
        .chars()
        .filter(|c| super::numerals::is_numeral(*c))
        .count()
        >= 2
}

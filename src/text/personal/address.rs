//! Places that lead to a door: streets with a house number, buildings with a
//! unit or a room, and what is said to be an address. A city or a district by
//! itself leads to nobody and stays.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::Kind;
use super::line::{HIDDEN, Line};

/// Longest place before a house number, in characters.
const LONGEST_PLACE: usize = 32;
/// Longest address that only a word introduces, in characters.
const LONGEST_NAMED: usize = 36;

/// Words that end a place on its left.
const OPENINGS: [&str; 60] = [
    "地址", "住址", "住在", "家住", "我家", "在", "是", "住", "到", "寄", "送", "我", "你", "您",
    "他", "她", "的", "了", "这", "那", "去", "有", "给", "从", "就", "们", "说", "叫", "往", "请",
    "帮", "装", "搬", "把", "对", "跟", "老家", "呢", "啊", "嗯", "呃", "哦", "吧", "修", "要",
    "为", "也", "还", "没", "问", "打", "用", "能", "来到", "址", "告", "于", "至", "一下", "个",
];

/// A street with a house number, or a building with a part of it.
static DOOR: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let number = number();
    let unit = unit();
    let room = room();
    let street =
        "(?:[路街道巷]|大道|大街|胡同|弄堂|里弄|公路)(?:[东西南北中]路?|[一二三四五六七八九十]段)?";
    let house = format!("{number} ?(?:号院|号楼|号|弄|巷)");
    let village = format!("(?:村|庄|屯|寨|镇|乡|社区) ?{number} ?(?:组|队|社|号)");
    let estate = format!("{unit} ?{unit}(?: ?{unit})*");
    let building = format!("{unit} ?[a-z]?{room}");
    Regex::new(&format!(
        "(?:{street} ?{house}|{village}|{estate}|{building})"
    ))
    .ok()
});

/// What may follow a door: a building by name, units, rooms.
static REST: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let number = number();
    let unit = unit();
    let room = room();
    let named = "\\p{Han}{2,8}?(?:小区|花园|家园|公寓|大厦|广场|新村|苑|城|府|庭|院|中心|大楼|宿舍|商厦|科技园)";
    Regex::new(&format!(
        "^(?:[ ,]?(?:{named})?[ ,]?(?:(?:{unit} ?)+|{number} ?(?:号院|弄|号))[a-z]?(?:{room})?|[ ,]?{named}[ ,]?[a-z]?座? ?(?:{room})?|[ ,]?[a-z]?{room})"
    ))
    .ok()
});

/// A place that a word introduces.
static NAMED: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        "(?:地址|住址|家住|住在|家在|位于)(就?是|为|写的?是?|填的?是?|在|改成|改为|换成|:| )?[:, ]{0,2}(\\p{Han}[\\p{Han}a-z0-9\\- ]{2,40})",
    )
    .ok()
});

static PLACE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new("(?:[^线道网通]路|街|大道|巷|胡同|小区|花园|家园|公寓|大厦|村|镇|乡|苑|号楼|栋|幢|单元|宿舍|家属院)").ok()
});

fn number() -> &'static str {
    "(?:[0-9]{1,5}|[零〇一二三四五六七八九十百千两幺]{1,7})(?:[\\-之杠](?:[0-9]{1,4}|[零一二三四五六七八九十百]{1,4}))?"
}

fn unit() -> String {
    let number = number();
    format!("(?:[a-z] ?|[东西南北]|{number} ?)(?:号楼|栋楼?|幢|座|单元|门洞|号门|楼|层|室|号房|户)")
}

fn room() -> &'static str {
    "(?:[0-9]{3,4}(?:室|号|房)?|[零〇一二三四五六七八九幺]{3,4}(?:室|号|房)?)"
}

/// Takes the addresses of a line.
pub(super) fn take(line: &mut Line) {
    let (Some(door), Some(rest)) = (DOOR.as_ref(), REST.as_ref()) else {
        return;
    };
    let text = line.text();
    if !text.contains([
        '路', '街', '道', '巷', '弄', '同', '村', '庄', '栋', '幢', '座', '楼', '单', '址', '住',
        '室', '组', '队', '于', '家',
    ]) {
        return;
    }
    let mut found: Vec<Range<usize>> = Vec::new();
    for core in door.find_iter(text) {
        let end = after_rest(rest, text, core.end());
        let start = place_start(text, core.start());
        let covered = found.last().is_some_and(|last| core.start() < last.end);
        if !covered
            && is_door(
                &text[start..],
                core.start() - start,
                &text[core.range()],
                &text[core.end()..],
            )
        {
            found.push(start..end);
        }
    }
    found.extend(named(text));
    for range in found {
        line.take(range, Kind::Address);
    }
}

/// Goes on over buildings, units and rooms.
fn after_rest(rest: &Regex, text: &str, mut end: usize) -> usize {
    for _ in 0..6 {
        match rest.find(&text[end..]) {
            Some(more) if !more.is_empty() => end += more.len(),
            _ => break,
        }
    }
    end
}

/// Where the place begins whose door stands at `core`.
fn place_start(text: &str, core: usize) -> usize {
    let mut start = core;
    for (at, character) in text[..core].char_indices().rev().take(LONGEST_PLACE) {
        let part =
            ('\u{4e00}'..='\u{9fff}').contains(&character) || character.is_ascii_alphanumeric();
        let opened = OPENINGS
            .iter()
            .any(|word| text[..at + character.len_utf8()].ends_with(word));
        if !part || opened || character == HIDDEN {
            break;
        }
        start = at;
    }
    start
}

/// Whether the match is a door rather than talk: 知道三号, 五号线, 一楼.
fn is_door(from_start: &str, place: usize, core: &str, rest: &str) -> bool {
    let before = &from_start[..place];
    let street = core.starts_with(['路', '街', '道', '巷']);
    let talk = [
        "知", "难", "报", "频", "渠", "味", "通", "说", "半", "一", "这条", "走", "线", "网",
        "一条", "几条", "套",
    ];
    if core.starts_with(['道', '路']) && talk.iter().any(|word| before.ends_with(word)) {
        return false;
    }
    // 一层三楼 is talk; a door has a building, a unit or a room.
    let floors = !street
        && !core.contains([
            '栋', '幢', '座', '室', '村', '庄', '镇', '乡', '寨', '屯', '社', '号', '弄', '院',
        ])
        && !core.contains("单元")
        && !core.contains("号楼");
    if floors {
        return false;
    }
    if rest.starts_with("线") || rest.starts_with("口") || rest.starts_with("出口") {
        return false;
    }
    !street || !before.is_empty()
}

/// Places after 地址是 and the like that name a street or an estate.
fn named(text: &str) -> Vec<Range<usize>> {
    let (Some(named), Some(place)) = (NAMED.as_ref(), PLACE.as_ref()) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for captures in named.captures_iter(text) {
        let Some(words) = captures.get(1) else {
            continue;
        };
        let ending = [
            "这", "那边", "你", "我", "吧", "啊", "呢", "吗", "对", "的话", "麻烦", "电话", "手机",
        ];
        let end = ending
            .iter()
            .filter_map(|word| words.as_str().find(word))
            .min()
            .unwrap_or(words.len());
        let words_only: String = words.as_str()[..end].chars().take(LONGEST_NAMED).collect();
        let trimmed = words_only.trim_end();
        if place.is_match(trimmed) && !trimmed.starts_with(['错', '不', '改', '能', '有', '没'])
        {
            found.push(words.start()..words.start() + trimmed.len());
        }
    }
    found
}

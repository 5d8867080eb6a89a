//! Personal names where they are introduced, and wherever the call repeats them.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::Kind;
use super::line::{HIDDEN, Line};
use super::memory::Memory;
use super::{spelled, surnames};

/// Characters that are in no given name, and so end one.
const ENDINGS: &str = "我你您他她它的了是在有没不就也都还要会能这那什怎么吗呢吧啊呀哦嗯呃额哎喂跟与或把被让给对从到去说问打查办听想再又很太最个位号电机身住姓叫名字咱们啦嘛哈";

/// Characters before which a name can end; fewer, for a name that nothing but
/// its look makes one.
const AFTERS: &str = "我你您他她的了是在想要这那吗呢吧啊呀哦嗯打问有对不就也说姓";

/// Words after a name, of which the first character could be in one.
const FOLLOWING: [&str; 39] = [
    "先生", "女士", "小姐", "太太", "同志", "师傅", "老师", "手机", "今年", "现在", "然后", "麻烦",
    "本人", "需要", "已经", "上次", "昨天", "今天", "刚才", "单名", "弓长", "耳东", "木子", "地址",
    "只是", "因为", "可以", "可能", "应该", "帮我", "前两", "之前", "是不", "买的", "家里", "来电",
    "电话", "身份", "号码",
];

/// Fields of a form that hold a name.
const FIELDS: &str = "机主|户主|收件人|收货人|联系人|持卡人|开户人|开户名|户名|投保人|被保险人|被保人|受益人|车主|房主|业主|租客|\
    患者|病人|乘客|乘机人|旅客|入住人|订票人|寄件人|发件人|经办人|申请人|法人|负责人|监护人|紧急联系人|本人";

/// People who are called something.
const PEOPLE: &str = "学生|孩子|小孩|儿子|女儿|老公|老婆|爱人|我妈|我爸|妈妈|爸爸|母亲|父亲|家属|同事|朋友|客户|用户|坐席|客服|经理|师傅|我们家";

/// Words that introduce a name for certain.
static CERTAIN: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(&format!(
        "(?:我的?(?:大名|真名|全名|本名)?(?:就叫|叫做|叫)|(?:名字|姓名|全名|真名|名儿)(?:就是|就叫|是|叫|为|写的是|填的是|登记的是)?[,: ]{{0,2}}|名叫|叫做|\
         (?:{FIELDS})(?:的?(?:姓名|名字))?(?:写的|填的|登记的|那个|就)?(?:是|叫|为|写|填)[,: ]{{0,2}}|(?:{FIELDS})(?:的?(?:姓名|名字))?[: ]|\
         (?:{PEOPLE})(?:的?(?:姓名|名字)是?|就?叫)[,: ]{{0,2}})"
    ))
    .ok()
});

/// Words that introduce a name perhaps: it must end where a name can end.
static PERHAPS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(&format!(
        "(?:我是|我就是|这里是|这边是|(?:{FIELDS})|(?:儿子|女儿|老公|老婆|爱人|孩子)是|^叫|,叫| 叫|他叫|她叫)"
    ))
    .ok()
});

static SURNAME: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new("(?:免贵姓|我姓|他姓|她姓|本人姓|^姓|[,。 嗯呃啊哦]姓|机主姓|户主姓|客户姓|您姓|姓是|复姓|贵姓是)(?:是)?(\\p{Han}{1,2})").ok()
});

static TITLES: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new("先生|女士|小姐|太太").ok());

static ASKS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new("贵姓|怎么称呼|如何称呼|姓名|名字|叫什么|尊姓|大名|哪位|哪个姓|全名|姓什么").ok()
});

static ASKS_SPELLING: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new("哪个字|哪几个字|什么字|怎么写|哪两个字|哪一个字|什么.*的.吗").ok()
});

/// Takes the names of a call.
pub(super) fn take(lines: &mut [Line], memory: &mut Memory) {
    for turn in 0..lines.len() {
        let asked = was_asked(lines, turn, &ASKS);
        let spelling = was_asked(lines, turn, &ASKS_SPELLING);
        let text = lines[turn].text();
        let mut full = Vec::new();
        let parts = spelled::by_parts(text);
        full.extend(introduced(text));
        full.extend(titled(text));
        if asked {
            full.extend(answer(text));
        }
        let surnames = surname(text, asked);
        let told =
            asked || spelling || !parts.is_empty() || !full.is_empty() || !surnames.is_empty();
        for range in &full {
            remember(&text[range.clone()], memory);
        }
        let words = if told {
            spelled::by_word(text)
        } else {
            Vec::new()
        };
        for range in parts.into_iter().chain(full).chain(surnames).chain(words) {
            lines[turn].take(range, Kind::Name);
        }
    }
    repeat(lines, memory);
}

/// Full names are known again anywhere in the call.
fn remember(name: &str, memory: &mut Memory) {
    if name.chars().count() >= 2 {
        memory.add_name(name);
    }
}

fn repeat(lines: &mut [Line], memory: &Memory) {
    for name in memory.names() {
        for line in lines.iter_mut() {
            let found: Vec<Range<usize>> = line
                .text()
                .match_indices(name.as_str())
                .map(|(at, found)| at..at + found.len())
                .collect();
            for range in found {
                line.take(range, Kind::Name);
            }
        }
    }
}

/// Whether the other side asked in one of the last turns.
fn was_asked(lines: &[Line], turn: usize, asks: &LazyLock<Option<Regex>>) -> bool {
    let Some(asks) = asks.as_ref() else {
        return false;
    };
    let speaker = lines[turn].speaker();
    let others = lines[..turn]
        .iter()
        .rev()
        .take(3)
        .filter(|line| line.speaker() != speaker);
    others.take(1).any(|line| asks.is_match(line.text()))
}

/// Names after words that introduce them.
fn introduced(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    for (cue, strict) in [(&CERTAIN, false), (&PERHAPS, true)] {
        let Some(cue) = cue.as_ref() else { continue };
        for introduction in cue.find_iter(text) {
            let start = introduction.end();
            let Some(length) = name(&text[start..], strict) else {
                continue;
            };
            found.push(start..start + length);
        }
    }
    found
}

/// Length in bytes of the name that a text begins with: a surname and one or two
/// characters. A strict one ends where a name can end.
fn name(text: &str, strict: bool) -> Option<usize> {
    let surname = surnames::at_start(text)?;
    if surnames::is_word(text) {
        return None;
    }
    let mut end = surname;
    let mut given = 0;
    while given < 2 {
        let rest = &text[end..];
        let Some(next) = rest.chars().next() else {
            break;
        };
        if !is_given(next) || FOLLOWING.iter().any(|word| rest.starts_with(word)) {
            break;
        }
        end += next.len_utf8();
        given += 1;
    }
    if given == 0 {
        return None;
    }
    let rest = &text[end..];
    // Places begin like names: 罗湖区, 金山路.
    if text[..end].ends_with(['区', '县', '市', '镇', '村', '路', '街', '省', '店', '站'])
    {
        return None;
    }
    if strict && surnames::is_seldom(text) {
        return None;
    }
    if strict && (!can_end(rest) || given < 2 && surnames::is_everyday(text) && !is_relation(rest))
    {
        return None;
    }
    Some(end)
}

fn is_han(character: char) -> bool {
    ('\u{4e00}'..='\u{9fff}').contains(&character)
}

fn is_given(character: char) -> bool {
    is_han(character) && !ENDINGS.contains(character) && !super::numerals::is_numeral(character)
        || character == '一'
}

/// Whether a name may end before this.
fn can_end(rest: &str) -> bool {
    let next = rest.chars().next();
    next.is_none_or(|next| !is_han(next) || AFTERS.contains(next)) && !rest.starts_with("的时候")
        || FOLLOWING.iter().any(|word| rest.starts_with(word))
}

fn is_relation(rest: &str) -> bool {
    [
        "的妈",
        "的爸",
        "的老",
        "的爱人",
        "的儿",
        "的女",
        "的家",
        "的母",
        "的父",
    ]
    .iter()
    .any(|word| rest.starts_with(word))
}

/// X先生: the surname or the full name before the title.
fn titled(text: &str) -> Vec<Range<usize>> {
    let Some(titles) = TITLES.as_ref() else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for title in titles.find_iter(text) {
        if !text[title.end()..].starts_with("优先") {
            found.extend(before_title(text, title.start()));
        }
    }
    found
}

/// The longest name before a title: 欧阳小娜, 田国华, 刘伟, 王.
fn before_title(text: &str, title: usize) -> Option<Range<usize>> {
    let ahead: Vec<(usize, char)> = text[..title].char_indices().rev().take(4).collect();
    let best = ahead.iter().enumerate().rev().find(|(back, (at, first))| {
        let name = &text[*at..title];
        let previous = text[..*at].chars().next_back();
        let opened = previous
            .is_none_or(|c| !is_han(c) || ENDINGS.contains(c) || "请好为喂和找位老".contains(c));
        let everyday = surnames::is_everyday(name);
        let begins = surnames::at_start(name).is_some_and(|length| *back < 3 || length > 3);
        match back {
            0 => {
                let doubled = previous == Some(*first);
                surnames::is_surname(*first)
                    && !doubled
                    && (opened || !everyday)
                    && !surnames::is_seldom(name)
            }
            _ => {
                begins
                    && (opened || !everyday && *back > 1)
                    && !surnames::is_word(name)
                    && name.chars().skip(1).all(is_given)
            }
        }
    });
    best.map(|(_, (at, _))| *at..title)
}

/// 我姓X, and X alone where the surname was asked for.
fn surname(text: &str, asked: bool) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let Some(pattern) = SURNAME.as_ref() else {
        return found;
    };
    for captures in pattern.captures_iter(text) {
        let Some(words) = captures.get(1) else {
            continue;
        };
        if let Some(length) = surnames::at_start(words.as_str()) {
            let surname = words.start()..words.start() + length;
            // 小许 and 老许 are the same person.
            let character = &text[surname.clone()];
            for nick in ["小", "老"] {
                let nickname = format!("{nick}{character}");
                let nicks = text.match_indices(&nickname);
                found.extend(nicks.map(|(at, all)| at + nick.len()..at + all.len()));
            }
            found.push(surname);
        }
    }
    if asked && super::numerals::says_at_most(2, text) {
        let start = super::numerals::pause(text);
        let start = start + usize::from(text[start..].starts_with('姓')) * '姓'.len_utf8();
        if let Some(length) =
            surnames::at_start(&text[start..]).filter(|_| !surnames::is_word(&text[start..]))
        {
            found.push(start..start + length);
        }
    }
    found
}

/// The name that answers a question for it.
fn answer(text: &str) -> Option<Range<usize>> {
    let mut start = 0;
    loop {
        let rest = &text[start..];
        let silent = super::numerals::pause(rest);
        let opener = ["我叫", "我是", "叫", "是", "姓名", "名字", "我姓", "姓"]
            .iter()
            .find(|opener| rest.starts_with(**opener));
        match opener {
            Some(opener) => start += opener.len(),
            None if silent > 0 => start += silent,
            None => break,
        }
    }
    if text[start..].starts_with(HIDDEN) {
        return None;
    }
    let short = text[start..].chars().count() <= 6;
    let length = name(&text[start..], !short)?;
    Some(start..start + length)
}

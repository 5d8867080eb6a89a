//! Numbers that tell how much, when or which model: these stay.

use super::line::{after, before};
use super::numerals::Run;

/// Words that follow an amount, a time or a count.
const MEASURES: &str = "元块毛角折天年月日点时分秒周个次件台条张位岁度米寸码斤克吨升兆倍档期步层线级代帧平名趟遍回笔份套间户本页篇句字项家辆颗瓶箱包袋双根路男女成几多来余左半钟礼星小工两糟厘里公英毫安赫赔式星级口岁集季局轮列";
/// The same, of two characters or more or in Latin letters.
const LATIN_MEASURES: [&str; 26] = [
    "gb", "mb", "kb", "tb", "g", "m", "k", "t", "w", "v", "hz", "%", "km", "kg", "cm", "mm", "ml",
    "p", "mah", "s", "h", "rmb", "￥", "ghz", "mhz", "l",
];

/// Second characters of words that begin with a numeral.
const WORDS_OF_ONE: &str = "下直样定般些共起旦切律会半方边面路手把声味向再时刻生概致行带举道齐并体";

/// Whether a measure word.
pub(super) fn is_measure(character: char) -> bool {
    MEASURES.contains(character)
}

/// Whether the numeral and the next character are one word: 一直, 三包.
pub(super) fn makes_a_word(last: char, next: char) -> bool {
    last == '一' && WORDS_OF_ONE.contains(next)
}

/// Whether the digits between two places count, measure or date something, or
/// are a part of a name of a thing.
pub(super) fn is_quantity(
    text: &str,
    start: usize,
    end: usize,
    length: usize,
    spoken: bool,
) -> bool {
    let ahead = before(text, start, 2);
    let behind = after(text, end, 6);
    let previous = ahead.chars().next_back();
    let behind_space = behind.trim_start();
    let next = behind_space.chars().next();
    let adjoining = behind.chars().next();
    if length >= 9 {
        return false;
    }
    let compound = |character: char| matches!(character, '十' | '百' | '千' | '万' | '亿');
    if adjoining.is_some_and(compound) || previous.is_some_and(|c| compound(c) || c == '第') {
        return true;
    }
    if is_decimal(ahead, behind, length) || is_clock(ahead, behind, length) {
        return true;
    }
    if spoken {
        return length <= 6 && is_spoken_word(previous, text, end, adjoining, length);
    }
    is_written_quantity(behind_space, next, length)
        || (length < 7 && is_in_a_name(previous, adjoining))
}

/// Whether Chinese numerals here are a count or a part of a word.
fn is_spoken_word(
    previous: Option<char>,
    text: &str,
    end: usize,
    next: Option<char>,
    length: usize,
) -> bool {
    let last = text[..end].chars().next_back();
    let word = matches!((last, next), (Some(last), Some(next)) if makes_a_word(last, next));
    let measured = next.is_some_and(is_measure) || (length <= 3 && next == Some('号'));
    let bound = length == 1
        && previous.is_some_and(|c| "统唯万专同每某另任之初周期拜再又不归逐进".contains(c));
    let share = previous == Some('之') || previous == Some('点');
    word || measured || bound || share
}

fn is_written_quantity(behind: &str, next: Option<char>, length: usize) -> bool {
    let Some(next) = next else { return false };
    if is_measure(next) {
        // 13800138000元 is no amount, 12999元 is one.
        return length <= 8;
    }
    if next == '号' {
        return length <= 5;
    }
    if length > 6 {
        return false;
    }
    let latin: String = behind
        .chars()
        .take_while(|c| c.is_ascii_alphabetic() || *c == '%')
        .collect();
    LATIN_MEASURES.contains(&latin.as_str())
}

/// Digits that adjoin Latin letters are a part of a name: iphone15, i7, v2.
fn is_in_a_name(previous: Option<char>, next: Option<char>) -> bool {
    let letter = |character: Option<char>| character.is_some_and(|c| c.is_ascii_alphabetic());
    let price = |character: Option<char>| matches!(character, Some('$' | '¥' | '￥'));
    (letter(next) && next != Some('x')) || letter(previous) || price(previous)
}

/// 3.65, 12.4.1, 三点五.
fn is_decimal(ahead: &str, behind: &str, length: usize) -> bool {
    let point = |c: Option<char>| matches!(c, Some('.' | '点'));
    let digit = |c: Option<char>| c.is_some_and(super::numerals::is_numeral);
    let mut backwards = ahead.chars().rev();
    let mut forwards = behind.chars();
    length <= 6
        && ((point(backwards.next()) && digit(backwards.next()))
            || (point(forwards.next()) && digit(forwards.next())))
}

/// 9:30, 1/3, 8%.
fn is_clock(ahead: &str, behind: &str, length: usize) -> bool {
    let mark = |c: Option<char>| match c {
        // 1/3 and 2024/5/6, but 400-820-3800/….
        Some('/') => length <= 2 || ahead.is_empty() || length == 4 && behind.starts_with('/'),
        other => matches!(other, Some(':' | '*' | '%' | '+' | '乘' | '^')),
    };
    let digit = |c: Option<char>| c.is_some_and(super::numerals::is_numeral);
    let mut backwards = ahead.chars().rev();
    let mut forwards = behind.chars();
    length <= 4
        && ((mark(backwards.next()) && digit(backwards.next()))
            || (mark(forwards.next()) && (behind.starts_with('%') || digit(forwards.next()))))
}

/// Takes dates out of a run: 2024-05-06.
pub(super) fn drop_dates(run: &mut Run) {
    let mut at = 0;
    while at < run.len() {
        let sizes: Vec<usize> = run[at..].iter().take(3).map(|g| g.digits.len()).collect();
        let parts = matches!(sizes.as_slice(), [4, 1 | 2, 1 | 2]);
        if parts && is_date(&run[at].digits, &run[at + 1].digits, &run[at + 2].digits) {
            run.drain(at..at + 3);
        } else {
            at += 1;
        }
    }
}

/// 20240506
pub(super) fn is_written_date(digits: &str) -> bool {
    digits.len() == 8 && digits.is_ascii() && is_date(&digits[..4], &digits[4..6], &digits[6..])
}

fn is_date(year: &str, month: &str, day: &str) -> bool {
    let number = |text: &str| text.parse::<u32>().unwrap_or(0);
    is_year(year) && (1..=12).contains(&number(month)) && (1..=31).contains(&number(day))
}

/// 1990, 2024
pub(super) fn is_year(digits: &str) -> bool {
    digits.len() == 4
        && digits
            .parse::<u32>()
            .is_ok_and(|year| (1950..=2049).contains(&year))
}

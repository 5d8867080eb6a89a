//! Digits as they are said and written: groups of digits with their places, and
//! runs of groups with nothing but pauses and fillers between them.

use std::ops::Range;

use super::line::HIDDEN;
use super::quantities;

/// Longest pause between two groups of a number, in characters.
const LONGEST_PAUSE: usize = 16;
/// A longer run is no number that anybody reads out.
const MOST_DIGITS: usize = 60;

/// Words that fill a pause while a number is read, longest first.
const FILLERS: [&str; 52] = [
    "稍等一下",
    "我看一下",
    "等一下",
    "我看看",
    "然后是",
    "然后呢",
    "接下来",
    "后面是",
    "后边是",
    "后面四位",
    "中间是",
    "下面是",
    "最后是",
    "完了是",
    "再就是",
    "没错",
    "继续",
    "您说",
    "你说",
    "稍等",
    "等下",
    "然后",
    "接着",
    "后面",
    "后边",
    "完了",
    "就是",
    "这个",
    "那个",
    "横杠",
    "空格",
    "好的",
    "对的",
    "是的",
    "呃",
    "嗯",
    "额",
    "啊",
    "哦",
    "噢",
    "唔",
    "欸",
    "诶",
    "哎",
    "唉",
    "呀",
    "呢",
    "吧",
    "嘛",
    "哈",
    "对",
    "杠",
];

/// The characters that fillers begin with.
const FILLER_STARTS: &str =
    "稍我等然接后中下最完再没继您你就这那横空好对是呃嗯额啊哦噢唔欸诶哎唉呀呢吧嘛哈杠";

/// A digit string without a pause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Group {
    /// Bytes of the text.
    pub range: Range<usize>,
    /// `0`–`9`; `X` as the last of an identity-card number.
    pub digits: String,
    /// Whether it was written in Chinese numerals.
    pub spoken: bool,
}

/// Groups with pauses between them.
pub(super) type Run = Vec<Group>;

/// The value of a character that is always a digit where digits stand.
fn digit(character: char) -> Option<char> {
    Some(match character {
        '0'..='9' => character,
        '零' | '〇' | '○' => '0',
        '一' | '幺' | '壹' => '1',
        '二' | '贰' => '2',
        '三' | '叁' => '3',
        '四' | '肆' => '4',
        '五' | '伍' => '5',
        '六' | '陆' => '6',
        '七' | '柒' => '7',
        '八' | '捌' => '8',
        '九' | '玖' => '9',
        _ => return None,
    })
}

/// The value of a character that is a digit beside other digits only.
fn digit_in_company(character: char) -> Option<char> {
    Some(match character {
        '两' => '2',
        '洞' => '0',
        '拐' => '7',
        '勾' => '9',
        _ => return None,
    })
}

/// Whether the character is a numeral in any sense.
pub(super) fn is_numeral(character: char) -> bool {
    digit(character).is_some() || matches!(character, '两' | '十' | '百' | '千' | '万')
}

/// The runs of a text, in order.
pub(super) fn runs(text: &str) -> Vec<Run> {
    let scan = Scan {
        text,
        characters: text.char_indices().collect(),
    };
    let mut runs: Vec<Run> = Vec::new();
    let mut run = Run::new();
    let mut at = 0;
    while at < scan.characters.len() {
        let Some((group, end)) = scan.group(at, !run.is_empty()) else {
            close(&mut run, &mut runs);
            at += scan.skip(at);
            continue;
        };
        let length: usize = run.iter().map(|group| group.digits.len()).sum();
        if length + group.digits.len() > MOST_DIGITS {
            close(&mut run, &mut runs);
        }
        run.push(group);
        let pause = pause(&scan.text[scan.offset(end)..]);
        at = scan.index(scan.offset(end) + pause);
        let is_over = pause > 0 && at >= scan.characters.len();
        if is_over || scan.characters.get(at).is_some_and(|c| !opens(c.1)) {
            close(&mut run, &mut runs);
        }
    }
    close(&mut run, &mut runs);
    runs
}

fn close(run: &mut Run, runs: &mut Vec<Run>) {
    quantities::drop_dates(run);
    if !run.is_empty() {
        runs.push(std::mem::take(run));
    }
}

fn opens(character: char) -> bool {
    digit(character).is_some()
        || digit_in_company(character).is_some()
        || matches!(character, '要' | '腰' | '妖' | '邀')
}

/// Length in bytes of the pauses and fillers at the start of a text.
pub(super) fn pause(text: &str) -> usize {
    let mut length = 0;
    let mut characters = 0;
    'next: while characters < LONGEST_PAUSE {
        let rest = &text[length..];
        let Some(first) = rest.chars().next() else {
            break;
        };
        let silent = matches!(
            first,
            ' ' | ','
                | '、'
                | '。'
                | '.'
                | '-'
                | '—'
                | '–'
                | '_'
                | '~'
                | ';'
                | '·'
                | '\''
                | '('
                | ')'
        );
        if silent {
            length += first.len_utf8();
            characters += 1;
            continue;
        }
        // Most characters begin no filler: ask that first.
        if !FILLER_STARTS.contains(first) {
            break;
        }
        for filler in FILLERS {
            if rest.starts_with(filler) {
                length += filler.len();
                characters += filler.chars().count();
                continue 'next;
            }
        }
        break;
    }
    length
}

/// Whether at most so many characters of a text are more than pauses and fillers.
/// Hidden parts do not count.
pub(super) fn says_at_most(most: usize, text: &str) -> bool {
    let mut at = 0;
    let mut count = 0;
    // What is asked is mostly whether a text is nearly nothing.
    while at < text.len() && count <= most {
        let silent = pause(&text[at..]);
        if silent > 0 {
            at += silent;
            continue;
        }
        let Some(character) = text[at..].chars().next() else {
            break;
        };
        at += character.len_utf8();
        let silent = character == HIDDEN || matches!(character, '?' | '!' | ':');
        count += usize::from(!silent);
    }
    count <= most
}

struct Scan<'a> {
    text: &'a str,
    characters: Vec<(usize, char)>,
}

impl Scan<'_> {
    fn offset(&self, index: usize) -> usize {
        self.characters
            .get(index)
            .map_or(self.text.len(), |(offset, _)| *offset)
    }

    fn index(&self, offset: usize) -> usize {
        self.characters.partition_point(|(at, _)| *at < offset)
    }

    fn at(&self, index: usize) -> Option<char> {
        self.characters.get(index).map(|(_, character)| *character)
    }

    /// How far to go on from a place that begins no group: past all digits of a
    /// quantity, so that its tail is not taken for a group.
    fn skip(&self, at: usize) -> usize {
        let numerals = self.characters[at..]
            .iter()
            .take_while(|(_, character)| is_numeral(*character))
            .count();
        numerals.max(1)
    }

    /// The group at `at`, and the index after it. `goes_on` tells whether a
    /// group of the same number came before.
    fn group(&self, at: usize, goes_on: bool) -> Option<(Group, usize)> {
        let mut digits = String::new();
        let mut end = at;
        let mut spoken = false;
        while let Some(character) = self.at(end) {
            if let Some((count, repeated)) = self.repetition(end, goes_on || !digits.is_empty()) {
                digits.extend(std::iter::repeat_n(repeated, count));
                spoken = true;
                end += 3;
                continue;
            }
            let Some(value) = self.digit(at, end, character) else {
                break;
            };
            spoken |= !character.is_ascii_digit();
            digits.push(value);
            end += 1;
        }
        let end = self.without_tail(at, end, &mut digits, spoken);
        if digits.is_empty()
            || quantities::is_quantity(
                self.text,
                self.offset(at),
                self.offset(end),
                digits.len(),
                spoken,
            )
        {
            return None;
        }
        let end = self.last_letter(end, &mut digits);
        let range = self.offset(at)..self.offset(end);
        Some((
            Group {
                range,
                digits,
                spoken,
            },
            end,
        ))
    }

    fn digit(&self, start: usize, place: usize, character: char) -> Option<char> {
        if let Some(value) = digit(character) {
            return Some(value);
        }
        let is_digit = |index: usize| self.at(index).is_some_and(|c| digit(c).is_some());
        if let Some(value) = digit_in_company(character) {
            let before = place > start;
            return (before || is_digit(place + 1)).then_some(value);
        }
        // 幺 is heard as 要 and the like; only at the head of a long number.
        let misheard = matches!(character, '要' | '腰' | '妖' | '邀')
            && place == start
            && (place + 1..=place + 7).all(is_digit);
        misheard.then_some('1')
    }

    /// 三个零: how often, and what.
    fn repetition(&self, place: usize, goes_on: bool) -> Option<(usize, char)> {
        let count = self.at(place).and_then(|character| match character {
            '两' => Some('2'),
            other => digit(other),
        })?;
        let count = count.to_digit(10).filter(|count| (2..=9).contains(count))?;
        let repeated = (self.at(place + 1) == Some('个')).then(|| self.at(place + 2))??;
        let repeated = match repeated {
            '洞' => '0',
            '拐' => '7',
            other => digit(other)?,
        };
        goes_on.then_some((count as usize, repeated))
    }

    /// Leaves a last digit that belongs to the next word: …一直, …两个.
    fn without_tail(&self, at: usize, end: usize, digits: &mut String, spoken: bool) -> usize {
        let (Some(last), next) = (self.at(end.saturating_sub(1)), self.at(end)) else {
            return end;
        };
        let written = end > at + 1 && self.at(end - 2).is_some_and(|c| c.is_ascii_digit());
        let long = written || end > at + 6;
        let (Some(next), true) = (next, spoken && long && digits.len() == end - at) else {
            return end;
        };
        if quantities::makes_a_word(last, next) || quantities::is_measure(next) {
            digits.pop();
            return end - 1;
        }
        end
    }

    /// X or 叉 at the end of an identity-card number.
    fn last_letter(&self, end: usize, digits: &mut String) -> usize {
        let place = end + usize::from(self.at(end) == Some(' '));
        let is_letter = matches!(self.at(place), Some('x' | '叉' | '×'));
        let is_last = self
            .at(place + 1)
            .is_none_or(|next| !next.is_ascii_alphanumeric());
        if digits.len() >= 3 && is_letter && is_last {
            digits.push('X');
            return place + 1;
        }
        end
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digits(text: &str) -> Vec<Vec<String>> {
        let groups = |run: Run| run.into_iter().map(|group| group.digits).collect();
        runs(text).into_iter().map(groups).collect()
    }

    #[test]
    fn numbers_are_read_through_pauses_and_forms() {
        assert_eq!(digits("幺三八,呃,零零幺二"), [["138", "0012"]]);
        assert_eq!(digits("138零零三个五一二"), [["1380055512"]]);
        assert_eq!(digits("一三八零零零零一二三四一直"), [["13800001234"]]);
        assert_eq!(digits("洞幺拐两"), [["0172"]]);
        assert_eq!(digits("妖三八零零零零一二三四"), [["13800001234"]]);
    }

    #[test]
    fn quantities_are_no_groups() {
        for text in [
            "一百三十八块",
            "59元",
            "15天",
            "三点五",
            "12.4.1",
            "9:30",
            "2024年",
            "iphone15",
            "5g",
            "2024-05-06",
            "一下",
            "第一",
            "两个",
        ] {
            assert_eq!(digits(text), Vec::<Vec<String>>::new(), "{text}");
        }
    }
}

//! The canonical form under which equal complaints are counted together.

use super::pattern::is_numeral;

/// Light words that may open a phrase without changing the complaint.
const OPENERS: [&str; 32] = [
    "你们这个",
    "你们的",
    "你们",
    "我们的",
    "我们",
    "我的",
    "我都",
    "我",
    "你这个",
    "你",
    "他们",
    "他",
    "她",
    "这个",
    "那个",
    "这",
    "那",
    "就是",
    "就",
    "都",
    "也",
    "还是",
    "还",
    "又",
    "再",
    "实在",
    "已经",
    "居然",
    "竟然",
    "简直",
    "一直",
    "总是",
];
/// Particles that may close a phrase without changing the complaint.
const CLOSERS: [&str; 14] = [
    "了吧", "了啊", "了呀", "了吗", "的吗", "了", "啊", "呀", "吧", "吗", "呢", "嘛", "的", "哦",
];
/// A form shorter than this is kept as it was said.
const SHORTEST: usize = 2;

/// Folds a normalised phrase: light words at its ends go, spaces go, and runs
/// of numerals become `N`, so that 等了三天 and 等了 15 天 count as one.
pub(super) fn canonical(phrase: &str) -> String {
    let mut core = phrase.trim_matches(|character: char| !character.is_alphanumeric());
    loop {
        let shorter = strip(core);
        if shorter.len() == core.len() {
            break;
        }
        core = shorter;
    }
    fold_numbers(core)
}

/// Whether a canonical form only names an amount (N天, N块钱): it tells nothing
/// without its turn, so it is not ranked.
pub(super) fn is_amount(form: &str) -> bool {
    let light = |character| {
        is_measure(character)
            || matches!(
                character,
                'N' | '钱'
                    | '了'
                    | '前'
                    | '后'
                    | '内'
                    | '时'
                    | '期'
                    | '作'
                    | '工'
                    | '几'
                    | '都'
                    | '有'
                    | '我'
                    | '才'
                    | '就'
            )
    };
    form.contains('N') && form.chars().all(light)
}

fn strip(core: &str) -> &str {
    let opened = OPENERS.iter().find_map(|opener| core.strip_prefix(opener));
    let closed = || CLOSERS.iter().find_map(|closer| core.strip_suffix(closer));
    let shorter = opened.or_else(closed).map(str::trim);
    shorter
        .filter(|shorter| shorter.chars().count() >= SHORTEST)
        .unwrap_or(core)
}

/// Runs of numerals become `N`; a single 一 or 两 inside a word such as 一直
/// stays, because only what is followed by a measure or a digit is a number.
fn fold_numbers(core: &str) -> String {
    let characters: Vec<char> = core
        .chars()
        .filter(|character| !character.is_whitespace())
        .collect();
    let mut folded = String::with_capacity(core.len());
    let mut at = 0;
    while at < characters.len() {
        let run = characters[at..]
            .iter()
            .take_while(|&&character| is_numeral(character))
            .count();
        let idiom = characters[at..].starts_with(&['一', '点']);
        let counted = !idiom
            && characters
                .get(at + run)
                .is_some_and(|&next| is_measure(next));
        let digits = characters[at..at + run].iter().any(char::is_ascii_digit);
        if run > 0 && (counted || digits || run > 1) {
            folded.push('N');
            at += run;
        } else {
            folded.extend(&characters[at..=at]);
            at += 1;
        }
    }
    folded
}

fn is_measure(character: char) -> bool {
    matches!(
        character,
        '天' | '次'
            | '个'
            | '遍'
            | '回'
            | '趟'
            | '块'
            | '元'
            | '毛'
            | '分'
            | '年'
            | '月'
            | '周'
            | '小'
            | '多'
            | '来'
            | '倍'
            | '件'
            | '张'
            | '条'
            | '通'
            | '秒'
            | '点'
            | '号'
            | '日'
            | '台'
            | '份'
            | '笔'
            | '单'
            | '家'
            | '人'
            | '礼'
            | '星'
            | '钟'
            | '万'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_told_from_complaints() {
        assert!(is_amount("N天") && is_amount("N个工作日") && is_amount("N块钱"));
        assert!(!is_amount("催了N次") && !is_amount("扣我N块") && !is_amount("敷衍"));
    }

    #[test]
    fn light_words_and_numbers_fold() {
        assert_eq!(canonical("我都打了三次电话了"), canonical("打了 15 次电话"));
        assert_eq!(canonical("打了三次电话"), "打了N次电话");
        assert_eq!(canonical("太坑了"), "太坑");
        assert_eq!(canonical("一直没处理"), "没处理");
        assert_eq!(canonical("扣了我八百六十块钱"), "扣了我N块钱");
        assert_eq!(canonical("一点用都没有"), "一点用都没有");
    }
}

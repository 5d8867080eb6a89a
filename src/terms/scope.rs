//! Where a phrase stands decides whether it is a complaint: under a negation,
//! in a question about a word, in a supposition, in praise or after the mend
//! it is none.

use std::ops::Range;

/// Negations that take back what follows directly.
const NEGATIONS: [&str; 17] = [
    "没有",
    "没",
    "不是",
    "并不",
    "并没有",
    "并没",
    "不会",
    "不算",
    "没什么",
    "没啥",
    "不觉得",
    "不太",
    "没再",
    "未曾",
    "别",
    "不存在",
    "没说你们",
];
/// Words that may stand between a negation and what it negates.
const BETWEEN: [&str; 10] = [
    "再", "说", "你们", "什么", "任何", "出现", "发生", "被", "啥", "有",
];
/// What follows a word that is asked about.
const ASKED_ABOUT: [&str; 14] = [
    "是什么意思",
    "什么意思",
    "是啥意思",
    "啥意思",
    "是什么",
    "是指",
    "指的是",
    "怎么算",
    "怎么计算",
    "怎么收",
    "的标准",
    "的流程",
    "的话",
    "会怎么样",
];
/// Suppositions: what follows them in the clause has not happened.
const SUPPOSED: [&str; 10] = [
    "如果",
    "要是",
    "万一",
    "假如",
    "假设",
    "假使",
    "会不会",
    "是不是会",
    "担心会",
    "怕会",
];
/// What follows a complaint that is settled.
const SETTLED: [&str; 14] = [
    "已经解决",
    "解决了",
    "已解决",
    "已经好了",
    "已经退了",
    "已经到了",
    "已经恢复",
    "恢复了",
    "处理好了",
    "修好了",
    "弄好了",
    "好多了",
    "已经处理",
    "没事了",
];

/// Whether the phrase at `phrase` (bytes of `text`) is taken back by its
/// surroundings in the clause.
pub(super) fn is_taken_back(text: &str, phrase: &Range<usize>) -> bool {
    let before = clause_before(text, phrase.start);
    let after = clause_after(text, phrase.end);
    is_negated(before)
        || SUPPOSED.iter().any(|word| before.contains(word))
        || ASKED_ABOUT.iter().any(|words| after.starts_with(words))
        || SETTLED
            .iter()
            .any(|words| after.contains(words) && !after.contains("没") && !after.contains("又"))
}

/// Whether `before` ends in a negation, a few light words allowed in between.
fn is_negated(before: &str) -> bool {
    let mut before = before;
    for _ in 0..3 {
        if let Some(negation) = NEGATIONS
            .iter()
            .find(|negation| before.ends_with(*negation))
        {
            // 有没有… asks, and 不是没… doubles the negation: neither takes it back.
            let earlier = &before[..before.len() - negation.len()];
            return !earlier.ends_with(['有', '是', '不', '又', '还', '都'])
                || earlier.ends_with("还是");
        }
        match BETWEEN.iter().find(|word| before.ends_with(*word)) {
            Some(word) => before = &before[..before.len() - word.len()],
            None => return false,
        }
    }
    false
}

fn clause_before(text: &str, at: usize) -> &str {
    let before = &text[..at];
    before.rfind(is_clause_end).map_or(before, |end| {
        before[end..].trim_start_matches(is_clause_end)
    })
}

fn clause_after(text: &str, at: usize) -> &str {
    let after = &text[at..];
    after.find(is_clause_end).map_or(after, |end| &after[..end])
}

fn is_clause_end(character: char) -> bool {
    matches!(
        character,
        ',' | '。' | '!' | '?' | ';' | '.' | '、' | ':' | '~' | '…' | ' ' | '\n'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken_back(text: &str, phrase: &str) -> bool {
        let start = text.find(phrase).unwrap();
        is_taken_back(text, &(start..start + phrase.len()))
    }

    #[test]
    fn negation_takes_back() {
        assert!(taken_back("你们没有乱扣费吧", "乱扣费"));
        assert!(taken_back("我没说你们乱扣费", "乱扣费"));
        assert!(taken_back("网络没再出现掉线", "掉线"));
        assert!(!taken_back("你们又乱扣费", "乱扣费"));
        assert!(!taken_back("有没有乱扣费你们自己清楚", "乱扣费"));
        assert!(!taken_back("别的不说,就是乱扣费", "乱扣费"));
    }

    #[test]
    fn questions_suppositions_and_settled_matters_take_back() {
        assert!(taken_back("延迟到账是什么意思", "延迟到账"));
        assert!(taken_back("如果打不通怎么办", "打不通"));
        assert!(taken_back("昨天断网现在已经恢复了", "断网"));
        assert!(!taken_back("昨天断网,到现在还没恢复了", "断网"));
    }
}

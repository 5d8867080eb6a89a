//! What people say that shows on which side of the call they are.

use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, MatchKind};

/// Phrases and how strongly each speaks for the agent (positive) or for the
/// customer (negative), on the scale of log-odds.
const PHRASES: [(&str, f64); 130] = [
    // The scripted greeting and farewell.
    ("请问有什么可以帮", 4.0),
    ("有什么可以帮", 3.5),
    ("有什么能帮", 3.5),
    ("請問有什麼可以幫", 4.0),
    ("很高兴为您服务", 4.0),
    ("为您服务", 3.0),
    ("為您服務", 3.0),
    ("竭诚为您", 3.5),
    ("感谢您的来电", 4.0),
    ("感谢来电", 3.5),
    ("感謝您的來電", 4.0),
    ("欢迎致电", 4.0),
    ("歡迎致電", 4.0),
    ("祝您生活愉快", 3.5),
    ("祝您愉快", 3.0),
    ("工号", 2.0),
    ("工號", 2.0),
    ("客服专员", 2.0),
    ("请对我的服务", 3.5),
    ("对本次服务", 3.0),
    ("满意度评价", 2.0),
    ("还有其他可以帮", 3.5),
    ("还有什么可以帮", 3.5),
    ("还有其他问题吗", 2.5),
    ("请问还有", 2.5),
    ("请您稍后挂机", 3.0),
    ("不要挂机", 2.0),
    ("请不要挂断", 2.0),
    ("感谢您的耐心", 3.0),
    ("感谢您的理解", 2.5),
    ("感谢您的反馈", 2.5),
    ("感谢您的支持", 2.5),
    ("请问您贵姓", 3.0),
    ("怎么称呼您", 2.5),
    ("请问怎么称呼", 2.5),
    ("这里是", 1.5),
    // Looking things up.
    ("请稍等", 2.0),
    ("您稍等", 2.5),
    ("请您稍等", 3.0),
    ("稍等一下", 1.0),
    ("請稍等", 2.0),
    ("请您稍候", 2.5),
    ("给您查", 3.0),
    ("为您查", 3.0),
    ("帮您查", 3.0),
    ("幫您查", 3.0),
    ("这边帮您", 3.0),
    ("我帮您", 2.5),
    ("帮您", 1.5),
    ("给您", 1.5),
    ("为您", 1.8),
    ("幫您", 1.5),
    ("為您", 1.8),
    ("这边看到", 2.0),
    ("这边显示", 2.0),
    ("系统显示", 1.5),
    ("系统里显示", 1.5),
    ("我这边", 1.0),
    ("核实一下", 1.2),
    ("核对一下", 1.2),
    ("核实您的", 2.0),
    ("请您提供", 2.5),
    ("麻烦您提供", 2.5),
    ("麻烦您", 1.5),
    ("您方便", 1.5),
    ("请问您", 2.0),
    ("请您", 1.8),
    ("提供一下", 1.5),
    ("报一下", 1.2),
    ("身份证后四位", 1.0),
    ("登记", 0.8),
    ("反馈给", 1.0),
    ("升级处理", 1.0),
    ("工单", 0.8),
    ("专员", 0.5),
    ("回访", 0.6),
    // Soothing and promising.
    ("非常抱歉", 2.2),
    ("实在抱歉", 2.2),
    ("十分抱歉", 2.2),
    ("很抱歉", 2.0),
    ("抱歉给您", 2.5),
    ("给您带来", 2.5),
    ("理解您的", 2.5),
    ("您的心情", 2.5),
    ("您别着急", 2.2),
    ("您先别", 1.8),
    ("您放心", 1.8),
    ("请您放心", 2.2),
    ("您的问题", 1.5),
    ("您的情况", 1.5),
    ("您的", 0.5),
    ("咱们这边", 1.2),
    ("我们会尽快", 2.0),
    ("工作日内", 1.5),
    ("女士", 0.8),
    ("先生", 0.6),
    ("您", 0.5),
    ("这边", 0.7),
    ("咱们", 0.5),
    ("不好意思", 0.4),
    // The caller's business, complaints and threats.
    ("我要投诉", -3.0),
    ("我要投訴", -3.0),
    ("投诉你们", -3.0),
    ("你们公司", -2.0),
    ("你们这", -1.5),
    ("你们", -1.0),
    ("你們", -1.0),
    ("我的", -0.8),
    ("我想问", -2.0),
    ("我想咨询", -2.5),
    ("我想查", -2.2),
    ("我想", -0.8),
    ("我要", -1.2),
    ("我昨天", -1.2),
    ("我买", -1.5),
    ("我家", -1.5),
    ("给我", -1.2),
    ("帮我", -1.5),
    ("凭什么", -2.0),
    ("怎么回事", -1.2),
    ("什么意思", -1.0),
    ("骗", -1.2),
    ("你说", -0.6),
    ("叫你们", -2.0),
    ("退钱", -1.0),
    ("你", -0.3),
    ("我", -0.15),
    ("问一下", -0.6),
    ("多少钱", -0.6),
    ("为什么", -0.6),
];

struct Phrases {
    matcher: AhoCorasick,
}

static MATCHER: LazyLock<Option<Phrases>> = LazyLock::new(|| {
    let matcher = AhoCorasick::builder()
        .match_kind(MatchKind::LeftmostLongest)
        .build(PHRASES.iter().map(|(phrase, _)| phrase))
        .ok()?;
    Some(Phrases { matcher })
});

/// What one voice says for each side.
#[derive(Debug, Clone, Default)]
pub struct Evidence {
    counts: Vec<u32>,
}

impl Evidence {
    /// Takes a turn into account.
    pub fn hear(&mut self, text: &str) {
        let Some(phrases) = MATCHER.as_ref() else {
            return;
        };
        self.counts.resize(PHRASES.len(), 0);
        for found in phrases.matcher.find_iter(text) {
            if let Some(count) = self.counts.get_mut(found.pattern().as_usize()) {
                *count += 1;
            }
        }
    }

    /// The balance in log-odds: above 0 for the agent, below for the customer.
    /// Each further use of a phrase counts less than the one before.
    pub fn balance(&self) -> f64 {
        let weigh =
            |(count, (_, weight)): (&u32, &(&str, f64))| weight * f64::from(1 + count).log2();
        self.counts.iter().zip(PHRASES.iter()).map(weigh).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn balance(turns: &[&str]) -> f64 {
        let mut evidence = Evidence::default();
        for turn in turns {
            evidence.hear(turn);
        }
        evidence.balance()
    }

    #[test]
    fn scripts_speak_for_the_agent_and_complaints_for_the_customer() {
        assert!(balance(&["您好，工号8021很高兴为您服务，请问有什么可以帮您"]) > 4.0);
        assert!(balance(&["我要投诉，你们公司凭什么扣我的钱"]) < -4.0);
        assert!(balance(&["嗯", "对"]).abs() < f64::EPSILON);
    }

    #[test]
    fn phrases_are_not_listed_twice() {
        let mut phrases: Vec<_> = PHRASES.iter().map(|(phrase, _)| *phrase).collect();
        phrases.sort_unstable();
        phrases.dedup();
        assert_eq!(phrases.len(), PHRASES.len());
    }
}

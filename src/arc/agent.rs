//! What the agent's turn, or the wait around it, does to the customer's mood.

use super::Event;

/// Phrases with which an agent refuses (拒绝), on normalised text.
const REFUSAL: &[&str] = &[
    "没办法",
    "没有办法",
    "办不了",
    "做不了",
    "退不了",
    "改不了",
    "查不到",
    "处理不了",
    "解决不了",
    "无法",
    "不能给您",
    "不能退",
    "不能办",
    "不能改",
    "不予",
    "不支持",
    "不可以",
    "不符合",
    "不在范围",
    "不退",
    "没有权限",
    "没权限",
    "没有这个权限",
    "按照规定",
    "公司规定",
    "按规定",
    "规定就是",
    "规定是",
    "合同里面",
    "合同上",
    "协议里",
    "条款",
    "只能",
    "流程就是",
    "超过期限",
    "过了时效",
    "不属于",
    "不归我们",
    "需要您自己",
    "您自己",
];

/// Phrases with which an agent apologises or solves the matter (道歉、解决).
const RESOLUTION: &[&str] = &[
    "对不起",
    "抱歉",
    "不好意思",
    "赔不是",
    "是我们的错",
    "是我们的问题",
    "我们的责任",
    "给您添麻烦",
    "让您久等",
    "已经给您",
    "已经帮您",
    "已经为您",
    "给您申请",
    "帮您申请",
    "给您退",
    "退给您",
    "退还",
    "退到",
    "全额退",
    "免除",
    "免掉",
    "减免",
    "补偿",
    "赔付",
    "赔给您",
    "恢复了",
    "修好",
    "处理好",
    "办好了",
    "查到了",
    "找到了",
    "我亲自",
    "我来帮您",
    "我现在就",
    "马上给您",
    "加急",
    "优先",
    "送到",
    "今天就能",
    "您放心",
];

/// Phrases that announce or end a wait (等待).
const HOLD: &[&str] = &[
    "稍等",
    "等一下",
    "请等",
    "久等",
    "您的等待",
    "您等待",
    "别挂",
    "不要挂机",
    "转接",
    "给您转",
];

/// Which of the three an agent's turn does. A turn can do several: an apology
/// with a refusal is both.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct AgentAct {
    pub refuses: bool,
    pub resolves: bool,
    pub holds: bool,
}

impl AgentAct {
    /// Reads an agent's normalised text.
    pub(super) fn of(text: &str) -> Self {
        let any = |phrases: &[&str]| phrases.iter().any(|phrase| text.contains(phrase));
        Self {
            refuses: any(REFUSAL),
            resolves: any(RESOLUTION),
            holds: any(HOLD),
        }
    }

    /// The event that best explains a shift down or up.
    pub(super) fn event(self, downwards: bool) -> Option<Event> {
        let order = if downwards {
            [
                (self.refuses, Event::Refusal),
                (self.holds, Event::Hold),
                (false, Event::Resolution),
            ]
        } else {
            [
                (self.resolves, Event::Resolution),
                (self.holds, Event::Hold),
                (false, Event::Refusal),
            ]
        };
        order
            .into_iter()
            .find_map(|(found, event)| found.then_some(event))
    }
}

//! The words by which transcripts name the two sides of a call.

use unicode_normalization::UnicodeNormalization;

use crate::call::Speaker;

use super::names::among;

/// Chinese words for the company's side, simplified and traditional. Those that
/// contain a word for the customer (客户经理) come first of all.
const AGENT: &str = "客户经理 客戶經理 客户服务 客戶服務 客户代表 客戶代表 客服 坐席 座席 人工 机器人 \
    機器人 话务 話務 接线员 接線員 专员 專員 营业员 柜员 业务员 服务人员 服务员 工作人员 \
    值班长 班长 主管 销售 商家 卖家 系统 語音 语音 工号";
/// Chinese words for the caller.
const CUSTOMER: &str = "客户 客戶 用户 用戶 顾客 顧客 来电 來電 客人 会员 會員 市民 乘客 旅客 消费者 消費者 \
    买家 買家 业主 車主 车主 患者 投诉人 咨询人 诉求人 订餐人 收件人";
const AGENT_ENGLISH: &str = "agent robot bot chatbot ivr operator representative rep advisor adviser csr \
    assistant staff service customerservice seat kefu sales automatedagent humanagent \
    virtualagent system supervisor teller server zuoxi host";
const CUSTOMER_ENGLISH: &str = "customer client caller user enduser guest member buyer kehu consumer passenger cust \
    yonghu endcustomer human";
/// Words with which a record says that it does not know.
const NOBODY: &str = "unknown 未知 none null undefined nan n/a unk -1";
/// What may follow a role in a heading that is no speaker (客户姓名：…), or in
/// a sentence that only tells of one (客服说：…).
const NOT_A_NAME: &str = "姓名 编号 編號 号码 號碼 电话 電話 地址 名称 类型 等级 级别 信息 情绪 满意度 需求 \
    要求 诉求 问题 反馈 表示 反映 投诉 咨询 热线 中心 说 說 讲 讲过 问 答 回 叫 让 给 的 \
    跟 我 你 他 工号 工號";

/// The side a label names, or `None` when it names none: `0`, `SPEAKER_01`, 张三.
pub fn of_label(label: &str) -> Option<Speaker> {
    let label = normalised(label);
    if AGENT.split_whitespace().any(|word| label.contains(word)) {
        return Some(Speaker::Agent);
    }
    if CUSTOMER.split_whitespace().any(|word| label.contains(word)) {
        return Some(Speaker::Customer);
    }
    let letters: String = label
        .trim_matches(|c: char| !c.is_alphabetic())
        .chars()
        .filter(char::is_ascii_alphabetic)
        .collect();
    let only_ascii = label.is_ascii();
    if only_ascii && among(AGENT_ENGLISH, &letters) {
        return Some(Speaker::Agent);
    }
    (only_ascii && among(CUSTOMER_ENGLISH, &letters)).then_some(Speaker::Customer)
}

/// Whether the label says that the speaker is not known.
pub fn is_nobody(label: &str) -> bool {
    let label = normalised(label);
    label.is_empty() || among(NOBODY, &label)
}

/// Whether the text before a colon is a speaker's role rather than the
/// beginning of a sentence: 客服, 客服小王, 客户(张先生), but not 客服说 or 客户姓名.
pub fn is_speaker_prefix(label: &str) -> bool {
    let label = normalised(label);
    let names_a_number = label.ends_with("工号") || label.ends_with("工號");
    if label.chars().count() > 16 || names_a_number || of_label(&label).is_none() {
        return false;
    }
    if label.is_ascii() {
        return true;
    }
    let mut words = AGENT.split_whitespace().chain(CUSTOMER.split_whitespace());
    words.any(|word| {
        let before = label
            .strip_suffix(word)
            .is_some_and(|rest| name_like(rest, 4));
        let after = label
            .strip_prefix(word)
            .is_some_and(|rest| name_like(rest, 8));
        before || after
    })
}

/// Nothing, a number, or a short name.
fn name_like(rest: &str, limit: usize) -> bool {
    rest.chars().count() <= limit
        && !NOT_A_NAME
            .split_whitespace()
            .any(|word| rest.contains(word))
        && rest
            .chars()
            .all(|c| c.is_alphanumeric() || matches!(c, '(' | ')' | '[' | ']' | '#' | '*'))
}

/// Full-width forms, spaces and letter case do not distinguish labels.
fn normalised(label: &str) -> String {
    label
        .nfkc()
        .filter(|c| !c.is_whitespace() && !matches!(c, '_' | '-'))
        .flat_map(char::to_lowercase)
        .collect::<String>()
        .trim_matches(['[', ']', '【', '】', ':', '<', '>', '"'])
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn role_words_in_both_languages() {
        let agents = [
            "客服",
            "坐席8021",
            "AGENT",
            "Agent_1",
            "智能客服",
            "客户经理",
            "AUTOMATED_AGENT",
            "机器人",
            "客戶經理",
            "IVR",
            "ＡＧＥＮＴ",
            "人工客服",
            "Customer Service",
            "SYSTEM",
        ];
        for label in agents {
            assert_eq!(of_label(label), Some(Speaker::Agent), "{label}");
        }
        let customers = [
            "客户",
            "用户",
            "END_USER",
            "客戶",
            "来电人",
            "customer 2",
            "USER",
            "张客户",
            "Caller",
        ];
        for label in customers {
            assert_eq!(of_label(label), Some(Speaker::Customer), "{label}");
        }
        for label in ["0", "SPEAKER_00", "张三", "spk_1", "A", "user0x"] {
            assert_ne!(of_label(label), Some(Speaker::Agent), "{label}");
        }
        assert_eq!(of_label("SPEAKER_00"), None);
        assert_eq!(of_label("张三"), None);
    }

    #[test]
    fn sentences_and_headings_are_no_prefixes() {
        for label in [
            "客服",
            "客服小王",
            "客户张先生",
            "坐席 8021",
            "客服(8021)",
            "人工客服",
            "Agent 1",
            "客戶",
        ] {
            assert!(is_speaker_prefix(label), "{label}");
        }
        for label in [
            "客服说",
            "客户姓名",
            "然后那个客服跟我讲",
            "客服工号",
            "客户要求",
            "您看一下",
            "用户反馈",
        ] {
            assert!(!is_speaker_prefix(label), "{label}");
        }
    }
}

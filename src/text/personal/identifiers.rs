//! Identifiers, paths and metadata: digits between signs rather than speech.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

use super::Kind;
use super::{quantities, shapes, shown, surnames};

static DIGITS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new("\\+?(?:86[ -]?)?1[3-9][0-9]-[0-9]{4}-[0-9]{4}|\\+?0[0-9]{2,3}-[0-9]{7,8}|\\+?[0-9]{10,}[xX]?").ok()
});

static EMAIL: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new("[A-Za-z0-9._+-]+@[A-Za-z0-9-]+(?:\\.[A-Za-z0-9-]+)+").ok());

/// An identifier or a path with placeholders for the phone, identity-card and
/// card numbers and the e-mail addresses in it; recordings are often named after
/// the number. A name that stands beside a number goes too.
pub fn shown_identifier(raw: &str) -> String {
    let mut found: Vec<(Range<usize>, Kind)> = Vec::new();
    if let Some(pattern) = EMAIL.as_ref().filter(|_| raw.contains('@')) {
        found.extend(
            pattern
                .find_iter(raw)
                .map(|found| (found.range(), Kind::Email)),
        );
    }
    if let Some(pattern) = DIGITS.as_ref() {
        for digits in pattern.find_iter(raw) {
            let free = found
                .iter()
                .all(|(range, _)| digits.start() >= range.end || digits.end() <= range.start);
            let before = raw[..digits.start()].chars().next_back();
            let token = before.is_some_and(|c| c.is_ascii_hexdigit() && c.is_ascii_lowercase());
            if free && !token {
                found.extend(number(digits.as_str()).map(|(range, kind)| {
                    (
                        digits.start() + range.start..digits.start() + range.end,
                        kind,
                    )
                }));
            }
        }
    }
    if found.iter().any(|(_, kind)| *kind == Kind::Mobile) {
        found.extend(names(raw).map(|range| (range, Kind::Name)));
    }
    replaced(raw, found)
}

/// The personal number in a string of digits: all of it, or where a time of day
/// was joined to it.
fn number(digits: &str) -> Option<(Range<usize>, Kind)> {
    let plain: String = digits
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_uppercase())
        .collect();
    let kind = shapes::of(&plain);
    if let Some(kind) = kind.filter(|kind| {
        *kind != Kind::BankCard || plain.len() >= 16 && plain.starts_with(['4', '5', '6'])
    }) {
        return Some((0..digits.len(), kind));
    }
    if plain.len() != digits.len() || plain.len() < 19 {
        return None;
    }
    let dated = |text: &str| quantities::is_written_date(&text[..8]);
    let (head, tail) = digits.split_at(11);
    if shapes::is_mobile(head) && dated(tail) {
        return Some((0..11, Kind::Mobile));
    }
    let at = digits.len() - 11;
    (dated(digits) && shapes::is_mobile(&digits[at..])).then_some((at..digits.len(), Kind::Mobile))
}

/// Words of two or three Chinese characters that look like a name.
fn names(raw: &str) -> impl Iterator<Item = Range<usize>> + '_ {
    let han = |character: char| ('\u{4e00}'..='\u{9fff}').contains(&character);
    let mut at = 0;
    raw.split_inclusive(move |character| !han(character))
        .filter_map(move |part| {
            let start = at;
            at += part.len();
            let word = part.trim_end_matches(|character| !han(character));
            let is_name = (2..=3).contains(&word.chars().count())
                && surnames::at_start(word).is_some()
                && !surnames::is_word(word);
            is_name.then_some(start..start + word.len())
        })
}

fn replaced(raw: &str, mut found: Vec<(Range<usize>, Kind)>) -> String {
    found.sort_by_key(|(range, _)| range.start);
    let mut text = String::with_capacity(raw.len());
    let mut at = 0;
    for (range, kind) in found {
        text.push_str(&raw[at..range.start]);
        text.push_str(kind.placeholder());
        at = range.end;
    }
    text.push_str(&raw[at..]);
    text
}

/// Parts of keys whose values are personal, with what they are.
const KEYS: [(Kind, &str); 9] = [
    (
        Kind::Mobile,
        "phone mobile msisdn cellphone tel telno caller callee calling called ani dnis cli contactnumber customernumber \
         callernumber callednumber fromnumber tonumber 手机 电话 主叫 被叫 来电号码 去电号码 客户号码 用户号码 联系方式 號碼 電話",
    ),
    (
        Kind::Identity,
        "idcard idnumber identity idno certno certificate 身份证 证件",
    ),
    (Kind::BankCard, "bankcard cardno cardnumber 卡号 银行卡"),
    (Kind::Email, "email mail 邮箱 邮件"),
    (Kind::Address, "address addr 地址 住址"),
    (Kind::Plate, "plate licenseplate 车牌"),
    (Kind::WeChat, "wechat weixin openid unionid 微信"),
    (
        Kind::Account,
        "account accountno customerid custid memberid userid uid 账号 帐号 户号 客户号 客户编号 会员号",
    ),
    (
        Kind::Name,
        "name customername username callername contactname realname fullname nickname membername clientname ownername \
         agentname staffname 姓名 机主 户主 联系人 客户名 客户名称 用户名 坐席姓名 客服姓名 收件人",
    ),
];

/// A value of a call's metadata under its key, with placeholders.
pub fn shown_value(key: &str, value: &Value) -> Value {
    match value {
        Value::Object(inner) => {
            let shown = inner
                .iter()
                .map(|(key, value)| (key.clone(), shown_value(key, value)));
            Value::Object(shown.collect())
        }
        Value::Array(inner) => {
            Value::Array(inner.iter().map(|value| shown_value(key, value)).collect())
        }
        Value::String(text) if text.trim().is_empty() => value.clone(),
        Value::String(text) => Value::String(shown_text(key, text)),
        Value::Number(number) => {
            let digits = number.to_string();
            let kind = key_kind(key).or_else(|| self::number(&digits).map(|(_, kind)| kind));
            kind.map_or_else(
                || value.clone(),
                |kind| Value::String(kind.placeholder().to_owned()),
            )
        }
        Value::Bool(_) | Value::Null => value.clone(),
    }
}

fn shown_text(key: &str, text: &str) -> String {
    if let Some(kind) = key_kind(key) {
        return if is_placeholder(text) {
            text.to_owned()
        } else {
            kind.placeholder().to_owned()
        };
    }
    let looks_said = text.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c));
    let place = text.contains(['/', '\\']) || text.contains("://");
    let text = shown_identifier(text);
    if looks_said && !place {
        shown(&text)
    } else {
        text
    }
}

fn is_placeholder(text: &str) -> bool {
    Kind::ALL.iter().any(|kind| kind.placeholder() == text)
}

/// What the values under a key are.
fn key_kind(key: &str) -> Option<Kind> {
    let folded: String = key
        .chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect();
    let matches = |word: &str| {
        // Chinese words and long Latin ones count within a key.
        folded == word
            || (!word.is_ascii() || word.len() >= 5) && folded.contains(word) && !is_other(&folded)
    };
    KEYS.iter()
        .find(|(_, words)| words.split_whitespace().any(matches))
        .map(|(kind, _)| *kind)
}

/// Keys that hold such a word and no person's data.
fn is_other(folded: &str) -> bool {
    [
        "type",
        "count",
        "called at",
        "calledat",
        "status",
        "time",
        "model",
        "brand",
        "platform",
        "calledparty",
    ]
    .iter()
    .any(|word| folded.ends_with(word))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn recordings_named_after_the_number_lose_it() {
        assert_eq!(
            shown_identifier("13800138000_20240506.json"),
            "[手机号]_20240506.json"
        );
        assert_eq!(
            shown_identifier("/rec/2024/20240506123000-138-0013-8000.wav"),
            "/rec/2024/20240506123000-[手机号].wav"
        );
        assert_eq!(
            shown_identifier("1380013800020240506123000"),
            "[手机号]20240506123000"
        );
        assert_eq!(
            shown_identifier("2024050612300013800138000"),
            "20240506123000[手机号]"
        );
        assert_eq!(shown_identifier("张伟_13800138000"), "[姓名]_[手机号]");
        for kept in [
            "call-0001",
            "20240506123000",
            "1714957920000",
            "edu-1702",
            "b1f13800138000ab",
            "2024-05-06/12.json",
        ] {
            assert_eq!(shown_identifier(kept), kept);
        }
    }

    #[test]
    fn values_are_judged_by_key_and_by_look() {
        let meta = json!({"customer_phone": "010-8888", "caller": 13_800_138_000_u64, "agent_id": "8021", "queue": "话费",
            "started_at": 1_714_957_920_000_u64, "remark": "客户姓名张伟，电话13800138000", "tags": ["a"], "姓名": "张伟"});
        let shown = shown_value("meta", &meta);
        assert_eq!(
            shown,
            json!({"customer_phone": "[手机号]", "caller": "[手机号]", "agent_id": "8021", "queue": "话费",
            "started_at": 1_714_957_920_000_u64, "remark": "客户姓名[姓名]，电话[手机号]", "tags": ["a"], "姓名": "[姓名]"})
        );
        assert_eq!(shown_value("meta", &shown), shown);
    }
}

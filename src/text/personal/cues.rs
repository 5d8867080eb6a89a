//! Words that say what a number is: before it, after it, or in the question that
//! it answers.

use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, MatchKind};
use regex::Regex;

use super::Kind;
use super::line::{after, before};

/// How far a word may stand before its number, in characters.
const REACH: usize = 22;
/// Most characters between the word and the number.
const GAP: usize = 10;

const WORDS: [(Kind, &str); 15] = [
    (
        Kind::Mobile,
        "手机号 手机号码 手机 电话 电话号码 联系电话 联系方式 联系号码 来电号码 号码 本机 主叫 被叫 预留 \
         打给 拨打 拨 回电 致电 打我 打到 的号 这个号 那个号 新号 旧号 副卡 主卡 小号 本机号",
    ),
    (
        Kind::Landline,
        "座机 座机号 固话 固话号 固定电话 单位电话 家里电话 办公电话 宅电 传真 家庭电话 公司电话",
    ),
    (
        Kind::Identity,
        "身份证 身份证号 身份证号码 证件号 证件号码 证件 身份号码",
    ),
    (
        Kind::Document,
        "护照 护照号 通行证 驾驶证 驾照 驾驶证号 军官证 社保号 社保卡 医保卡 信用代码 档案编号 学号 就诊卡 病历号",
    ),
    (
        Kind::BankCard,
        "卡号 银行卡 银行卡号 信用卡 储蓄卡 借记卡 工行卡 农行卡 中行卡 建行卡 交行卡 招行卡 邮储卡 \
         银行账户 银行账号 打款账户 收款账户 这张卡 那张卡 开户账号",
    ),
    (
        Kind::Order,
        "订单 订单号 订单编号 单号 工单 工单号 运单 运单号 快递 快递号 快递单号 物流 物流号 流水号 受理号 受理编号 受理 \
         保单 保单号 合同 合同号 合同编号 发票 发票号 票号 取件码 取件号 提货码 预约号 预订号 交易号 案件号 申请号 \
         序列号 序号 投诉编号 报修号 报修编号 登记号 凭证号 编号 批次 回执 机器号",
    ),
    (
        Kind::Account,
        "账号 账户 账户号 户号 会员 会员号 会员卡 客户号 客户编号 用户号 用户编号 用户名 宽带号 宽带账号 缴费号 \
         燃气号 水表号 电表号 水卡 电卡 公积金号 读者证 读者证号 登录名 游戏id 合约号 id 卡密",
    ),
    (Kind::Qq, "qq qq号 qq号码 扣扣 扣扣号 企鹅号"),
    (Kind::WeChat, "微信 微信号 微信号码 薇信"),
    (Kind::Plate, "车牌 车牌号 车牌号码 牌照 牌照号"),
    (Kind::Code, "验证码 校验码 动态码 密码 服务密码 口令 取款码"),
    (
        Kind::Tail,
        "尾号 尾数 末尾 末四位 后四位 最后四位 后几位 后六位",
    ),
    (Kind::Email, "邮箱 电子邮箱 电子邮件 邮件 email e-mail mail"),
    // Not personal, and nearer to its number than a word above.
    (
        Kind::Number,
        "工号 版本 型号 款号 货号 代码 错误代码 错误码 端口 词频 客户端 第 余额 价格 电话费 手机费 尺寸 热线 客服电话 订单金额 客服热线 服务热线 全国热线",
    ),
    (Kind::Address, "地址 住址"),
];

static LIST: LazyLock<Vec<(Kind, String)>> = LazyLock::new(|| {
    let words = WORDS.iter().flat_map(|(kind, words)| {
        words
            .split_whitespace()
            .map(|word| (*kind, word.to_owned()))
    });
    words.collect()
});

static MATCHER: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
    AhoCorasick::builder()
        .match_kind(MatchKind::LeftmostLongest)
        .build(LIST.iter().map(|(_, word)| word.as_str()))
        .ok()
});

/// Words between a cue and a number that make the number an amount.
static SPENT: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let pattern = "扣|充|交|花|付|欠|余|剩|共|超|买|消费|转|用了|用掉|打了|等了|收|减|涨|降|了个|费|里面|里的|不|没";
    Regex::new(pattern).ok()
});

static ASKS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let pattern = "请问|麻烦|提供|报一下|报下|报一遍|说一下|说下|念|告诉|多少|哪个|哪张|哪一|什么|留一|留个|留下|核实|核对|输入|知道|记得|吗|方便|需要|看一下|给我|发一下|报";
    Regex::new(pattern).ok()
});

/// The last word of a text that names a kind, with the text after it.
fn last(text: &str) -> Option<(Kind, &str)> {
    let found = MATCHER.as_ref()?.find_iter(text).last()?;
    let (kind, _) = LIST.get(found.pattern().as_usize())?;
    Some((*kind, &text[found.end()..]))
}

/// What the words before a number of `length` digits say it is.
pub(super) fn ahead(text: &str, at: usize, length: usize) -> Option<Kind> {
    let window = before(text, at, REACH);
    let sentence = window
        .rfind(['。', '?', '!', ';'])
        .map_or(window, |end| &window[end..]);
    let (kind, gap) = last(sentence)?;
    let far = gap.chars().count() > if length >= 7 { GAP } else { GAP - 3 };
    let spent = length < 9 && SPENT.as_ref().is_some_and(|spent| spent.is_match(gap));
    let loose = kind == Kind::Tail && gap.chars().count() > 4;
    (!far && !spent && !loose && !matches!(kind, Kind::Email | Kind::Address | Kind::Plate))
        .then_some(kind)
}

/// What the words right after a number say it is.
pub(super) fn behind(text: &str, at: usize) -> Option<Kind> {
    static AFTER: LazyLock<Option<Regex>> = LazyLock::new(|| {
        let pattern = "^[,啊呃的 ]{0,2}(?:这个|那个|就是|这|那|是)?(?:我的?|他的?|她的?|你们?的?)?\
            (手机|电话|号码|座机|固话|身份证|张卡|卡号|银行卡|qq|微信|单号|订单|账号|验证码)";
        Regex::new(pattern).ok()
    });
    let found = AFTER.as_ref()?.captures(after(text, at, 12))?;
    Some(match found.get(1)?.as_str() {
        "座机" | "固话" => Kind::Landline,
        "身份证" => Kind::Identity,
        "张卡" | "卡号" | "银行卡" => Kind::BankCard,
        "qq" => Kind::Qq,
        "微信" => Kind::WeChat,
        "单号" | "订单" => Kind::Order,
        "账号" => Kind::Account,
        "验证码" => Kind::Code,
        _ => Kind::Mobile,
    })
}

/// What a turn asks for.
pub(super) fn asked(text: &str) -> Option<Kind> {
    let end = text.rfind(super::line::HIDDEN).map_or(0, |at| at + 1);
    let (kind, rest) = last(&text[end..])?;
    let asks = rest.chars().count() <= 4 || ASKS.as_ref().is_some_and(|asks| asks.is_match(text));
    let number = !matches!(
        kind,
        Kind::Number | Kind::Address | Kind::Email | Kind::Plate
    );
    (asks && number).then_some(kind)
}

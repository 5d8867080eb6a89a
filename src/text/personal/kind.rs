/// Kinds of personal data, each with its placeholder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// 手机号
    Mobile,
    /// 座机号
    Landline,
    /// 身份证号
    Identity,
    /// Passport, permit, licence: 护照, 通行证, 驾驶证
    Document,
    /// 银行卡号
    BankCard,
    /// 邮箱
    Email,
    /// A place with a house number, or said to be an address
    Address,
    /// 车牌号
    Plate,
    /// Orders, tickets, parcels, policies, contracts
    Order,
    /// Accounts of any service
    Account,
    /// 微信号
    WeChat,
    /// QQ号
    Qq,
    /// One-time codes and passwords
    Code,
    /// The last digits of a number
    Tail,
    /// A personal name, or a part of one
    Name,
    /// A long number of which nothing says what it is
    Number,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Self; 16] = [
        Self::Mobile,
        Self::Landline,
        Self::Identity,
        Self::Document,
        Self::BankCard,
        Self::Email,
        Self::Address,
        Self::Plate,
        Self::Order,
        Self::Account,
        Self::WeChat,
        Self::Qq,
        Self::Code,
        Self::Tail,
        Self::Name,
        Self::Number,
    ];

    /// What is shown in place of the words.
    pub fn placeholder(self) -> &'static str {
        match self {
            Self::Mobile => "[手机号]",
            Self::Landline => "[座机号]",
            Self::Identity => "[身份证号]",
            Self::Document => "[证件号]",
            Self::BankCard => "[银行卡号]",
            Self::Email => "[邮箱]",
            Self::Address => "[地址]",
            Self::Plate => "[车牌号]",
            Self::Order => "[订单号]",
            Self::Account => "[账号]",
            Self::WeChat => "[微信号]",
            Self::Qq => "[QQ号]",
            Self::Code => "[验证码]",
            Self::Tail => "[尾号]",
            Self::Name => "[姓名]",
            Self::Number => "[号码]",
        }
    }

    /// The fewest digits that count where a word such as 订单号 introduces them.
    pub(super) fn fewest_digits(self) -> usize {
        match self {
            Self::Tail => 3,
            Self::Code | Self::BankCard => 4,
            Self::Identity => 6,
            _ => 5,
        }
    }
}

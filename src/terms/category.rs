use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a complaint is about.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Category {
    /// 费用
    Fee,
    /// 时效
    Delay,
    /// 服务态度
    Attitude,
    /// 质量
    Quality,
    /// 退款
    Refund,
    /// 承诺
    Promise,
    /// 接入
    Access,
    /// 安全
    Safety,
    /// 流程
    Process,
    /// 其他
    Other,
}

impl Category {
    /// All categories, in the order of the schema.
    pub const ALL: [Self; 10] = [
        Self::Fee,
        Self::Delay,
        Self::Attitude,
        Self::Quality,
        Self::Refund,
        Self::Promise,
        Self::Access,
        Self::Safety,
        Self::Process,
        Self::Other,
    ];

    /// The name used in data files and in the output.
    pub fn name(self) -> &'static str {
        match self {
            Self::Fee => "fee",
            Self::Delay => "delay",
            Self::Attitude => "attitude",
            Self::Quality => "quality",
            Self::Refund => "refund",
            Self::Promise => "promise",
            Self::Access => "access",
            Self::Safety => "safety",
            Self::Process => "process",
            Self::Other => "other",
        }
    }

    /// The Chinese name shown to reviewers.
    pub fn chinese(self) -> &'static str {
        match self {
            Self::Fee => "费用",
            Self::Delay => "时效",
            Self::Attitude => "服务态度",
            Self::Quality => "质量",
            Self::Refund => "退款",
            Self::Promise => "承诺",
            Self::Access => "接入",
            Self::Safety => "安全",
            Self::Process => "流程",
            Self::Other => "其他",
        }
    }

    /// The category of a name in a data file.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|category| category.name() == name)
    }
}

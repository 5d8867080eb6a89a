//! The registry of transcript formats: each is recognised by its content and
//! read by its own file in [`formats`](super::formats).

use std::fmt;
use std::str::FromStr;

use serde_json::Value;

use super::error::Problem;
use super::formats;
use super::transcript::Transcript;

/// A format whose record is one JSON value.
pub trait JsonFormat: Sync {
    /// Whether the value is a call in this format.
    fn recognises(&self, value: &Value) -> bool;

    /// Reads the call; the caller adds identifier and metadata that stand in
    /// well-known fields.
    fn read(&self, value: &Value) -> Result<Transcript, Problem>;

    /// Names of fields that would pass for metadata of the call and are not.
    fn not_meta(&self) -> &'static [&'static str] {
        &[]
    }
}

/// A format that is plain text, one call a file.
pub trait TextFormat: Sync {
    /// Whether the beginning of a file is in this format.
    fn recognises(&self, sample: &str) -> bool;

    /// Reads the whole file.
    fn read(&self, text: &str) -> Result<Transcript, Problem>;
}

/// How a format's files are read.
pub enum Reader {
    /// JSON, JSON Lines or a JSON array.
    Json(&'static dyn JsonFormat),
    /// One call in a text file.
    Text(&'static dyn TextFormat),
    /// Rows of a table, grouped into calls.
    Table,
}

/// A transcript format; see FORMATS in the README for what each looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// callheat's own JSON, JSON array or JSON Lines.
    Native,
    /// `客服：…` / `客户：…` lines.
    Text,
    /// CSV or TSV with a header, one turn a row.
    Csv,
    /// FunASR.
    FunAsr,
    /// Whisper, WhisperX, whisper.cpp.
    Whisper,
    /// Amazon Transcribe Call Analytics.
    AwsCallAnalytics,
    /// Amazon Connect Contact Lens.
    AwsContactLens,
    /// Amazon Transcribe, standard job.
    AwsTranscribe,
    /// Aliyun file transcription (录音文件识别).
    Aliyun,
    /// Aliyun Smart Conversation Analysis (智能对话分析).
    AliyunSca,
    /// Aliyun DashScope Paraformer.
    DashScope,
    /// Tencent Cloud ASR.
    Tencent,
    /// iFlytek lfasr v1.
    Iflytek,
    /// iFlytek lfasr v2.
    IflytekV2,
    /// Azure batch and fast transcription.
    Azure,
    /// Huawei Cloud SIS.
    Huawei,
    /// Google Contact Center AI Insights.
    Google,
    /// SubRip subtitles.
    Srt,
    /// WebVTT subtitles.
    Vtt,
}

impl Format {
    /// Every format, the more particular before the more general: the first
    /// that recognises a value reads it.
    pub const ALL: [Self; 19] = [
        Self::IflytekV2,
        Self::Iflytek,
        Self::Tencent,
        Self::AwsContactLens,
        Self::AwsCallAnalytics,
        Self::AwsTranscribe,
        Self::DashScope,
        Self::AliyunSca,
        Self::Aliyun,
        Self::Azure,
        Self::Huawei,
        Self::Google,
        Self::FunAsr,
        Self::Whisper,
        Self::Native,
        Self::Vtt,
        Self::Srt,
        Self::Csv,
        Self::Text,
    ];

    /// The name in `source.format` and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Native => "native",
            Self::Text => "text",
            Self::Csv => "csv",
            Self::FunAsr => "funasr",
            Self::Whisper => "whisper",
            Self::AwsCallAnalytics => "aws_call_analytics",
            Self::AwsContactLens => "aws_contact_lens",
            Self::AwsTranscribe => "aws_transcribe",
            Self::Aliyun => "aliyun",
            Self::AliyunSca => "aliyun_sca",
            Self::DashScope => "dashscope",
            Self::Tencent => "tencent",
            Self::Iflytek => "iflytek",
            Self::IflytekV2 => "iflytek_v2",
            Self::Azure => "azure",
            Self::Huawei => "huawei",
            Self::Google => "google",
            Self::Srt => "srt",
            Self::Vtt => "vtt",
        }
    }

    /// All names, for messages and help texts.
    pub fn names() -> String {
        let mut names: Vec<_> = Self::ALL.iter().map(|format| format.name()).collect();
        names.sort_unstable();
        names.join(", ")
    }

    /// How files of this format are read.
    pub fn reader(self) -> Reader {
        match self {
            Self::Native => Reader::Json(&formats::native::Native),
            Self::Text => Reader::Text(&formats::text::PlainText),
            Self::Csv => Reader::Table,
            Self::FunAsr => Reader::Json(&formats::funasr::FunAsr),
            Self::Whisper => Reader::Json(&formats::whisper::Whisper),
            Self::AwsCallAnalytics => Reader::Json(&formats::aws_call::CallAnalytics),
            Self::AwsContactLens => Reader::Json(&formats::aws_call::ContactLens),
            Self::AwsTranscribe => Reader::Json(&formats::aws_transcribe::Transcribe),
            Self::Aliyun => Reader::Json(&formats::aliyun::FileTranscription),
            Self::AliyunSca => Reader::Json(&formats::aliyun_sca::ConversationAnalysis),
            Self::DashScope => Reader::Json(&formats::dashscope::DashScope),
            Self::Tencent => Reader::Json(&formats::tencent::Tencent),
            Self::Iflytek => Reader::Json(&formats::iflytek::Lfasr),
            Self::IflytekV2 => Reader::Json(&formats::iflytek_v2::LfasrV2),
            Self::Azure => Reader::Json(&formats::azure::Azure),
            Self::Huawei => Reader::Json(&formats::huawei::Huawei),
            Self::Google => Reader::Json(&formats::google::Google),
            Self::Srt => Reader::Text(&formats::subtitles::Srt),
            Self::Vtt => Reader::Text(&formats::subtitles::Vtt),
        }
    }

    /// The JSON format that recognises the value itself (not something within).
    pub fn of_json(value: &Value) -> Option<Self> {
        Self::ALL.into_iter().find(|format| match format.reader() {
            Reader::Json(reader) => reader.recognises(value),
            Reader::Text(_) | Reader::Table => false,
        })
    }

    /// The format of a text that is not JSON.
    pub fn of_text(sample: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| match format.reader() {
            Reader::Json(_) => false,
            Reader::Text(reader) => reader.recognises(sample),
            Reader::Table => formats::csv::recognises(sample),
        })
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A name that no format has.
#[derive(Debug, thiserror::Error)]
#[error("no transcript format is called `{0}`; use one of {names}", names = Format::names())]
pub struct UnknownFormatName(pub String);

impl FromStr for Format {
    type Err = UnknownFormatName;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let wanted = name.trim().to_ascii_lowercase().replace('-', "_");
        Self::ALL
            .into_iter()
            .find(|format| format.name() == wanted)
            .or(match wanted.as_str() {
                "json" | "jsonl" => Some(Self::Native),
                "tsv" => Some(Self::Csv),
                "txt" => Some(Self::Text),
                "whisperx" => Some(Self::Whisper),
                _ => None,
            })
            .ok_or_else(|| UnknownFormatName(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_go_there_and_back() {
        for format in Format::ALL {
            assert_eq!(format.name().parse::<Format>().unwrap(), format);
        }
        let error = "wav".parse::<Format>().unwrap_err().to_string();
        assert!(
            error.contains("`wav`") && error.contains("native"),
            "{error}"
        );
    }
}

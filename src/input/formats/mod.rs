//! One file for each transcript format. To add one: write its file with a
//! [`JsonFormat`](super::format::JsonFormat) or
//! [`TextFormat`](super::format::TextFormat), name it in
//! [`Format`](super::format::Format), and add the shared conversation in that
//! format to `fixtures/formats`.

pub mod aliyun;
pub mod aliyun_sca;
pub mod aws_call;
pub mod aws_transcribe;
pub mod azure;
pub mod csv;
mod csv_columns;
mod csv_rows;
pub mod dashscope;
pub mod funasr;
pub mod google;
pub mod huawei;
pub mod iflytek;
pub mod iflytek_v2;
pub mod native;
pub mod subtitles;
pub mod tencent;
pub mod text;
pub mod whisper;

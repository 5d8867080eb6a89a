//! What the columns of a table mean.

use crate::input::error::Problem;
use crate::input::lines::Piece;
use crate::input::meta;
use crate::input::names::{among, fold};
use crate::input::times::Unit;

use super::csv::split;

const SPEAKER: &str = "speaker role 说话人 角色 发言人 讲话人 说话者 说话角色 说话人角色 發言人 說話人 \
    speakerrole speakerid speakerlabel participantrole participant participantid party \
    side spk 身份 对话角色 发言角色";
const TEXT: &str = "text content 内容 文本 內容 utterance sentence transcript words message 话术 \
    对话内容 通话内容 说话内容 发言内容 语句 句子 对话 转写文本 转写内容 转写结果 \
    识别文本 识别结果 对话文本 asrtext onebest finalsentence 原文";
const START: &str = "start starts starttime begin begins begintime beginoffset from bg 开始 开始时间 \
    起始时间 起始 时间 time timestamp";
const END: &str = "end ends endtime endoffset to ed 结束 结束时间 终止时间 stop stoptime";
const CHANNEL: &str = "channel channelid 声道 通道 channellabel";
const FILE: &str = "filename file 文件名 文件 wav";
/// Columns of a row's own, which say nothing of the call.
const OF_ROWS: &str = "id turn turnid turnindex index idx no seq 序号 轮次 编号 句序 confidence 置信度 \
    emotion 情绪 sentiment label valence terms escalation score duration 时长 speed 语速 \
    sentenceid";
/// Rows looked at before the meaning of a bare `id` column is settled.
const FIRST_ROWS: usize = 20;

/// What a column of times is measured in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnUnit {
    /// The name says so.
    Named(Unit),
    /// The name says nothing: seconds, unless the values cannot be.
    Bare,
}

/// Where each part of a turn stands in a row.
#[derive(Debug, Clone)]
pub struct Columns {
    /// Number of columns.
    pub width: usize,
    /// The call's identifier.
    pub id: Option<usize>,
    /// The speaker's role, name or number.
    pub speaker: Option<usize>,
    /// The words.
    pub text: usize,
    /// The channel of the recording.
    pub channel: Option<usize>,
    /// When the turn begins.
    pub start: Option<(usize, ColumnUnit)>,
    /// When it ends.
    pub end: Option<(usize, ColumnUnit)>,
    /// Further columns, with their names.
    pub extra: Vec<(usize, String)>,
}

/// The header of a table, and the rows read ahead to understand it.
pub struct Header {
    /// Character between the fields.
    pub delimiter: char,
    /// Meaning of the columns.
    pub columns: Columns,
    /// Rows that have been read already.
    pub first_rows: Vec<(u64, String)>,
}

/// Whether the beginning of a file is a table of turns.
pub fn recognises(sample: &str) -> bool {
    sample
        .lines()
        .find(|line| is_header_line(line))
        .and_then(best_delimiter)
        .is_some_and(|(_, columns)| columns.known() >= 2)
}

fn is_header_line(line: &str) -> bool {
    !line.trim().is_empty() && !line.trim().to_ascii_lowercase().starts_with("sep=")
}

impl Header {
    /// Reads the header and a few rows.
    pub fn read(lines: &mut impl Iterator<Item = Piece>) -> Result<Self, Problem> {
        let line = loop {
            match lines.next() {
                None => return Err(Problem::Empty),
                Some((_, Err(problem))) => return Err(problem),
                Some((_, Ok(line))) if is_header_line(&line) => break line,
                Some(_) => {}
            }
        };
        let (delimiter, mut columns) = best_delimiter(&line).ok_or(Problem::NoTextColumn)?;
        let mut first_rows = Vec::new();
        if columns.id.is_none()
            && let Some(bare) = column(&names(&line, delimiter), "id 编号")
        {
            for (number, row) in lines.take(FIRST_ROWS) {
                first_rows.push((number, row?));
            }
            columns.id = repeats(&first_rows, bare, delimiter).then_some(bare);
        }
        Ok(Self {
            delimiter,
            columns,
            first_rows,
        })
    }
}

/// Whether neighbouring rows share the value of a column, as rows of one call do.
fn repeats(rows: &[(u64, String)], column: usize, delimiter: char) -> bool {
    let values: Vec<_> = rows
        .iter()
        .filter_map(|(_, row)| split(row, delimiter)?.get(column).cloned())
        .filter(|value| !value.trim().is_empty())
        .collect();
    values.windows(2).any(|pair| pair.first() == pair.last())
}

fn names(line: &str, delimiter: char) -> Vec<String> {
    split(line, delimiter)
        .unwrap_or_default()
        .iter()
        .map(|name| name.trim().to_owned())
        .collect()
}

/// The delimiter under which most of the header is understood.
fn best_delimiter(line: &str) -> Option<(char, Columns)> {
    let mut best: Option<(char, Columns)> = None;
    for delimiter in [',', '\t', ';', '|', '，'] {
        let Some(columns) = Columns::of(&names(line, delimiter)) else {
            continue;
        };
        if best
            .as_ref()
            .is_none_or(|(_, known)| columns.known() > known.known())
        {
            best = Some((delimiter, columns));
        }
    }
    best
}

fn column(names: &[String], wanted: &str) -> Option<usize> {
    wanted
        .split_whitespace()
        .find_map(|wanted| names.iter().position(|name| fold(name) == wanted))
}

impl Columns {
    fn of(names: &[String]) -> Option<Self> {
        let text = column(names, TEXT)?;
        let id = names
            .iter()
            .position(|name| meta::id_rank(name) == Some(0))
            .or_else(|| column(names, "call 通话 会话 session conversation"))
            .or_else(|| column(names, FILE));
        let time = |stems: &str| {
            names
                .iter()
                .enumerate()
                .find_map(|(at, name)| unit(name, stems).map(|unit| (at, unit)))
        };
        let mut columns = Self {
            width: names.len(),
            id,
            speaker: column(names, SPEAKER),
            text,
            channel: column(names, CHANNEL),
            start: time(START),
            end: time(END),
            extra: Vec::new(),
        };
        columns.extra = names
            .iter()
            .enumerate()
            .filter(|(at, name)| {
                !columns.uses(*at) && !name.is_empty() && !among(OF_ROWS, &fold(name))
            })
            .map(|(at, name)| (at, name.clone()))
            .collect();
        Some(columns)
    }

    fn uses(&self, at: usize) -> bool {
        let times = [self.start, self.end]
            .into_iter()
            .flatten()
            .map(|(at, _)| at);
        [self.id, self.speaker, Some(self.text), self.channel]
            .into_iter()
            .flatten()
            .chain(times)
            .any(|used| used == at)
    }

    /// Number of columns with a part in a turn.
    fn known(&self) -> usize {
        let parts = [
            self.id.is_some(),
            self.speaker.is_some(),
            self.channel.is_some(),
            self.start.is_some(),
            self.end.is_some(),
        ];
        1 + parts.into_iter().filter(|there| *there).count()
    }
}

/// The unit of a column, when its name without the unit is one of the stems:
/// `start_ms`, `开始时间(秒)`.
fn unit(name: &str, stems: &str) -> Option<ColumnUnit> {
    let folded: String = fold(name)
        .chars()
        .filter(|c| !matches!(c, '(' | ')' | '（' | '）' | '[' | ']' | '/'))
        .collect();
    let suffixes = [
        ("毫秒", Unit::Millis),
        ("milliseconds", Unit::Millis),
        ("millis", Unit::Millis),
        ("msec", Unit::Millis),
        ("ms", Unit::Millis),
        ("微秒", Unit::Micros),
        ("usec", Unit::Micros),
        ("us", Unit::Micros),
        ("秒", Unit::Seconds),
        ("seconds", Unit::Seconds),
        ("secs", Unit::Seconds),
        ("sec", Unit::Seconds),
        ("s", Unit::Seconds),
    ];
    let named = suffixes.iter().find_map(|(suffix, unit)| {
        let stem = folded.strip_suffix(suffix)?;
        among(stems, stem).then_some(ColumnUnit::Named(*unit))
    });
    named.or_else(|| among(stems, &folded).then_some(ColumnUnit::Bare))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_in_both_languages() {
        assert!(recognises("call_id,speaker,text\n1,agent,您好"));
        assert!(recognises("sep=;\n通话ID;说话人;开始时间(秒);内容\n"));
        assert!(recognises("Role\tContent\n客服\t您好"));
        assert!(!recognises("客服：您好，请讲\n客户：喂"));
        assert!(!recognises("text\n您好"));
    }

    #[test]
    fn units_stand_in_the_name() {
        assert_eq!(
            unit("start_ms", START),
            Some(ColumnUnit::Named(Unit::Millis))
        );
        assert_eq!(
            unit("开始时间（毫秒）", START),
            Some(ColumnUnit::Named(Unit::Millis))
        );
        assert_eq!(
            unit("End Time (s)", END),
            Some(ColumnUnit::Named(Unit::Seconds))
        );
        assert_eq!(unit("start", START), Some(ColumnUnit::Bare));
        assert_eq!(unit("status", START), None);
    }
}

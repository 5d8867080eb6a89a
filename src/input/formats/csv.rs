//! CSV and TSV with a header, one turn a row, rows of a call grouped by its id.
//!
//! Rows stream: only the call being read is held. A table whose calls are
//! interleaved is held whole, because none of its calls is complete before its
//! end.

use std::collections::{HashMap, HashSet, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};

use crate::input::error::Problem;
use crate::input::lines::{LIMIT, Piece};
use crate::input::transcript::Transcript;

pub use super::csv_columns::recognises;
use super::csv_columns::{Columns, Header};
use super::csv_rows::Rows;

/// A row that is open to a quote for longer than this has lost its closing quote.
const LONGEST_ROW: usize = 1_000;

/// One call, and the line of its first row; or a row that was left out.
pub type Item = (u64, Result<Transcript, Problem>);

/// The calls of a table.
pub struct Table<L> {
    records: Records<L>,
    header: Result<Header, Option<Problem>>,
    interleaved: bool,
    /// Calls being read, in order of their first row.
    open: VecDeque<Rows>,
    by_id: HashMap<String, usize>,
    failures: VecDeque<Item>,
    ended: bool,
}

impl<L: Iterator<Item = Piece>> Table<L> {
    /// Reads the header of a table. `interleaved` says that a call's rows may
    /// stand apart, see [`is_interleaved`].
    pub fn new(lines: L, interleaved: bool) -> Self {
        let mut records = Records {
            lines,
            pushed_back: VecDeque::new(),
            delimiter: ',',
        };
        let header = Header::read(&mut records.lines).map_err(Some);
        if let Ok(header) = &header {
            records.delimiter = header.delimiter;
            records
                .pushed_back
                .extend(header.first_rows.iter().cloned());
        }
        Self {
            records,
            header,
            interleaved,
            open: VecDeque::new(),
            by_id: HashMap::new(),
            failures: VecDeque::new(),
            ended: false,
        }
    }

    fn take(&mut self, line: u64, fields: Result<Vec<String>, Problem>) {
        let Ok(header) = &self.header else { return };
        let row = match fields.and_then(|fields| header.columns.row(fields, header.delimiter)) {
            Ok(Some(row)) => row,
            Ok(None) => return,
            Err(problem) => return self.failures.push_back((line, Err(problem))),
        };
        let known = match &row.id {
            None => self.open.len().checked_sub(1),
            Some(id) => self.by_id.get(id).copied(),
        };
        if let Some(call) = known.and_then(|at| self.open.get_mut(at)) {
            return call.push(row);
        }
        if !self.interleaved {
            self.by_id.clear();
        }
        let position = if self.interleaved { self.open.len() } else { 0 };
        if let Some(id) = &row.id {
            self.by_id.insert(id.clone(), position);
        }
        self.open.push_back(Rows::new(line, row, &header.columns));
    }

    /// A call that no further row can join.
    fn complete(&mut self) -> Option<Item> {
        let waiting = usize::from(!self.ended);
        let ready = (self.ended || !self.interleaved) && self.open.len() > waiting;
        let call = ready.then(|| self.open.pop_front()).flatten()?;
        Some(call.finish())
    }
}

impl<L: Iterator<Item = Piece>> Iterator for Table<L> {
    type Item = Item;

    fn next(&mut self) -> Option<Item> {
        if let Err(problem) = &mut self.header {
            return problem.take().map(|problem| (1, Err(problem)));
        }
        loop {
            if let Some(item) = self.failures.pop_front().or_else(|| self.complete()) {
                return Some(item);
            }
            if self.ended {
                return None;
            }
            match self.records.next() {
                Some((line, fields)) => self.take(line, fields),
                None => self.ended = true,
            }
        }
    }
}

/// Whether rows of one call stand apart from each other, so that the table
/// cannot be streamed. Keeps a 64-bit hash of each call's id.
pub fn is_interleaved<L: Iterator<Item = Piece>>(mut lines: L) -> bool {
    let Ok(header) = Header::read(&mut lines) else {
        return false;
    };
    let mut records = Records {
        lines,
        pushed_back: header.first_rows.iter().cloned().collect(),
        delimiter: header.delimiter,
    };
    let mut seen = HashSet::new();
    let mut current = None;
    while let Some((_, fields)) = records.next() {
        let Ok(Some(row)) = fields.and_then(|fields| header.columns.row(fields, header.delimiter))
        else {
            continue;
        };
        let Some(id) = row.id else { continue };
        let mut hasher = DefaultHasher::new();
        id.hash(&mut hasher);
        let id = hasher.finish();
        if current != Some(id) && !seen.insert(id) {
            return true;
        }
        current = Some(id);
    }
    false
}

/// Records of one or, where a quoted field has line breaks, several lines.
struct Records<L> {
    lines: L,
    pushed_back: VecDeque<(u64, String)>,
    delimiter: char,
}

impl<L: Iterator<Item = Piece>> Records<L> {
    fn line(&mut self) -> Option<Piece> {
        match self.pushed_back.pop_front() {
            Some((number, line)) => Some((number, Ok(line))),
            None => self.lines.next(),
        }
    }

    /// The next record. A quote that is never closed costs its own line only:
    /// the lines read in search of its end are read again.
    fn next(&mut self) -> Option<(u64, Result<Vec<String>, Problem>)> {
        let (number, line) = self.line()?;
        let mut record = match line {
            Ok(line) => line,
            Err(problem) => return Some((number, Err(problem))),
        };
        let mut tried = Vec::new();
        loop {
            if let Some(fields) = split(&record, self.delimiter) {
                return Some((number, Ok(fields)));
            }
            let more = (tried.len() < LONGEST_ROW && record.len() < LIMIT)
                .then(|| self.line())
                .flatten();
            match more {
                Some((next, Ok(line))) => {
                    record.push('\n');
                    record.push_str(&line);
                    tried.push((next, line));
                }
                _ => break,
            }
        }
        for line in tried.into_iter().rev() {
            self.pushed_back.push_front(line);
        }
        Some((
            number,
            Err(Problem::Row {
                reason: "a quote in it is never closed",
            }),
        ))
    }
}

/// The fields of a record by RFC 4180, or `None` when a quote is still open. A
/// quote within an unquoted field is an ordinary character.
pub fn split(record: &str, delimiter: char) -> Option<Vec<String>> {
    let mut fields = Vec::new();
    let mut field = String::new();
    let mut quoted = false;
    let mut at_start = true;
    let mut chars = record.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                field.push('"');
            }
            '"' if quoted => quoted = false,
            '"' if at_start => quoted = true,
            c if c == delimiter && !quoted => {
                fields.push(std::mem::take(&mut field));
                at_start = true;
                continue;
            }
            c => field.push(c),
        }
        at_start = false;
    }
    fields.push(field);
    (!quoted).then_some(fields)
}

impl Columns {
    /// A row of the table; `None` when it is blank.
    fn row(
        &self,
        mut fields: Vec<String>,
        delimiter: char,
    ) -> Result<Option<super::csv_rows::Row>, Problem> {
        if fields.iter().all(|field| field.trim().is_empty()) {
            return Ok(None);
        }
        let extra = fields.len().saturating_sub(self.width);
        if extra > 0
            && fields
                .iter()
                .skip(self.width)
                .any(|field| !field.trim().is_empty())
        {
            if self.text + 1 != self.width {
                return Err(Problem::Row {
                    reason: "it has more fields than the header",
                });
            }
            let tail = fields.split_off(self.text).join(&delimiter.to_string());
            fields.push(tail);
        }
        if fields.len() <= self.text {
            return Err(Problem::Row {
                reason: "it has fewer fields than the header",
            });
        }
        Ok(Some(super::csv_rows::Row::new(self, &fields)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::lines::Lines;
    use crate::input::transcript::Clock;

    fn read(text: &str) -> Vec<Item> {
        let text = text.to_owned();
        let lines = || Lines::new(std::io::Cursor::new(text.clone()), "UTF-8");
        Table::new(lines(), is_interleaved(lines())).collect()
    }

    fn texts(item: &Item) -> Vec<&str> {
        item.1
            .as_ref()
            .unwrap()
            .utterances
            .iter()
            .filter_map(|turn| turn.text.as_deref())
            .collect()
    }

    #[test]
    fn rows_are_grouped_by_call() {
        let items = read(
            "call_id,speaker,start_ms,end_ms,text,工号\na,agent,0,900,您好,8021\na,customer,1000,1500,喂,8021\nb,agent,0,5,\"您好,\"\"请讲\"\"\",\n",
        );
        assert_eq!(items.len(), 2);
        assert_eq!(texts(&items[0]), ["您好", "喂"]);
        assert_eq!(texts(&items[1]), ["您好,\"请讲\""]);
        let first = items[0].1.as_ref().unwrap();
        assert_eq!(first.id.as_deref(), Some("a"));
        assert_eq!(first.meta["agent_id"], "8021");
        assert_eq!(first.utterances[1].start, Clock::At(1000.0));
        assert_eq!(items[1].0, 4);
    }

    #[test]
    fn interleaved_calls_come_together() {
        let items = read("通话ID\t角色\t内容\na\t客服\t一\nb\t客服\t二\na\t客户\t三\n");
        assert_eq!(
            items.iter().map(texts).collect::<Vec<_>>(),
            [vec!["一", "三"], vec!["二"]]
        );
    }

    #[test]
    fn bad_rows_cost_only_themselves() {
        let items = read(
            "call_id;speaker;text;x\na;agent;您好;\na;customer\na;agent;\"开\na;customer;喂;\na;customer;b;c;d\n",
        );
        let failed: Vec<u64> = items
            .iter()
            .filter(|item| item.1.is_err())
            .map(|item| item.0)
            .collect();
        assert_eq!(failed, [3, 4, 6]);
        let call = items.iter().find(|item| item.1.is_ok()).unwrap();
        assert_eq!(texts(call), ["您好", "喂"]);
    }

    #[test]
    fn units_follow_the_column_names() {
        let seconds =
            read("speaker,start,end,text\nagent,0.6,1.2,您好\ncustomer,0:00:02,0:00:03.5,喂\n");
        let call = seconds[0].1.as_ref().unwrap();
        assert_eq!(call.utterances[0].end, Clock::At(1200.0));
        assert_eq!(call.utterances[1].end, Clock::At(3500.0));
        let guessed =
            read("speaker,开始时间,结束时间,text\nagent,600,1200,您好\ncustomer,1500,3500,喂\n");
        let call = guessed[0].1.as_ref().unwrap();
        assert_eq!(call.utterances[1].end, Clock::At(3500.0));
        assert_eq!(call.warnings[0].code, "time_unit_assumed");
    }

    #[test]
    fn line_breaks_within_quotes_and_commas_in_the_last_text() {
        let items = read("speaker,text\nagent,\"您好\n请讲\"\ncustomer,我要,投诉\n");
        assert_eq!(texts(&items[0]), ["您好\n请讲", "我要,投诉"]);
    }
}

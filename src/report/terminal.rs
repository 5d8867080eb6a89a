use std::cmp::Reverse;
use std::io::{self, IsTerminal, Write};

use super::{BatchHead, BatchTail, Language, Report};
use crate::arc::Direction;
use crate::call::Speaker;
use crate::escalation::Level;
use crate::heatmap::{CallReport, Cell, Summary};
use crate::sentiment::ScoreCounts;

/// How many calls, terms and turning points the summary names.
const SHOWN_CALLS: usize = 15;
const SHOWN_TERMS: usize = 10;
const SHOWN_POINTS: usize = 10;

/// Whether a stream should be painted: a terminal, and NO_COLOR unset
/// (<https://no-color.org>).
pub fn paint_is_wanted(stream: &impl IsTerminal) -> bool {
    stream.is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// A summary for people: calls by risk with a small heatmap each, top complaint
/// terms, turning points. Quotes no turn, so it may be kept in a log.
pub struct TerminalReport<W: Write> {
    out: W,
    head: BatchHead,
    language: Language,
    paint: bool,
    /// The worst calls so far, worst first, ties in the order of the input.
    worst: Vec<Row>,
    turning_points: usize,
    warned: usize,
}

struct Row {
    risk: f32,
    level: Level,
    call_id: String,
    cells: Vec<Cell>,
    points: Vec<(usize, Direction, f32, f32)>,
    terms: usize,
    signals: Vec<String>,
}

impl<W: Write> TerminalReport<W> {
    /// A summary onto `out`, painted if wanted.
    pub fn new(out: W, head: &BatchHead, language: Language, paint: bool) -> Self {
        Self {
            out,
            head: head.clone(),
            language,
            paint,
            worst: Vec::new(),
            turning_points: 0,
            warned: 0,
        }
    }

    fn painted(&self, code: &str, text: &str) -> String {
        if self.paint {
            format!("\x1b[{code}m{text}\x1b[0m")
        } else {
            text.to_owned()
        }
    }

    fn level(&self, level: Level) -> String {
        match level {
            Level::High => self.painted("1;31", self.language.pick("高", "high  ")),
            Level::Medium => self.painted("33", self.language.pick("中", "medium")),
            Level::Low => self.painted("2", self.language.pick("低", "low   ")),
        }
    }

    fn write_counts(&mut self, summary: &Summary) -> io::Result<()> {
        let levels = summary.levels;
        let Summary {
            calls,
            turns,
            failed,
            ..
        } = summary;
        let model = &self.head.model;
        match self.language {
            Language::Chinese => writeln!(
                self.out,
                "通话 {calls} 通，{turns} 轮；升级风险：高 {}，中 {}，低 {}；情绪拐点 {} 处；读取失败 {failed}（模型 {}，{}）",
                levels.high,
                levels.medium,
                levels.low,
                self.turning_points,
                model.name,
                model.runtime
            )?,
            Language::English => writeln!(
                self.out,
                "{calls} calls, {turns} turns; escalation risk: {} high, {} medium, {} low; {} turning points; {failed} failed (model {}, {})",
                levels.high,
                levels.medium,
                levels.low,
                self.turning_points,
                model.name,
                model.runtime
            )?,
        }
        if self.warned > 0 {
            let warned = self.warned;
            match self.language {
                Language::Chinese => writeln!(
                    self.out,
                    "其中 {warned} 通带有数据提示，见输出中的 warnings"
                )?,
                Language::English => writeln!(
                    self.out,
                    "{warned} calls carry warnings about their input; see `warnings` in the output"
                )?,
            }
        }
        if summary.interrupted {
            writeln!(
                self.out,
                "{}",
                self.language.pick(
                    "已中断：以上为中断前完成的通话",
                    "interrupted: this is what was done before"
                )
            )?;
        }
        Ok(())
    }

    fn write_scored(&mut self, scored: ScoreCounts) -> io::Result<()> {
        let ScoreCounts { texts, runs } = scored;
        let share = scored.hit_rate() * 100.0;
        match self.language {
            Language::Chinese => writeln!(
                self.out,
                "评分 {texts} 句，模型运行 {runs} 次，{share:.1}% 为已评过的句子"
            ),
            Language::English => writeln!(
                self.out,
                "{texts} texts scored in {runs} runs of the model, {share:.1} % from memory"
            ),
        }
    }

    fn write_calls(&mut self) -> io::Result<()> {
        if self.worst.is_empty() {
            return Ok(());
        }
        let title = self.language.pick(
            "风险最高的通话（客户情绪热力：█ 很差 ▓ 差 ▒ 略差 ░ 平 ▁ 好 · 无发言）",
            "Calls by risk (customer's emotion: █ very bad ▓ bad ▒ slightly bad ░ even ▁ good · silent)",
        );
        writeln!(self.out, "\n{title}")?;
        let width = self
            .worst
            .iter()
            .map(|row| row.call_id.chars().count())
            .max()
            .unwrap_or(0)
            .min(24);
        for row in &self.worst {
            let strip: String = row.cells.iter().map(|cell| self.cell(cell)).collect();
            let id: String = row
                .call_id
                .chars()
                .take(24)
                .map(|character| {
                    if character.is_control() {
                        '?'
                    } else {
                        character
                    }
                })
                .collect();
            let signals = row.signals.join(" ");
            let counts = match self.language {
                Language::Chinese => format!("投诉词 {:>2}  拐点 {}", row.terms, row.points.len()),
                Language::English => format!(
                    "{:>2} terms  {} turning points",
                    row.terms,
                    row.points.len()
                ),
            };
            let line = format!(
                "  {:.2} {}  {id:width$}  {strip}  {counts}  {signals}",
                row.risk,
                self.level(row.level)
            );
            writeln!(self.out, "{}", line.trim_end())?;
        }
        Ok(())
    }

    fn cell(&self, cell: &Cell) -> String {
        let (glyph, code) = match cell.valence {
            None => ("·", "2"),
            Some(valence) if valence <= -0.6 => ("█", "38;5;124"),
            Some(valence) if valence <= -0.3 => ("▓", "38;5;166"),
            Some(valence) if valence <= -0.1 => ("▒", "38;5;179"),
            Some(valence) if valence < 0.2 => ("░", "38;5;250"),
            Some(_) => ("▁", "38;5;31"),
        };
        self.painted(code, glyph)
    }

    fn write_terms(&mut self, tail: &BatchTail) -> io::Result<()> {
        if tail.terms.is_empty() {
            return Ok(());
        }
        writeln!(
            self.out,
            "\n{}",
            self.language.pick("高频投诉词", "Top complaint terms")
        )?;
        for term in tail.terms.iter().take(SHOWN_TERMS) {
            let category = self
                .language
                .pick(term.category.chinese(), term.category.name());
            let mark = if term.discovered {
                self.language.pick("（新发现）", " (discovered)")
            } else {
                ""
            };
            match self.language {
                Language::Chinese => {
                    writeln!(
                        self.out,
                        "  {}{mark}  {category}  {} 次 / {} 通",
                        term.term, term.count, term.calls
                    )?;
                }
                Language::English => {
                    writeln!(
                        self.out,
                        "  {}{mark}  {category}  {}× in {} calls",
                        term.term, term.count, term.calls
                    )?;
                }
            }
        }
        Ok(())
    }

    fn write_points(&mut self) -> io::Result<()> {
        let points = self
            .worst
            .iter()
            .flat_map(|row| row.points.iter().map(move |point| (&row.call_id, point)));
        let shown: Vec<_> = points.take(SHOWN_POINTS).collect();
        if shown.is_empty() {
            return Ok(());
        }
        writeln!(
            self.out,
            "\n{}",
            self.language.pick(
                "情绪拐点（上列通话）",
                "Turning points (of the calls above)"
            )
        )?;
        for (call_id, (turn, direction, from, to)) in shown {
            let way = match direction {
                Direction::Deterioration => self.language.pick("↓ 恶化", "↓ deterioration"),
                Direction::Recovery => self.language.pick("↑ 好转", "↑ recovery"),
            };
            let at = match self.language {
                // People count from 1, as the page does.
                Language::Chinese => format!("第 {} 轮", turn + 1),
                Language::English => format!("turn {}", turn + 1),
            };
            writeln!(self.out, "  {call_id}  {at}  {way}  {from:+.2} → {to:+.2}")?;
        }
        Ok(())
    }
}

impl Row {
    fn of(call: &CallReport) -> Self {
        let customer = call
            .heatmap
            .iter()
            .find(|lane| lane.speaker == Speaker::Customer);
        let mut signals: Vec<&str> = call
            .turns
            .iter()
            .flat_map(|turn| &turn.signals)
            .map(|signal| signal.name())
            .collect();
        signals.sort_unstable();
        signals.dedup();
        Self {
            risk: call.escalation.risk,
            level: call.escalation.level,
            call_id: call.call_id.clone(),
            cells: customer.map(|lane| lane.cells.clone()).unwrap_or_default(),
            points: call
                .turning_points
                .iter()
                .map(|point| (point.turn, point.direction, point.from, point.to))
                .collect(),
            terms: call.complaint_terms.iter().map(|term| term.count).sum(),
            signals: signals.into_iter().map(str::to_owned).collect(),
        }
    }
}

impl<W: Write> Report for TerminalReport<W> {
    fn push(&mut self, call: &CallReport) -> io::Result<()> {
        self.turning_points += call.turning_points.len();
        self.warned += usize::from(!call.warnings.is_empty());
        self.worst.push(Row::of(call));
        // A stable sort keeps ties in the order of the input.
        self.worst
            .sort_by_key(|row| Reverse((row.risk * 1e4) as i64));
        self.worst.truncate(SHOWN_CALLS);
        Ok(())
    }

    fn finish(mut self: Box<Self>, tail: &BatchTail) -> io::Result<()> {
        self.write_counts(&tail.summary)?;
        self.write_scored(tail.scored)?;
        self.write_calls()?;
        self.write_terms(tail)?;
        self.write_points()?;
        self.out.flush()
    }
}

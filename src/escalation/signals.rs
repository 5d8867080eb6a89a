use std::path::Path;

use super::list::{self, Entry, List, ModelShare, SignalListError};
use super::{Signal, SignalHit};
use crate::call::Span;
use crate::sentiment::Score;
use crate::text::{Cleaned, GramSet, Normalised, PatternIndex};

/// The list that ships with callheat.
const DEFAULT_LIST: &str = include_str!("signals.txt");

/// Wording that speaks for or against escalation without naming a kind.
const WORDING: &str = include_str!("cues.tsv");

/// Kinds weaker than this share of the strongest are not reported with it: a
/// hint is none beside the plain words.
const LEAST_SHARE: f32 = 0.5;

/// Finds escalation signals in a customer's turn by an editable list; the
/// agent's turns never give any, so do not ask for them.
#[derive(Debug)]
pub struct SignalFinder {
    list: List,
    index: PatternIndex,
    wording: Wording,
}

impl SignalFinder {
    /// A finder with the list in a file; the format stands at the head of the
    /// list that ships with callheat.
    pub fn from_file(path: &Path) -> Result<Self, SignalListError> {
        let list = std::fs::read_to_string(path).map_err(|source| SignalListError::Read {
            path: path.to_owned(),
            source,
        })?;
        Self::parse(&list, path)
    }

    /// A finder with a list given as text; `name` stands in messages.
    pub fn parse(list: &str, name: &Path) -> Result<Self, SignalListError> {
        let problem = |(line, problem)| SignalListError::Line {
            path: name.to_owned(),
            line,
            problem,
        };
        let list = list::parse(list).map_err(problem)?;
        let patterns = list.entries.iter().map(|entry| &entry.pattern);
        let index = PatternIndex::new(patterns).map_err(|error| SignalListError::TooManyWords {
            path: name.to_owned(),
            source: error,
        })?;
        Ok(Self {
            list,
            index,
            wording: Wording::default(),
        })
    }

    /// The signals of a customer's turn, in the order of the kinds, one of a
    /// kind at most.
    ///
    /// The turn escalates where the list's bias, the weights of all matching
    /// patterns, the mood and the wording reach 1 together; where the model
    /// tells escalation, the weighted mean of that sum and of the model's word
    /// has to. Its kinds are then those of the weightiest patterns; without any
    /// pattern there is no kind, so no signal. `escalation` is the model's word, a
    /// probability 0..1, where it is one that tells.
    pub fn find(
        &self,
        text: &Normalised,
        score: &Score,
        escalation: Option<f32>,
    ) -> Vec<SignalHit> {
        let may_match = self.index.may_match(text.text());
        let likely = self.list.entries.iter().zip(may_match);
        let likely = likely.filter_map(|(entry, may)| may.then_some(entry));
        // Denials count only beside a signal, and are then looked for in its place.
        let (mut matched, mut denials) = (Vec::new(), Vec::new());
        for entry in likely {
            match entry.weight {
                Some(weight) if entry.pattern.is_match(text.text()) => {
                    matched.push((entry, weight));
                }
                Some(_) => {}
                None => denials.push(entry),
            }
        }
        if matched.is_empty() {
            return Vec::new();
        }
        let kinds: Vec<(f32, SignalHit)> = Signal::ALL
            .into_iter()
            .filter_map(|signal| {
                let (weight, span) = strength(signal, &matched, &denials, text)?;
                Some((weight, SignalHit { signal, span }))
            })
            .collect();
        let strongest = kinds.iter().map(|kind| kind.0).fold(0.0, f32::max);
        let patterns: f32 = kinds.iter().map(|kind| kind.0).sum();
        let mut total = self.list.bias + patterns - self.list.mood * score.valence;
        if self.list.wording > 0.0 && strongest > 0.0 {
            total += self.list.wording * self.wording.of(text);
        }
        if let Some(chance) = escalation {
            total = with_model(total, chance, self.list.model);
        }
        kinds
            .into_iter()
            .filter(|kind| total >= 1.0 && kind.0 >= LEAST_SHARE * strongest)
            .map(|(_, hit)| hit)
            .collect()
    }
}

impl Default for SignalFinder {
    fn default() -> Self {
        match Self::parse(DEFAULT_LIST, Path::new("signals.txt")) {
            Ok(finder) => finder,
            Err(error) => unreachable!("the built-in list is tested: {error}"),
        }
    }
}

/// Log-odds that make 1 in the list's weights.
const LOG_ODDS: f32 = 3.0;

/// What the list and the model's probability of escalation say together, 1
/// being enough.
fn with_model(total: f32, chance: f32, model: ModelShare) -> f32 {
    let log_odds = |chance: f32| {
        let chance = chance.clamp(1e-4, 1.0 - 1e-4);
        (chance / (1.0 - chance)).ln()
    };
    let said = 1.0 + (log_odds(chance) - log_odds(model.enough)) / LOG_ODDS;
    (1.0 - model.share) * total + model.share * said
}

/// Sum of the weights of a kind, and where its longest match stands.
fn strength(
    signal: Signal,
    matched: &[(&Entry, f32)],
    denials: &[&Entry],
    text: &Normalised,
) -> Option<(f32, Span)> {
    let of_kind = |entry: &Entry| entry.signal.is_none_or(|kind| kind == signal);
    let matched = matched.iter().filter(|(entry, _)| of_kind(entry));
    let mut matched = matched.peekable();
    matched.peek()?;
    let denied: Vec<_> = denials
        .iter()
        .filter(|entry| of_kind(entry))
        .flat_map(|entry| entry.pattern.find_iter(text.text()).map(|m| m.range()))
        .collect();
    let mut total = 0.0;
    let mut longest: Option<Span> = None;
    for (entry, weight) in matched {
        let found = entry.pattern.find_iter(text.text()).find(|m| {
            !m.is_empty()
                && denied
                    .iter()
                    .all(|no| m.end() <= no.start || m.start() >= no.end)
        });
        let Some(found) = found else { continue };
        total += weight;
        let span = text.raw_span(found.range());
        if longest.is_none_or(|best| span.1 - span.0 > best.1 - best.0) {
            longest = Some(span);
        }
    }
    longest.map(|span| (total, span))
}

/// Weights of n-grams, fitted by `models/training/signals.py`.
#[derive(Debug)]
struct Wording {
    grams: GramSet,
    /// By the number of the n-gram.
    weights: Vec<f32>,
}

impl Wording {
    /// Reads the table that ships with callheat; `None` where it is none, which
    /// a test rules out.
    fn parse(table: &str) -> Option<Self> {
        let lines = table.lines().filter(|line| !line.starts_with('#'));
        let entries: Vec<(String, f32)> = lines
            .map(|line| {
                let (gram, weight) = line.split_once('\t')?;
                Some((gram.replace('_', " "), weight.parse::<f32>().ok()? / 100.0))
            })
            .collect::<Option<_>>()?;
        let grams = GramSet::new(entries.iter().map(|(gram, _)| gram.as_str()))?;
        let mut weights = vec![0.0; grams.len()];
        for (gram, weight) in entries {
            weights[grams.number(&gram)?] = weight;
        }
        Some(Self { grams, weights })
    }

    /// The weights of the known n-grams, over the root of their number.
    fn of(&self, text: &Normalised) -> f32 {
        let known = self.grams.found(&Cleaned::new(text.text()));
        let sum: f32 = known
            .iter()
            .map(|&number| self.weights[number as usize])
            .sum();
        sum / (known.len().max(1) as f32).sqrt()
    }
}

impl Default for Wording {
    fn default() -> Self {
        match Self::parse(WORDING) {
            Some(wording) => wording,
            None => unreachable!("the built-in table is tested"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANGRY: Score = Score {
        negative: 0.9,
        neutral: 0.1,
        positive: 0.0,
        valence: -0.9,
    };

    fn kinds(text: &str) -> Vec<&'static str> {
        SignalFinder::default()
            .find(&Normalised::new(text), &ANGRY, None)
            .into_iter()
            .map(|hit| hit.signal.name())
            .collect()
    }

    #[test]
    fn threats_are_found_by_kind() {
        assert_eq!(kinds("再不退我就去工信部投诉你们"), ["regulator"]);
        assert_eq!(kinds("我打幺二三一五去"), ["regulator"]);
        let calm = Normalised::new("我直接打12315");
        let hits = SignalFinder::default().find(&calm, &Score::NEUTRAL, None);
        assert!(matches!(hits.as_slice(), [hit] if hit.signal == Signal::Regulator));
        assert_eq!(kinds("我發到抖音上讓大家看看"), ["media"]);
        assert_eq!(kinds("那咱们法院见"), ["legal"]);
        assert_eq!(kinds("叫你们经理来接"), ["supervisor"]);
    }

    #[test]
    fn questions_and_plain_requests_are_no_threats() {
        assert!(kinds("投诉流程是什么").is_empty());
        assert!(kinds("我不会打12315的").is_empty());
        assert!(kinds("我不是要去工信部投诉你们").is_empty());
        assert!(kinds("我没有要起诉你们").is_empty());
        assert!(kinds("这个要不要先报警").is_empty());
        assert!(kinds("不用找你们经理").is_empty());
        assert_eq!(kinds("别以为我不会去工信部投诉"), ["regulator"]);
        assert_eq!(kinds("别逼我去消协"), ["regulator"]);
        assert!(kinds("我想问一下怎么办理销户").is_empty());
    }

    #[test]
    fn telling_is_no_suing() {
        assert!(!kinds("我告诉你再不退我就去工信部").contains(&"legal"));
        assert!(!kinds("每次都是这样,气死人了").contains(&"repeat_contact"));
        let text = Normalised::new("我告诉你再不退我就去工信部");
        let hits = SignalFinder::default().find(&text, &ANGRY, None);
        assert!(
            !hits.is_empty() && hits.iter().all(|hit| hit.span.0 >= 7),
            "{hits:?}"
        );
        assert!(kinds("我告你们去").contains(&"legal"));
    }

    #[test]
    fn the_span_is_of_the_raw_text() {
        let text = Normalised::new("那我要去 工信部");
        let hits = SignalFinder::default().find(&text, &ANGRY, None);
        assert_eq!(hits.len(), 1);
        assert_eq!(hits[0].span, Span(1, 8));
    }

    #[test]
    fn the_model_is_heard_as_much_as_the_list_says() {
        let text = Normalised::new("去工信部问问");
        let hits = |share: &str, escalation: Option<f32>| {
            let list = format!("model {share} 0.4\nbias 0\nmood 0\nregulator 1 工信部");
            let finder = SignalFinder::parse(&list, Path::new("list")).unwrap();
            finder.find(&text, &Score::NEUTRAL, escalation).len()
        };
        assert_eq!(hits("0.5", None), 1);
        assert_eq!(hits("0.5", Some(0.41)), 1);
        assert_eq!(hits("0.5", Some(0.39)), 0);
        assert_eq!(hits("0", Some(0.01)), 1);
    }
}

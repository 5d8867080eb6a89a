//! A short trial of a model before it is used: what no file says shows only
//! when it runs.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;

use super::decode::Decoder;
use super::error::{ModelError, ScoreError};
use super::model::Model;
use super::runtime::{Session, TokenBatch};
use super::score::Score;
use super::tokeniser::Tokeniser;

/// Clear complaints, as callers say them.
pub(super) const COMPLAINTS: [&str; 4] = [
    "你们又乱扣费，太过分了，我要投诉",
    "等了三天都没有人管，服务态度真的太差了",
    "东西是坏的还不给退款，骗子公司",
    "气死我了，打了五次电话一直推来推去",
];

/// Clear thanks.
pub(super) const THANKS: [&str; 4] = [
    "太好了，问题解决了，非常感谢",
    "谢谢你，服务态度真好，我很满意",
    "非常好用，下次还会再来",
    "辛苦你了，帮了我大忙",
];

/// Plain questions and answers.
pub(super) const PLAIN: [&str; 4] = [
    "我想查一下这个月的账单",
    "请问营业厅几点开门",
    "嗯",
    "我的订单号是一二三四五，麻烦帮我改一下送货的地址，改成前面那个小区的南门就可以",
];

/// Differences of outputs below this are none.
const NO_DIFFERENCE: f32 = 1e-6;

/// All texts of a trial.
pub(super) fn texts() -> impl Iterator<Item = &'static str> {
    COMPLAINTS.into_iter().chain(THANKS).chain(PLAIN)
}

/// The files that messages name.
#[derive(Debug, Clone)]
pub(super) struct Places {
    graph: PathBuf,
    tokenizer: PathBuf,
}

impl Places {
    pub fn of(model: &Model) -> Self {
        Self {
            graph: model.onnx_path(),
            tokenizer: model.path("tokenizer.json"),
        }
    }
}

/// Token ids for a trial.
pub(super) struct Trial {
    /// Those of [`texts`].
    pub texts: Vec<Vec<u32>>,
    /// As many tokens as the model is said to take.
    pub longest: Vec<u32>,
    /// A short text with the tokenizer's highest id in it.
    pub highest: Vec<u32>,
}

impl Trial {
    pub fn new(tokeniser: &Tokeniser) -> Result<Self, ScoreError> {
        let texts = texts()
            .map(|text| tokeniser.ids(text))
            .collect::<Result<Vec<_>, _>>()?;
        if texts.iter().any(Vec::is_empty) {
            return Err(ScoreError::Tokenise("a text gave no tokens".to_owned()));
        }
        let longest = tokeniser.ids(&"这个事情我跟你们反映了好多次".repeat(600))?;
        let mut highest = texts.first().cloned().unwrap_or_default();
        let middle = highest.len() / 2;
        highest.insert(middle, tokeniser.highest_id());
        Ok(Self {
            texts,
            longest,
            highest,
        })
    }

    /// The first thing that makes the model unusable, if there is one.
    pub fn refusal(
        &self,
        places: &Places,
        decoder: &Decoder,
        session: &mut dyn Session,
    ) -> Option<ModelError> {
        let short = self.texts.iter();
        let scores: Result<Vec<Score>, ModelError> = short
            .map(|ids| {
                run(decoder, session, &[ids]).map_err(|error| of_score_error(places, &error))
            })
            .map(|scores| scores.map(|scores| scores[0]))
            .collect();
        match scores {
            Err(error) => Some(error),
            Ok(scores) if is_constant(&scores) => Some(constant(places)),
            Ok(_) => self.beyond(places, decoder, session),
        }
    }

    /// Token ids or positions that the model has no weights for.
    pub fn beyond(
        &self,
        places: &Places,
        decoder: &Decoder,
        session: &mut dyn Session,
    ) -> Option<ModelError> {
        if let Err(error) = run(decoder, session, &[&self.highest]) {
            return Some(vocabulary(places, &reason_of(&error)));
        }
        let error = run(decoder, session, &[&self.longest]).err()?;
        Some(ModelError::Invalid {
            path: places.graph.clone(),
            reason: format!(
                "it fails on a text of {} tokens, its max_length ({})",
                self.longest.len(),
                first_line(&reason_of(&error))
            ),
            mend: format!(
                "write the number of tokens it was made for into callheat.toml, for example: max_length = {}",
                (self.longest.len() / 2).max(2)
            ),
        })
    }
}

/// Scores of a batch.
pub(super) fn run(
    decoder: &Decoder,
    session: &mut dyn Session,
    texts: &[&[u32]],
) -> Result<Vec<Score>, ScoreError> {
    let batch = TokenBatch::new(texts, decoder.pad());
    // A damaged graph may make a runtime panic.
    let outputs = catch_unwind(AssertUnwindSafe(|| session.run(&batch)))
        .unwrap_or_else(|_| Err(ScoreError::Run("the runtime panicked".to_owned())))?;
    decoder.scores(&outputs)
}

/// Whether all texts get the same.
pub(super) fn is_constant(scores: &[Score]) -> bool {
    let parts = |score: &Score| [score.negative, score.neutral, score.positive, score.valence];
    scores.first().is_some_and(|first| {
        scores.iter().all(|score| {
            let pairs = parts(score).into_iter().zip(parts(first));
            pairs
                .into_iter()
                .all(|(a, b)| (a - b).abs() < NO_DIFFERENCE)
        })
    })
}

pub(super) fn constant(places: &Places) -> ModelError {
    ModelError::Invalid {
        path: places.graph.clone(),
        reason: "constant output: every text gets the same score".to_owned(),
        mend: "its weights are empty or were lost in the export: train it, or export it again from the trained checkpoint".to_owned(),
    }
}

pub(super) fn vocabulary(places: &Places, reason: &str) -> ModelError {
    ModelError::Invalid {
        path: places.tokenizer.clone(),
        reason: format!(
            "the tokenizer knows more tokens than the model has embeddings for ({})",
            first_line(reason)
        ),
        mend: "take tokenizer.json from the folder the model was exported from".to_owned(),
    }
}

/// What a failed run says of the model.
pub(super) fn of_score_error(places: &Places, error: &ScoreError) -> ModelError {
    let (path, reason, mend) = match error {
        ScoreError::Tokenise(reason) => (
            places.tokenizer.clone(),
            reason.clone(),
            "save it again with AutoTokenizer.from_pretrained(…).save_pretrained(…)",
        ),
        ScoreError::NotANumber => (
            places.graph.clone(),
            "NaN output: a score is not a number or infinite".to_owned(),
            "its weights are damaged, or overflow in half precision: export it again from a sound checkpoint with `--dtype fp32`",
        ),
        ScoreError::Output(reason) => (
            places.graph.clone(),
            reason.clone(),
            "export a text-classification model with `optimum-cli export onnx --task text-classification`",
        ),
        ScoreError::Run(reason) => (
            places.graph.clone(),
            format!("it fails on a plain text ({})", first_line(reason)),
            "check that tokenizer.json and model.onnx belong together, and export the model again",
        ),
        ScoreError::Closed => (
            places.graph.clone(),
            "its sessions ended".to_owned(),
            "run the command again",
        ),
    };
    ModelError::Invalid {
        path,
        reason,
        mend: mend.to_owned(),
    }
}

fn reason_of(error: &ScoreError) -> String {
    match error {
        ScoreError::Tokenise(reason) | ScoreError::Run(reason) | ScoreError::Output(reason) => {
            reason.clone()
        }
        other => other.to_string(),
    }
}

/// Runtimes write whole paragraphs.
fn first_line(reason: &str) -> &str {
    let line = reason.lines().next().unwrap_or_default().trim();
    match line.char_indices().nth(300) {
        Some((end, _)) => line.get(..end).unwrap_or(line),
        None => line,
    }
}

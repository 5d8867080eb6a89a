use std::time::Instant;

use serde::Serialize;

use super::{CheckOptions, Mend};
use crate::sentiment::config::OutputKind;
use crate::sentiment::decode::Decoder;
use crate::sentiment::error::{ModelError, ScoreError};
use crate::sentiment::labels::mapping_line;
use crate::sentiment::model::Model;
use crate::sentiment::probe::{
    self, COMPLAINTS, PLAIN, Places, THANKS, Trial, constant, is_constant, of_score_error,
};
use crate::sentiment::runtime::{self, Device, Runtime, RuntimeChoice, Session, TokenBatch};
use crate::sentiment::score::{Label, Score};
use crate::sentiment::tokeniser::Tokeniser;

/// Valences of one text that differ by more than this are told of.
const BATCH_TOLERANCE: f32 = 1e-3;
const RUNTIME_TOLERANCE: f32 = 0.02;

/// What a trial on one runtime showed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RuntimeFacts {
    /// Name and version.
    pub runtime: String,
    /// Why it cannot run the model; null when it can.
    pub failure: Option<String>,
    /// The same score, bit by bit, for the same text again; null when it did not run.
    pub deterministic: Option<bool>,
    /// The probes scored alone and together.
    pub batch: Option<BatchFacts>,
    /// Largest distance of a score's probabilities from summing up to 1.
    pub probability_error: Option<f32>,
    /// Every text gets the same score.
    pub constant: Option<bool>,
    /// Milliseconds a probe on one thread, the first run left out.
    pub milliseconds: Option<f64>,
    /// The probes with their scores.
    pub probes: Vec<ProbeScore>,
}

/// Whether a score depends on its batch-mates. callheat runs one text a run
/// unless `--batch-tokens` is given, so this does not touch its scores.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BatchFacts {
    /// The model takes several texts a run.
    pub accepted: bool,
    /// Largest difference of a valence: alone, and filled up among others.
    pub largest_difference: Option<f32>,
}

/// A probe with its score.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ProbeScore {
    /// What it is: `complaint`, `thanks` or `plain`.
    pub kind: &'static str,
    /// The text.
    pub text: &'static str,
    /// The score.
    pub score: Score,
}

/// The probes on both runtimes.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Agreement {
    /// Largest difference of a valence.
    pub largest_difference: f32,
    /// Every probe gets the same label.
    pub same_labels: bool,
}

#[derive(Default)]
pub(super) struct Tried {
    pub runtimes: Vec<RuntimeFacts>,
    pub agreement: Option<Agreement>,
    pub mends: Vec<Mend>,
    pub warnings: Vec<Mend>,
}

pub(super) fn run(model: &Model, tokeniser: &Tokeniser, options: &CheckOptions) -> Tried {
    let mut tried = Tried::default();
    let trial = match Trial::new(tokeniser) {
        Ok(trial) => trial,
        Err(error) => {
            tried
                .mends
                .push(Mend::from(&of_score_error(&Places::of(model), &error)));
            return tried;
        }
    };
    let choices = match options.runtime {
        RuntimeChoice::Auto => vec![RuntimeChoice::OnnxRuntime, RuntimeChoice::Rten],
        one => vec![one],
    };
    let mut failures = Vec::new();
    for choice in choices {
        match runtime::open(model, choice, options.ort_lib.clone(), Device::Cpu) {
            Ok(runtime) => tried.on(model, &trial, runtime.as_ref()),
            // Nobody asked for it by name.
            Err(ModelError::NoOnnxRuntime { .. }) if options.runtime == RuntimeChoice::Auto => {}
            Err(error) => failures.push((choice, error)),
        }
    }
    tried.settle(&failures, options.runtime);
    tried.compare();
    tried
}

impl Tried {
    fn on(&mut self, model: &Model, trial: &Trial, runtime: &dyn Runtime) {
        let decoder = Decoder::new(model.config());
        let places = Places::of(model);
        let mut facts = RuntimeFacts::new(runtime.name());
        let mut session = match runtime.open() {
            Ok(session) => session,
            Err(error) => {
                facts.failure = Some(error.problem());
                self.mends.push(Mend::from(&error));
                self.runtimes.push(facts);
                return;
            }
        };
        match score_alone(&decoder, session.as_mut(), &trial.texts) {
            Ok((scores, milliseconds)) => {
                facts.milliseconds = Some(milliseconds);
                facts.take(&decoder, session.as_mut(), trial, &scores);
                if facts.constant == Some(true) {
                    self.mends.push(Mend::from(&constant(&places)));
                }
                if looks_like_probabilities(model, session.as_mut(), trial) {
                    self.mends.push(Mend::new(
                        format!("{}: the output is probabilities already, not logits: the softmax would be taken twice", model.onnx_path().display()),
                        format!("write at the top of {}: output = \"probabilities\"", model.path("callheat.toml").display()),
                    ));
                }
                let beyond = trial.beyond(&places, &decoder, session.as_mut());
                self.mends.extend(beyond.as_ref().map(Mend::from));
            }
            Err(error) => {
                let error = of_score_error(&places, &error);
                facts.failure = Some(error.problem());
                self.mends.push(Mend::from(&error));
            }
        }
        self.warn(model, &facts);
        self.runtimes.push(facts);
    }

    fn warn(&mut self, model: &Model, facts: &RuntimeFacts) {
        let name = &facts.runtime;
        if facts.deterministic == Some(false) {
            self.warnings.push(Mend::new(
                format!("{name} does not give the same score for the same text again"),
                "export the model in evaluation mode, without dropout",
            ));
        }
        let moves = facts
            .batch
            .as_ref()
            .and_then(|batch| batch.largest_difference);
        if let Some(difference) = moves.filter(|difference| *difference > BATCH_TOLERANCE) {
            self.warnings.push(Mend::new(
                format!("on {name} a valence moves by {difference:.4} with its batch-mates"),
                "leave --batch-tokens away, as it is by default: each text is then run by itself",
            ));
        }
        if let Some(error) = facts.probability_error.filter(|error| *error > 1e-3) {
            self.warnings.push(Mend::new(
                format!("on {name} the probabilities miss 1 by {error:.4}"),
                "export the model again",
            ));
        }
        let warned = self
            .warnings
            .iter()
            .any(|warning| warning.problem.contains("clear thanks"));
        if let Some(reversed) = facts.wrong_polarity()
            && facts.constant == Some(false)
            && !warned
        {
            let labels = &model.config().labels;
            let mapping: Vec<String> = labels
                .names
                .iter()
                .zip(&labels.classes)
                .map(|(name, class)| {
                    mapping_line(
                        name,
                        match class {
                            Label::Negative => "positive",
                            Label::Neutral => "neutral",
                            Label::Positive => "negative",
                        },
                    )
                })
                .collect();
            let mend = if reversed {
                format!(
                    "the labels may be the other way round; if so, write into {}:\n[labels]\n{}",
                    model.path("callheat.toml").display(),
                    mapping.join("\n")
                )
            } else {
                "measure it with `callheat model eval` before you use it".to_owned()
            };
            self.warnings.push(Mend::new(
                "a clear complaint is not scored below clear thanks",
                mend,
            ));
        }
    }

    /// One runtime that runs the model is enough.
    fn settle(&mut self, failures: &[(RuntimeChoice, ModelError)], asked: RuntimeChoice) {
        let runs = self.runtimes.iter().any(|facts| facts.failure.is_none());
        for (choice, error) in failures {
            self.runtimes.push(RuntimeFacts {
                failure: Some(error.problem()),
                ..RuntimeFacts::new(match choice {
                    RuntimeChoice::Rten => "rten",
                    _ => "onnxruntime",
                })
            });
            if !runs || asked != RuntimeChoice::Auto {
                let mut mend = Mend::from(error);
                if *choice == RuntimeChoice::Rten {
                    "use ONNX Runtime (`pip install onnxruntime`), or export the model again as plain ONNX".clone_into(&mut mend.mend);
                }
                self.mends.push(mend);
            } else {
                let advice = match choice {
                    RuntimeChoice::Rten => {
                        "install ONNX Runtime wherever it is to run (`pip install onnxruntime`)"
                    }
                    _ => "callheat falls back to rten by itself; `--runtime rten` says so outright",
                };
                self.warnings.push(Mend::new(error.problem(), advice));
            }
        }
    }

    fn compare(&mut self) {
        let ran: Vec<&RuntimeFacts> = self
            .runtimes
            .iter()
            .filter(|facts| !facts.probes.is_empty())
            .collect();
        let [one, other] = ran.as_slice() else { return };
        let pairs = || one.probes.iter().zip(&other.probes);
        let agreement = Agreement {
            largest_difference: largest(pairs().map(|(a, b)| (a.score.valence, b.score.valence))),
            same_labels: pairs().all(|(a, b)| a.score.label() == b.score.label()),
        };
        if agreement.largest_difference > RUNTIME_TOLERANCE {
            let difference = agreement.largest_difference;
            self.warnings.push(Mend::new(
                format!("the runtimes differ by {difference:.4} in a valence"),
                "use one and the same everywhere: `--runtime ort` or `--runtime rten`",
            ));
        }
        self.agreement = Some(agreement);
    }
}

impl RuntimeFacts {
    fn new(runtime: &str) -> Self {
        Self {
            runtime: runtime.to_owned(),
            failure: None,
            deterministic: None,
            batch: None,
            probability_error: None,
            constant: None,
            milliseconds: None,
            probes: Vec::new(),
        }
    }

    /// What the probes' scores and a second look at them show.
    fn take(
        &mut self,
        decoder: &Decoder,
        session: &mut dyn Session,
        trial: &Trial,
        scores: &[Score],
    ) {
        let again = score_alone(decoder, session, &trial.texts);
        self.deterministic = Some(again.is_ok_and(|(again, _)| again == scores));
        let together: Vec<&[u32]> = trial.texts.iter().map(Vec::as_slice).collect();
        let together = probe::run(decoder, session, &together);
        self.batch = Some(BatchFacts {
            accepted: together.is_ok(),
            largest_difference: together.ok().map(|together| {
                let pairs = together.iter().zip(scores);
                largest(pairs.map(|(a, b)| (a.valence, b.valence)))
            }),
        });
        let errors = scores
            .iter()
            .map(|score| (score.negative + score.neutral + score.positive, 1.0));
        self.probability_error = Some(largest(errors));
        self.constant = Some(is_constant(scores));
        let kinds = [
            ("complaint", COMPLAINTS),
            ("thanks", THANKS),
            ("plain", PLAIN),
        ];
        let texts = kinds
            .into_iter()
            .flat_map(|(kind, texts)| texts.into_iter().map(move |text| (kind, text)));
        self.probes = texts
            .zip(scores)
            .map(|((kind, text), score)| ProbeScore {
                kind,
                text,
                score: *score,
            })
            .collect();
    }

    /// Some complaint stands no lower than some thanks; true when they stand
    /// the other way round as a whole.
    fn wrong_polarity(&self) -> Option<bool> {
        let valences = |kind: &str| -> Vec<f32> {
            let of_kind = self.probes.iter().filter(|probe| probe.kind == kind);
            of_kind.map(|probe| probe.score.valence).collect()
        };
        let (complaints, thanks) = (valences("complaint"), valences("thanks"));
        let highest = complaints.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let lowest = thanks.iter().copied().fold(f32::INFINITY, f32::min);
        let is_reversed = complaints.iter().sum::<f32>() > thanks.iter().sum();
        (!self.probes.is_empty() && highest >= lowest).then_some(is_reversed)
    }
}

/// Each text by itself, with the milliseconds a text.
fn score_alone(
    decoder: &Decoder,
    session: &mut dyn Session,
    texts: &[Vec<u32>],
) -> Result<(Vec<Score>, f64), ScoreError> {
    if let Some(first) = texts.first() {
        probe::run(decoder, session, &[first])?;
    }
    let started = Instant::now();
    let scores = texts
        .iter()
        .map(|ids| {
            let scores = probe::run(decoder, session, &[ids])?;
            let none = || ScoreError::Output("no score for a text".to_owned());
            scores.first().copied().ok_or_else(none)
        })
        .collect::<Result<Vec<Score>, ScoreError>>()?;
    let milliseconds = started.elapsed().as_secs_f64() * 1e3 / texts.len().max(1) as f64;
    Ok((scores, (milliseconds * 1e3).round() / 1e3))
}

/// Raw outputs that are all in 0..1 and sum up to 1.
fn looks_like_probabilities(model: &Model, session: &mut dyn Session, trial: &Trial) -> bool {
    model.config().output == OutputKind::Logits
        && trial.texts.iter().all(|ids| {
            let batch = TokenBatch::new(&[ids], model.config().pad_token_id);
            session.run(&batch).is_ok_and(|outputs| {
                let sum: f32 = outputs.logits.iter().sum();
                (sum - 1.0).abs() < 1e-3 && outputs.logits.iter().all(|p| (0.0..=1.0).contains(p))
            })
        })
}

fn largest(pairs: impl Iterator<Item = (f32, f32)>) -> f32 {
    pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use futures::future::try_join_all;
use quick_cache::sync::Cache;
use tokio::sync::oneshot;

use super::decode::Decoder;
use super::error::{ModelError, ScoreError};
use super::model::{Model, ModelInfo};
use super::probe::{Places, Trial, of_score_error};
use super::runtime::{Runtime, Session, TokenBatch};
use super::score::{Label, Reading, Score};
use super::tokeniser::{Placed, Tokeniser};
use crate::text::simplified;

/// Longer texts hardly ever repeat, so they are not remembered.
const CACHED_TEXT_BYTES: usize = 256;

/// A session takes at most this many of the waiting texts at a time. Each taking
/// and each answer wakes a thread, which costs more than the share of the stages
/// that it feeds; woken once for several texts, it finds them all.
const TAKEN_AT_ONCE: usize = 8;

/// How the texts of a batch are put together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Batching {
    /// One text a run: no filling, no batch-mates, the same bits every time.
    #[default]
    Single,
    /// Waiting texts share a run of at most this many tokens, filling
    /// included. Faster for large fp32 models and on a GPU; the last digits of
    /// a score may then move with its batch-mates (fp32: by about 1e-6).
    Padded {
        /// Rows × columns of one run.
        max_tokens: usize,
    },
}

/// Settings of a [`Scorer`].
#[derive(Debug, Clone, Copy)]
pub struct ScorerOptions {
    /// Number of one-thread sessions.
    pub threads: NonZeroUsize,
    /// How texts share a run. Dynamically quantised models always run singly.
    pub batching: Batching,
    /// How many distinct texts are remembered with their scores.
    pub cached_texts: usize,
}

impl Default for ScorerOptions {
    fn default() -> Self {
        let threads = thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        Self {
            threads,
            batching: Batching::Single,
            cached_texts: 1 << 16,
        }
    }
}

/// How many texts were scored, and how many of them from memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ScoreCounts {
    /// Texts asked for.
    pub texts: u64,
    /// Texts that the model ran on.
    pub runs: u64,
}

impl ScoreCounts {
    /// What was done after `earlier`.
    #[must_use]
    pub fn since(self, earlier: Self) -> Self {
        Self {
            texts: self.texts - earlier.texts,
            runs: self.runs - earlier.runs,
        }
    }

    /// Share of the texts that needed no run of the model, 0..1; 0 without texts.
    pub fn hit_rate(self) -> f64 {
        if self.texts == 0 {
            0.0
        } else {
            1.0 - self.runs as f64 / self.texts as f64
        }
    }
}

/// Scores texts for any number of callers. Cheap to clone; the sessions end
/// when the last clone is dropped.
#[derive(Clone)]
pub struct Scorer {
    shared: Arc<Shared>,
}

struct Shared {
    tokeniser: Tokeniser,
    jobs: async_channel::Sender<Job>,
    known: Cache<String, Reading>,
    info: ModelInfo,
    settings: String,
    marks_phrases: bool,
    texts: AtomicU64,
    runs: AtomicU64,
}

struct Job {
    /// The text, and the place of each token in it: of a model that marks phrases.
    text: String,
    places: Vec<(u32, u32)>,
    ids: Vec<u32>,
    reply: oneshot::Sender<Result<Reading, ScoreError>>,
}

impl Scorer {
    /// Opens the sessions, each on a thread of its own, and waits for them. A
    /// model from a folder is tried first: one that gives NaN, the same score
    /// for everything, or fails on its own vocabulary or length is refused.
    pub fn start(
        model: &Model,
        runtime: Box<dyn Runtime>,
        options: ScorerOptions,
    ) -> Result<Self, ModelError> {
        let batching = if model.is_dynamically_quantised() {
            Batching::Single
        } else {
            options.batching
        };
        let tokeniser = Tokeniser::new(model)?;
        let mut trial = if model.is_built_in() {
            None
        } else {
            let trial = Trial::new(&tokeniser);
            let places = Places::of(model);
            let trial = trial.map_err(|error| of_score_error(&places, &error))?;
            Some((trial, places))
        };
        let runtime: Arc<dyn Runtime> = Arc::from(runtime);
        let threads = options.threads.get();
        let name = runtime.name().to_owned();
        // One job waiting for each session keeps them busy; more would only hide back-pressure.
        let (jobs, queue) = async_channel::bounded(threads * 16);
        let (ready, opened) = std::sync::mpsc::channel();
        for index in 0..threads {
            let worker = Worker {
                queue: queue.clone(),
                decoder: Decoder::new(model.config()),
                batching,
                sessions: threads,
            };
            // Once is enough: every session runs the same weights.
            let trial = trial.take();
            let runtime = Arc::clone(&runtime);
            let ready = ready.clone();
            let spawned = thread::Builder::new()
                .name(format!("session-{index}"))
                .spawn(move || match runtime.open() {
                    Ok(mut session) => {
                        let refusal = trial.and_then(|(trial, places)| {
                            trial.refusal(&places, &worker.decoder, session.as_mut())
                        });
                        let _ = ready.send(refusal.map_or(Ok(()), Err));
                        worker.serve(session);
                    }
                    Err(error) => {
                        let _ = ready.send(Err(error));
                    }
                });
            spawned.map_err(|error| ModelError::Load {
                runtime: name.clone(),
                path: model.onnx_path(),
                reason: format!("no thread for a session ({error})"),
            })?;
        }
        drop(ready);
        let settings = model.settings_sha256(&format!("{batching:?}"));
        let info = ModelInfo {
            name: model.config().name.clone(),
            sha256: model.sha256(),
            labels: vec![Label::Negative, Label::Neutral, Label::Positive],
            runtime: name,
        };
        opened
            .iter()
            .take(threads)
            .collect::<Result<Vec<()>, ModelError>>()?;
        Ok(Self {
            shared: Arc::new(Shared {
                tokeniser,
                jobs,
                known: Cache::new(options.cached_texts.max(1)),
                info,
                settings,
                marks_phrases: model.config().phrases.is_some(),
                texts: AtomicU64::new(0),
                runs: AtomicU64::new(0),
            }),
        })
    }

    /// What the output says of the model.
    pub fn info(&self) -> &ModelInfo {
        &self.shared.info
    }

    /// SHA-256 of what a score depends on beside graph, runtime and text:
    /// tokenizer, configuration and batching.
    pub fn settings(&self) -> &str {
        &self.shared.settings
    }

    /// What was done so far.
    pub fn counts(&self) -> ScoreCounts {
        ScoreCounts {
            texts: self.shared.texts.load(Ordering::Relaxed),
            runs: self.shared.runs.load(Ordering::Relaxed),
        }
    }

    /// Scores one text, traditional characters as simplified ones. A text
    /// without a letter or digit is neutral. Waits while the sessions are busy.
    pub async fn score(&self, text: &str) -> Result<Score, ScoreError> {
        self.read(text).await.map(|reading| reading.score)
    }

    /// Scores one text as [`Self::score`] does, with all else that the model says.
    pub async fn read(&self, text: &str) -> Result<Reading, ScoreError> {
        self.shared.texts.fetch_add(1, Ordering::Relaxed);
        let text = simplified(text);
        // The places of phrases are counted from the start of the text.
        let text = text.trim_end();
        if !text.chars().any(char::is_alphanumeric) {
            return Ok(Score::NEUTRAL.into());
        }
        if text.len() > CACHED_TEXT_BYTES {
            return self.run(text).await;
        }
        self.shared
            .known
            .get_or_insert_async(text, self.run(text))
            .await
    }

    /// Scores texts at once; the scores stand in the order of the texts.
    pub async fn score_all<'a>(
        &self,
        texts: impl IntoIterator<Item = &'a str>,
    ) -> Result<Vec<Score>, ScoreError> {
        try_join_all(texts.into_iter().map(|text| self.score(text))).await
    }

    /// Reads texts at once; the readings stand in the order of the texts.
    pub async fn read_all<'a>(
        &self,
        texts: impl IntoIterator<Item = &'a str>,
    ) -> Result<Vec<Reading>, ScoreError> {
        try_join_all(texts.into_iter().map(|text| self.read(text))).await
    }

    async fn run(&self, text: &str) -> Result<Reading, ScoreError> {
        self.shared.runs.fetch_add(1, Ordering::Relaxed);
        let tokeniser = &self.shared.tokeniser;
        let (reply, answer) = oneshot::channel();
        let job = if self.shared.marks_phrases {
            let Placed { ids, places } = tokeniser.placed(text)?;
            Job {
                text: text.to_owned(),
                places,
                ids,
                reply,
            }
        } else {
            Job {
                text: String::new(),
                places: Vec::new(),
                ids: tokeniser.ids(text)?,
                reply,
            }
        };
        self.shared
            .jobs
            .send(job)
            .await
            .map_err(|_| ScoreError::Closed)?;
        answer.await.map_err(|_| ScoreError::Closed)?
    }
}

/// The loop of one session.
struct Worker {
    queue: async_channel::Receiver<Job>,
    decoder: Decoder,
    batching: Batching,
    /// How many sessions share the queue.
    sessions: usize,
}

impl Worker {
    fn serve(&self, mut session: Box<dyn Session>) {
        let mut left_over = None;
        while let Some(job) = left_over.take().or_else(|| self.queue.recv_blocking().ok()) {
            let (jobs, rows) = match self.batching {
                Batching::Single => (self.share(job), 1),
                Batching::Padded { max_tokens } => {
                    let jobs = self.gather(job, max_tokens, &mut left_over);
                    let rows = jobs.len();
                    (jobs, rows)
                }
            };
            let readings: Vec<_> = jobs
                .chunks(rows)
                .flat_map(|jobs| self.run_all(session.as_mut(), jobs))
                .collect();
            for (job, reading) in jobs.into_iter().zip(readings) {
                let _ = job.reply.send(reading);
            }
        }
    }

    /// The readings of the texts of one run.
    fn run_all(&self, session: &mut dyn Session, jobs: &[Job]) -> Vec<Result<Reading, ScoreError>> {
        // A runtime that panics on one text must not take the others with it.
        let readings = catch_unwind(AssertUnwindSafe(|| self.run(session, jobs)))
            .unwrap_or_else(|_| Err(ScoreError::Run("the runtime panicked".to_owned())));
        match readings {
            Ok(readings) => readings.into_iter().map(Ok).collect(),
            Err(error) => jobs.iter().map(|_| Err(error.clone())).collect(),
        }
    }

    /// The session's fair share of what waits: where little does, one job, which
    /// is answered as soon as it is done.
    fn share(&self, first: Job) -> Vec<Job> {
        let fair = (self.queue.len() / self.sessions).min(TAKEN_AT_ONCE - 1);
        let others = std::iter::from_fn(|| self.queue.try_recv().ok()).take(fair);
        std::iter::once(first).chain(others).collect()
    }

    /// The jobs of one run: what waits, as long as rows × longest stays within
    /// the limit. Never waits for more; the job that no longer fits is left over.
    fn gather(&self, first: Job, max_tokens: usize, left_over: &mut Option<Job>) -> Vec<Job> {
        let mut longest = first.ids.len();
        let mut jobs = vec![first];
        while let Ok(job) = self.queue.try_recv() {
            longest = longest.max(job.ids.len());
            if (jobs.len() + 1) * longest > max_tokens {
                *left_over = Some(job);
                break;
            }
            jobs.push(job);
        }
        jobs
    }

    fn run(&self, session: &mut dyn Session, jobs: &[Job]) -> Result<Vec<Reading>, ScoreError> {
        let ids: Vec<&[u32]> = jobs.iter().map(|job| job.ids.as_slice()).collect();
        let batch = TokenBatch::new(&ids, self.decoder.pad());
        let outputs = session.run(&batch)?;
        let scores = self.decoder.scores(&outputs)?;
        let placed: Vec<_> = jobs
            .iter()
            .map(|job| (job.text.as_str(), job.places.as_slice()))
            .collect();
        let phrases = self.decoder.phrases(&outputs, batch.columns, &placed)?;
        let escalations = Decoder::escalations(&outputs)?;
        let readings = scores.into_iter().zip(escalations).zip(phrases);
        Ok(readings
            .map(|((score, escalation), phrases)| Reading {
                score,
                escalation,
                phrases,
            })
            .collect())
    }
}

//! How fast a model runs on this machine, by batch and length.

use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use schemars::JsonSchema;
use serde::Serialize;

use crate::sentiment::runtime::TokenBatch;
use crate::sentiment::{Model, ModelError, Runtime, ScoreError, Tokeniser};

/// Texts a run.
const BATCHES: [usize; 4] = [1, 4, 16, 64];
/// Tokens a text, special tokens included.
const LENGTHS: [usize; 4] = [8, 32, 64, 128];
/// Runs before anything is measured: caches fill, buffers are made.
const WARM_UP: usize = 2;

/// Why a model's speed could not be measured.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SpeedError {
    /// The model cannot be used.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// A run failed.
    #[error(transparent)]
    Score(#[from] ScoreError),
}

/// What the figures were taken on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Machine {
    /// The processor's name.
    pub processor: String,
    /// Cores that this process may use.
    pub cores: usize,
    /// Operating system and architecture.
    pub system: String,
    /// The program was built with optimisation.
    pub optimised: bool,
}

impl Machine {
    /// This machine.
    pub fn this() -> Self {
        let known = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let processor = known
            .lines()
            .find(|line| line.starts_with("model name"))
            .and_then(|line| line.split_once(':'))
            .map_or_else(|| "unknown".to_owned(), |(_, name)| name.trim().to_owned());
        Self {
            processor,
            cores: thread::available_parallelism().map_or(1, usize::from),
            system: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
            optimised: !cfg!(debug_assertions),
        }
    }
}

/// The speed of one way of running a model.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema)]
pub struct Speed {
    /// Texts a run.
    pub batch: usize,
    /// Tokens a text.
    pub tokens: usize,
    /// Texts a second, one session on one thread.
    pub one_thread: f64,
    /// Texts a second, a one-thread session on each of `threads`.
    pub all_threads: f64,
    /// How many these are.
    pub threads: usize,
}

/// Measures every batch and length that the model takes, each for about
/// `seconds` on one thread and on all.
pub fn measure_speed(
    model: &Model,
    runtime: &dyn Runtime,
    threads: usize,
    seconds: f64,
) -> Result<Vec<Speed>, SpeedError> {
    let ids = Tokeniser::new(model)?.ids(&"我想问一下这个月的话费为什么多扣了钱".repeat(40))?;
    let most = model.config().max_length.min(ids.len());
    let mut lengths: Vec<usize> = LENGTHS.into_iter().map(|length| length.min(most)).collect();
    lengths.dedup();
    let mut speeds = Vec::new();
    for tokens in lengths {
        for batch in BATCHES {
            let text = cut(&ids, tokens);
            let texts = vec![text.as_slice(); batch];
            let job = TokenBatch::new(&texts, model.config().pad_token_id);
            // A graph exported for one text a run is no fault.
            if batch > 1 && runtime.open()?.run(&job).is_err() {
                break;
            }
            let time = Duration::from_secs_f64(seconds);
            let one = texts_per_second(runtime, &job, 1, time)?;
            let all = match threads {
                1 => one,
                _ => texts_per_second(runtime, &job, threads, time)?,
            };
            speeds.push(Speed {
                batch,
                tokens,
                one_thread: rounded(one),
                all_threads: rounded(all),
                threads,
            });
        }
    }
    Ok(speeds)
}

/// The beginning of a text, with its closing token.
fn cut(ids: &[u32], tokens: usize) -> Vec<u32> {
    let mut cut: Vec<u32> = ids.iter().take(tokens).copied().collect();
    if let (Some(end), Some(last)) = (cut.last_mut(), ids.last()) {
        *end = *last;
    }
    cut
}

fn rounded(speed: f64) -> f64 {
    (speed * 10.0).round() / 10.0
}

fn texts_per_second(
    runtime: &dyn Runtime,
    job: &TokenBatch,
    threads: usize,
    time: Duration,
) -> Result<f64, SpeedError> {
    let warm = Barrier::new(threads);
    let speeds: Vec<Result<f64, SpeedError>> = thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|_| {
                scope.spawn(|| -> Result<f64, SpeedError> {
                    let opened = runtime.open().map_err(SpeedError::from);
                    let warmed = opened.and_then(|mut session| {
                        for _ in 0..WARM_UP {
                            session.run(job)?;
                        }
                        Ok(session)
                    });
                    // Everyone comes here, failed or not: else the others would wait for ever.
                    warm.wait();
                    let mut session = warmed?;
                    let started = Instant::now();
                    let mut runs = 0;
                    while runs < 3 || started.elapsed() < time {
                        session.run(job)?;
                        runs += 1;
                    }
                    Ok((runs * job.rows) as f64 / started.elapsed().as_secs_f64())
                })
            })
            .collect();
        let join = |worker: thread::ScopedJoinHandle<'_, _>| match worker.join() {
            Ok(speed) => speed,
            Err(panic) => std::panic::resume_unwind(panic),
        };
        workers.into_iter().map(join).collect()
    });
    speeds.into_iter().sum()
}

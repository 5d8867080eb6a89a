//! Trains the tagger of complaint terms (`src/terms/tagger/weights.bin`), or
//! measures it by cross-validation. How to run it stands in the README beside.
//!
//! Arguments: `write FILE MODEL GOLD...`, `measure MODEL GOLD...` or `kept IDS
//! MODEL GOLD...`; MODEL is a model folder, GOLD are gold files, IDS a file with
//! the identifiers of the calls that the training of the model kept aside. The tagger is a
//! linear-chain conditional random field (Lafferty et al. 2001) trained by
//! AdaGrad with dropped features. The valences come from a model that has seen
//! the same turns, so they are blurred until they are about as good as on unseen
//! ones.
//!
//! `measure` trains on four fifths of the calls, finds the terms of the fifth
//! with the finder that ships (tagger, lexicon, scope), and gives the figures of
//! `callheat eval` over all five. Folds are of whole calls. The phrases that the
//! model marks are left out, as it has seen most calls. `kept` has them: it
//! measures on the calls kept aside, and trains the tagger on the others.

use std::collections::{HashMap, HashSet};
use std::error::Error;
use std::path::Path;

use callheat::segment::Segmenter;
use callheat::sentiment::{Device, Model, RuntimeChoice, Scorer, ScorerOptions, runtime};
use callheat::terms::Lexicon;

#[path = "term_train/corpus.rs"]
mod corpus;
#[path = "term_train/field.rs"]
mod field;
#[path = "term_train/kinds.rs"]
mod kinds;
#[path = "term_train/measure.rs"]
mod measure;
#[path = "term_train/weights.rs"]
mod weights;

use corpus::Corpus;
use field::Field;
use kinds::Kinds;
use weights::Weights;

/// log2 of the rows of the tag table and of the category table.
pub(crate) const TAG_BITS: u32 = 18;
pub(crate) const KIND_BITS: u32 = 15;
const FOLDS: u64 = 5;

/// Settings, each changed by `name=value`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Settings {
    pub(crate) epochs: usize,
    pub(crate) rate: f32,
    pub(crate) decay: f32,
    pub(crate) drop: f32,
    /// How often a telephone call is shown for each written dialogue.
    pub(crate) calls: usize,
    /// How phrases are chosen, without and with those that the model marks:
    /// bias against no phrase, least expected matches.
    pub(crate) alone: [f32; 2],
    pub(crate) joined: [f32; 2],
    /// What the model's phrases count, 0..1.
    pub(crate) share: f32,
    pub(crate) blur: f64,
    /// Measure so many of the folds.
    pub(crate) folds: u64,
}

impl Settings {
    fn set(&mut self, name: &str, value: &str) -> Result<(), Box<dyn Error>> {
        match name {
            "epochs" => self.epochs = value.parse()?,
            "rate" => self.rate = value.parse()?,
            "decay" => self.decay = value.parse()?,
            "drop" => self.drop = value.parse()?,
            "calls" => self.calls = value.parse()?,
            "bias" => self.alone[0] = value.parse()?,
            "least" => self.alone[1] = value.parse()?,
            "joined-bias" => self.joined[0] = value.parse()?,
            "joined-least" => self.joined[1] = value.parse()?,
            "share" => self.share = value.parse()?,
            "blur" => self.blur = value.parse()?,
            "folds" => self.folds = value.parse()?,
            _ => return Err(format!("no setting is called {name}").into()),
        }
        Ok(())
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut settings = Settings {
        epochs: 5,
        rate: 0.03,
        decay: 1e-4,
        drop: 0.2,
        calls: 2,
        alone: [0.35, 0.3],
        joined: [0.65, 0.48],
        share: 0.6,
        blur: 0.22,
        folds: FOLDS,
    };
    let mut arguments = Vec::new();
    for argument in std::env::args().skip(1) {
        match argument.split_once('=') {
            Some((name, value)) => settings.set(name, value)?,
            None => arguments.push(argument),
        }
    }
    let usage = "give `write FILE`, `measure` or `kept IDS`, the model folder, and the gold files";
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["write", out, model, ref gold @ ..] => {
            let corpus = read(model, gold, &settings)?;
            let all: Vec<_> = corpus.turns.iter().collect();
            std::fs::write(out, train(&all, &settings).bytes(&settings))?;
            Ok(())
        }
        ["measure", model, ref gold @ ..] => {
            measure::cross_validate(&read(model, gold, &settings)?, &settings)
        }
        ["kept", ids, model, ref gold @ ..] => {
            let ids = std::fs::read_to_string(ids)?;
            let aside: HashSet<String> = ids.split_whitespace().map(str::to_owned).collect();
            measure::on_kept_aside(&read(model, gold, &settings)?, &aside, &settings)
        }
        _ => Err(usage.into()),
    }
}

fn read(model: &str, gold: &[&str], settings: &Settings) -> Result<Corpus, Box<dyn Error>> {
    let model = Model::from_folder(Path::new(model))?;
    let runtime = runtime::open(&model, RuntimeChoice::Auto, None, Device::Cpu)?;
    let scorer = Scorer::start(&model, runtime, ScorerOptions::default())?;
    let lexicon = Lexicon::built_in();
    let (segmenter, _) = Segmenter::new(&[])?;
    let gold: Vec<&Path> = gold.iter().map(Path::new).collect();
    Corpus::read(&scorer, &gold, &lexicon, &segmenter, settings.blur)
}

/// Trains both tables on turns.
pub(crate) fn train(turns: &[&corpus::Turn], settings: &Settings) -> Weights {
    let mut shown: Vec<&corpus::Turn> = Vec::new();
    for &turn in turns {
        shown.extend(std::iter::repeat_n(
            turn,
            if turn.spoken { settings.calls } else { 1 },
        ));
    }
    Weights {
        field: Field::train(&shown, settings),
        kinds: Kinds::train(&shown, settings),
    }
}

/// The fold of a call, by its identifier (FNV-1a).
pub(crate) fn fold(call_id: &str) -> u64 {
    let hash = call_id
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        });
    (hash >> 20) % FOLDS
}

/// The gold calls by identifier.
pub(crate) type Gold = HashMap<String, callheat::eval::GoldCall>;

/// A small deterministic random source (SplitMix64).
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// 0..1
    pub(crate) fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Standard normal (Box and Muller).
    pub(crate) fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.unit()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.unit()).cos()
    }

    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, (self.next() % (last as u64 + 1)) as usize);
        }
    }
}

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use ort::environment::Environment;
use ort::session::Session as OrtSession;
use ort::session::builder::GraphOptimizationLevel;
use ort::value::{DynValue, Tensor, TensorElementType, ValueType};

use super::{
    Device, InputKind, OutputNames, Outputs, Runtime, Session, TokenBatch, checked_outputs,
    pick_outputs,
};
use crate::sentiment::error::{ModelError, ScoreError};
use crate::sentiment::model::Model;

/// ONNX Runtime, loaded from a shared library at run time.
pub(super) struct OnnxRuntime {
    environment: &'static Environment,
    name: String,
    model: Model,
    device: Device,
    /// The session opened to prove that the model loads; handed out first.
    first: Mutex<Option<OrtRun>>,
}

impl OnnxRuntime {
    /// Loads the library once for the process and opens a first session.
    pub(super) fn load(model: &Model, library: &Path, device: Device) -> Result<Self, ModelError> {
        let environment = environment(library)?;
        let name = format!("onnxruntime {}", version(library));
        let first = open_session(environment, model, &name, device)?;
        Ok(Self {
            environment,
            name,
            model: model.clone(),
            device,
            first: Mutex::new(Some(first)),
        })
    }
}

impl Runtime for OnnxRuntime {
    fn name(&self) -> &str {
        &self.name
    }

    fn open(&self) -> Result<Box<dyn Session>, ModelError> {
        let first = self
            .first
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        match first {
            Some(session) => Ok(Box::new(session)),
            None => Ok(Box::new(open_session(
                self.environment,
                &self.model,
                &self.name,
                self.device,
            )?)),
        }
    }
}

/// A library can be loaded only once a process; the first one named stays.
fn environment(library: &Path) -> Result<&'static Environment, ModelError> {
    static LOADED: OnceLock<Result<Environment, (PathBuf, String)>> = OnceLock::new();
    let loaded = LOADED.get_or_init(|| {
        let absolute = std::path::absolute(library).unwrap_or_else(|_| library.to_owned());
        let builder =
            ort::init_from(&absolute).map_err(|error| (absolute.clone(), error.to_string()))?;
        builder
            .with_telemetry(false)
            .build()
            .map_err(|error| (absolute, error.to_string()))
    });
    loaded
        .as_ref()
        .map_err(|(path, reason)| ModelError::OnnxRuntime {
            path: path.clone(),
            reason: reason.clone(),
        })
}

/// The library's version: its build says the release branch (`rel-1.31.1`),
/// and release files carry it in their name (`libonnxruntime.so.1.31.1`).
fn version(library: &Path) -> String {
    let digits = |text: &str| {
        let version: String = text
            .chars()
            .take_while(|character| character.is_ascii_digit() || *character == '.')
            .collect();
        (!version.is_empty()).then(|| version.trim_matches('.').to_owned())
    };
    let from_build = ort::info()
        .split_once("rel-")
        .and_then(|(_, rest)| digits(rest));
    let name = library
        .canonicalize()
        .unwrap_or_else(|_| library.to_owned());
    let name = name
        .file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default();
    let from_name = name.split_once(".so.").and_then(|(_, rest)| digits(rest));
    from_build
        .or(from_name)
        .unwrap_or_else(|| "of unknown version".to_owned())
}

struct OrtRun {
    session: OrtSession,
    inputs: Vec<(String, InputKind, TensorElementType)>,
    outputs: OutputNames,
}

fn open_session(
    environment: &Environment,
    model: &Model,
    runtime: &str,
    device: Device,
) -> Result<OrtRun, ModelError> {
    let refused = |reason: String| ModelError::Load {
        runtime: runtime.to_owned(),
        path: model.onnx_path(),
        reason,
    };
    let build = || -> Result<OrtSession, ort::Error> {
        // Spinning makes two sessions slower than one as soon as the cores are shared.
        let mut builder = OrtSession::builder(environment)?
            .with_optimization_level(GraphOptimizationLevel::Level3)?
            .with_intra_threads(1)?
            .with_inter_threads(1)?
            .with_intra_op_spinning(false)?;
        if device == Device::Cuda {
            builder = builder
                .with_execution_providers([ort::ep::CUDA::default().build().error_on_failure()])?;
        }
        for (name, bytes) in model.data() {
            builder = builder.with_external_initializer_file_in_memory(name, Arc::clone(bytes))?;
        }
        builder.commit_from_memory(model.onnx())
    };
    let session = build().map_err(|error| match device {
        Device::Cuda => ModelError::Device {
            device: "cuda".to_owned(),
            reason: error.to_string(),
        },
        Device::Cpu => refused(error.to_string()),
    })?;
    let mut inputs = Vec::new();
    for input in session.inputs() {
        let kind = InputKind::of_name(input.name(), model)?;
        let element = match input.dtype() {
            ValueType::Tensor {
                ty: ty @ (TensorElementType::Int64 | TensorElementType::Int32),
                ..
            } => *ty,
            other => {
                return Err(refused(format!(
                    "input `{}` is {other:?}, not a tensor of integers",
                    input.name()
                )));
            }
        };
        inputs.push((input.name().to_owned(), kind, element));
    }
    let names: Vec<String> = session
        .outputs()
        .iter()
        .map(|output| output.name().to_owned())
        .collect();
    let outputs = pick_outputs(&names, model)?;
    Ok(OrtRun {
        session,
        inputs,
        outputs,
    })
}

impl Session for OrtRun {
    fn run(&mut self, batch: &TokenBatch) -> Result<Outputs, ScoreError> {
        let failed = |error: ort::Error| ScoreError::Run(error.to_string());
        let mut inputs: Vec<(String, DynValue)> = Vec::with_capacity(self.inputs.len());
        for (name, kind, element) in &self.inputs {
            inputs.push((
                name.clone(),
                tensor(batch, *kind, *element).map_err(failed)?,
            ));
        }
        let outputs = self.session.run(inputs).map_err(failed)?;
        let extract = |name: &str| -> Result<(Vec<usize>, Vec<f32>), ScoreError> {
            let value = outputs
                .get(name)
                .ok_or_else(|| ScoreError::Output(format!("no output `{name}`")))?;
            let (shape, values) = value.try_extract_tensor::<f32>().map_err(failed)?;
            Ok((
                shape
                    .iter()
                    .map(|size| usize::try_from(*size).unwrap_or(0))
                    .collect(),
                values.to_vec(),
            ))
        };
        let named = |name: &Option<String>| name.as_deref().map(extract).transpose();
        let OutputNames {
            logits,
            graded,
            escalation,
            tokens,
        } = &self.outputs;
        checked_outputs(
            batch,
            extract(logits)?,
            named(graded)?,
            named(escalation)?,
            named(tokens)?,
        )
    }
}

fn tensor(
    batch: &TokenBatch,
    kind: InputKind,
    element: TensorElementType,
) -> Result<DynValue, ort::Error> {
    let values = match kind {
        InputKind::Ids => batch.ids.clone(),
        InputKind::Mask => batch.mask.clone(),
        InputKind::TokenTypes => vec![0; batch.ids.len()],
    };
    let shape = [batch.rows, batch.columns];
    if element == TensorElementType::Int32 {
        let narrow: Vec<i32> = values.into_iter().map(|value| value as i32).collect();
        Ok(Tensor::from_array((shape, narrow))?.into_dyn())
    } else {
        Ok(Tensor::from_array((shape, values))?.into_dyn())
    }
}

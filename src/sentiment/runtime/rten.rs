use std::sync::Arc;

use rten::{Model as Graph, ModelOptions, NodeId, RunOptions, ThreadPool, Value};
use rten_tensor::NdTensor;
use rten_tensor::prelude::*;

use super::{InputKind, Outputs, Runtime, Session, TokenBatch, checked_outputs, pick_outputs};
use crate::sentiment::error::{ModelError, ScoreError};
use crate::sentiment::model::Model;

/// Version of the rten crate that is compiled in; kept equal to Cargo.lock by a test.
const NAME: &str = "rten 0.27.0";

/// The built-in runtime; all sessions share one graph.
pub(super) struct Rten {
    shared: Arc<Shared>,
}

struct Shared {
    graph: Graph,
    inputs: Vec<(NodeId, InputKind)>,
    /// Logits, then those of the graded output, escalation and the token
    /// logits that there are.
    outputs: Vec<NodeId>,
    has: [bool; 3],
}

impl Rten {
    /// Reads the graph and checks its inputs and outputs.
    pub(super) fn load(model: &Model) -> Result<Self, ModelError> {
        let refused = |reason: String| ModelError::Load {
            runtime: NAME.to_owned(),
            path: model.onnx_path(),
            reason,
        };
        let mut options = ModelOptions::with_all_ops();
        options.prepack_weights(true);
        for (name, bytes) in model.data() {
            options.external_data(name, bytes.to_vec());
        }
        let graph = match model.static_onnx() {
            Some(bytes) => options.load_static_slice(bytes),
            None => options.load(model.onnx().to_vec()),
        };
        let graph = graph.map_err(|error| refused(error.to_string()))?;
        let name_of = |id: NodeId| {
            graph
                .node_info(id)
                .and_then(|info| info.name().map(str::to_owned))
                .unwrap_or_default()
        };
        let mut inputs = Vec::new();
        for id in graph.input_ids() {
            inputs.push((*id, InputKind::of_name(&name_of(*id), model)?));
        }
        let names: Vec<String> = graph.output_ids().iter().map(|id| name_of(*id)).collect();
        let picked = pick_outputs(&names, model)?;
        let rest = [picked.graded, picked.escalation, picked.tokens];
        let has = [0, 1, 2].map(|place: usize| rest[place].is_some());
        let mut outputs = Vec::new();
        for name in std::iter::once(picked.logits).chain(rest.into_iter().flatten()) {
            outputs.push(
                graph
                    .node_id(&name)
                    .map_err(|error| refused(error.to_string()))?,
            );
        }
        Ok(Self {
            shared: Arc::new(Shared {
                graph,
                inputs,
                outputs,
                has,
            }),
        })
    }
}

impl Runtime for Rten {
    fn name(&self) -> &'static str {
        NAME
    }

    fn open(&self) -> Result<Box<dyn Session>, ModelError> {
        let pool = Arc::new(ThreadPool::with_num_threads(1));
        Ok(Box::new(RtenRun {
            shared: Arc::clone(&self.shared),
            pool,
        }))
    }
}

struct RtenRun {
    shared: Arc<Shared>,
    pool: Arc<ThreadPool>,
}

impl Session for RtenRun {
    fn run(&mut self, batch: &TokenBatch) -> Result<Outputs, ScoreError> {
        let inputs = self
            .shared
            .inputs
            .iter()
            .map(|(id, kind)| (*id, tensor(batch, *kind).into()))
            .collect();
        let mut options = RunOptions::default();
        options.thread_pool = Some(Arc::clone(&self.pool));
        let values = self
            .shared
            .graph
            .run(inputs, &self.shared.outputs, Some(options))
            .map_err(|error| ScoreError::Run(error.to_string()))?;
        let mut values = values.into_iter().map(floats);
        let mut next = |is_there: bool| {
            let value = is_there.then(|| values.next()).flatten();
            value.transpose()
        };
        let logits = next(true)?.ok_or_else(|| ScoreError::Output("no logits".to_owned()))?;
        let [graded, escalation, tokens] = self.shared.has;
        checked_outputs(
            batch,
            logits,
            next(graded)?,
            next(escalation)?,
            next(tokens)?,
        )
    }
}

/// rten takes every integer input as 32 bits.
fn tensor(batch: &TokenBatch, kind: InputKind) -> NdTensor<i32, 2> {
    let values: Vec<i32> = match kind {
        InputKind::Ids => batch.ids.iter().map(|id| *id as i32).collect(),
        InputKind::Mask => batch.mask.iter().map(|bit| *bit as i32).collect(),
        InputKind::TokenTypes => vec![0; batch.ids.len()],
    };
    NdTensor::from_data([batch.rows, batch.columns], values)
}

fn floats(value: Value) -> Result<(Vec<usize>, Vec<f32>), ScoreError> {
    match value {
        Value::FloatTensor(tensor) => Ok((tensor.shape().to_vec(), tensor.to_vec())),
        _ => Err(ScoreError::Output(
            "an output is not a tensor of floats".to_owned(),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::NAME;

    #[test]
    fn the_stated_version_is_the_one_compiled_in() {
        let lock = include_str!("../../../Cargo.lock");
        let version = NAME.trim_start_matches("rten ");
        assert!(lock.contains(&format!("name = \"rten\"\nversion = \"{version}\"")));
    }
}

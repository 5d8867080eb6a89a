//! What the protobuf of an ONNX model says, read without running it.
//!
//! Model files come from strangers: nothing is handed to a runtime before its
//! operators, its external data and its nesting were looked at here.

mod protobuf;

use std::collections::{BTreeMap, BTreeSet};

use super::signature::GIVEN;

/// Values passed on from node to node are followed so far.
const LONGEST_CHAIN: usize = 32;

/// The outside of a model and what it is made of.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Graph {
    /// What has to be given, in order.
    pub inputs: Vec<Port>,
    /// What comes out, in order.
    pub outputs: Vec<Port>,
    /// Operators by domain and name; ONNX's own domain is empty.
    pub operators: BTreeSet<(String, String)>,
    /// Files that hold weights, as the model names them.
    pub data_files: BTreeSet<String>,
    /// Functions the model itself defines, by domain and name.
    functions: BTreeSet<(String, String)>,
    /// Sizes of the weights of the main graph.
    weights: BTreeMap<String, Vec<i64>>,
    /// `Gather` nodes: table and indices.
    lookups: Vec<(String, String)>,
    /// Value → the value it is passed on from.
    passed: BTreeMap<String, String>,
}

/// An input or output.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Port {
    /// Its name.
    pub name: String,
    /// ONNX's number of the element type; 0 for what is no tensor.
    pub element: i32,
    /// Its sizes; `None` where the model does not say.
    pub shape: Option<Vec<Size>>,
}

/// One size of a shape.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Size {
    /// The same for every text.
    Fixed(i64),
    /// Differs from run to run; the model's word for it.
    Free(String),
}

impl Port {
    /// 32-bit floats.
    pub const FLOAT: i32 = 1;
    /// 32-bit integers.
    pub const INT32: i32 = 6;
    /// 64-bit integers.
    pub const INT64: i32 = 7;

    /// The element type in ONNX's words.
    pub fn element_name(&self) -> &'static str {
        match self.element {
            Self::FLOAT => "float32",
            2 => "uint8",
            3 => "int8",
            Self::INT32 => "int32",
            Self::INT64 => "int64",
            8 => "string",
            9 => "bool",
            10 => "float16",
            11 => "float64",
            16 => "bfloat16",
            0 => "no tensor",
            _ => "another type",
        }
    }

    /// `[batch, sequence]`, or `?` where the model does not say.
    pub fn shape_text(&self) -> String {
        let Some(shape) = &self.shape else {
            return "?".to_owned();
        };
        let sizes: Vec<String> = shape
            .iter()
            .map(|size| match size {
                Size::Fixed(size) => size.to_string(),
                Size::Free(name) if name.is_empty() => "?".to_owned(),
                Size::Free(name) => name.clone(),
            })
            .collect();
        format!("[{}]", sizes.join(", "))
    }
}

impl Graph {
    /// Operators of a domain that no runtime here has: `domain.Operator`.
    pub fn foreign_operators(&self) -> Vec<String> {
        let is_foreign = |operator: &&(String, String)| {
            let (domain, name) = *operator;
            let is_known = matches!(
                domain.as_str(),
                "" | "ai.onnx" | "ai.onnx.ml" | "com.microsoft"
            );
            // EPContext names a file of compiled code.
            !(is_known && name != "EPContext" || self.functions.contains(*operator))
        };
        let foreign = self.operators.iter().filter(is_foreign);
        foreign
            .map(|(domain, name)| format!("{domain}.{name}"))
            .collect()
    }

    /// Whether the inputs are those that callheat gives.
    pub fn takes_tokens(&self) -> bool {
        self.inputs
            .iter()
            .all(|input| GIVEN.contains(&input.name.as_str()))
            && self.inputs.iter().any(|input| input.name == "input_ids")
    }

    /// Rows of the table that an input's values are looked up in.
    pub fn embedding_rows(&self, input: &str) -> Option<i64> {
        self.lookups
            .iter()
            .find(|(_, indices)| self.origin(indices) == input)
            .and_then(|(table, _)| self.rows(table))
    }

    /// Rows of the table of positions, found by its name.
    pub fn position_rows(&self) -> Option<i64> {
        self.lookups
            .iter()
            .find(|(table, _)| table.contains("position"))
            .and_then(|(table, _)| self.rows(table))
    }

    fn rows(&self, table: &str) -> Option<i64> {
        match self.weights.get(self.origin(table))?.as_slice() {
            [rows, _] => Some(*rows),
            _ => None,
        }
    }

    fn origin<'a>(&'a self, mut value: &'a str) -> &'a str {
        // A damaged graph may hold a ring.
        for _ in 0..LONGEST_CHAIN {
            match self.passed.get(value) {
                Some(before) => value = before,
                None => break,
            }
        }
        value
    }
}

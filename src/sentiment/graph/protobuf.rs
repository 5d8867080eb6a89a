//! Reads the parts of ONNX's protobuf that [`Graph`] holds. Every message that
//! can hold a tensor, an operator or another graph is visited, also where a
//! field that should stand once stands twice: a runtime would merge them.

use std::collections::BTreeSet;

use rten_onnx::protobuf::{
    ErrorKind, Field, Fields, OwnedValues, ProtobufError, ReadValue, ValueReader,
};

use super::{Graph, Port, Size};

/// Subgraphs and types nest a few levels in real models; deeper ones would
/// exhaust a parser's stack.
const DEEPEST: usize = 32;

/// Operators that pass their first input on, as far as token ids are concerned.
const PASSING: [&str; 6] = [
    "Cast",
    "Identity",
    "Reshape",
    "Squeeze",
    "Unsqueeze",
    "Flatten",
];

impl Graph {
    /// Reads a serialised model; the error says what is wrong with it.
    pub fn read(onnx: &[u8]) -> Result<Self, String> {
        let mut graph = Self::default();
        let mut reader = ValueReader::from_buf(onnx);
        let mut initialised = BTreeSet::new();
        graph
            .model(Fields::new(&mut reader, None), &mut initialised)
            .map_err(|error| match error.kind() {
                ErrorKind::IoError(cause) => cause.to_string(),
                _ => error.to_string(),
            })?;
        graph
            .inputs
            .retain(|input| !initialised.contains(&input.name));
        if graph.inputs.is_empty() && graph.outputs.is_empty() {
            return Err("it holds no graph".to_owned());
        }
        Ok(graph)
    }

    fn model<R: ReadValue<Types = OwnedValues>>(
        &mut self,
        mut fields: Fields<'_, R>,
        initialised: &mut BTreeSet<String>,
    ) -> Result<(), ProtobufError> {
        while let Some(mut field) = fields.next()? {
            match field.number() {
                7 => self.graph(field.read_message(None)?, 0, initialised)?,
                // Training graphs are never run, but a runtime parses them.
                20 => {
                    let mut training = field.read_message(None)?;
                    while let Some(mut part) = training.next()? {
                        match part.number() {
                            1 | 2 => {
                                self.graph(part.read_message(None)?, 1, &mut BTreeSet::new())?;
                            }
                            _ => part.skip()?,
                        }
                    }
                }
                25 => self.function(field.read_message(None)?)?,
                _ => field.skip()?,
            }
        }
        Ok(())
    }

    fn function<R: ReadValue<Types = OwnedValues>>(
        &mut self,
        mut fields: Fields<'_, R>,
    ) -> Result<(), ProtobufError> {
        let (mut name, mut domain) = (String::new(), String::new());
        while let Some(mut field) = fields.next()? {
            match field.number() {
                1 => name = field.read_string()?,
                7 => self.node(field.read_message(None)?, 1)?,
                10 => domain = field.read_string()?,
                11 => self.attribute(field.read_message(None)?, 1)?,
                12 => port(field.read_message(None)?, 1).map(drop)?,
                _ => field.skip()?,
            }
        }
        self.functions.insert((domain, name));
        Ok(())
    }

    fn graph<R: ReadValue<Types = OwnedValues>>(
        &mut self,
        mut fields: Fields<'_, R>,
        depth: usize,
        initialised: &mut BTreeSet<String>,
    ) -> Result<(), ProtobufError> {
        check_depth(depth)?;
        while let Some(mut field) = fields.next()? {
            match field.number() {
                1 => self.node(field.read_message(None)?, depth)?,
                5 => {
                    let (name, sizes) = self.tensor(field.read_message(None)?)?;
                    if depth == 0 {
                        initialised.insert(name.clone());
                        self.weights.insert(name, sizes);
                    }
                }
                number @ 11..=13 => {
                    let port = port(field.read_message(None)?, depth)?;
                    match number {
                        11 if depth == 0 => self.inputs.push(port),
                        12 if depth == 0 => self.outputs.push(port),
                        _ => {}
                    }
                }
                15 => self.sparse_tensor(&mut field)?,
                _ => field.skip()?,
            }
        }
        Ok(())
    }

    fn node<R: ReadValue<Types = OwnedValues>>(
        &mut self,
        mut fields: Fields<'_, R>,
        depth: usize,
    ) -> Result<(), ProtobufError> {
        let (mut domain, mut name) = (String::new(), String::new());
        let (mut inputs, mut outputs) = (Vec::new(), Vec::new());
        while let Some(mut field) = fields.next()? {
            match field.number() {
                1 => inputs.push(field.read_string()?),
                2 => outputs.push(field.read_string()?),
                4 => name = field.read_string()?,
                5 => self.attribute(field.read_message(None)?, depth)?,
                7 => domain = field.read_string()?,
                _ => field.skip()?,
            }
        }
        if depth == 0 {
            match (inputs.as_slice(), outputs.as_slice()) {
                ([table, indices, ..], _) if name == "Gather" => {
                    self.lookups.push((table.clone(), indices.clone()));
                }
                ([input, ..], [output, ..])
                    if PASSING.contains(&name.as_str()) || name == "DequantizeLinear" =>
                {
                    self.passed.insert(output.clone(), input.clone());
                }
                _ => {}
            }
        }
        self.operators.insert((domain, name));
        Ok(())
    }

    fn attribute<R: ReadValue<Types = OwnedValues>>(
        &mut self,
        mut fields: Fields<'_, R>,
        depth: usize,
    ) -> Result<(), ProtobufError> {
        while let Some(mut field) = fields.next()? {
            match field.number() {
                5 | 10 => self.tensor(field.read_message(None)?).map(drop)?,
                6 | 11 => {
                    self.graph(field.read_message(None)?, depth + 1, &mut BTreeSet::new())?;
                }
                14 | 15 => value_type(field.read_message(None)?, depth + 1).map(drop)?,
                22 | 23 => self.sparse_tensor(&mut field)?,
                _ => field.skip()?,
            }
        }
        Ok(())
    }

    fn sparse_tensor<R: ReadValue<Types = OwnedValues>>(
        &mut self,
        field: &mut Field<'_, R>,
    ) -> Result<(), ProtobufError> {
        let mut fields = field.read_message(None)?;
        while let Some(mut field) = fields.next()? {
            match field.number() {
                1 | 2 => self.tensor(field.read_message(None)?).map(drop)?,
                _ => field.skip()?,
            }
        }
        Ok(())
    }

    /// Name and sizes of a tensor; notes the file its values lie in.
    fn tensor<R: ReadValue<Types = OwnedValues>>(
        &mut self,
        mut fields: Fields<'_, R>,
    ) -> Result<(String, Vec<i64>), ProtobufError> {
        let (mut name, mut sizes) = (String::new(), Vec::new());
        while let Some(mut field) = fields.next()? {
            match field.number() {
                1 => {
                    for size in field.read_repeated_int64()? {
                        sizes.push(size?);
                    }
                }
                8 => name = field.read_string()?,
                13 => {
                    let (key, value) = entry(field.read_message(None)?)?;
                    if key == "location" {
                        self.data_files.insert(value);
                    }
                }
                _ => field.skip()?,
            }
        }
        Ok((name, sizes))
    }
}

fn check_depth(depth: usize) -> Result<(), ProtobufError> {
    if depth <= DEEPEST {
        return Ok(());
    }
    let reason = format!("it nests more than {DEEPEST} levels deep");
    Err(std::io::Error::other(reason).into())
}

fn entry<R: ReadValue<Types = OwnedValues>>(
    mut fields: Fields<'_, R>,
) -> Result<(String, String), ProtobufError> {
    let (mut key, mut value) = (String::new(), String::new());
    while let Some(mut field) = fields.next()? {
        match field.number() {
            1 => key = field.read_string()?,
            2 => value = field.read_string()?,
            _ => field.skip()?,
        }
    }
    Ok((key, value))
}

fn port<R: ReadValue<Types = OwnedValues>>(
    mut fields: Fields<'_, R>,
    depth: usize,
) -> Result<Port, ProtobufError> {
    let mut port = Port::default();
    while let Some(mut field) = fields.next()? {
        match field.number() {
            1 => port.name = field.read_string()?,
            2 => (port.element, port.shape) = value_type(field.read_message(None)?, depth)?,
            _ => field.skip()?,
        }
    }
    Ok(port)
}

type Type = (i32, Option<Vec<Size>>);

fn value_type<R: ReadValue<Types = OwnedValues>>(
    mut fields: Fields<'_, R>,
    depth: usize,
) -> Result<Type, ProtobufError> {
    check_depth(depth)?;
    let mut found = (0, None);
    while let Some(mut field) = fields.next()? {
        match field.number() {
            1 => found = tensor_type(field.read_message(None)?)?,
            // Sequence, map, optional: only their depth matters here.
            4 | 5 | 9 => {
                let mut inner = field.read_message(None)?;
                while let Some(mut part) = inner.next()? {
                    match part.value() {
                        rten_onnx::protobuf::FieldValue::Len(_) => {
                            value_type(part.read_message(None)?, depth + 1).map(drop)?;
                        }
                        _ => part.skip()?,
                    }
                }
            }
            _ => field.skip()?,
        }
    }
    Ok(found)
}

fn tensor_type<R: ReadValue<Types = OwnedValues>>(
    mut fields: Fields<'_, R>,
) -> Result<Type, ProtobufError> {
    let mut found = (0, None);
    while let Some(mut field) = fields.next()? {
        match field.number() {
            1 => found.0 = field.get_enum()?,
            2 => {
                let mut shape = Vec::new();
                let mut sizes = field.read_message(None)?;
                while let Some(mut size) = sizes.next()? {
                    match size.number() {
                        1 => shape.push(dimension(size.read_message(None)?)?),
                        _ => size.skip()?,
                    }
                }
                found.1 = Some(shape);
            }
            _ => field.skip()?,
        }
    }
    Ok(found)
}

fn dimension<R: ReadValue<Types = OwnedValues>>(
    mut fields: Fields<'_, R>,
) -> Result<Size, ProtobufError> {
    let mut found = Size::Free(String::new());
    while let Some(mut field) = fields.next()? {
        match field.number() {
            1 => found = Size::Fixed(field.get_int64()?),
            2 => found = Size::Free(field.read_string()?),
            _ => field.skip()?,
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A length-delimited field.
    fn field(number: u8, content: &[u8]) -> Vec<u8> {
        let mut bytes = vec![number << 3 | 2];
        let mut length = content.len();
        while length >= 128 {
            bytes.push((length % 128) as u8 | 128);
            length /= 128;
        }
        bytes.push(length as u8);
        bytes.extend_from_slice(content);
        bytes
    }

    fn input() -> Vec<u8> {
        field(11, &field(1, b"input_ids"))
    }

    #[test]
    fn reads_the_built_in_model() {
        let graph = Graph::read(include_bytes!("../../../models/default/model.onnx")).unwrap();
        assert_eq!(graph.inputs[0].name, "input_ids");
        assert_eq!(graph.inputs[0].element, Port::INT64);
        assert!(graph.data_files.is_empty());
        assert!(
            graph.foreign_operators().is_empty(),
            "{:?}",
            graph.foreign_operators()
        );
    }

    #[test]
    fn a_second_graph_cannot_hide_a_file_or_an_operator() {
        let location = [field(1, b"location"), field(2, b"../x")].concat();
        let hidden = field(5, &field(13, &location));
        let operator = field(1, &[field(4, b"Run"), field(7, b"evil")].concat());
        let bytes = [field(7, &[hidden, operator].concat()), field(7, &input())].concat();
        let graph = Graph::read(&bytes).unwrap();
        assert_eq!(graph.data_files.iter().collect::<Vec<_>>(), ["../x"]);
        assert_eq!(graph.foreign_operators(), ["evil.Run"]);
    }

    #[test]
    fn endless_nesting_is_refused_before_a_runtime_sees_it() {
        let mut graph = input();
        for _ in 0..200 {
            graph = field(1, &field(5, &field(6, &graph)));
        }
        let error = Graph::read(&field(7, &graph)).unwrap_err();
        assert!(error.contains("levels"), "{error}");
        assert!(Graph::read(b"ORTM is no protobuf").is_err());
        assert!(Graph::read(b"").is_err());
    }
}

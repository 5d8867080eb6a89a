//! The files of a model folder, read within bounds.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use super::error::ModelError;

/// The graph under the names that `optimum-cli` gives it, in order of preference.
const GRAPHS: [&str; 4] = [
    "model.onnx",
    "onnx/model.onnx",
    "model_quantized.onnx",
    "onnx/model_quantized.onnx",
];

const MIB: u64 = 1024 * 1024;
/// A protobuf cannot be larger than 2 GiB.
const MOST_GRAPH: u64 = 2048 * MIB;
const MOST_DATA: u64 = 8192 * MIB;
const MOST_TOKENIZER: u64 = 128 * MIB;
const MOST_TEXT: u64 = 8 * MIB;

/// A model folder that is being read.
pub(super) struct Folder<'a> {
    path: &'a Path,
}

impl<'a> Folder<'a> {
    pub(super) fn new(path: &'a Path) -> Self {
        Self { path }
    }

    /// The graph and where it lies in the folder; `named` is what
    /// `callheat.toml` says.
    pub(super) fn graph(&self, named: Option<&str>) -> Result<(PathBuf, Vec<u8>), ModelError> {
        let inside = match named {
            Some(name) => self.inside(name)?,
            None => self.find_graph()?,
        };
        let bytes = read(&self.path.join(&inside), MOST_GRAPH)?;
        if bytes.is_empty() {
            return Err(ModelError::Invalid {
                path: self.path.join(&inside),
                reason: "the file is empty".to_owned(),
                mend: "copy or export the model again".to_owned(),
            });
        }
        Ok((inside, bytes))
    }

    /// The files with weights that the graph names, by name. They must lie
    /// beside it: anything else could make a model read this machine's files.
    pub(super) fn data<'n>(
        &self,
        graph: &Path,
        names: impl IntoIterator<Item = &'n String>,
    ) -> Result<BTreeMap<String, Arc<[u8]>>, ModelError> {
        let mut left = MOST_DATA;
        let mut data = BTreeMap::new();
        for name in names {
            let refused = |reason: String, mend: &str| ModelError::Invalid {
                path: self.path.join(graph),
                reason,
                mend: mend.to_owned(),
            };
            if !is_plain_name(name) {
                return Err(refused(
                    format!("its weights lie in `{name}`, outside the model folder"),
                    "do not use this file unless you know where it comes from; export the model again, so that the weights lie beside model.onnx",
                ));
            }
            let path = self.path.join(graph).with_file_name(name);
            if leaves(self.path, &path) {
                return Err(refused(
                    format!("its weights `{name}` are a link out of the model folder"),
                    "copy the file itself into the folder (`cp -L`)",
                ));
            }
            let bytes = read(&path, left)?;
            left -= bytes.len() as u64;
            data.insert(name.clone(), Arc::from(bytes));
        }
        Ok(data)
    }

    pub(super) fn tokenizer(&self) -> Result<Vec<u8>, ModelError> {
        let path = self.path.join("tokenizer.json");
        read(&path, MOST_TOKENIZER).map_err(|error| match error {
            ModelError::Read { source, .. } if source.kind() == std::io::ErrorKind::NotFound => {
                ModelError::Invalid {
                    path,
                    reason: "there is no such file, only the fast tokenizer's format is read".to_owned(),
                    mend: format!(
                        "make it with `python -c \"from transformers import AutoTokenizer; AutoTokenizer.from_pretrained('{0}', use_fast=True).save_pretrained('{0}')\"`",
                        self.path.display()
                    ),
                }
            }
            error => error,
        })
    }

    pub(super) fn config(&self) -> Result<String, ModelError> {
        self.text("config.json").map_err(|error| match error {
            ModelError::Read { path, source } if source.kind() == std::io::ErrorKind::NotFound => {
                ModelError::Invalid {
                    path,
                    reason: "there is no such file".to_owned(),
                    mend: "copy config.json from the model it was exported from; callheat reads id2label, model_type and max_position_embeddings in it".to_owned(),
                }
            }
            error => error,
        })
    }

    /// A file that may be missing.
    pub(super) fn optional(&self, name: &str) -> Result<Option<String>, ModelError> {
        match self.text(name) {
            Ok(text) => Ok(Some(text)),
            Err(ModelError::Read { source, .. })
                if source.kind() == std::io::ErrorKind::NotFound =>
            {
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    fn text(&self, name: &str) -> Result<String, ModelError> {
        let bytes = read(&self.path.join(name), MOST_TEXT)?;
        let text = String::from_utf8_lossy(&bytes);
        Ok(text.trim_start_matches('\u{feff}').to_owned())
    }

    fn inside(&self, name: &str) -> Result<PathBuf, ModelError> {
        let path = PathBuf::from(name);
        let is_inside = path
            .components()
            .all(|part| matches!(part, Component::Normal(_)));
        if is_inside && !name.is_empty() {
            return Ok(path);
        }
        Err(ModelError::Invalid {
            path: self.path.join("callheat.toml"),
            reason: format!("file = {name:?} leads out of the model folder"),
            mend: "name a file inside it".to_owned(),
        })
    }

    fn find_graph(&self) -> Result<PathBuf, ModelError> {
        if let Some(found) = GRAPHS.iter().find(|name| self.path.join(name).is_file()) {
            return Ok(PathBuf::from(found));
        }
        let source = match fs::read_dir(self.path) {
            Ok(_) => std::io::Error::from(std::io::ErrorKind::NotFound),
            Err(source) => {
                let path = self.path.to_owned();
                return Err(ModelError::Folder { path, source });
            }
        };
        let mut others = self.other_graphs();
        others.sort();
        let path = self.path.join("model.onnx");
        Err(match others.as_slice() {
            [] if self.path.join("pytorch_model.bin").is_file()
                || self.path.join("model.safetensors").is_file() =>
            {
                ModelError::Invalid {
                    path,
                    reason: "there is no such file, only PyTorch weights".to_owned(),
                    mend: format!(
                        "export them with `optimum-cli export onnx --task text-classification --model {0} {0}-onnx` and use that folder",
                        self.path.display()
                    ),
                }
            }
            [] => ModelError::Read { path, source },
            others => ModelError::Invalid {
                path,
                reason: "there is no such file, but others".to_owned(),
                mend: format!(
                    "say which to use by a line at the top of callheat.toml: {}",
                    others
                        .iter()
                        .map(|name| format!("file = {name:?}"))
                        .collect::<Vec<_>>()
                        .join(" or ")
                ),
            },
        })
    }

    fn other_graphs(&self) -> Vec<String> {
        let names = ["", "onnx/"].into_iter().flat_map(|below| {
            let entries = fs::read_dir(self.path.join(below)).into_iter().flatten();
            entries.filter_map(move |entry| {
                let name = entry.ok()?.file_name().to_string_lossy().into_owned();
                Path::new(&name)
                    .extension()
                    .is_some_and(|end| end == "onnx")
                    .then(|| format!("{below}{name}"))
            })
        });
        names.collect()
    }
}

/// One component without meaning to a file system or a runtime; ONNX Runtime
/// gives names with `*` a meaning of its own.
fn is_plain_name(name: &str) -> bool {
    let mut parts = Path::new(name).components();
    matches!(
        (parts.next(), parts.next()),
        (Some(Component::Normal(_)), None)
    ) && !name.contains(['*', '/', '\\', ':'])
}

fn leaves(folder: &Path, file: &Path) -> bool {
    match (folder.canonicalize(), file.canonicalize()) {
        (Ok(folder), Ok(file)) => !file.starts_with(folder),
        // What cannot be found cannot be read either: the reader says so.
        _ => false,
    }
}

/// Reads a plain file of at most so many bytes.
fn read(path: &Path, most: u64) -> Result<Vec<u8>, ModelError> {
    let failed = |source| ModelError::Read {
        path: path.to_owned(),
        source,
    };
    let known = fs::metadata(path).map_err(failed)?;
    let invalid = |reason: String, mend: &str| ModelError::Invalid {
        path: path.to_owned(),
        reason,
        mend: mend.to_owned(),
    };
    if !known.is_file() {
        return Err(invalid(
            "it is no file".to_owned(),
            "put the file itself there",
        ));
    }
    if known.len() > most {
        return Err(invalid(
            format!(
                "{} MiB are more than the {} MiB that callheat reads",
                known.len() / MIB,
                most / MIB
            ),
            "use a smaller or quantised model",
        ));
    }
    fs::read(path).map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_lie_beside_the_graph_or_nowhere() {
        assert!(is_plain_name("model.onnx_data"));
        for name in [
            "../x",
            "/etc/passwd",
            "a/b",
            "..",
            ".",
            "",
            "a\\b",
            "C:x",
            "*/_ORT_MEM_ADDR_/*",
        ] {
            assert!(!is_plain_name(name), "{name}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_link_out_of_the_folder_is_not_followed() {
        let outside = tempfile::NamedTempFile::new().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let link = folder.path().join("model.onnx_data");
        std::os::unix::fs::symlink(outside.path(), link).unwrap();
        let names = ["model.onnx_data".to_owned()];
        let error = Folder::new(folder.path())
            .data(Path::new("model.onnx"), &names)
            .unwrap_err();
        assert!(error.to_string().contains("cp -L"), "{error}");
    }

    #[test]
    fn another_graph_is_asked_for_with_the_line_to_write() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("onnx")).unwrap();
        fs::write(folder.path().join("onnx/model_O2.onnx"), b"x").unwrap();
        let error = Folder::new(folder.path()).graph(None).unwrap_err();
        assert!(
            error.to_string().contains("file = \"onnx/model_O2.onnx\""),
            "{error}"
        );
        let error = Folder::new(folder.path()).graph(Some("../x")).unwrap_err();
        assert!(error.to_string().contains("callheat.toml"), "{error}");
    }
}

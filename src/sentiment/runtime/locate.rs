use std::env;
use std::path::{Path, PathBuf};

use crate::sentiment::error::ModelError;

/// Finds ONNX Runtime's library: the one named, `ORT_DYLIB_PATH`, beside the
/// executable, or in the active Python environment's `onnxruntime` wheel.
/// `None` when there is none; an error when a named one is missing.
pub(super) fn onnx_runtime_library(named: Option<PathBuf>) -> Result<Option<PathBuf>, ModelError> {
    let from_environment = env::var_os("ORT_DYLIB_PATH")
        .filter(|path| !path.is_empty())
        .map(PathBuf::from);
    if let Some(path) = named.or(from_environment) {
        if path.is_file() {
            return Ok(Some(path));
        }
        return Err(ModelError::OnnxRuntime {
            path,
            reason: "no such file".to_owned(),
        });
    }
    let beside = env::current_exe()
        .ok()
        .and_then(|executable| library_in(executable.parent()?));
    Ok(beside.or_else(|| {
        site_packages()
            .into_iter()
            .find_map(|site| library_in(&site.join("onnxruntime/capi")))
    }))
}

/// The searched places, for a message.
pub(super) fn places() -> String {
    "--ort-lib, ORT_DYLIB_PATH, beside the executable, the onnxruntime wheel of the active Python environment".to_owned()
}

/// The library in a folder; the highest name when there are several.
fn library_in(folder: &Path) -> Option<PathBuf> {
    let mut found: Vec<PathBuf> = std::fs::read_dir(folder)
        .ok()?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| {
            path.file_name()
                .and_then(|name| name.to_str())
                .is_some_and(is_library_name)
        })
        .collect();
    found.sort();
    found.pop()
}

fn is_library_name(name: &str) -> bool {
    name == "onnxruntime.dll"
        || name
            .strip_prefix("libonnxruntime.")
            .is_some_and(|rest| rest.starts_with("so") || rest.ends_with("dylib"))
}

/// `site-packages` of the active environment: `VIRTUAL_ENV`, `CONDA_PREFIX`,
/// else that of the first `python3` on the path.
fn site_packages() -> Vec<PathBuf> {
    let active = ["VIRTUAL_ENV", "CONDA_PREFIX"]
        .into_iter()
        .filter_map(env::var_os)
        .map(PathBuf::from);
    let mut prefixes: Vec<PathBuf> = active.collect();
    if let Some(path) = env::var_os("PATH") {
        let pythons = env::split_paths(&path)
            .map(|folder| folder.join("python3"))
            .filter(|python| python.is_file());
        let real = pythons.filter_map(|python| {
            // A virtual environment's python3 is a link: its prefix is where the link lies.
            let lies_in_environment = python.parent()?.parent()?.join("pyvenv.cfg").is_file();
            let python = if lies_in_environment {
                python
            } else {
                python.canonicalize().ok()?
            };
            Some(python.parent()?.parent()?.to_owned())
        });
        prefixes.extend(real);
    }
    prefixes
        .iter()
        .flat_map(|prefix| site_packages_of(prefix))
        .collect()
}

fn site_packages_of(prefix: &Path) -> Vec<PathBuf> {
    let mut sites = vec![prefix.join("Lib/site-packages")];
    for library in ["lib", "lib64"] {
        let Ok(entries) = std::fs::read_dir(prefix.join(library)) else {
            continue;
        };
        let mut versions: Vec<PathBuf> = entries
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(|path| {
                path.file_name()
                    .is_some_and(|name| name.to_string_lossy().starts_with("python3"))
            })
            .collect();
        versions.sort();
        for version in versions {
            sites.push(version.join("site-packages"));
            sites.push(version.join("dist-packages"));
        }
    }
    sites
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_the_library_on_every_platform() {
        for name in [
            "libonnxruntime.so",
            "libonnxruntime.so.1.31.1",
            "libonnxruntime.1.31.1.dylib",
            "onnxruntime.dll",
        ] {
            assert!(is_library_name(name), "{name}");
        }
        assert!(!is_library_name("libonnxruntime_providers_shared.so"));
    }

    #[test]
    fn a_named_library_that_is_missing_is_an_error() {
        let error =
            onnx_runtime_library(Some(PathBuf::from("/nowhere/libonnxruntime.so"))).unwrap_err();
        assert!(error.to_string().contains("/nowhere/libonnxruntime.so"));
    }
}

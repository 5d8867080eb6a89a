//! Keeps the modules in the order of the pipeline: each uses only those before it.

use std::fs;
use std::path::{Path, PathBuf};

/// The stages, in order. What a module names of `crate::` must stand before it.
const ORDER: [&str; 14] = [
    "call",
    "input",
    "text",
    "segment",
    "sentiment",
    "terms",
    "arc",
    "escalation",
    "timing",
    "heatmap",
    "report",
    "pipeline",
    "eval",
    "cli",
];

fn position(module: &str) -> usize {
    ORDER
        .iter()
        .position(|name| *name == module)
        .unwrap_or_else(|| panic!("`{module}` has no place in the pipeline"))
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}

/// Names after `crate::` and `callheat::` in code, comments left out.
fn modules_named(source: &str) -> Vec<String> {
    let code = source
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"));
    let mut named = Vec::new();
    for line in code {
        for root in ["crate::", "callheat::"] {
            for rest in line.split(root).skip(1) {
                let name: String = rest
                    .chars()
                    .take_while(|character| character.is_ascii_lowercase() || *character == '_')
                    .collect();
                if !name.is_empty() {
                    named.push(name);
                }
            }
        }
    }
    named
}

#[test]
fn a_module_uses_only_the_modules_before_it() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut checked = 0;
    for path in sources(&root) {
        let inside = path.strip_prefix(&root).unwrap();
        let module = inside
            .iter()
            .next()
            .unwrap()
            .to_string_lossy()
            .trim_end_matches(".rs")
            .to_owned();
        if module == "lib" || module == "main" {
            continue;
        }
        for used in modules_named(&fs::read_to_string(&path).unwrap()) {
            checked += 1;
            assert!(
                position(&used) <= position(&module),
                "{} uses `{used}`, which comes after `{module}` in the pipeline",
                inside.display()
            );
        }
    }
    assert!(
        checked > 50,
        "only {checked} uses found: the test no longer sees the code"
    );
}

#[test]
fn no_file_and_no_module_is_a_catch_all() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for path in sources(&root) {
        let stem = path.file_stem().unwrap().to_string_lossy().into_owned();
        assert!(
            !["utils", "util", "common", "helpers", "manager", "misc"].contains(&stem.as_str()),
            "{}",
            path.display()
        );
    }
}

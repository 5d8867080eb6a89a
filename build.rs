//! Hashes the model that goes into the binary, so that no start has to.

use std::error::Error;

use sha2::{Digest, Sha256};

const MODEL: &str = "models/default/model.onnx";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed={MODEL}");
    let model = std::fs::read(MODEL).map_err(|error| format!("{MODEL}: {error}"))?;
    println!(
        "cargo::rustc-env=CALLHEAT_MODEL_SHA256={:x}",
        Sha256::digest(model)
    );
    Ok(())
}

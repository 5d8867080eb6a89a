//! Swapping the model: little exports of every family (`fixtures/models`,
//! made by its `make.py`) through both runtimes and the command line.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use callheat::sentiment::check::{CheckOptions, check};
use callheat::sentiment::{Device, Label, Model, ModelError, RuntimeChoice, runtime};
use serde_json::{Value, json};
use tempfile::TempDir;

const GOOD: [&str; 9] = [
    "bert",
    "bert-external",
    "bert-quantised",
    "bert-probabilities",
    "roberta",
    "xlm-roberta",
    "ernie",
    "distilbert",
    "distilbert-int32",
];

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fixtures/models")
        .join(name)
}

fn callheat(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_callheat"))
        .args(arguments)
        .env("NO_COLOR", "1")
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn string(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// The runtimes that run here; says so aloud when ONNX Runtime is missing.
fn runtimes() -> Vec<&'static str> {
    let model = Model::built_in().unwrap();
    match runtime::open(&model, RuntimeChoice::OnnxRuntime, None, Device::Cpu) {
        Ok(_) => vec!["rten", "ort"],
        Err(error @ ModelError::NoOnnxRuntime { .. }) => {
            assert!(
                std::env::var_os("CALLHEAT_REQUIRE_ORT").is_none(),
                "{error}"
            );
            eprintln!("NOT TESTED with ONNX Runtime: {error}");
            vec!["rten"]
        }
        Err(error) => panic!("{error}"),
    }
}

/// A copy of a fixture that a test may change.
fn copy(name: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(fixture(name)).unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, folder.path().join(path.file_name().unwrap())).unwrap();
    }
    folder
}

/// `model check --json`: exit status and findings.
fn checked(folder: &Path, arguments: &[&str]) -> (Option<i32>, Value) {
    let output = callheat(&[&["model", "check", "--json", string(folder)], arguments].concat());
    let found = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", text(&output.stderr)));
    (output.status.code(), found)
}

fn all(found: &Value, part: &str, key: &str) -> String {
    let list = found[part].as_array().unwrap().iter();
    list.map(|item| item[key].as_str().unwrap())
        .collect::<Vec<_>>()
        .join("\n")
}

/// Asserts exit 3, one of the problems and one of the mends.
fn refused(folder: &Path, problem: &str, mend: &str) {
    let (code, found) = checked(folder, &[]);
    assert_eq!(code, Some(3), "{found:#}");
    assert_eq!(found["fits"], false);
    let problems = all(&found, "mends", "problem");
    assert!(problems.contains(problem), "no {problem:?} in: {problems}");
    let mends = all(&found, "mends", "mend");
    assert!(mends.contains(mend), "no {mend:?} in: {mends}");
    // What the check refuses, the analysis refuses too, with the same words.
    let calls = fixture("../calls/edu-1702.txt");
    for runtime in runtimes() {
        let output = callheat(&[
            "analyze",
            "--quiet",
            "--model",
            string(folder),
            "--runtime",
            runtime,
            string(&calls),
        ]);
        let message = text(&output.stderr);
        assert_eq!(output.status.code(), Some(3), "{runtime}: {message}");
        assert!(output.stdout.is_empty(), "{runtime}: {message}");
    }
}

#[test]
fn exports_of_every_family_fit_and_analyse() {
    let runtimes = runtimes();
    for name in GOOD
        .into_iter()
        .filter(|name| *name != "bert-probabilities")
    {
        let (code, found) = checked(&fixture(name), &[]);
        assert_eq!(code, Some(0), "{name}: {found:#}");
        assert_eq!(found["sha256"].as_str().unwrap().len(), 64);
        let ran = found["runtimes"].as_array().unwrap();
        assert_eq!(ran.len(), runtimes.len(), "{name}: {found:#}");
        for facts in ran {
            assert_eq!(facts["failure"], Value::Null, "{name}: {facts:#}");
            assert_eq!(facts["deterministic"], true, "{name}");
            assert_eq!(facts["constant"], false, "{name}");
            assert_eq!(facts["batch"]["accepted"], true, "{name}");
            assert!(facts["probability_error"].as_f64().unwrap() < 1e-5);
            let moved = facts["batch"]["largest_difference"].as_f64().unwrap();
            assert!(moved < 1e-3 || name == "bert-quantised", "{name}: {moved}");
        }
        if runtimes.len() == 2 {
            let apart = found["agreement"]["largest_difference"].as_f64().unwrap();
            assert!(apart < 0.02, "{name}: {apart}");
        }
        for runtime in &runtimes {
            let calls = fixture("../calls/edu-1702.txt");
            let output = callheat(&[
                "analyze",
                "--quiet",
                "--model",
                string(&fixture(name)),
                "--runtime",
                runtime,
                string(&calls),
            ]);
            let message = text(&output.stderr);
            assert_eq!(
                output.status.code(),
                Some(0),
                "{name}, {runtime}: {message}"
            );
            let heatmap: Value = serde_json::from_slice(&output.stdout).unwrap();
            assert_eq!(heatmap["model"]["sha256"], found["sha256"], "{name}");
            assert!(!heatmap["calls"][0]["turns"].as_array().unwrap().is_empty());
        }
    }
}

#[test]
fn what_a_model_is_like_is_told() {
    let of = |name: &str| checked(&fixture(name), &["--runtime", "rten"]).1;
    let inputs = |found: &Value| {
        let inputs = found["inputs"].as_array().unwrap().iter();
        inputs
            .map(|port| {
                format!(
                    "{} {}",
                    port["name"].as_str().unwrap(),
                    port["type"].as_str().unwrap()
                )
            })
            .collect::<Vec<_>>()
    };
    let bert = of("bert");
    assert_eq!(
        inputs(&bert),
        [
            "input_ids int64",
            "attention_mask int64",
            "token_type_ids int64"
        ]
    );
    assert_eq!(
        bert["length"],
        json!({"max_length": 64, "head": 64, "tail": 0, "positions": 66, "position_rows": 66})
    );
    assert_eq!(bert["tokenizer"]["ids"], bert["tokenizer"]["embeddings"]);
    assert!(all(&bert, "warnings", "problem").is_empty(), "{bert:#}");
    let int32 = of("distilbert-int32");
    assert_eq!(inputs(&int32), ["input_ids int32", "attention_mask int32"]);
    let meanings: Vec<&str> = int32["labels"]
        .as_array()
        .unwrap()
        .iter()
        .map(|l| l["meaning"].as_str().unwrap())
        .collect();
    assert_eq!(
        meanings,
        ["negative", "negative", "neutral", "positive", "positive"]
    );
    assert_eq!(
        of("xlm-roberta")["labels"][0],
        json!({"name": "差评", "meaning": "negative"})
    );
    let ernie = of("ernie");
    assert!(inputs(&ernie).contains(&"task_type_ids int64".to_owned()));
    assert_eq!(
        ernie["labels"][2],
        json!({"name": "积极", "meaning": "positive"})
    );
    // RoBERTa keeps two positions for itself.
    assert_eq!(of("roberta")["length"]["positions"], 64);
    let file = of("bert-quantised");
    assert!(
        file["file"]
            .as_str()
            .unwrap()
            .ends_with("model_quantized.onnx")
    );
    assert_eq!(file["dynamically_quantised"], true);
    let external = of("bert-external");
    let graph = fs::metadata(fixture("bert-external").join("model.onnx"))
        .unwrap()
        .len();
    assert!(
        external["bytes"].as_u64().unwrap() > graph,
        "the weights beside it count"
    );

    let output = callheat(&[
        "model",
        "check",
        "--runtime",
        "rten",
        string(&fixture("bert")),
        "default",
    ]);
    assert_eq!(output.status.code(), Some(0));
    let shown = text(&output.stdout);
    for part in [
        "token_type_ids int64",
        "SHA-256",
        "deterministic",
        "64 tokens",
        "callheat-zh-small",
        "it fits",
    ] {
        assert!(shown.contains(part), "no {part:?} in:\n{shown}");
    }
}

#[test]
fn models_that_do_not_fit_are_refused_with_the_mend() {
    refused(&fixture("bad-nan"), "NaN", "--dtype fp32");
    refused(&fixture("bad-constant"), "constant output", "train it");
    refused(
        &fixture("bad-vision"),
        "vision model",
        "--task text-classification",
    );
    refused(
        &fixture("bad-token-classification"),
        "every token",
        "--task text-classification",
    );
    refused(&fixture("bad-layout"), "`bbox`", "takes nothing else");
    refused(
        &fixture("bad-operator"),
        "example.custom.Secret",
        "custom operators",
    );
    refused(
        &fixture("bad-data-path"),
        "../secret.bin",
        "beside model.onnx",
    );
    refused(&fixture("bad-vocabulary"), "embeddings", "tokenizer.json");
}

#[test]
fn what_is_missing_from_a_folder_is_asked_for() {
    let without = |file: &str| {
        let folder = copy("bert");
        fs::remove_file(folder.path().join(file)).unwrap();
        folder
    };
    refused(
        without("tokenizer.json").path(),
        "tokenizer.json",
        "use_fast=True",
    );
    refused(
        without("config.json").path(),
        "config.json",
        "copy config.json",
    );
    refused(
        without("model.onnx").path(),
        "model.onnx",
        "optimum-cli export onnx",
    );
    refused(Path::new("/nowhere"), "/nowhere", "model.onnx");

    let folder = copy("bert");
    fs::rename(
        folder.path().join("model.onnx"),
        folder.path().join("model_O2.onnx"),
    )
    .unwrap();
    refused(folder.path(), "but others", "file = \"model_O2.onnx\"");
    fs::write(
        folder.path().join("callheat.toml"),
        "file = \"model_O2.onnx\"\n",
    )
    .unwrap();
    assert_eq!(checked(folder.path(), &[]).0, Some(0));

    let folder = copy("bert");
    fs::write(
        folder.path().join("model.onnx"),
        "version https://git-lfs.github.com/spec/v1\n",
    )
    .unwrap();
    refused(folder.path(), "no ONNX model", "Git LFS");
    fs::write(folder.path().join("tokenizer.json"), "{}").unwrap();
    fs::write(folder.path().join("config.json"), "[]").unwrap();
    refused(folder.path(), "not a model configuration", "optimum-cli");

    let folder = copy("bert");
    fs::create_dir(folder.path().join("onnx")).unwrap();
    fs::rename(
        folder.path().join("model.onnx"),
        folder.path().join("onnx/model.onnx"),
    )
    .unwrap();
    assert_eq!(
        checked(folder.path(), &[]).0,
        Some(0),
        "optimum's variants lie in onnx/"
    );
}

#[test]
fn an_unknown_mapping_is_asked_for_by_the_lines_that_mend_it() {
    let folder = copy("roberta");
    fs::remove_file(folder.path().join("callheat.toml")).unwrap();
    // transformers leaves id2label out when it is LABEL_0, LABEL_1.
    let config = fs::read_to_string(folder.path().join("config.json")).unwrap();
    assert!(!config.contains("id2label"));
    refused(
        folder.path(),
        "LABEL_0, LABEL_1",
        "\"LABEL_0\" = \"negative\"",
    );
    let (_, found) = checked(folder.path(), &[]);
    assert!(
        !found["runtimes"].as_array().unwrap().is_empty(),
        "it goes on after the mapping"
    );
    // The printed lines, written as they are, mend it.
    let mend = all(&found, "mends", "mend");
    let lines = mend.split_once('\n').unwrap().1;
    fs::write(folder.path().join("callheat.toml"), lines).unwrap();
    assert_eq!(checked(folder.path(), &[]).0, Some(0), "{lines}");
    // The other way round, the probes show it.
    let reversed = "[labels]\nLABEL_0 = \"positive\"\nLABEL_1 = \"negative\"\n";
    fs::write(folder.path().join("callheat.toml"), reversed).unwrap();
    let (code, found) = checked(folder.path(), &[]);
    assert_eq!(code, Some(0));
    let warnings = all(&found, "warnings", "mend");
    assert!(
        warnings.contains("\"LABEL_0\" = \"negative\""),
        "{warnings}"
    );
}

#[test]
fn everything_that_is_wrong_is_listed_at_once() {
    let folder = copy("bad-nan");
    fs::write(
        folder.path().join("callheat.toml"),
        "max_length = 4096\ntemperature = -1.0\n",
    )
    .unwrap();
    let config = fs::read_to_string(folder.path().join("config.json")).unwrap();
    let mut config: Value = serde_json::from_str(&config).unwrap();
    config["id2label"] = json!({"0": "A", "1": "B", "2": "C"});
    fs::write(folder.path().join("config.json"), config.to_string()).unwrap();
    let (code, found) = checked(folder.path(), &["--runtime", "rten"]);
    assert_eq!(code, Some(3));
    let problems = all(&found, "mends", "problem");
    for part in ["A, B, C", "temperature", "max_length is 4096", "NaN"] {
        assert!(problems.contains(part), "no {part:?} in:\n{problems}");
    }
    assert!(all(&found, "mends", "mend").contains("max_length = 66"));
    let shown = text(&callheat(&["model", "check", string(folder.path())]).stdout);
    assert!(
        shown.contains("mend 4:") && shown.contains("cannot be used"),
        "{shown}"
    );
}

#[test]
fn an_output_for_escalation_that_is_missing_is_refused() {
    let folder = copy("bert");
    fs::write(
        folder.path().join("callheat.toml"),
        "[escalation]\noutput = \"threat\"\n",
    )
    .unwrap();
    refused(
        folder.path(),
        "no output `threat`",
        "correct escalation.output",
    );
}

#[test]
fn an_output_for_phrases_that_is_none_is_refused() {
    for (output, problem) in [
        ("token_logits", "no output `token_logits`"),
        ("logits", "output `logits` is float32"),
    ] {
        let folder = copy("bert");
        let toml = format!("[phrases]\noutput = \"{output}\"\ncategories = [\"fee\"]\n");
        fs::write(folder.path().join("callheat.toml"), toml).unwrap();
        refused(folder.path(), problem, "phrases");
    }
}

#[test]
fn an_export_with_softmax_is_mended_by_one_line() {
    let folder = copy("bert-probabilities");
    let (code, found) = checked(folder.path(), &["--runtime", "rten"]);
    assert_eq!(code, Some(3), "{found:#}");
    assert!(all(&found, "mends", "mend").contains("output = \"probabilities\""));
    fs::write(
        folder.path().join("callheat.toml"),
        "output = \"probabilities\"\n",
    )
    .unwrap();
    let (code, mended) = checked(folder.path(), &["--runtime", "rten"]);
    assert_eq!(code, Some(0), "{mended:#}");
    let plain = check(
        Some(&fixture("bert")),
        &CheckOptions {
            runtime: RuntimeChoice::Rten,
            ort_lib: None,
        },
    );
    for (mended, plain) in mended["runtimes"][0]["probes"]
        .as_array()
        .unwrap()
        .iter()
        .zip(&plain.runtimes[0].probes)
    {
        let valence = mended["score"]["valence"].as_f64().unwrap();
        assert!((valence - f64::from(plain.score.valence)).abs() < 1e-4);
    }
}

fn write(folder: &TempDir, name: &str, content: &str) -> PathBuf {
    let path = folder.path().join(name);
    fs::write(&path, content).unwrap();
    path
}

#[test]
fn models_are_measured_side_by_side() {
    let folder = tempfile::tempdir().unwrap();
    let data = write(
        &folder,
        "data.jsonl",
        concat!(
            "{\"text\":\"你们又乱扣费太过分了\",\"label\":\"negative\"}\n",
            "{\"text\":\"我想查一下这个月的账单\",\"label\":\"neutral\"}\n",
            "no json\n",
            "{\"text\":\"太好了问题解决了非常感谢\",\"label\":\"positive\"}\n",
            "{\"call_id\":\"c\",\"turns\":[{\"speaker\":\"agent\",\"text\":\"您好\"},",
            "{\"speaker\":\"customer\",\"text\":\"气死我了赶紧给我退款\",\"valence\":-2},",
            "{\"speaker\":\"customer\",\"text\":\"这次的体验特别好\",\"valence\":1}]}\n",
        ),
    );
    let arguments = [
        "model",
        "eval",
        "--runtime",
        "rten",
        "--threads",
        "1",
        "--data",
        string(&data),
    ];
    let models = [fixture("bert"), fixture("distilbert")];
    let models: Vec<&str> = models
        .iter()
        .map(|path| string(path))
        .chain(["default"])
        .collect();
    let output = callheat(&[&arguments, models.as_slice(), &["--json"]].concat());
    let message = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{message}");
    assert!(
        message.contains("data.jsonl:3:") && !message.contains("no json"),
        "{message}"
    );
    assert_eq!(message.matches("data.jsonl:3:").count(), 1, "{message}");
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (found["texts"].as_u64(), found["groups"].as_u64()),
        (Some(5), Some(4))
    );
    assert_eq!(found["counts"], json!([2, 1, 2]));
    let measured = found["models"].as_array().unwrap();
    assert_eq!(measured.len(), 3);
    assert_eq!(measured[0]["difference"], Value::Null);
    assert_eq!(measured[2]["folder"], "default");
    for model in measured {
        assert!(model["turns_per_second"].as_f64().unwrap() > 0.0);
        assert!(
            model["accuracy"]["value"].as_f64().unwrap() >= 0.8,
            "{model:#}"
        );
        assert!(!model["spearman"].is_null());
        if cfg!(target_os = "linux") {
            assert!(model["peak_bytes"].as_u64().unwrap() > 1_000_000);
        }
    }
    assert!(measured[1]["difference"]["macro_f1"]["value"].is_number());

    let shown = text(&callheat(&[&arguments, models.as_slice()].concat()).stdout);
    for part in [
        "macro-F1",
        "negative P / R / F1",
        "peak memory",
        "to the first: accuracy",
        "gold \\ found",
    ] {
        assert!(shown.contains(part), "no {part:?} in:\n{shown}");
    }
    let output = callheat(&[
        "model",
        "eval",
        "--data",
        string(&data),
        string(&fixture("bad-nan")),
    ]);
    assert_eq!(output.status.code(), Some(3));
    assert!(
        text(&output.stderr).contains("NaN"),
        "{}",
        text(&output.stderr)
    );
}

#[test]
fn speed_is_told_with_the_machine() {
    let output = callheat(&[
        "model",
        "bench",
        "--json",
        "--seconds",
        "0.01",
        "--threads",
        "2",
        string(&fixture("bert")),
    ]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(found["machine"]["cores"].as_u64().unwrap() >= 1);
    let ran = found["models"][0]["runtimes"].as_array().unwrap();
    assert_eq!(ran.len(), runtimes().len());
    for runtime in ran {
        let speeds = runtime["speeds"].as_array().unwrap();
        let lengths: Vec<u64> = speeds
            .iter()
            .map(|speed| speed["tokens"].as_u64().unwrap())
            .collect();
        assert_eq!(
            (lengths[0], lengths[lengths.len() - 1], lengths.len()),
            (8, 64, 12)
        );
        for speed in speeds {
            assert!(speed["one_thread"].as_f64().unwrap() > 0.0);
            assert!(speed["all_threads"].as_f64().unwrap() > 0.0);
        }
    }
    let shown = callheat(&[
        "model",
        "bench",
        "--seconds",
        "0.01",
        "--runtime",
        "rten",
        string(&fixture("bert")),
    ]);
    assert!(
        text(&shown.stdout).contains("cores"),
        "{}",
        text(&shown.stdout)
    );
    assert_eq!(
        callheat(&["model", "bench", "--seconds", "0"])
            .status
            .code(),
        Some(3)
    );
}

/// The lines of a review of the first call: a turn accepted and one corrected,
/// the risk and the terms of a turn accepted, and a line that is none.
fn review_lines(heatmap: &Path) -> Vec<String> {
    let analysed: Value = serde_json::from_slice(&fs::read(heatmap).unwrap()).unwrap();
    let call = &analysed["calls"][0];
    let id = &call["call_id"];
    let line = |finding: Value, verdict: &str, corrected: Value| {
        json!({"call_id": id, "finding": finding, "verdict": verdict, "corrected": corrected, "note": ""}).to_string()
    };
    let turns = call["turns"].as_array().unwrap();
    let customer: Vec<&Value> = turns
        .iter()
        .filter(|turn| turn["speaker"] == "customer")
        .collect();
    let turn = |turn: &Value| json!({"kind": "turn", "turn": turn["index"], "label": turn["label"], "text": turn["text"], "speaker": "customer"});
    let other = |label: &Value| {
        if label == "negative" {
            "positive"
        } else {
            "negative"
        }
    };
    let mut lines = vec![
        line(turn(customer[0]), "accept", Value::Null),
        line(
            turn(customer[1]),
            "correct",
            json!(other(&customer[1]["label"])),
        ),
        line(
            json!({"kind": "risk", "label": call["escalation"]["level"]}),
            "accept",
            Value::Null,
        ),
        line(json!({"kind": "call"}), "accept", Value::Null),
        "{\"finding\":1}".to_owned(),
    ];
    let with_term = turns
        .iter()
        .find(|turn| !turn["terms"].as_array().unwrap().is_empty())
        .unwrap();
    for term in with_term["terms"].as_array().unwrap() {
        let finding = json!({"kind": "term", "turn": with_term["index"], "label": term["category"], "term": term["term"], "span": term["span"]});
        lines.push(line(finding, "accept", Value::Null));
    }
    lines
}

#[test]
fn a_review_of_the_page_is_gold_for_the_findings_and_for_the_model() {
    let folder = tempfile::tempdir().unwrap();
    let heatmap = folder.path().join("heatmap.json");
    let calls = fixture("../calls/edu-1702.txt");
    let output = callheat(&[
        "analyze",
        "--quiet",
        "--runtime",
        "rten",
        "-o",
        string(&heatmap),
        string(&calls),
    ]);
    assert_eq!(output.status.code(), Some(0));
    let lines = review_lines(&heatmap);
    let review = write(&folder, "review.jsonl", &lines.join("\n"));

    let output = callheat(&[
        "eval",
        "--quiet",
        "--runtime",
        "rten",
        "--json",
        string(&review),
    ]);
    assert_eq!(output.status.code(), Some(3));
    assert!(
        text(&output.stderr).contains("--heatmap"),
        "{}",
        text(&output.stderr)
    );
    let output = callheat(&[
        "eval",
        "--quiet",
        "--runtime",
        "rten",
        "--json",
        string(&review),
        "--heatmap",
        string(&heatmap),
    ]);
    assert_eq!(output.status.code(), Some(2), "{}", text(&output.stderr));
    assert!(text(&output.stderr).contains("review.jsonl:5:"));
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(found["turns"]["turns"], 2);
    let confusion = found["turns"]["confusion"].as_array().unwrap();
    let right: u64 = (0..3).map(|at| confusion[at][at].as_u64().unwrap()).sum();
    assert_eq!(right, 1, "one was accepted, one corrected");
    assert!((found["terms"]["matches"]["f1"]["value"].as_f64().unwrap() - 1.0).abs() < 1e-9);
    assert!((found["risk"]["level_accuracy"]["value"].as_f64().unwrap() - 1.0).abs() < 1e-9);

    let output = callheat(&[
        "model",
        "eval",
        "--runtime",
        "rten",
        "--json",
        "--data",
        string(&review),
    ]);
    assert_eq!(output.status.code(), Some(2), "{}", text(&output.stderr));
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(found["texts"], 2);
    let right = found["models"][0]["accuracy"]["value"].as_f64().unwrap();
    assert!(
        (right - 0.5).abs() < 1e-9 || found["binary"] == true,
        "{found:#}"
    );
}

#[test]
fn the_built_in_model_and_its_folder_are_the_same_model() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("models/default");
    let (code, built_in) = checked(Path::new("default"), &["--runtime", "rten"]);
    assert_eq!(code, Some(0), "{built_in:#}");
    let (code, from_folder) = checked(&folder, &["--runtime", "rten"]);
    assert_eq!(code, Some(0), "{from_folder:#}");
    for part in ["sha256", "bytes", "labels", "inputs"] {
        assert_eq!(built_in[part], from_folder[part]);
    }
    assert_eq!(
        Model::from_folder(&folder).unwrap().config().labels.classes[0],
        Label::Negative
    );
}

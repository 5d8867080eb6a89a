//! Invented calls in any number, no turn twice, and the program to run on them.

#![allow(dead_code, reason = "each test uses its part")]

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const CUSTOMER: [&str; 8] = [
    "我第{n}次打电话了，宽带还是断的",
    "你们上个月多扣了我{n}块钱，我要退款",
    "等了{n}天没有人联系我，太不像话了",
    "好的，那我{n}号再看看",
    "再不处理我就去工信部投诉，单子是{n}",
    "谢谢，工号{n}服务态度很好",
    "我想问一下{n}元的套餐怎么办理",
    "说好{n}点上门，到现在也没有来",
];
const AGENT: [&str; 4] = [
    "您好，您的工单{n}我马上帮您查",
    "非常抱歉，第{n}号师傅已经出发",
    "请您稍等{n}分钟",
    "感谢来电，请按{n}评价",
];

/// So many calls of ten turns, one a line in the native form.
pub fn calls(count: usize) -> String {
    let mut lines = String::new();
    for call in 0..count {
        let mut turns = String::new();
        for turn in 0..10 {
            let number = (call * 10 + turn).to_string();
            let (speaker, phrase) = if turn % 2 == 0 {
                ("customer", CUSTOMER[(call * 3 + turn) % CUSTOMER.len()])
            } else {
                ("agent", AGENT[(call + turn) % AGENT.len()])
            };
            let comma = if turn == 0 { "" } else { "," };
            let text = phrase.replace("{n}", &number);
            let start = turn * 4000;
            let _ = write!(
                turns,
                r#"{comma}{{"speaker":"{speaker}","start_ms":{start},"text":"{text}"}}"#
            );
        }
        let started = format!("2024-05-{:02}", call % 28 + 1);
        let _ = writeln!(
            lines,
            r#"{{"call_id":"g{call}","meta":{{"started_at":"{started}","ratio":0.{call}7}},"turns":[{turns}]}}"#
        );
    }
    lines
}

/// A file with so many calls.
pub fn calls_file(folder: &Path, count: usize) -> PathBuf {
    let path = folder.join(format!("{count}.jsonl"));
    fs::write(&path, calls(count)).unwrap();
    path
}

/// `callheat analyze` on the built-in runtime.
pub fn analyze() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_callheat"));
    command
        .args(["analyze", "--runtime", "rten"])
        .env_remove("ORT_DYLIB_PATH")
        .env("NO_COLOR", "1");
    command
}

/// The names of a folder's files, hidden ones included.
pub fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

"""Measures callheat and its rivals on the same transcripts, one after the other, and prints a table of ratios."""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from transcripts import ROOT, make

HERE = Path(__file__).resolve().parent
RIVALS = {
    "jieba + onnxruntime, batches of 32": ("onnxruntime_pipeline.py", ("jieba", "onnxruntime", "tokenizers")),
    "jieba + transformers, batches of 32": ("transformers_pipeline.py", ("jieba", "torch", "transformers")),
    "SnowNLP": ("snownlp_pipeline.py", ("snownlp",)),
}


@dataclass(frozen=True)
class Measured:
    """One finished process: seconds of wall time, peak resident memory in MiB."""

    seconds: float
    memory: float


def run(command: list) -> Measured:
    """Runs a command to its end; its own peak memory comes from wait4."""
    started = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    errors = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - started
    if status:
        sys.exit(f"{command[0]} failed:\n{errors.decode(errors='replace')[-2000:]}")
    return Measured(seconds, usage.ru_maxrss / 1024)


def machine() -> str:
    """Processor and cores, as the kernel says."""
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    name = next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), "unknown processor")
    return f"{name}, {len(os.sched_getaffinity(0))} cores"


def turns_of(path: Path) -> int:
    """Number of turns of a JSONL file of calls."""
    with open(path, encoding="utf-8") as lines:
        return sum(len(json.loads(line)["turns"]) for line in lines)


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("calls", nargs="?", type=Path, help="native JSONL; default: fixtures with distinct texts")
    parser.add_argument("--number", type=int, default=400, help="calls to make without a file (default: 400)")
    parser.add_argument("--callheat", type=Path, default=ROOT / "target/release/callheat")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        calls, one = Path(folder) / "calls.jsonl", Path(folder) / "one.jsonl"
        if arguments.calls:
            calls = arguments.calls
        else:
            make(arguments.callheat, calls, arguments.number)
        call = {"call_id": "c", "turns": [{"speaker": "agent", "text": "您好请讲"},
                                          {"speaker": "customer", "text": "你们又乱扣费"}]}
        one.write_text(json.dumps(call, ensure_ascii=False) + "\n", encoding="utf-8")
        turns = turns_of(calls)
        out = ["--quiet", "--format", "jsonl", "-o", Path(folder) / "heatmap.jsonl"]
        programs = {
            "callheat, ONNX Runtime": [arguments.callheat, "analyze", "--runtime", "ort", *out],
            "callheat, built-in runtime": [arguments.callheat, "analyze", "--runtime", "rten", *out],
        }
        missing = {}
        for name, (script, needs) in RIVALS.items():
            absent = [module for module in needs if find_spec(module) is None]
            if absent:
                missing[name] = ", ".join(absent)
            else:
                programs[name] = [sys.executable, HERE / script]
        measured = {}
        for name, command in programs.items():
            run([*command, one])  # files into the page cache
            start = min((run([*command, one]) for _ in range(3)), key=lambda one: one.seconds)
            measured[name] = (start, run([*command, calls]))
    print(f"{turns} turns; {machine()}\n")
    print("| | turns/s | callheat is | start-up | peak memory | callheat needs |\n|---|---|---|---|---|---|")
    _, base = measured["callheat, ONNX Runtime"]
    for name, (start, whole) in measured.items():
        faster, smaller = whole.seconds / base.seconds, base.memory / whole.memory
        print(f"| {name} | {turns / whole.seconds:.0f} | {faster:.2f} × as fast | {start.seconds:.2f} s "
              f"| {whole.memory:.0f} MiB | {smaller:.2f} of it |")
    for name, modules in missing.items():
        print(f"\nnot measured: {name} (not installed: {modules})")


if __name__ == "__main__":
    main()

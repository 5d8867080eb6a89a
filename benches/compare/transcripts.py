"""Transcripts for the comparison, and how the rivals read them."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BATCH = 32


def read(path: str) -> Iterator[dict]:
    """Calls of a JSONL file, one at a time."""
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def batches(calls: Iterator[dict]) -> Iterator[list[dict]]:
    """The turns of all calls, in order, 32 at a time."""
    batch = []
    for call in calls:
        for turn in call["turns"]:
            batch.append(turn)
            if len(batch) == BATCH:
                yield batch
                batch = []
    if batch:
        yield batch


def lexicon() -> set[str]:
    """The words of callheat's lexicon: first column of its tables."""
    words = set()
    for table in sorted((ROOT / "src/terms/lexicon").glob("*.tsv")):
        for line in table.read_text(encoding="utf-8").splitlines():
            if line and not line.startswith("#"):
                words.add(line.split("\t")[0])
    return words


def make(binary: Path, path: Path, calls: int) -> int:
    """Writes so many calls made of the fixtures, every text distinct; returns the number of turns."""
    shown = subprocess.run(
        [binary, "analyze", ROOT / "fixtures/calls", "--quiet", "--format", "jsonl"],
        check=True, capture_output=True, text=True,
    )
    source = [json.loads(line) for line in shown.stdout.splitlines()[:-1]]
    turns = 0
    with open(path, "w", encoding="utf-8") as out:
        for number in range(calls):
            call = source[number % len(source)]
            made = []
            for turn in call["turns"]:
                made.append({"speaker": turn["speaker"], "text": f"{turn['text']}{turns}"})
                turns += 1
            out.write(json.dumps({"call_id": f"call-{number}", "turns": made}, ensure_ascii=False) + "\n")
    return turns

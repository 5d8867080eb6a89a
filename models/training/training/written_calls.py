"""Whole calls written for this project, in a short form that is easy to write and to review.

    == id | industry | scenario | risk (low, medium, high) | outcome
    a 0 您好，请讲
    c -2!v 我{delay|等了四十分钟}，再不处理我打12315

A turn is its speaker (`a` agent, `c` customer), valence (-2..2), flags and text. Flags: `!` the turn escalates, `v` or
`^` a deterioration or recovery begins here. `{category|phrase}` marks a complaint phrase.

`python -m training.written_calls FILE...` prints what is wrong and how the labels are spread;
with `--jsonl OUT` it also writes the calls as gold calls.
"""

import argparse
import json
import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from .settings import CATEGORIES

_TURN = re.compile(r"([ac]) (-?[0-2])([!v^]*) (.+)")
_PHRASE = re.compile(r"\{([a-z]+)\|([^{}|]+)\}")
_SPEAKERS = {"a": "agent", "c": "customer"}
_DIRECTIONS = {"v": "deterioration", "^": "recovery"}
RISKS = ("low", "medium", "high")
LONGEST_PHRASE = 12


def _turn(line: str) -> tuple[dict, str]:
    found = _TURN.fullmatch(line)
    if not found:
        raise ValueError("write `a 0 text` or `c -1!v text`")
    speaker, valence, flags, marked = found.groups()
    text, terms, end = "", [], 0
    for phrase in _PHRASE.finditer(marked):
        text += marked[end : phrase.start()]
        if phrase[1] not in CATEGORIES:
            raise ValueError(f"no category is called {phrase[1]}; use {', '.join(CATEGORIES)}")
        if len(phrase[2]) > LONGEST_PHRASE:
            raise ValueError(f"a phrase has at most {LONGEST_PHRASE} characters: {phrase[2]}")
        terms.append({"term": phrase[2], "category": phrase[1]})
        text, end = text + phrase[2], phrase.end()
    text += marked[end:]
    if "{" in text or "}" in text or "|" in text:
        raise ValueError("mark a phrase as {category|phrase}")
    if speaker == "a" and (terms or flags):
        raise ValueError("an agent's turn has neither phrases nor flags")
    turn = {"speaker": _SPEAKERS[speaker], "text": text.strip(), "valence": int(valence)}
    if speaker == "c":
        turn |= {"terms": terms, "escalation": "!" in flags}
    return turn, flags


def read(path: Path, problems: list[str] | None = None) -> Iterator[dict]:
    """The calls of a file in the native form with gold labels; a bad line raises, or is told in `problems`."""
    call: dict | None = None
    for number, raw in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        try:
            if line.startswith("=="):
                if call:
                    yield call
                call = None
                parts = [part.strip() for part in line.lstrip("= ").split("|")]
                if len(parts) != 5 or parts[3] not in RISKS:
                    raise ValueError("write `== id | industry | scenario | low, medium or high | outcome`")
                keys = ("call_id", "industry", "scenario", "risk", "outcome")
                call = dict(zip(keys, parts, strict=True)) | {"turns": [], "turning_points": []}
                continue
            if call is None:
                raise ValueError("begin a call with `==`")
            turn, flags = _turn(line)
            call["turning_points"] += [
                {"turn": len(call["turns"]), "direction": _DIRECTIONS[flag]} for flag in flags if flag in _DIRECTIONS
            ]
            call["turns"].append(turn)
        except ValueError as error:
            told = f"{path}:{number}: {error}"
            if problems is None:
                raise ValueError(told) from error
            problems.append(told)
    if call:
        yield call


def _doubts(call: dict) -> Iterator[str]:
    """What a second look should be taken at: a shift of level without a flag, or the other way round."""
    flagged = {p["turn"]: p["direction"] for p in call["turning_points"]}
    customer = [(i, t["valence"]) for i, t in enumerate(call["turns"]) if t["speaker"] == "customer"]
    for place, (index, valence) in enumerate(customer):
        before = [v for _, v in customer[max(0, place - 2) : place]]
        after = [v for _, v in customer[place + 1 : place + 2]]
        direction = flagged.get(index)
        if direction and not before:
            yield f"{call['call_id']} turn {index}: a turning point in the customer's first turn"
        elif direction and (valence - max(before) >= 0 if direction == "deterioration" else valence - min(before) <= 0):
            yield f"{call['call_id']} turn {index}: {direction} does not fit the valences"
        elif not direction and len(before) == 2 and after and max(before) <= -1 and min(valence, *after) >= 1:
            yield f"{call['call_id']} turn {index}: a lasting rise without ^"
        elif not direction and len(before) == 2 and after and min(before) >= 0 and max(valence, *after) <= -2:
            yield f"{call['call_id']} turn {index}: a lasting fall without v"
    if not customer:
        yield f"{call['call_id']}: the customer says nothing"


def main() -> None:
    """Checks files and tells how the labels are spread."""
    parser = argparse.ArgumentParser(prog="python -m training.written_calls", description=__doc__)
    parser.add_argument("files", type=Path, nargs="+")
    parser.add_argument("--jsonl", type=Path, help="write the calls as gold calls")
    options = parser.parse_args()
    problems: list[str] = []
    calls = [call for path in options.files for call in read(path, problems)]
    problems += [f"{name} stands twice" for name, n in Counter(c["call_id"] for c in calls).items() if n > 1]
    customer = [t for c in calls for t in c["turns"] if t["speaker"] == "customer"]
    spread = Counter(t["valence"] for t in customer)
    terms = Counter(m["category"] for t in customer for m in t["terms"])
    with_terms = Counter(t["valence"] for t in customer if t["terms"])
    print(f"{len(calls)} calls, {sum(len(c['turns']) for c in calls)} turns, {len(customer)} of the customer")
    for value in range(-2, 3):
        share, marked = spread[value] / max(1, len(customer)), with_terms[value] / max(1, spread[value])
        print(f"valence {value:2d}: {share:.0%} of the turns, {marked:.0%} of them with phrases")
    print("phrases:", dict(terms.most_common()))
    print("risk:", dict(Counter(c["risk"] for c in calls)), "escalating turns:", sum(t["escalation"] for t in customer))
    print("turning points:", dict(Counter(p["direction"] for c in calls for p in c["turning_points"])))
    print("characters of a customer's turn:", round(sum(len(t["text"]) for t in customer) / max(1, len(customer)), 1))
    for doubt in (doubt for call in calls for doubt in _doubts(call)):
        print("look again:", doubt)
    for problem in problems:
        print("wrong:", problem)
    if options.jsonl:
        with options.jsonl.open("w", encoding="utf-8") as out:
            out.writelines(json.dumps(call, ensure_ascii=False) + "\n" for call in calls)
    sys.exit(bool(problems))


if __name__ == "__main__":
    main()

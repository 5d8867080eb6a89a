"""Measuring a model folder through ONNX Runtime, one text a run, as callheat does."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import onnxruntime
from scipy.stats import spearmanr
from sklearn.metrics import confusion_matrix, f1_score
from tokenizers import Tokenizer

from .corpus import Record
from .fit import cut
from .settings import MAX_TOKENS, SEED

RESAMPLES = 1000
BINS = 10


class Scorer:
    """A loaded ONNX model with its tokenizer."""

    def __init__(self, model: Path, tokenizer: Path) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
        self._tokenizer = Tokenizer.from_file(str(tokenizer))

    def __call__(self, texts: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        """Logits [n, 3] and valence [n], one text a run: no batch-mates, no padding."""
        logits, valence = np.zeros((len(texts), 3)), np.zeros(len(texts))
        for i, text in enumerate(texts):
            ids = np.array([cut(self._tokenizer.encode(text).ids, MAX_TOKENS)], np.int64)
            found, graded = self._session.run(
                ["logits", "valence"], {"input_ids": ids, "attention_mask": np.ones_like(ids)}
            )
            logits[i], valence[i] = found[0], graded[0]
        return logits, valence


def probabilities(logits: np.ndarray) -> np.ndarray:
    """Softmax over the last axis."""
    powers = np.exp(logits - logits.max(1, keepdims=True))
    return powers / powers.sum(1, keepdims=True)


def _interval(groups: Sequence[str], measure: Callable[[np.ndarray], float]) -> list[float]:
    """95 % bootstrap interval of a measure of row numbers, whole dialogues redrawn."""
    rng = np.random.default_rng(SEED)
    members: dict[str, list[int]] = {}
    for i, group in enumerate(groups):
        members.setdefault(group, []).append(i)
    parts = [np.array(rows) for rows in members.values()]
    values = [
        measure(np.concatenate([parts[j] for j in rng.integers(len(parts), size=len(parts))])) for _ in range(RESAMPLES)
    ]
    return [round(float(v), 3) for v in np.nanpercentile(values, [2.5, 97.5])]


def calibration(chances: np.ndarray, labels: np.ndarray) -> dict:
    """Expected calibration error over ten bins of the winning class's probability, and the bins."""
    confidence, right = chances.max(1), chances.argmax(1) == labels
    error, table = 0.0, []
    for low in np.arange(BINS) / BINS:
        inside = (confidence > low) & (confidence <= low + 1 / BINS)
        if inside.any():
            stated, found = confidence[inside].mean(), right[inside].mean()
            error += inside.mean() * abs(stated - found)
            table.append(
                {
                    "from": round(float(low), 1),
                    "count": int(inside.sum()),
                    "stated": round(float(stated), 3),
                    "right": round(float(found), 3),
                }
            )
    return {"ece": round(float(error), 3), "bins": table}


def figures(records: Sequence[Record], logits: np.ndarray, valence: np.ndarray) -> dict:
    """All figures of one set; binary sets read the higher of negative and positive."""
    labels = np.array([r.label for r in records])
    groups = [r.group for r in records]
    if records[0].binary:
        right = (logits[:, 2] > logits[:, 0]) == (labels == 2)
        return {
            "count": len(records),
            "accuracy": round(float(right.mean()), 3),
            "interval": _interval(groups, lambda rows: right[rows].mean()),
        }
    chosen = logits.argmax(1)
    macro = lambda rows: f1_score(labels[rows], chosen[rows], average="macro")  # noqa: E731
    result = {
        "count": len(records),
        "dialogues": len(set(groups)),
        "macro_f1": round(float(macro(np.arange(len(labels)))), 3),
        "interval": _interval(groups, macro),
        "per_class": [round(float(v), 3) for v in f1_score(labels, chosen, average=None, labels=[0, 1, 2])],
        "confusion": confusion_matrix(labels, chosen, labels=[0, 1, 2]).tolist(),
        "calibration": calibration(probabilities(logits), labels),
    }
    if records[0].valence is not None:
        gold = np.array([r.valence for r in records])
        rank = lambda rows: spearmanr(valence[rows], gold[rows])[0]  # noqa: E731
        result["spearman"] = round(float(rank(np.arange(len(gold)))), 3)
        result["spearman_interval"] = _interval(groups, rank)
    return result

"""Joining the deep encoder and the wide experts: the weight of each part in each domain."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from scipy.optimize import minimize

from .corpus import Record
from .encoder import Classifier
from .fit import MASKED, device, padded

# Weights that are usual (deep, wide, and both for the grade), and what it costs to go away from them.
USUAL, PENALTY = (0.5, 0.5, 0.8, 0.0), 0.02
SIGNS = np.array([-1.0, 0.0, 1.0])


@dataclass(frozen=True)
class Deep:
    """What the encoder gives for n texts: logits [n, 3] and valence before its tanh [n]."""

    logits: np.ndarray
    grade: np.ndarray


@torch.no_grad()
def deep_outputs(model: Classifier, rows: Sequence[list[int]]) -> Deep:
    """Runs the encoder over token sequences."""
    model = model.to(device()).eval()
    order = sorted(range(len(rows)), key=lambda i: len(rows[i]))
    logits, grade = np.zeros((len(rows), 3)), np.zeros(len(rows))
    for start in range(0, len(order), 32):
        part = order[start : start + 32]
        found, _, features = model(*padded([rows[i] for i in part]))
        logits[part] = found.float().cpu().numpy()
        grade[part] = model.grade(features).squeeze(-1).float().cpu().numpy()
    return Deep(logits, grade)


@dataclass(frozen=True)
class Fusion:
    """What encoder and expert count in each domain, for the logits and for the grade; each [domains].

    logits = sum over d of gate[d] * (deep[d] * logits + wide[d] * expert[d])
    valence = 2 tanh(sum over d of gate[d] * (deep_grade[d] * grade
                                              + wide_grade[d] * (expert[d, positive] - expert[d, negative])))
    """

    deep: np.ndarray
    wide: np.ndarray
    deep_grade: np.ndarray
    wide_grade: np.ndarray

    def apply(self, said: Deep, experts: np.ndarray, gates: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Logits [n, 3] and valence [n]; `experts` is [n, domains, 3], `gates` [n, domains]."""
        logits = said.logits * (gates @ self.deep)[:, None]
        logits = logits + np.einsum("nd,d,ndc->nc", gates, self.wide, experts)
        grade = said.grade * (gates @ self.deep_grade)
        grade = grade + np.einsum("nd,d,nd->n", gates, self.wide_grade, experts @ SIGNS)
        return logits, 2 * np.tanh(grade)


def _cross_entropy(logits: np.ndarray, records: Sequence[Record]) -> np.ndarray:
    shifted = logits.copy()
    shifted[[r.binary for r in records], 1] += MASKED
    shifted -= shifted.max(1, keepdims=True)
    chances = shifted - np.log(np.exp(shifted).sum(1, keepdims=True))
    return -chances[np.arange(len(records)), [r.label for r in records]]


def fit_weights(said: Deep, experts: np.ndarray, gates: np.ndarray, records: Sequence[Record]) -> Fusion:
    """Fits the parts' weights on records that neither part was trained on; each source counts the same."""
    domains = experts.shape[1]
    sources = sorted({r.source for r in records})
    counts = {s: sum(r.source == s for r in records) for s in sources}
    share = np.array([1 / counts[r.source] for r in records])
    graded = np.array([r.valence is not None for r in records])
    gold = np.array([r.valence or 0.0 for r in records])

    def fusion(x: np.ndarray) -> Fusion:
        return Fusion(*x.reshape(4, domains))

    def cost(x: np.ndarray) -> float:
        logits, valence = fusion(x).apply(said, experts, gates)
        error = (valence - gold)[graded]
        return float(
            (share * _cross_entropy(logits, records)).sum()
            + (share[graded] * error**2).sum()
            + PENALTY * ((x - start) ** 2).sum()
        )

    start = np.repeat(USUAL, domains)
    return fusion(minimize(cost, start, method="L-BFGS-B", options={"maxiter": 60}).x)

"""Joining the deep encoder and the wide experts: the gate between domains and the weight of each part."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from scipy.optimize import minimize
from sklearn.linear_model import LogisticRegression
from tokenizers import Tokenizer

from .corpus import Record
from .encoder import Classifier
from .fit import MASKED, device, padded
from .settings import SEED
from .wide import DOMAINS, encode

GATE_TEXTS = 300
SIGNS = np.array([-1.0, 0.0, 1.0])


@dataclass(frozen=True)
class Deep:
    """What the encoder gives for n texts: logits [n, 3], valence before its tanh [n], pooled output [n, 384]."""

    logits: np.ndarray
    grade: np.ndarray
    pooled: np.ndarray


@torch.no_grad()
def deep_outputs(model: Classifier, rows: Sequence[list[int]]) -> Deep:
    """Runs the encoder over token sequences."""
    model = model.to(device()).eval()
    order = sorted(range(len(rows)), key=lambda i: len(rows[i]))
    logits, grade = np.zeros((len(rows), 3)), np.zeros(len(rows))
    pooled = np.zeros((len(rows), model.classes.in_features))
    for start in range(0, len(order), 32):
        part = order[start : start + 32]
        found, _, features = model(*padded([rows[i] for i in part]))
        logits[part], pooled[part] = found.float().cpu().numpy(), features.float().cpu().numpy()
        grade[part] = model.grade(features).squeeze(-1).float().cpu().numpy()
    return Deep(logits, grade, pooled)


@dataclass(frozen=True)
class Fusion:
    """Gate weights [384, domains] and bias [domains]; how much of the deep logits, and of each expert, counts.

    logits = deep / temperature + sum over d of gate[d] * wide_weight[d] * expert[d]
    valence = 2 tanh(grade + sum over d of gate[d] * grade_weight[d] * (expert[d, positive] - expert[d, negative]))
    """

    gate: np.ndarray
    gate_bias: np.ndarray
    temperature: float
    wide_weight: np.ndarray
    grade_weight: np.ndarray

    def gates(self, pooled: np.ndarray) -> np.ndarray:
        """Shares [n, domains], each row summing to 1."""
        raw = pooled @ self.gate + self.gate_bias
        raw = np.exp(raw - raw.max(1, keepdims=True))
        return raw / raw.sum(1, keepdims=True)

    def apply(self, deep: Deep, wide: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Logits [n, 3] and valence [n]; `wide` is [n, domains, 3]."""
        gates = self.gates(deep.pooled)
        logits = deep.logits / self.temperature + np.einsum("nd,d,ndc->nc", gates, self.wide_weight, wide)
        grade = deep.grade + np.einsum("nd,d,nd->n", gates, self.grade_weight, wide @ SIGNS)
        return logits, 2 * np.tanh(grade)


def fit_gate(model: Classifier, records: Sequence[Record], tokenizer: Tokenizer) -> tuple[np.ndarray, np.ndarray]:
    """Weights [384, domains] and bias of a logistic regression that tells the training texts' domains apart."""
    rng = np.random.default_rng(SEED)
    texts, domains = [], []
    for number, sources in enumerate(DOMAINS.values()):
        found = [r.text for r in records if r.source in sources]
        chosen = rng.permutation(len(found))[:GATE_TEXTS]
        texts += [found[i] for i in chosen]
        domains += [number] * len(chosen)
    pooled = deep_outputs(model, encode(texts, tokenizer)).pooled
    fitted = LogisticRegression(C=1.0, class_weight="balanced", max_iter=300).fit(pooled, domains)
    return fitted.coef_.T, fitted.intercept_


def _cross_entropy(logits: np.ndarray, records: Sequence[Record]) -> np.ndarray:
    shifted = logits.copy()
    shifted[[r.binary for r in records], 1] += MASKED
    shifted -= shifted.max(1, keepdims=True)
    chances = shifted - np.log(np.exp(shifted).sum(1, keepdims=True))
    return -chances[np.arange(len(records)), [r.label for r in records]]


def fit_weights(gate: tuple[np.ndarray, np.ndarray], deep: Deep, wide: np.ndarray, records: Sequence[Record]) -> Fusion:
    """Fits temperature and part weights on records that neither part was trained on; each source counts the same."""
    domains = wide.shape[1]
    sources = sorted({r.source for r in records})
    counts = {s: sum(r.source == s for r in records) for s in sources}
    share = np.array([1 / counts[r.source] for r in records])
    graded = np.array([r.valence is not None for r in records])
    gold = np.array([r.valence or 0.0 for r in records])

    def fusion(x: np.ndarray) -> Fusion:
        return Fusion(*gate, float(np.exp(x[0])), x[1 : 1 + domains], x[1 + domains :])

    def cost(x: np.ndarray) -> float:
        logits, valence = fusion(x).apply(deep, wide)
        error = (valence - gold)[graded]
        return float(
            (share * _cross_entropy(logits, records)).sum()
            + (share[graded] * error**2).sum()
            + 0.02 * (x[1:] ** 2).sum()
        )

    start = np.concatenate([[0.2], np.full(domains, 0.3), np.full(domains, 0.05)])
    return fusion(minimize(cost, start, method="L-BFGS-B", options={"maxiter": 60}).x)

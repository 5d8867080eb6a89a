"""The wide part of the model: linear scores of token n-grams, one expert per domain, beside the deep encoder.

An n-gram model sees what a small encoder blurs, and the two err in different places. An expert is a logistic
regression on the text's token ids and hashed pairs of neighbouring ids, weighted by inverse document frequency in the
expert's own domain (0 for what the domain does not know):

    score = sum over occurrences of weight[f] * idf[f] / sqrt(sum over occurrences of idf[f]^2)

which ONNX computes with two gathers. One more expert, the gate, tells the domains apart.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression
from tokenizers import Tokenizer

from .corpus import Record, sampled
from .fit import cut
from .measure import probabilities
from .settings import MAX_TOKENS, SEED

# Products with ids below 21,000 and their sum stay below 2^31: a runtime may compute them in 32 bits.
PAIR_FACTORS, PAIRS = (50021, 31337), 131071
DOMAINS = {
    "helpdesk": ("helpdesk",),
    "calls": ("calls", "written", "spoken"),
    "weibo": ("weibo_usual", "weibo_covid"),
    "chat": ("chat_manual",),
    "hotel": ("hotel",),
    "food": ("waimai",),
    "goods": ("shopping",),
}
MOST_TEXTS, MOST_GATE_TEXTS = 40000, 8000
# Inverse strength of the penalty on an expert's weights; what the gate's scores, which it keeps small, are raised by.
STRENGTH, GATE_SHARPNESS = 8.0, 1.5


def feature_ids(ids: Sequence[int], vocabulary: int) -> list[int]:
    """Feature numbers of a token sequence: its ids, then its pairs hashed to `vocabulary` and above."""
    first, second = PAIR_FACTORS
    pairs = [vocabulary + (a * first + b * second) % PAIRS for a, b in zip(ids, ids[1:], strict=False)]
    return [*ids, *pairs]


def _counts(rows: Sequence[Sequence[int]], vocabulary: int) -> csr_matrix:
    found = [feature_ids(row, vocabulary) for row in rows]
    ends = np.cumsum([0, *map(len, found)])
    columns = np.concatenate([np.array(f) for f in found])
    matrix = csr_matrix((np.ones(len(columns), np.float64), columns, ends), shape=(len(rows), vocabulary + PAIRS))
    matrix.sum_duplicates()
    return matrix


def _weighted(counts: csr_matrix, idf: np.ndarray) -> csr_matrix:
    norm = np.sqrt(counts @ (idf**2))
    weighted = counts.multiply(idf[None, :]).tocsr()
    return csr_matrix(weighted.multiply(1 / np.maximum(norm, 1e-9)[:, None]))


def encode(texts: Sequence[str], tokenizer: Tokenizer) -> list[list[int]]:
    """Token ids as the model sees them."""
    return [cut(e.ids, MAX_TOKENS) for e in tokenizer.encode_batch(list(texts))]


@dataclass(frozen=True)
class Expert:
    """Linear scores of one domain: weights [features, outputs], bias [outputs], idf [features] (0: never counted).

    The outputs are classes (or domains, for the gate); one output where there are two classes: positive or negative.
    """

    weights: np.ndarray
    bias: np.ndarray
    idf: np.ndarray

    def scores(self, rows: Sequence[Sequence[int]], vocabulary: int) -> np.ndarray:
        """Scores [n, outputs] of token sequences."""
        return _weighted(_counts(rows, vocabulary), self.idf) @ self.weights + self.bias

    def spread(self) -> np.ndarray:
        """What an output counts for each class [outputs, 3]; a lone one is for positive and against negative."""
        return BINARY_SPREAD if self.weights.shape[1] == 1 else np.eye(self.weights.shape[1])


BINARY_SPREAD = np.array([[-0.5, 0.0, 0.5]])


def idf_of(rows: Sequence[Sequence[int]], vocabulary: int) -> np.ndarray:
    """Inverse document frequency of features in at least two texts, 0 for the others."""
    present = _counts(rows, vocabulary)
    present.data[:] = 1
    documents = np.asarray(present.sum(0)).ravel()
    return np.where(documents >= 2, np.log((1 + len(rows)) / (1 + documents)) + 1, 0.0)


def fit_expert(rows: Sequence[Sequence[int]], labels: np.ndarray, vocabulary: int) -> Expert:
    """Fits one expert, with balanced classes as in the rival."""
    idf = idf_of(rows, vocabulary)
    model = LogisticRegression(C=STRENGTH, class_weight="balanced", max_iter=200)
    model.fit(_weighted(_counts(rows, vocabulary), idf), labels)
    return Expert(model.coef_.T.copy(), model.intercept_, idf)


@dataclass(frozen=True)
class Wide:
    """The experts of all domains, and the one that tells the domains apart."""

    experts: dict[str, Expert]
    gate: Expert
    vocabulary: int

    def scores(self, rows: Sequence[Sequence[int]]) -> np.ndarray:
        """Scores of the classes [n, domains, 3]."""
        found = [e.scores(rows, self.vocabulary) @ e.spread() for e in self.experts.values()]
        return np.stack(found, axis=1)

    def gates(self, rows: Sequence[Sequence[int]]) -> np.ndarray:
        """Each domain's share [n, domains], each row summing to 1."""
        return probabilities(self.gate.scores(rows, self.vocabulary) * GATE_SHARPNESS)

    def all(self) -> list[Expert]:
        """The experts of the domains, then the gate."""
        return [*self.experts.values(), self.gate]


def fit(records: Sequence[Record], tokenizer: Tokenizer, vocabulary: int) -> Wide:
    """Fits the experts on the labelled training records, and the gate on some of each domain."""
    rng = np.random.default_rng(SEED)
    experts, texts, domains = {}, [], []
    for number, (name, sources) in enumerate(DOMAINS.items()):
        found = sampled([r for r in records if r.source in sources and r.label is not None], MOST_TEXTS, rng)
        rows = encode([r.text for r in found], tokenizer)
        experts[name] = fit_expert(rows, np.array([r.label for r in found]), vocabulary)
        some = rng.permutation(len(rows))[:MOST_GATE_TEXTS]
        texts += [rows[i] for i in some]
        domains += [number] * len(some)
    return Wide(experts, fit_expert(texts, np.array(domains), vocabulary), vocabulary)

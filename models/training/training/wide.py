"""The wide part of the model: linear scores of token n-grams, one expert per domain, beside the deep encoder.

An n-gram model sees what a small encoder blurs, and the two err in different places. An expert is a logistic
regression on the text's token ids and hashed pairs of neighbouring ids, weighted by inverse document frequency:

    score = sum over occurrences of weight[f] * idf[f] / sqrt(sum over occurrences of idf[f]^2)

which ONNX computes with two gathers. A gate on the encoder's pooled output tells the domains apart.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression
from tokenizers import Tokenizer

from .corpus import Record
from .fit import cut
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
MOST_TEXTS = 40000


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
    """Linear scores of one domain: weights [features, 3], bias [3], idf [features] (0: never counted)."""

    weights: np.ndarray
    bias: np.ndarray
    idf: np.ndarray

    def scores(self, rows: Sequence[Sequence[int]], vocabulary: int) -> np.ndarray:
        """Scores [n, 3] of token sequences; a binary domain's neutral score is 0."""
        return _weighted(_counts(rows, vocabulary), self.idf) @ self.weights + self.bias


def idf_of(rows: Sequence[Sequence[int]], vocabulary: int) -> np.ndarray:
    """Inverse document frequency of features in at least two texts, 0 for the others."""
    present = _counts(rows, vocabulary)
    present.data[:] = 1
    documents = np.asarray(present.sum(0)).ravel()
    return np.where(documents >= 2, np.log((1 + len(rows)) / (1 + documents)) + 1, 0.0)


def fit_expert(rows: Sequence[Sequence[int]], labels: np.ndarray, vocabulary: int, idf: np.ndarray) -> Expert:
    """Fits one domain's expert; C = 2 and balanced classes as in the rival."""
    model = LogisticRegression(C=2, class_weight="balanced", max_iter=200)
    model.fit(_weighted(_counts(rows, vocabulary), idf), labels)
    weights, bias = np.zeros((vocabulary + PAIRS, 3)), np.zeros(3)
    if len(model.classes_) == 2:
        for label, sign in ((0, -0.5), (2, 0.5)):
            weights[:, label], bias[label] = sign * model.coef_[0], sign * model.intercept_[0]
    else:
        weights, bias = model.coef_.T.copy(), model.intercept_.copy()
    return Expert(weights, bias, idf)


@dataclass(frozen=True)
class Wide:
    """The experts of all domains over one idf."""

    experts: dict[str, Expert]
    vocabulary: int

    def scores(self, rows: Sequence[Sequence[int]]) -> np.ndarray:
        """Scores [n, domains, 3]."""
        return np.stack([e.scores(rows, self.vocabulary) for e in self.experts.values()], axis=1)


def fit(records: Sequence[Record], tokenizer: Tokenizer, vocabulary: int) -> Wide:
    """Fits the experts on the labelled training records."""
    rng = np.random.default_rng(SEED)
    chosen: dict[str, list[Record]] = {}
    for name, sources in DOMAINS.items():
        found = [r for r in records if r.source in sources and r.label is not None]
        if len(found) > MOST_TEXTS:
            found = [found[i] for i in np.sort(rng.permutation(len(found))[:MOST_TEXTS])]
        chosen[name] = found
    rows = {name: encode([r.text for r in found], tokenizer) for name, found in chosen.items()}
    idf = idf_of([row for part in rows.values() for row in part], vocabulary)
    experts = {
        name: fit_expert(rows[name], np.array([r.label for r in found]), vocabulary, idf)
        for name, found in chosen.items()
    }
    return Wide(experts, vocabulary)

"""The rival: logistic regression on character 1- to 4-grams, fitted per domain."""

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold
from sklearn.pipeline import Pipeline

from .corpus import Record

FOLDS = 5


def rival() -> Pipeline:
    """An unfitted model: TF-IDF of character 1- to 4-grams that occur twice, C = 2, balanced classes."""
    grams = TfidfVectorizer(analyzer="char", ngram_range=(1, 4), min_df=2, sublinear_tf=True)
    return Pipeline([("grams", grams), ("classes", LogisticRegression(C=2, class_weight="balanced", max_iter=300))])


def _three_columns(model: Pipeline, texts: list[str]) -> np.ndarray:
    """Probabilities [n, 3]; classes that the model does not know get 0."""
    result = np.zeros((len(texts), 3))
    result[:, model.classes_] = model.predict_proba(texts)
    return result


def out_of_fold(records: list[Record]) -> np.ndarray:
    """Probabilities [n, 3] for labelled records, each from a model that saw no turn of the same dialogue."""
    texts, labels = [r.text for r in records], np.array([r.label for r in records])
    result = np.zeros((len(records), 3))
    for fitted, held in GroupKFold(FOLDS).split(texts, labels, [r.group for r in records]):
        model = rival().fit([texts[i] for i in fitted], labels[fitted])
        result[held] = _three_columns(model, [texts[i] for i in held])
    return result


def fitted_and_applied(fitted: list[Record], applied: list[str]) -> np.ndarray:
    """Probabilities [n, 3] of the texts by a model fitted on the labelled records."""
    model = rival().fit([r.text for r in fitted], [r.label for r in fitted])
    return _three_columns(model, applied)

"""Fits `src/escalation/risk.json`, the coefficients of the escalation risk.

    python models/training/risk.py analysis.jsonl gold.jsonl... [--unseen ids.txt] [--write]

`analysis.jsonl` is what `callheat analyze --format jsonl` wrote for the gold
calls. Calls labelled with `risk` teach it that high is 1, low 0 and medium in
between; dialogues labelled with the customers' `satisfaction` teach it that
satisfaction −2 is 1 and 2 is 0. One model serves both: a logistic regression with
soft targets, in which both kinds of labels weigh the same. Features are those
of `src/escalation/risk.rs`. Scores of texts the sentiment model was trained on
are too good: calls not named in `--unseen` get them with noise.

Prints cross-validated figures; writes nothing without `--write`.
"""

import argparse
import json
from pathlib import Path

import numpy as np
from scipy.optimize import minimize
from scipy.stats import spearmanr
from sklearn.metrics import roc_auc_score

HERE = Path(__file__).resolve().parents[2] / "src" / "escalation"
NAMES = ["mean_valence", "end_valence", "best_end", "negative_share", "last_level", "lowest_level", "signals",
         "late_signals", "complaints", "deteriorations", "ends_deteriorated", "ends_recovered", "few_turns"]
TARGET = {"low": 0.0, "medium": 0.45, "high": 1.0}
NOISE = 0.15


def features(call, noise=None):
    """The same as `features` in src/escalation/risk.rs."""
    turns = [t for t in call["turns"] if t["speaker"] == "customer"]
    valence = np.array([t["valence"] + (noise.normal(0, NOISE) if noise else 0) for t in turns] or [0.0]).clip(-1, 1)
    arc = call["arc"]
    lowest = arc["lowest"]["level"] if arc["lowest"] else 0.0
    points = [p["direction"] for p in call["turning_points"]]
    signals = [len(t["signals"]) for t in turns]
    end = valence[-3:]
    return [valence.mean(), end.mean(), max(0.0, end.max()), float((valence < -0.4).mean()), arc["last"] or 0.0, lowest,
            np.log1p(sum(signals)), np.log1p(sum(signals[-3:])), np.log1p(sum(len(t["terms"]) for t in turns)),
            np.log1p(points.count("deterioration")), float(points[-1:] == ["deterioration"]),
            float(points[-1:] == ["recovery"]), 1.0 / max(len(turns), 1)]


def fit(x, y, weight, strength=3.0):
    scale = x.std(0) + 1e-9
    z = x / scale

    def loss(p):
        logit = z @ p[1:] + p[0]
        value = (weight * (np.logaddexp(0, logit) - y * logit)).sum() + (p[1:] ** 2).sum() / (2 * strength)
        error = weight * (1 / (1 + np.exp(-logit)) - y)
        return value, np.r_[error.sum(), z.T @ error + p[1:] / strength]

    p = minimize(loss, np.zeros(x.shape[1] + 1), jac=True, method="L-BFGS-B").x
    return p[0], p[1:] / scale


def risk(model, x):
    return 1 / (1 + np.exp(-(x @ model[1] + model[0])))


def load(paths, analysis_path, unseen):
    analysis = {c["call_id"]: c for c in map(json.loads, open(analysis_path, encoding="utf-8")) if c.get("call_id") is not None}
    noise = np.random.RandomState(0)
    rows = []
    for path in paths:
        for gold in map(json.loads, open(path, encoding="utf-8")):
            call = analysis[gold["call_id"]]
            x = features(call, None if gold["call_id"] in unseen else noise)
            if "risk" in gold:
                rows.append(("risk", gold["call_id"], x, TARGET[gold["risk"]], gold["risk"]))
            elif "satisfaction" in gold:
                votes = gold["satisfaction"]
                mean = sum(int(k) * v for k, v in votes.items()) / max(sum(votes.values()), 1)
                rows.append(("satisfaction", gold["call_id"], x, (2 - mean) / 4, mean))
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("analysis")
    parser.add_argument("gold", nargs="+")
    parser.add_argument("--unseen")
    parser.add_argument("--write", action="store_true")
    args = parser.parse_args()
    unseen = set(Path(args.unseen).read_text().split()) if args.unseen else set()
    rows = load(args.gold, args.analysis, unseen)
    x, y = np.array([r[2] for r in rows]), np.array([r[3] for r in rows])
    calls = np.array([r[0] == "risk" for r in rows])
    seen = np.array([r[1] not in unseen for r in rows])
    weight = np.where(calls, 1.0, calls.sum() / max((~calls).sum(), 1))
    out = np.zeros(len(rows))
    folds = np.random.RandomState(1).permutation(len(rows)) % 8
    for k in range(8):
        out[folds == k] = risk(fit(x[folds != k], y[folds != k], weight[folds != k]), x[folds == k])
    for name, m in (("all calls", calls), ("calls the model has not seen", calls & ~seen)):
        labels = np.array([r[4] for r in rows], dtype=object)[m]
        print(f"{name}: AUC high {roc_auc_score(labels == 'high', out[m]):.3f}, not low {roc_auc_score(labels != 'low', out[m]):.3f}, {m.sum()} calls")
    medium, high = thresholds(out[calls], np.array([r[4] for r in rows if r[0] == "risk"], dtype=object))
    print(f"thresholds {medium:.2f} {high:.2f}")
    if (~calls).any():
        mean = np.array([r[4] for r in rows if r[0] != "risk"], dtype=float)
        print(f"satisfaction: Spearman {spearmanr(-out[~calls], mean).statistic:.3f}, AUC dissatisfied {roc_auc_score(mean <= -0.75, out[~calls]):.3f}, {len(mean)} dialogues")
    model = fit(x, y, weight)
    for n, w in zip(NAMES, model[1]):
        print(f"  {n:<18} {w:6.2f}")
    if args.write:
        file = {"intercept": round(float(model[0]), 4), "weights": {n: round(float(w), 4) for n, w in zip(NAMES, model[1])},
                "medium": medium, "high": high}
        (HERE / "risk.json").write_text(json.dumps(file, indent=2) + "\n", encoding="utf-8")


def thresholds(risks, labels):
    """The two cuts with the most levels right, each worth the same."""
    grid = np.round(np.arange(0.15, 0.9, 0.05), 2)
    recall = lambda found, level: (found & (labels == level)).sum() / max((labels == level).sum(), 1)
    score = lambda a, b: recall(risks < a, "low") + recall((risks >= a) & (risks < b), "medium") + recall(risks >= b, "high")
    return max(((float(a), float(b)) for a in grid for b in grid if a < b), key=lambda t: score(*t))


if __name__ == "__main__":
    main()

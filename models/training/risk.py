"""Fits `src/escalation/risk.json`, the coefficients of the escalation risk.

    python models/training/risk.py analysis.jsonl gold.jsonl... [--unseen ids.txt] [--write]

`analysis.jsonl` is what `callheat analyze --format jsonl` wrote for the gold
calls. Calls labelled with `risk` teach it that high is 1, low 0 and medium in
between; dialogues labelled with the customers' `satisfaction` teach it that
−0.4 is 0.5 and that a point up or down is a step of 2.5 in log-odds. One model serves both: a logistic regression with
soft targets, in which all dialogues weigh half as much again as all calls. Features are those
of `src/escalation/risk.rs`. On calls that the model, the cues and the signals
were fitted on, all of these are too good, so each call is taken several times
with noise: on the scores (calls named in `--unseen` excepted), on the levels,
and with signals and last turning points dropped or added at about the rates at
which they are wrong on unseen calls.

Prints cross-validated figures; writes nothing without `--write`.
"""

import argparse
import json
from pathlib import Path

import numpy as np
from scipy.optimize import minimize
from scipy.stats import spearmanr
from sklearn.metrics import cohen_kappa_score, confusion_matrix, roc_auc_score

HERE = Path(__file__).resolve().parents[2] / "src" / "escalation"
NAMES = ["mean_valence", "end_valence", "best_end", "negative_share", "last_level", "lowest_level", "signals",
         "late_signals", "complaints", "deteriorations", "ends_deteriorated", "ends_recovered", "few_turns"]
# Which way a feature may count: with correlated features and a few hundred
# calls, a free fit would let a worse mood lower the risk here and there.
SIGNS = dict.fromkeys(NAMES, 1) | dict.fromkeys(
    ["mean_valence", "end_valence", "best_end", "last_level", "lowest_level", "ends_recovered"], -1) | {"few_turns": 0}
LEVELS = ("low", "medium", "high")
TARGET = {"low": 0.0, "medium": 0.45, "high": 1.0}
COPIES = 4
SCORE_NOISE, LEVEL_NOISE, POINT_NOISE, MISSED, ADDED = 0.15, 0.1, 0.15, 0.2, 0.04


def features(call, noise, unseen):
    """The same as `features` in src/escalation/risk.rs, of a call disturbed."""
    turns = [t for t in call["turns"] if t["speaker"] == "customer"]
    spread = 0.0 if unseen else SCORE_NOISE
    valence = np.array([t["valence"] + noise.normal(0, spread) for t in turns] or [0.0]).clip(-1, 1)
    level = lambda v: float(np.clip((v or 0.0) + noise.normal(0, LEVEL_NOISE), -1, 1))
    arc = call["arc"]
    points = [p["direction"] for p in call["turning_points"]]
    if points and noise.rand() < POINT_NOISE:
        points.pop()
    signals = [disturbed(len(t["signals"]), v, noise) for t, v in zip(turns, valence)]
    end = valence[-3:]
    return [valence.mean(), end.mean(), max(0.0, end.max()), float((valence < -0.4).mean()), level(arc["last"]),
            level(arc["lowest"] and arc["lowest"]["level"]), np.log1p(sum(signals)), np.log1p(sum(signals[-3:])),
            np.log1p(sum(len(t["terms"]) for t in turns)), np.log1p(points.count("deterioration")),
            float(points[-1:] == ["deterioration"]), float(points[-1:] == ["recovery"]), 1.0 / max(len(turns), 1)]


def disturbed(count, valence, noise):
    if count:
        return count if noise.rand() > MISSED else 0
    return int(valence < -0.4 and noise.rand() < ADDED)


def fit(x, y, weight, strength=3.0):
    scale = x.std(0) + 1e-9
    z = x / scale

    def loss(p):
        logit = z @ p[1:] + p[0]
        value = (weight * (np.logaddexp(0, logit) - y * logit)).sum() + (p[1:] ** 2).sum() / (2 * strength)
        error = weight * (1 / (1 + np.exp(-logit)) - y)
        return value, np.r_[error.sum(), z.T @ error + p[1:] / strength]

    way = {1: (0, None), -1: (None, 0), 0: (None, None)}
    bounds = [(None, None), *(way[SIGNS[n]] for n in NAMES)]
    p = minimize(loss, np.zeros(x.shape[1] + 1), jac=True, method="L-BFGS-B", bounds=bounds).x
    return p[0], p[1:] / scale


def fit_copies(copies, y, weight):
    n = copies.shape[1]
    return fit(copies.reshape(-1, copies.shape[2]), np.repeat(y, n), np.repeat(weight, n) / n)


def risk(model, x):
    return 1 / (1 + np.exp(-(x @ model[1] + model[0])))


def load(paths, analysis_path, unseen):
    analysis = {c["call_id"]: c for c in map(json.loads, open(analysis_path, encoding="utf-8")) if c.get("call_id") is not None}
    noise = np.random.RandomState(0)
    rows = []
    for path in paths:
        for gold in map(json.loads, open(path, encoding="utf-8")):
            call = analysis[gold["call_id"]]
            x = np.array([features(call, noise, gold["call_id"] in unseen) for _ in range(COPIES)])
            if "risk" in gold:
                rows.append(("risk", gold["call_id"], x, TARGET[gold["risk"]], gold["risk"]))
            elif "satisfaction" in gold:
                votes = gold["satisfaction"]
                mean = sum(int(k) * v for k, v in votes.items()) / max(sum(votes.values()), 1)
                rows.append(("satisfaction", gold["call_id"], x, 1 / (1 + np.exp(2.5 * (mean + 0.4))), mean))
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
    copies, y = np.array([r[2] for r in rows]), np.array([r[3] for r in rows])
    x = copies[:, 0]
    calls = np.array([r[0] == "risk" for r in rows])
    seen = np.array([r[1] not in unseen for r in rows])
    weight = np.where(calls, 1.0, 1.5 * calls.sum() / max((~calls).sum(), 1))
    out = np.zeros(len(rows))
    folds = np.random.RandomState(1).permutation(len(rows)) % 8
    for k in range(8):
        out[folds == k] = risk(fit_copies(copies[folds != k], y[folds != k], weight[folds != k]), x[folds == k])
    for name, m in (("all calls", calls), ("calls the model has not seen", calls & ~seen)):
        labels = np.array([r[4] for r in rows], dtype=object)[m]
        print(f"{name}: AUC high {roc_auc_score(labels == 'high', out[m]):.3f}, not low {roc_auc_score(labels != 'low', out[m]):.3f}, {m.sum()} calls")
    gold = np.array([LEVELS.index(r[4]) for r in rows if r[0] == "risk"])
    medium, high = thresholds(out[calls], gold)
    print(f"thresholds {medium:.2f} {high:.2f}; gold low, medium, high by row, found by column:")
    print(confusion_matrix(gold, np.digitize(out[calls], (medium, high))))
    if (~calls).any():
        mean = np.array([r[4] for r in rows if r[0] != "risk"], dtype=float)
        print(f"satisfaction: Spearman {spearmanr(-out[~calls], mean).statistic:.3f}, AUC dissatisfied {roc_auc_score(mean <= -0.75, out[~calls]):.3f}, {len(mean)} dialogues")
    model = fit_copies(copies, y, weight)
    for n, w in zip(NAMES, model[1]):
        print(f"  {n:<18} {w:6.2f}")
    if args.write:
        file = {"intercept": round(float(model[0]), 4), "weights": {n: round(float(w), 4) for n, w in zip(NAMES, model[1])},
                "medium": medium, "high": high}
        (HERE / "risk.json").write_text(json.dumps(file, indent=2) + "\n", encoding="utf-8")


def thresholds(risks, gold):
    """The two cuts whose levels agree best with the gold ones: quadratically weighted kappa (Cohen 1968)."""
    grid = np.round(np.arange(0.1, 0.9, 0.05), 2)
    cuts = [(float(a), float(b)) for a in grid for b in grid if a < b]
    return max(cuts, key=lambda cut: cohen_kappa_score(gold, np.digitize(risks, cut), weights="quadratic"))


if __name__ == "__main__":
    main()

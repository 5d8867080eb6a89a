"""Fits the arc's two data files, `src/arc/cues.tsv` and `src/arc/arc.json`.

    python models/training/arc.py analysis.jsonl gold.jsonl... [--unseen ids.txt]

`analysis.jsonl` is what `callheat analyze --format jsonl` wrote for the gold
calls with the model that ships; `gold.jsonl` are those calls with labels
(`turns[].valence` −2..2, `turning_points`); files without turning points, such
as help-desk dialogues, help the cues only. `--unseen` names the calls (one id a
line) whose texts the sentiment model was not trained on: its scores are honest
there only, so only there is it weighed against the cues.

Three steps, each fitted on what the step before says of calls it did not see
(folds by call):

1. cues: multinomial regression from character n-grams of the customer's turn,
   the agent's turns before it, the customer's turn before, and the agent's
   answer, to the five levels of the turn;
2. blend: the same five levels from the cues' log-odds and the model's score,
   once before the agent's answer is known ("now") and once after ("settled");
3. detector: none, deterioration or recovery at a turn, from the levels around it.

Prints the cross-validated figures and writes nothing unless `--write` is given.
The features are those of `src/arc/{cues,levels,detector}.rs`; keep both alike.
"""

import argparse
import json
import re
import unicodedata
import warnings
from pathlib import Path

import numpy as np
from scipy.sparse import csr_matrix, hstack, vstack
from scipy.stats import spearmanr
from sklearn.exceptions import ConvergenceWarning
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler, normalize

ARC = Path(__file__).resolve().parents[2] / "src" / "arc"
LEVELS = np.arange(-2, 3)
ROLES = {"own": 1.0, "agent": 0.7, "previous": 0.6, "answer": 0.7}
SERIES = ["valence", "anger", "negative", "positive"]
GAP = 2


def backchannel_words():
    """The words of `src/arc/backchannel.rs`, so that both sides skip the same turns."""
    source = (ARC / "backchannel.rs").read_text(encoding="utf-8")
    words = source.split("BACKCHANNEL_WORDS: &[&str] = &[")[1].split("];")[0]
    return re.findall(r'"([^"]+)"', words), int(re.search(r"LONGEST_BACKCHANNEL: usize = (\d+)", source)[1])


WORDS, LONGEST = backchannel_words()


def is_backchannel(text):
    rest = "".join(c for c in text.lower() if c.isalnum())
    if len(rest) > LONGEST:
        return False
    while rest:
        word = next((w for w in WORDS if rest.startswith(w)), None)
        if word is None:
            return False
        rest = rest[len(word):]
    return True


def clean(text):
    """Pauses and punctuation between words become one space; ? and ! stay."""
    text = unicodedata.normalize("NFKC", text).lower()
    return re.sub(r"[\s,，。.、…;；:：]+", " ", text).strip()


class CallData:
    """The customer turns of a call that carry evidence, with what stands around them."""

    def __init__(self, gold, analysis):
        self.id = gold["call_id"]
        turns = gold["turns"]
        self.customer = [i for i, t in enumerate(turns) if t["speaker"] == "customer"]
        self.points = [(p["turn"], p["direction"]) for p in gold.get("turning_points", [])]
        self.has_points = "turning_points" in gold
        self.evidence = [i for i in self.customer if not is_backchannel(turns[i]["text"])]
        self.rows, self.gold, self.score = [], [], []
        edges = self.evidence + [len(turns)]
        previous = ""
        for place, i in enumerate(self.evidence):
            before = edges[place - 1] + 1 if place else 0
            said = lambda a, b: clean(" ".join(t["text"] for t in turns[a:b] if t["speaker"] == "agent"))
            own = clean(turns[i]["text"])
            self.rows.append({"own": own, "agent": said(before, i), "previous": previous,
                              "answer": said(i + 1, edges[place + 1]), "raw": turns[i]["text"]})
            previous = own
            self.gold.append(turns[i].get("valence"))
            found = analysis["turns"][i] if analysis else None
            self.score.append(found and (found["probabilities"], found["valence"]))


def load(paths, analysis_path):
    analysis = {}
    for line in open(analysis_path, encoding="utf-8"):
        call = json.loads(line)
        if call.get("call_id") is not None:
            analysis[call["call_id"]] = call
    return [CallData(gold, analysis.get(gold["call_id"]))
            for path in paths for gold in map(json.loads, open(path, encoding="utf-8"))]


def label_rows(calls):
    """(call, place) of every labelled row."""
    return [(c, k) for c in calls for k, v in enumerate(c.gold) if v is not None]


# Step 1: cues ---------------------------------------------------------------

class Cues:
    def __init__(self, longest=4, min_df=4, keep=8000, strength=4.0):
        self.longest, self.min_df, self.keep, self.strength = longest, min_df, keep, strength

    def _matrix(self, rows, with_answer):
        parts = []
        for role, weight in ROLES.items():
            texts = [r[role] if role != "answer" or with_answer else "" for r in rows]
            parts.append(normalize(self.vectors[role].transform(texts).astype(float)[:, self.kept[role]]) * weight)
        parts.append(csr_matrix(np.full((len(rows), 1), float(with_answer))))
        return hstack(parts).tocsr()

    def fit(self, rows, levels):
        self.vectors, self.kept = {}, {}
        for role in ROLES:
            v = CountVectorizer(analyzer="char", ngram_range=(1, self.longest), min_df=self.min_df, binary=True, lowercase=False)
            v.fit([r[role] for r in rows])
            self.vectors[role] = v
            self.kept[role] = np.arange(len(v.vocabulary_))
        for last in (False, True):
            x = vstack([self._matrix(rows, False), self._matrix(rows, True)]).tocsr()
            # Far enough: more steps change the figures in the third decimal.
            with warnings.catch_warnings(action="ignore", category=ConvergenceWarning):
                self.model = LogisticRegression(C=self.strength, max_iter=100).fit(x, np.concatenate([levels, levels]))
            if not last:
                self._prune(x)
        return self

    def _prune(self, x):
        use = np.sqrt(np.asarray(x.multiply(x).sum(0)).ravel())
        spread = self.model.coef_.max(0) - self.model.coef_.min(0)
        worth = (spread * use)[:-1]
        least = np.sort(worth)[::-1][min(self.keep, len(worth)) - 1]
        start = 0
        for role in ROLES:
            part = worth[start:start + len(self.kept[role])]
            start += len(part)
            self.kept[role] = np.where(part >= least)[0]

    def logits(self, rows, with_answer):
        out = np.zeros((len(rows), 5))
        out[:, self.model.classes_ + 2] = self.model.decision_function(self._matrix(rows, with_answer))
        return out - out.mean(1, keepdims=True)

    def table(self):
        """Lines role, n-gram, five weights in hundredths; biases first."""
        coef = self.model.coef_ - self.model.coef_.mean(0)
        bias = self.model.intercept_ - self.model.intercept_.mean()
        line = lambda role, gram, w: "\t".join([role, gram.replace(" ", "_"), *(str(round(100 * v)) for v in w)])
        lines = [line("bias", "now", bias), line("bias", "answered", coef[:, -1])]
        start = 0
        for role, weight in ROLES.items():
            names = self.vectors[role].get_feature_names_out()[self.kept[role]]
            part = coef[:, start:start + len(names)] * weight
            start += len(names)
            lines += sorted(line(role, n, part[:, j]) for j, n in enumerate(names))
        return lines


# Step 2: blend ----------------------------------------------------------------

def score_row(score):
    p, valence = score
    return [*np.log(np.clip([p["negative"], p["neutral"], p["positive"]], 1e-3, 1)), valence]


class Linear:
    """Multinomial regression on standardised features, stored unstandardised."""

    def __init__(self, x, y, strength):
        scaler = StandardScaler().fit(x)
        m = LogisticRegression(C=strength, max_iter=1000).fit(scaler.transform(x), y)
        self.classes = m.classes_
        self.coef = m.coef_ / scaler.scale_
        self.bias = m.intercept_ - self.coef @ scaler.mean_

    def __call__(self, x):
        z = np.asarray(x) @ self.coef.T + self.bias
        e = np.exp(z - z.max(1, keepdims=True))
        return e / e.sum(1, keepdims=True)


def levels_of(p):
    """The four series: expected valence −2..2, p(−2), p(negative), p(positive)."""
    return np.c_[p @ LEVELS, p[:, 0], p[:, :2].sum(1), p[:, 3:].sum(1)]


# Step 3: detector ---------------------------------------------------------------

def ema(x, decay):
    w = decay ** np.arange(len(x))[::-1]
    return float((x * w).sum() / w.sum())


def detector_features(now, settled, rows, z):
    """Features of the shift at evidence turn z, known at z + 1. `settled` is used
    up to z, `now` at z + 1. Order and names as in `src/arc/detector.rs`."""
    out = {}
    for s, name in enumerate(SERIES):
        x, nxt = settled[: z + 1, s], now[z + 1, s]
        past = x[:z]
        out |= {f"{name}.now": x[z], f"{name}.next": nxt, f"{name}.last": x[z - 1],
                f"{name}.fast": ema(past, 0.4), f"{name}.slow": ema(past, 0.8),
                f"{name}.max": past.max(), f"{name}.min": past.min(),
                f"{name}.lower": min(x[z], nxt), f"{name}.upper": max(x[z], nxt)}
    v, anger, neg, pos = (settled[: z + 1, s] for s in range(4))
    to = (v[z] + now[z + 1, 0]) / 2
    shift = to - ema(v[:z], 0.6)
    calm = 1 - out["negative.upper"]
    out |= {
        "anger_after_calm_fast": out["anger.lower"] * (1 - out["negative.fast"]),
        "anger_after_calm_slow": out["anger.lower"] * (1 - out["negative.slow"]),
        "new_anger": out["anger.lower"] * (1 - ema(anger[:z], 0.6)),
        "calm_after_negative": calm * ema(neg[:z], 0.6),
        "calm_after_negative_fast": calm * ema(neg[:z], 0.3),
        "joy_after_negative": out["positive.upper"] * ema(neg[:z], 0.6),
        "new_joy": out["positive.lower"] * (1 - ema(pos[:z], 0.6)),
        "second_turn": float(z == 1), "third_turn": float(z == 2), "place": float(min(z, 8)),
        "shift": shift, "shift_squared": shift * abs(shift),
        "shift_slow": to - ema(v[:z], 0.85), "shift_short": to - v[max(0, z - 2):z].mean(),
        "length": np.log(len(rows[z]["raw"])), "next_length": np.log(len(rows[z + 1]["raw"])),
        "question": float("?" in rows[z]["raw"] or "？" in rows[z]["raw"]),
    }
    return out


def detector_rows(calls, now, settled):
    out = []
    for c in calls:
        if not c.has_points:
            continue
        place = {i: n for n, i in enumerate(c.customer)}
        target = {}
        for turn, direction in c.points:
            at = min(range(len(c.evidence)), key=lambda z: (abs(place[c.evidence[z]] - place[turn]), c.evidence[z] < turn))
            target[at] = 1 if direction == "deterioration" else 2
        for z in range(1, len(c.evidence) - 1):
            f = detector_features(now[c.id], settled[c.id], c.rows, z)
            out.append((c, z, target.get(z, 0), f))
    return out


def decide(probabilities, thresholds):
    """The fold's decision: fires where the turn's probability and what the turn
    before left over pass the threshold, not twice the same way within GAP."""
    out, last, carry = [], None, (0.0, 0.0)
    for z, p in probabilities:
        best = None
        for d in (0, 1):
            total = p[d + 1] + carry[d]
            again = last is not None and last[1] == d and z - last[0] <= GAP
            if total > thresholds[d] and not again and (best is None or total - thresholds[d] > best[0]):
                best = (total - thresholds[d], d)
        carry = (p[1], p[2])
        if best:
            out.append((z, best[1]))
            last, carry = (z, best[1]), (0.0, 0.0)
    return out


def matched(found, gold):
    """One-to-one, same direction, at most one customer turn apart."""
    used, hits = set(), 0
    for at, direction in sorted(found):
        near = [(abs(g - at), n) for n, (g, d) in enumerate(gold) if n not in used and d == direction and abs(g - at) <= 1]
        if near:
            used.add(min(near)[1])
            hits += 1
    return hits, len(found), len(gold)


def points_f1(calls, found):
    total = np.zeros(3)
    for c in calls:
        place = {i: n for n, i in enumerate(c.customer)}
        gold = [(place[t], "dr".index(d[0])) for t, d in c.points]
        total += matched([(place[c.evidence[z]], d) for z, d in found.get(c.id, [])], gold)
    p, r = total[0] / max(total[1], 1), total[0] / max(total[2], 1)
    return 2 * p * r / max(p + r, 1e-9), p, r


# Fitting --------------------------------------------------------------------------

def folds(calls, count, seed):
    order = np.random.RandomState(seed).permutation(len(calls))
    for k in range(count):
        held = set(order[k::count])
        yield [c for i, c in enumerate(calls) if i not in held], [c for i, c in enumerate(calls) if i in held]


def fit_cues(calls, **options):
    rows = label_rows(calls)
    return Cues(**options).fit([c.rows[k] for c, k in rows], np.array([c.gold[k] for c, k in rows]))


def honest_cues(calls, count, **options):
    """Cue log-odds of every call by cues that never saw it: now and settled."""
    now, settled = {}, {}
    for train, held in folds(calls, count, 1):
        cues = fit_cues(train, **options)
        for c in held:
            if c.rows:
                now[c.id], settled[c.id] = cues.logits(c.rows, False), cues.logits(c.rows, True)
    return now, settled


def kept_cues(path):
    if path and Path(path).exists():
        kept = np.load(path)
        return [{n.split("/", 1)[1]: kept[n] for n in kept.files if n.startswith(kind)} for kind in ("now/", "settled/")]
    return None


def fit_blend(calls, logits, with_score):
    x = [[*logits[c.id][k], *(score_row(c.score[k]) if with_score else [])] for c, k in label_rows(calls)]
    return Linear(np.array(x), np.array([c.gold[k] for c, k in label_rows(calls)]), 0.05)


def apply_blend(blend, c, logits, with_score):
    x = [[*logits[c.id][k], *(score_row(c.score[k]) if with_score else [])] for k in range(len(c.rows))]
    return levels_of(blend(np.array(x)))


def honest_levels(calls, unseen, logits):
    """The four series of every call. The model's score is weighed where it is
    honest; the other calls get the cues alone, equally calibrated."""
    out = {}
    seen = [c for c in calls if c.id not in unseen]
    if seen:
        blend = fit_blend(calls, logits, False)
        out |= {c.id: apply_blend(blend, c, logits, False) for c in seen if c.rows}
    for train, held in folds([c for c in calls if c.id in unseen], 6, 2):
        blend = fit_blend(train, logits, True)
        out |= {c.id: apply_blend(blend, c, logits, True) for c in held if c.rows}
    return out


def fit_detector(rows):
    names = list(rows[0][3])
    return names, Linear(np.array([[f[n] for n in names] for *_, f in rows]), np.array([y for _, _, y, _ in rows]), 0.1)


def honest_detection(calls, now, settled, seed):
    out = {}
    for train, held in folds(calls, 8, seed):
        names, model = fit_detector(detector_rows(train, now, settled))
        for c, z, _, f in detector_rows(held, now, settled):
            out.setdefault(c.id, []).append((z, model(np.array([[f[n] for n in names]]))[0]))
    return out


def best_thresholds(calls, detection):
    grid = np.arange(0.15, 0.6, 0.05)
    score = lambda t: points_f1(calls, {i: decide(p, t) for i, p in detection.items()})[0]
    # The middle of the plateau rather than its peak: the peak is noise.
    smooth = {(a, b): np.mean([score((a + i, b + j)) for i in (-.05, 0, .05) for j in (-.05, 0, .05)]) for a in grid for b in grid}
    return max(smooth, key=smooth.get)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("analysis")
    parser.add_argument("gold", nargs="+")
    parser.add_argument("--unseen")
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--keep", type=int, default=8000)
    parser.add_argument("--cues", help="file to keep the cross-validated cues in between runs: they do not depend on the model")
    args = parser.parse_args()
    everything = load(args.gold, args.analysis)
    calls = [c for c in everything if c.has_points]
    unseen = set(Path(args.unseen).read_text().split()) if args.unseen else {c.id for c in calls}
    unseen &= {c.id for c in calls}

    cue_now, cue_settled = kept_cues(args.cues) or honest_cues(everything, 6, keep=args.keep)
    if args.cues:
        np.savez_compressed(args.cues, **{f"now/{i}": v for i, v in cue_now.items()}, **{f"settled/{i}": v for i, v in cue_settled.items()})
    now, settled = (honest_levels(calls, unseen, x) for x in (cue_now, cue_settled))
    report("now", calls, unseen, now)
    report("settled", calls, unseen, settled)
    for seed in (5, 6, 7):
        detection = honest_detection(calls, now, settled, seed)
        if seed == 5:
            thresholds = best_thresholds(calls, detection)
        found = {i: decide(p, thresholds) for i, p in detection.items()}
        print("turning points F1/P/R, all calls:", *(f"{v:.3f}" for v in points_f1(calls, found)),
              " calls the model has not seen:", *(f"{v:.3f}" for v in points_f1([c for c in calls if c.id in unseen], found)),
              " thresholds", *(f"{t:.2f}" for t in thresholds), flush=True)
    if args.write:
        write(everything, calls, unseen, (cue_now, cue_settled), (now, settled), thresholds, args.keep)


def report(name, calls, unseen, levels):
    rows = [(c, k) for c, k in label_rows(calls) if c.id in unseen]
    gold = np.array([c.gold[k] for c, k in rows])
    found = np.array([levels[c.id][k, 0] for c, k in rows])
    print(f"levels ({name}): Spearman {spearmanr(gold, found).statistic:.3f}, R2 {1 - ((gold - found) ** 2).mean() / gold.var():.3f},"
          f" {len(rows)} turns the model has not seen", flush=True)


def write(everything, calls, unseen, logits, levels, thresholds, keep):
    lines = fit_cues(everything, keep=keep).table()
    head = ["# Cues to the customer's level, fitted by models/training/arc.py.",
            "# role (whose text), n-gram (_ is a pause), weight in hundredths for the levels -2 -1 0 1 2"]
    (ARC / "cues.tsv").write_text("\n".join(head + lines) + "\n", encoding="utf-8")
    held = [c for c in calls if c.id in unseen]
    blends = {}
    for name, x in zip(("now", "settled"), logits):
        b = fit_blend(held, x, True)
        blends[name] = {"bias": rounded(b.bias), "weights": [rounded(r) for r in b.coef]}
    names, model = fit_detector(detector_rows(calls, *levels))
    arc = {"levels": blends, "detector": {
        "gap": GAP,
        "deterioration": {"threshold": round(thresholds[0], 3), "bias": round(float(model.bias[1] - model.bias[0]), 4)},
        "recovery": {"threshold": round(thresholds[1], 3), "bias": round(float(model.bias[2] - model.bias[0]), 4)},
        "weights": {n: rounded(model.coef[1:, j] - model.coef[0, j]) for j, n in enumerate(names)}}}
    (ARC / "arc.json").write_text(json.dumps(arc, indent=1) + "\n", encoding="utf-8")


def rounded(values):
    return [round(float(v), 4) for v in values]


if __name__ == "__main__":
    main()

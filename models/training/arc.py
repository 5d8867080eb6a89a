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
from scipy.sparse import csr_matrix, diags, hstack, vstack
from scipy.stats import spearmanr
from sklearn.exceptions import ConvergenceWarning
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.feature_selection import f_regression
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

    def __init__(self, gold, analysis, path):
        self.id, self.path = gold["call_id"], path
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
    return [CallData(gold, analysis.get(gold["call_id"]), path)
            for path in paths for gold in map(json.loads, open(path, encoding="utf-8"))]


def label_rows(calls):
    """(call, place) of every labelled row."""
    return [(c, k) for c in calls for k, v in enumerate(c.gold) if v is not None]


# Step 1: cues ---------------------------------------------------------------

class Grams:
    """The character n-grams of every row, by role; counted once."""

    def __init__(self, calls, longest=4, min_df=4):
        self.place = {}
        rows = []
        for c in calls:
            self.place[c.id] = range(len(rows), len(rows) + len(c.rows))
            rows += c.rows
        self.names, self.matrix = {}, {}
        for role in ROLES:
            v = CountVectorizer(analyzer="char", ngram_range=(1, longest), min_df=min_df, binary=True, lowercase=False)
            self.matrix[role] = v.fit_transform([r[role] for r in rows]).astype(float).tocsr()
            self.names[role] = v.get_feature_names_out()

    def labelled(self, calls):
        return np.array([self.place[c.id][k] for c, k in label_rows(calls)])


class Cues:
    """Multinomial regression on the n-grams that tell most about valence."""

    def __init__(self, grams, min_df=4, keep=8000, strength=4.0):
        self.grams, self.min_df, self.keep, self.strength = grams, min_df, keep, strength

    def _role(self, role, index):
        return normalize(self.grams.matrix[role][index][:, self.kept[role]] @ diags(self.rarity[role])) * ROLES[role]

    def _matrix(self, index, with_answer):
        parts = [self._role(r, index) * (1.0 if r != "answer" or with_answer else 0.0) for r in ROLES]
        return hstack([*parts, csr_matrix(np.full((len(index), 1), float(with_answer)))]).tocsr()

    def fit(self, index, levels):
        worth, rarity = {}, {}
        for role in ROLES:
            x = self.grams.matrix[role][index]
            df = np.asarray(x.sum(0)).ravel()
            frequent = df >= self.min_df
            rarity[role] = np.log((1 + len(index)) / (1 + df)) + 1
            score = np.nan_to_num(f_regression(x, levels)[0])
            worth[role] = np.where(frequent, score, 0.0)
        least = np.sort(np.concatenate(list(worth.values())))[::-1][self.keep]
        self.kept = {role: np.where(w > least)[0] for role, w in worth.items()}
        self.rarity = {role: np.round(rarity[role][kept], 2) for role, kept in self.kept.items()}
        x = vstack([self._matrix(index, False), self._matrix(index, True)]).tocsr()
        # Far enough: more steps change the figures in the third decimal.
        with warnings.catch_warnings(action="ignore", category=ConvergenceWarning):
            self.model = LogisticRegression(C=self.strength, max_iter=100).fit(x, np.concatenate([levels, levels]))
        return self

    def _coefficients(self):
        """By role, centred over the levels."""
        coef = self.model.coef_ - self.model.coef_.mean(0)
        ends = np.cumsum([len(self.kept[r]) for r in ROLES])
        return dict(zip(ROLES, np.split(coef, ends, axis=1)))

    def parts(self, index):
        """What each role adds to the log-odds of the levels: 5 columns a role."""
        return np.hstack([self._role(r, np.array(index)) @ w.T for r, w in self._coefficients().items()])

    def table(self):
        """Lines role, n-gram, rarity and five weights in hundredths."""
        lines = []
        for role, w in self._coefficients().items():
            names, rarity = self.grams.names[role][self.kept[role]], self.rarity[role]
            lines += sorted("\t".join([role, n.replace(" ", "_"), f"{100 * r:.0f}", *(f"{100 * ROLES[role] * v:.0f}" for v in c)])
                            for n, r, c in zip(names, rarity, w.T))
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


def fit_cues(grams, calls, keep):
    return Cues(grams, keep=keep).fit(grams.labelled(calls), np.array([c.gold[k] for c, k in label_rows(calls)]))


def honest_cues(grams, calls, keep):
    """What the cues add for every call, by cues that never saw it: now and settled."""
    now, settled = {}, {}
    for train, held in folds(calls, 6, 1):
        cues = fit_cues(grams, train, keep)
        for c in held:
            if c.rows:
                settled[c.id] = cues.parts(grams.place[c.id])
                now[c.id] = settled[c.id][:, :-5]
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
    parser.add_argument("--keep", type=int, default=10000)
    parser.add_argument("--cues", help="file to keep the cross-validated cues in between runs: they do not depend on the model")
    args = parser.parse_args()
    everything = load(args.gold, args.analysis)
    calls = [c for c in everything if c.has_points]
    unseen = set(Path(args.unseen).read_text().split()) if args.unseen else {c.id for c in calls}
    unseen &= {c.id for c in calls}

    grams = Grams(everything)
    cue_now, cue_settled = kept_cues(args.cues) or honest_cues(grams, everything, args.keep)
    if args.cues:
        np.savez_compressed(args.cues, **{f"now/{i}": v for i, v in cue_now.items()}, **{f"settled/{i}": v for i, v in cue_settled.items()})
    now, settled = (honest_levels(calls, unseen, x) for x in (cue_now, cue_settled))
    report("now", calls, unseen, now)
    report("settled", calls, unseen, settled)
    for seed in (5, 6):
        detection = honest_detection(calls, now, settled, seed)
        if seed == 5:
            thresholds = best_thresholds(calls, detection)
        found = {i: decide(p, thresholds) for i, p in detection.items()}
        print("turning points F1/P/R, all calls:", *(f"{v:.3f}" for v in points_f1(calls, found)),
              " calls the model has not seen:", *(f"{v:.3f}" for v in points_f1([c for c in calls if c.id in unseen], found)),
              " thresholds", *(f"{t:.2f}" for t in thresholds), flush=True)
        for path in args.gold:
            mine = [c for c in calls if c.path == path]
            if mine:
                report_points(Path(path).name, mine, unseen, found)
    if args.write:
        write(fit_cues(grams, everything, args.keep), calls, unseen, (cue_now, cue_settled), (now, settled), thresholds)


def report_points(name, calls, unseen, found):
    for kind, part in (("all", calls), ("not seen", [c for c in calls if c.id in unseen])):
        print(f"  {name}, {len(part)} calls, {kind}:", *(f"{v:.3f}" for v in points_f1(part, found)), flush=True)


def report(name, calls, unseen, levels):
    rows = [(c, k) for c, k in label_rows(calls) if c.id in unseen]
    gold = np.array([c.gold[k] for c, k in rows])
    found = np.array([levels[c.id][k, 0] for c, k in rows])
    print(f"levels ({name}): Spearman {spearmanr(gold, found).statistic:.3f}, R2 {1 - ((gold - found) ** 2).mean() / gold.var():.3f},"
          f" {len(rows)} turns the model has not seen", flush=True)


def write(cues, calls, unseen, logits, levels, thresholds):
    lines = cues.table()
    head = ["# Cues to the customer's level, fitted by models/training/arc.py.",
            "# role (whose text), n-gram (_ is a pause), rarity, weights for the levels -2 -1 0 1 2; all in hundredths"]
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

"""Fits the weights of `src/escalation/signals.txt` and `src/escalation/cues.tsv`.

    python models/training/signals.py analysis.jsonl gold.jsonl... [--unseen ids.txt --model FOLDER] [--write]

`gold.jsonl` holds labelled calls (`turns[].escalation`), `analysis.jsonl` what
`callheat analyze --format jsonl` wrote for them. Scores of texts the sentiment
model was trained on are too good: calls not named in `--unseen` get them with
noise.

Whether a customer turn escalates is a logistic regression on which patterns of
the list match, the turn's valence, and character n-grams; a turn escalates
where the log-odds pass the threshold, which the files express as a sum of
weights that reaches 1. Figures are cross-validated by call; nothing is written
without `--write`. The patterns themselves are written by hand.

With `--model`, a folder whose model tells escalation, what its word counts
beside the list is fitted on the calls of `--unseen`: on the others it is surer
than it can be on new calls.
"""

import argparse
import json
import re
import tomllib
import unicodedata
from pathlib import Path

import numpy as np
from scipy.sparse import csr_matrix, hstack
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import normalize

HERE = Path(__file__).resolve().parents[2] / "src" / "escalation"
SPOKEN = dict(zip("0123456789", ["零〇", "一幺", *"二三四五六七八九"]))
NOISE = 0.25
# A pattern counts this many times an n-gram: hand-written ones generalise.
PATTERN = 2.0
CUES = 2.0
# Log-odds that make 1 in the list's weights.
UNIT = 3.0


def parse_list(text):
    """(line number, kind, weight or None, pattern) of every signal line; see src/escalation/list.rs."""
    classes, entries = [], []

    def expand(pattern):
        for name, alternatives in reversed(classes):
            pattern = pattern.replace("@" + name, alternatives)
        spoken = lambda run: "[ ,、]?".join(f"[{d}{SPOKEN[d]}]" for d in run[0])
        return re.sub(r"\d{3,}", spoken, pattern)

    for number, line in enumerate(text.splitlines()):
        line = line.strip()
        if not line or line.startswith("#") or line.split()[0] in ("mood", "bias", "wording", "model"):
            continue
        if line.startswith("@"):
            name, alternatives = line[1:].split(None, 1)
            classes.append((name, f"(?:{expand(alternatives)})"))
            continue
        kind, weight, pattern = line.split(None, 2)
        entries.append((number, kind, None if weight == "-" else float(weight), re.compile(expand(pattern))))
    return entries


def normalised(text):
    return unicodedata.normalize("NFKC", text).lower()


def matches(entries, text):
    """Which weighted entries match outside the denials of their kind."""
    denied = [(kind, m.span()) for _, kind, weight, p in entries if weight is None for m in p.finditer(text)]
    free = lambda kind, m: m.end() > m.start() and all(
        m.end() <= a or m.start() >= b for k, (a, b) in denied if k in (kind, "any"))
    return [float(any(free(kind, m) for m in p.finditer(text))) for _, kind, weight, p in entries if weight is not None]


def clean(text):
    """As in src/arc/cues.rs: pauses and punctuation between words become one space."""
    return re.sub(r"[\s,，。.、…;；:：]+", " ", normalised(text)).strip()


def load(paths, analysis_path, unseen):
    analysis = {}
    for line in open(analysis_path, encoding="utf-8"):
        call = json.loads(line)
        if call.get("call_id") is not None:
            analysis[call["call_id"]] = call["turns"]
    noise = np.random.RandomState(0)
    rows = []
    for path in paths:
        for call in map(json.loads, open(path, encoding="utf-8")):
            for i, t in enumerate(call["turns"]):
                if t["speaker"] == "customer" and "escalation" in t:
                    v = analysis[call["call_id"]][i]["valence"]
                    if call["call_id"] not in unseen:
                        v = float(np.clip(v + noise.normal(0, NOISE), -1, 1))
                    rows.append((path, call["call_id"], t["text"], v, bool(t["escalation"])))
    return rows


class Model:
    def __init__(self, keep=5000, longest=4, strength=1.0):
        self.keep, self.longest, self.strength = keep, longest, strength

    def _grams(self, texts):
        return normalize(self.vectors.transform(texts).astype(float)[:, self.kept]) * CUES

    def fit(self, patterns, valence, texts, y):
        self.vectors = CountVectorizer(analyzer="char", ngram_range=(1, self.longest), min_df=5, binary=True, lowercase=False).fit(texts)
        self.kept = np.arange(len(self.vectors.vocabulary_))
        for last in (False, True):
            x = hstack([csr_matrix(patterns * PATTERN), csr_matrix(valence[:, None]), self._grams(texts)]).tocsr()
            self.model = LogisticRegression(C=self.strength, max_iter=200).fit(x, y)
            if not last:
                part = x[:, patterns.shape[1] + 1:]
                use = np.sqrt(np.asarray(part.multiply(part).sum(0)).ravel())
                self.kept = np.sort(np.argsort(-np.abs(self.model.coef_[0, patterns.shape[1] + 1:]) * use)[: self.keep])
        return self

    def logits(self, patterns, valence, texts):
        return self.model.decision_function(
            hstack([csr_matrix(patterns * PATTERN), csr_matrix(valence[:, None]), self._grams(texts)]).tocsr())


def told(folder, texts):
    """The model's log-odds that each text escalates, as src/escalation/signals.rs takes them."""
    import onnxruntime
    from tokenizers import Tokenizer

    config = tomllib.loads((folder / "callheat.toml").read_text(encoding="utf-8"))
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(folder / "model.onnx", options)
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    head, tail = config["truncation"]["head"], config["truncation"]["tail"]
    chances = []
    for text in texts:
        ids = tokenizer.encode(text).ids
        ids = ids if len(ids) <= head + tail else ids[:head] + ids[-tail:]
        given = {"input_ids": np.array([ids]), "attention_mask": np.ones((1, len(ids)), np.int64)}
        chances.append(session.run([config["escalation"]["output"]], given)[0][0])
    chances = np.clip(np.array(chances, float), 1e-4, 1 - 1e-4)
    return np.log(chances / (1 - chances))


def heard(own, odds, y, sources):
    """Share of the model's word and the log-odds that are enough, by the turns it has not seen; see with_model."""
    fitted = LogisticRegression(C=100.0).fit(np.stack([own * UNIT, odds], 1), y).coef_[0]
    share = float(np.clip(fitted[1] / max(fitted.sum(), 1e-6), 0, 1))
    joined = lambda enough: (1 - share) * own + share * (1 + (odds - enough) / UNIT)
    worth = lambda enough: np.mean([f1((joined(enough) >= 1)[sources == s], y[sources == s])[0] for s in set(sources)])
    enough = max(np.arange(-3, 2, 0.1), key=worth)
    return share, enough, joined(enough)


def f1(found, gold):
    hit = (found & gold).sum()
    return 2 * hit / max(found.sum() + gold.sum(), 1), hit / max(found.sum(), 1), hit / max(gold.sum(), 1)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("analysis")
    parser.add_argument("gold", nargs="+")
    parser.add_argument("--unseen")
    parser.add_argument("--model", type=Path)
    parser.add_argument("--write", action="store_true")
    args = parser.parse_args()
    if args.model and not args.unseen:
        parser.error("--model needs --unseen: the calls that the model was not trained on")
    unseen = set(Path(args.unseen).read_text().split()) if args.unseen else set()
    rows = load(args.gold, args.analysis, unseen)
    text = (HERE / "signals.txt").read_text(encoding="utf-8")
    entries = parse_list(text)
    x = np.array([matches(entries, normalised(t)) for *_, t, _, _ in rows])
    valence = np.array([r[3] for r in rows])
    texts = np.array([clean(r[2]) for r in rows], dtype=object)
    y = np.array([r[4] for r in rows])
    sources = np.array([r[0] for r in rows])
    ids = sorted({r[1] for r in rows})
    fold = dict(zip(ids, np.random.RandomState(0).permutation(len(ids)) % 6))
    folds = np.array([fold[r[1]] for r in rows])
    logits = np.zeros(len(rows))
    for k in range(6):
        held = folds == k
        model = Model().fit(x[~held], valence[~held], texts[~held], y[~held])
        logits[held] = model.logits(x[held], valence[held], texts[held])
    any_pattern = x.sum(1) > 0
    threshold = max(np.arange(-2.5, 1, 0.05),
                    key=lambda t: np.mean([f1((logits[sources == s] > t) & any_pattern[sources == s], y[sources == s])[0] for s in args.gold]))
    for s in args.gold:
        m = sources == s
        best = max(f1((logits[m] > t) & any_pattern[m], y[m])[0] for t in np.arange(-2.5, 1, 0.05))
        print(Path(s).name, "F1/P/R", *(f"{v:.3f}" for v in f1((logits[m] > threshold) & any_pattern[m], y[m])),
              f"best {best:.3f} threshold {threshold:.2f}; {y[m].sum()} of {m.sum()} turns", flush=True)
    model_line = None
    if args.model:
        aside = np.array([r[1] in unseen for r in rows])
        new = aside & any_pattern
        own = 1 + (logits[new] - threshold) / UNIT
        share, enough, joined = heard(own, told(args.model, [r[2] for r, n in zip(rows, new) if n]), y[new], sources[new])
        model_line = f"model {share:.2f} {1 / (1 + np.exp(-enough)):.2f}"
        print(model_line)
        for s in args.gold:
            missed = (y & aside & ~any_pattern & (sources == s)).sum()
            m = sources[new] == s
            with_missed = lambda found: f1(np.append(found[m], [False] * missed), np.append(y[new][m], [True] * missed))
            print(Path(s).name, "not seen by the model: F1/P/R of the list", *(f"{v:.3f}" for v in with_missed(own >= 1)),
                  "with the model", *(f"{v:.3f}" for v in with_missed(joined >= 1)),
                  f"; {(y & aside & (sources == s)).sum()} of {(aside & (sources == s)).sum()} turns", flush=True)
    if args.write:
        write(text, entries, Model().fit(x, valence, texts, y), threshold, model_line)


def write(text, entries, model, threshold, model_line):
    """Log-odds become weights: bias + sum = 1 at the threshold, in units of 3 log-odds."""
    coef = model.model.coef_[0] / UNIT
    weighted = [e for e in entries if e[2] is not None]
    lines = text.splitlines()
    for (number, *_), w in zip(weighted, coef[: len(weighted)] * PATTERN):
        kind, _, pattern = lines[number].split(None, 2)
        lines[number] = f"{kind} {max(w, 0.01):.2f} {pattern}"
    bias = 1 + (model.model.intercept_[0] - threshold) / UNIT
    lines = [f"bias {bias:.2f}" if l.startswith("bias ") else f"mood {-coef[len(weighted)]:.2f}" if l.startswith("mood ") else l for l in lines]
    if model_line:
        lines = [model_line if l.startswith("model ") else l for l in lines]
    (HERE / "signals.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    grams = model.vectors.get_feature_names_out()[model.kept]
    weights = coef[len(weighted) + 1:] * CUES
    out = ["# How the wording of a turn speaks for or against escalation, fitted by models/training/signals.py.",
           "# n-gram (_ is a pause), weight in hundredths"]
    out += [f"{g.replace(' ', '_')}\t{round(100 * w)}" for g, w in sorted(zip(grams, weights)) if round(100 * w)]
    (HERE / "cues.tsv").write_text("\n".join(out) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

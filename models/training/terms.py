"""Trains the complaint-term tagger (src/terms/tagger/weights.bin).

    callheat analyze DATA/calls/gold.jsonl DATA/helpdesk/dialogues.jsonl \
        --format jsonl -o scored.jsonl
    cargo build --example term-features
    python models/training/terms.py --data DATA --scored scored.jsonl \
        --features target/debug/examples/term-features --out src/terms/tagger/weights.bin

Needs torch and numpy. The valences of the scored file come from a model that
has seen the same turns, so they are blurred until they are about as good as on
unseen ones.

`--cross-validate EVAL` (target/debug/examples/term-eval) writes no weights: each
fifth of the calls is measured with weights trained on the other four, by the
finder that ships (tagger, lexicon, scope) and by the rule of `callheat eval`.
`--folds N` measures the first N fifths only.
"""
import argparse
import hashlib
import json
import struct
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import torch

TAGS = "OBIES"
CATEGORIES = ["fee", "delay", "attitude", "quality", "refund", "promise", "access", "safety", "process", "other"]
ALLOWED = "OO OB OS BI BE II IE EO EB ES SO SB SS".split()
FILES = {"calls": "calls/gold.jsonl", "helpdesk": "helpdesk/dialogues.jsonl"}
TAG_BITS, CATEGORY_BITS = 18, 15
FOLDS = 5
BLUR = 0.22  # standard deviation added to valences in -1..1
NEVER = -1e4


class Turn:
    """A customer turn: hashed features per character, gold phrases."""

    def __init__(self, source, call, text, origins, ids, lengths, terms):
        self.source, self.call, self.text, self.origins = source, call, text, origins
        self.ids, self.lengths = ids, lengths
        self.gold = [term["term"] for term in terms]
        self.tags = np.zeros(len(origins), np.int64)
        self.spans = []
        for term in sorted(terms, key=lambda term: -len(term["term"])):
            start = text.find(term["term"])
            inside = [at for at, origin in enumerate(origins) if start <= origin < start + len(term["term"])]
            if start < 0 or not inside or self.tags[inside].any():
                continue
            self.tags[inside] = 2
            self.tags[inside[0]], self.tags[inside[-1]] = (1, 3) if len(inside) > 1 else (4, 4)
            self.spans.append((inside[0], inside[-1] + 1, CATEGORIES.index(term["category"])))

    def surface(self, start, end):
        return self.text[self.origins[start]:self.origins[end - 1] + 1]


def load(data, scored, program):
    gold = {}
    for source, name in FILES.items():
        for line in open(Path(data) / name, encoding="utf-8"):
            call = json.loads(line)
            if any("valence" in turn for turn in call["turns"]):
                for at, turn in enumerate(call["turns"]):
                    gold[call["call_id"], at] = (source, turn["text"], turn.get("terms") or [])
    lines = [json.dumps(call, ensure_ascii=False) for call in blurred(scored) if (call["call_id"], 0) in gold]
    with tempfile.NamedTemporaryFile() as file:
        listing = subprocess.run([program, file.name], input="\n".join(lines), encoding="utf-8",
                                 capture_output=True, check=True).stdout
        numbers = np.fromfile(file.name, "<u4")
    turns, at = [], 0
    for line in listing.splitlines():
        row = json.loads(line)
        count, at = int(numbers[at]), at + 1
        ids, lengths = [], np.zeros(count, np.int64)
        for character in range(count):
            length = int(numbers[at])
            lengths[character] = length
            ids.append(numbers[at + 1:at + 1 + length])
            at += 1 + length
        if count:
            source, text, terms = gold[row["call"], row["turn"]]
            ids = np.concatenate(ids).astype(np.int64)
            turns.append(Turn(source, row["call"], text, row["origins"], ids, lengths, terms))
    return turns


def blurred(scored):
    """The scored calls, valences as good as on calls the model has not seen."""
    rng = np.random.RandomState(7)
    calls = []
    for line in open(scored, encoding="utf-8"):
        call = json.loads(line)
        if call.get("call_id") is None:
            continue
        for turn in call["turns"]:
            turn["valence"] = float(np.clip(turn.get("valence", 0) + rng.normal(0, BLUR), -1, 1))
        calls.append(call)
    return calls


class Field(torch.nn.Module):
    """Linear-chain conditional random field."""

    def __init__(self):
        super().__init__()
        self.weights = torch.nn.EmbeddingBag(1 << TAG_BITS, 5, mode="sum")
        torch.nn.init.zeros_(self.weights.weight)
        self.steps = torch.nn.Parameter(torch.zeros(5, 5))
        wall = torch.full((5, 5), NEVER)
        for a, b in ALLOWED:
            wall[TAGS.index(a), TAGS.index(b)] = 0
        self.register_buffer("wall", wall)
        self.register_buffer("start", torch.tensor([0, 0, NEVER, NEVER, 0.0]))
        self.register_buffer("end", torch.tensor([0, NEVER, NEVER, 0, 0.0]))

    def emissions(self, batch):
        lengths = np.concatenate([turn.lengths for turn in batch])
        offsets = np.zeros(len(lengths), np.int64)
        offsets[1:] = np.cumsum(lengths)[:-1]
        return self.weights(torch.from_numpy(np.concatenate([turn.ids for turn in batch])), torch.from_numpy(offsets))

    def loss(self, batch):
        longest = max(len(turn.tags) for turn in batch)
        rows = torch.cat([torch.full((len(turn.tags),), row) for row, turn in enumerate(batch)])
        columns = torch.cat([torch.arange(len(turn.tags)) for turn in batch])
        scores = torch.zeros(len(batch), longest, 5).index_put((rows, columns), self.emissions(batch))
        tags = torch.zeros(len(batch), longest, dtype=torch.long)
        tags[rows, columns] = torch.from_numpy(np.concatenate([turn.tags for turn in batch]))
        mask = torch.zeros(len(batch), longest, dtype=torch.bool)
        mask[rows, columns] = True
        steps = self.steps + self.wall
        alpha = self.start + scores[:, 0]
        path = alpha.gather(1, tags[:, :1]).squeeze(1)
        last = tags[:, 0]
        for at in range(1, longest):
            here = mask[:, at]
            following = torch.logsumexp(alpha.unsqueeze(2) + steps, 1) + scores[:, at]
            alpha = torch.where(here.unsqueeze(1), following, alpha)
            gain = steps[last, tags[:, at]] + scores[:, at].gather(1, tags[:, at:at + 1]).squeeze(1)
            path = path + torch.where(here, gain, torch.zeros_like(gain))
            last = torch.where(here, tags[:, at], last)
        return (torch.logsumexp(alpha + self.end, 1) - path - self.end[last]).mean()


def train_field(turns, epochs, rate, decay, size=32):
    torch.manual_seed(0)
    rng = np.random.RandomState(0)
    field = Field()
    optimiser = torch.optim.Adam(field.parameters(), lr=rate)
    batches = 0
    for epoch in range(epochs):
        order = sorted(range(len(turns)), key=lambda at: len(turns[at].tags) * (1 + 0.2 * rng.rand()))
        chunks = [order[at:at + size] for at in range(0, len(order), size)]
        rng.shuffle(chunks)
        for chunk in chunks:
            loss = field.loss([turns[at] for at in chunk]) + decay * field.weights.weight.square().sum()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            batches += 1
            for group in optimiser.param_groups:
                group["lr"] = rate * max(0.05, 1 - batches / (epochs * len(chunks)))
        print("epoch", epoch, "loss", round(loss.item(), 3), flush=True)
    return field


def category_rows(turn, start, end):
    ends = np.cumsum(turn.lengths)
    first = ends[start - 1] if start else 0
    return turn.ids[first:ends[end - 1]] >> (TAG_BITS - CATEGORY_BITS)


def train_categories(turns, epochs=8, rate=0.02, decay=3e-6):
    torch.manual_seed(0)
    rng = np.random.RandomState(0)
    spans = [(category_rows(turn, a, b), b - a, category) for turn in turns for a, b, category in turn.spans]
    weights = torch.nn.EmbeddingBag(1 << CATEGORY_BITS, len(CATEGORIES), mode="sum")
    torch.nn.init.zeros_(weights.weight)
    bias = torch.nn.Parameter(torch.zeros(len(CATEGORIES)))
    optimiser = torch.optim.Adam([*weights.parameters(), bias], lr=rate)
    for _ in range(epochs):
        order = rng.permutation(len(spans))
        for at in range(0, len(order), 64):
            chunk = [spans[index] for index in order[at:at + 64]]
            logits = categories_of(weights, bias, chunk)
            loss = torch.nn.functional.cross_entropy(logits, torch.tensor([category for _, _, category in chunk]))
            loss = loss + decay * weights.weight.square().sum()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
    return weights, bias


def categories_of(weights, bias, spans):
    offsets = np.zeros(len(spans), np.int64)
    offsets[1:] = np.cumsum([len(rows) for rows, _, _ in spans])[:-1]
    sums = weights(torch.from_numpy(np.concatenate([rows for rows, _, _ in spans])), torch.from_numpy(offsets))
    return sums / torch.tensor([[float(length)] for _, length, _ in spans]) + bias


def cross_validate(turns, options, doubled):
    """Figures of the whole finder on calls that its tagger has not seen."""
    fold = lambda call: int(hashlib.md5(call.encode()).hexdigest(), 16) % FOLDS
    calls = blurred(options.scored)
    with tempfile.TemporaryDirectory() as folder:
        parts = []
        for held in range(options.folds):
            kept = [turn for turn in turns if fold(turn.call) != held]
            weights, scored = Path(folder) / f"{held}.bin", Path(folder) / f"{held}.jsonl"
            field = train_field(doubled(kept), options.epochs, options.rate, options.decay)
            write(weights, field, *train_categories(kept), options.threshold)
            lines = (json.dumps(call, ensure_ascii=False) for call in calls if fold(call["call_id"]) == held)
            scored.write_text("\n".join(lines) + "\n", encoding="utf-8")
            parts += [weights, scored]
        for threshold in options.thresholds or [options.threshold]:
            for weights in parts[::2]:
                set_threshold(weights, threshold)
            for source, name in FILES.items():
                figures = json.loads(subprocess.run([options.cross_validate, Path(options.data) / name, *parts],
                                                    encoding="utf-8", capture_output=True, check=True).stdout)
                print(source, "threshold", threshold, summary(figures), flush=True)
                if options.errors:
                    for kind in ("missed", "wrong"):
                        print(" ", kind, ", ".join(f"{p['term']} {p['count']}" for p in figures[kind]))


def summary(figures):
    row = lambda estimate: "%.3f [%.3f, %.3f]" % (estimate["value"], estimate["low"], estimate["high"])
    matches = figures["matches"]
    return (f"P {row(matches['precision'])} R {row(matches['recall'])} F1 {row(matches['f1'])}"
            f" category {row(figures['category_accuracy'])}; {figures['turns']} turns, {matches['gold']} gold,"
            f" {matches['found']} found, {matches['matched']} matched")


def set_threshold(path, threshold):
    data = bytearray(path.read_bytes())
    data[12:16] = struct.pack("<f", threshold)
    path.write_bytes(data)


def quantise(weights):
    weights = weights.detach().numpy()
    used = np.abs(weights[weights != 0])
    scale = float(np.quantile(used, 0.9999)) / 127 if used.size else 1.0
    return scale, np.clip(np.round(weights / scale), -127, 127).astype(np.int8)


def write(path, field, weights, bias, threshold):
    with open(path, "wb") as file:
        file.write(b"CHT1" + struct.pack("<IIf", TAG_BITS, CATEGORY_BITS, threshold))
        file.write((field.steps + field.wall).detach().numpy().astype("<f4").tobytes())
        scale, table = quantise(field.weights.weight)
        file.write(struct.pack("<f", scale) + table.tobytes())
        file.write(bias.detach().numpy().astype("<f4").tobytes())
        scale, table = quantise(weights.weight)
        file.write(struct.pack("<f", scale) + table.tobytes())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True)
    parser.add_argument("--scored", required=True)
    parser.add_argument("--features", required=True)
    parser.add_argument("--out")
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--rate", type=float, default=0.02)
    parser.add_argument("--decay", type=float, default=1e-4)
    parser.add_argument("--calls-twice", action="store_true", help="weigh the spoken calls double")
    parser.add_argument("--threshold", type=float, default=0.75, help="bias against no phrase")
    parser.add_argument("--cross-validate", metavar="EVAL")
    parser.add_argument("--folds", type=int, default=FOLDS)
    parser.add_argument("--thresholds", type=float, nargs="+", help="try several with --cross-validate")
    parser.add_argument("--errors", action="store_true", help="list what is most often missed and wrong")
    options = parser.parse_args()
    torch.set_num_threads(1)
    turns = load(options.data, options.scored, options.features)
    print(len(turns), "turns", sum(len(turn.gold) for turn in turns), "phrases")
    doubled = lambda part: part + [turn for turn in part if options.calls_twice and turn.source == "calls"]
    if options.cross_validate:
        cross_validate(turns, options, doubled)
    elif not options.out:
        parser.error("give --out FILE or --cross-validate EVAL")
    else:
        field = train_field(doubled(turns), options.epochs, options.rate, options.decay)
        write(options.out, field, *train_categories(turns), options.threshold)


if __name__ == "__main__":
    main()

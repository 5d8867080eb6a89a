"""Trains the complaint-term tagger (src/terms/tagger/weights.bin).

    callheat analyze DATA/calls/gold.jsonl DATA/helpdesk/dialogues.jsonl \
        --format jsonl -o scored.jsonl
    cargo build --example term-features
    python models/training/terms.py --data DATA --scored scored.jsonl \
        --features target/debug/examples/term-features --out src/terms/tagger/weights.bin

Needs torch and numpy. `--cross-validate` trains on four fifths of the calls
and measures on the fifth instead of writing weights. The valences of the scored
file come from a model that has seen the same turns, so they are blurred until
they are about as good as on unseen ones.
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
    rng = np.random.RandomState(7)
    lines = []
    for line in open(scored, encoding="utf-8"):
        call = json.loads(line)
        for turn in call["turns"]:
            turn["valence"] = float(np.clip(turn.get("valence", 0) + rng.normal(0, BLUR), -1, 1))
        if (call["call_id"], 0) in gold:
            lines.append(json.dumps(call, ensure_ascii=False))
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


def decode(field, turn, bias):
    with torch.no_grad():
        scores = field.emissions([turn]).numpy().copy()
        steps = (field.steps + field.wall).numpy()
    scores[:, 0] -= bias
    best, back = field.start.numpy() + scores[0], []
    for row in scores[1:]:
        ways = best[:, None] + steps
        back.append(ways.argmax(0))
        best = ways.max(0) + row
    tag = int((best + field.end.numpy()).argmax())
    tags = [tag]
    for came in reversed(back):
        tag = int(came[tag])
        tags.append(tag)
    spans, first = [], 0
    for at, tag in enumerate(reversed(tags)):
        if tag in (1, 4):
            first = at
        if tag in (3, 4):
            spans.append((first, at + 1))
    return spans


def measure(field, weights, bias, turns):
    """Same turn, one phrase containing the other, one to one."""
    for source in FILES:
        part = [turn for turn in turns if turn.source == source]
        spans = [(category_rows(turn, a, b), b - a, c) for turn in part for a, b, c in turn.spans]
        with torch.no_grad():
            right = (categories_of(weights, bias, spans).argmax(1).numpy() == [c for _, _, c in spans]).mean()
        print(source, "category accuracy on gold phrases", round(float(right), 3))
        for threshold in (0.4, 0.6, 0.8, 1.0, 1.2):
            hits = found = wanted = 0
            for turn in part:
                phrases = [turn.surface(a, b) for a, b in decode(field, turn, threshold)]
                left = list(turn.gold)
                found, wanted = found + len(phrases), wanted + len(left)
                for phrase in phrases:
                    match = next((gold for gold in left if gold in phrase or phrase in gold), None)
                    if match is not None:
                        left.remove(match)
                        hits += 1
            p, r = hits / max(found, 1), hits / max(wanted, 1)
            print(source, "bias", threshold, "P %.3f R %.3f F1 %.3f" % (p, r, 2 * p * r / max(p + r, 1e-9)), found, wanted)


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
    parser.add_argument("--out", required=True)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--rate", type=float, default=0.02)
    parser.add_argument("--decay", type=float, default=1e-4)
    parser.add_argument("--calls-twice", action="store_true", help="weigh the spoken calls double")
    parser.add_argument("--threshold", type=float, default=0.75, help="bias against no phrase")
    parser.add_argument("--cross-validate", action="store_true")
    options = parser.parse_args()
    torch.set_num_threads(1)
    turns = load(options.data, options.scored, options.features)
    print(len(turns), "turns", sum(len(turn.gold) for turn in turns), "phrases")
    doubled = lambda part: part + [turn for turn in part if options.calls_twice and turn.source == "calls"]
    if options.cross_validate:
        fold = lambda turn: int(hashlib.md5(turn.call.encode()).hexdigest(), 16) % 5
        kept = [turn for turn in turns if fold(turn)]
        field = train_field(doubled(kept), options.epochs, options.rate, options.decay)
        measure(field, *train_categories(kept), [turn for turn in turns if not fold(turn)])
    else:
        field = train_field(doubled(turns), options.epochs, options.rate, options.decay)
        write(options.out, field, *train_categories(turns), options.threshold)


if __name__ == "__main__":
    main()

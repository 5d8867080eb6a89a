"""The training loop: batches by length, losses, checkpoints, and the scores of a trained model."""

import math
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from tokenizers import Encoding, Tokenizer
from torch import Tensor
from torch.nn import functional

from .augment import Phrases, spoken, thinned, unpunctuated
from .backbone import PAD
from .corpus import Record
from .encoder import WIDTH, Classifier
from .settings import TAGS, Pass

MASKED = -1e4
CHECKPOINT_SECONDS = 180
NEUTRAL = 1
# A token whose tag or category nobody knows; what a tag counts (outside, first, inside); the share of a phrase's tokens
# and of their categories in the loss of a text.
UNKNOWN = -100
TAG_WEIGHTS = (1.0, 2.0, 1.0)
TAG_SHARE, CATEGORY_SHARE = 1 / 6, 1 / 10
# What escalation counts in the loss of a text.
ESCALATION_SHARE = 0.7
# Learning from a teacher: the temperature of both outputs, and what the gold class still counts.
WARMTH = 2.0
GOLD_SHARE = 0.4


@dataclass(frozen=True)
class Target:
    """What a text is trained on: a record, and what a teacher says of it where it was asked."""

    record: Record
    soft: "Soft | None" = None


@dataclass(frozen=True)
class Soft:
    """A teacher's class logits [3], valence and pooled output [width] for a text; with a leading [n] for many."""

    logits: np.ndarray
    valence: np.ndarray
    pooled: np.ndarray


@dataclass(frozen=True)
class Batch:
    """Padded ids and mask [n, tokens], gold classes and their weights (0: none), valences, what is known of each row.

    `soft` [n, 3] and `pooled` [n, width] are the teacher's, for the rows where `taught` is 1. `tags` and `categories`
    [n, tokens] are UNKNOWN where nobody marked phrases; `escalates` is known where `judged` is 1.
    """

    ids: Tensor
    mask: Tensor
    label: Tensor
    weight: Tensor
    valence: Tensor
    graded: Tensor
    binary: Tensor
    taught: Tensor
    soft: Tensor
    pooled: Tensor
    escalates: Tensor
    judged: Tensor
    tags: Tensor
    categories: Tensor


@dataclass(frozen=True)
class Tokens:
    """A text's token ids, and each token's tag and category (UNKNOWN: not known)."""

    ids: list[int]
    tags: list[int]
    categories: list[int]


def device() -> torch.device:
    """The GPU when there is one."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def _autocast() -> torch.autocast:
    """bf16 where the hardware multiplies it natively; elsewhere it would be slower than float32."""
    fast = torch.cuda.is_available() or torch.backends.cpu.get_cpu_capability() == "AVX512" and _native_bf16()
    return torch.autocast(device().type, dtype=torch.bfloat16, enabled=fast)


def _native_bf16() -> bool:
    try:
        return "avx512_bf16" in Path("/proc/cpuinfo").read_text(encoding="ascii", errors="ignore")
    except OSError:
        return False


def cut(ids: list[int], limit: int) -> list[int]:
    """Head and tail of a long text, three to one."""
    if len(ids) <= limit:
        return ids
    tail = limit // 4
    return ids[: limit - tail] + ids[-tail:]


def draw(pool: Sequence[Target], limits: dict[str, int], rng: random.Random) -> list[Target]:
    """The texts of one epoch: at most `limits[source]` of each source (-1: all), none of a source without an entry.

    Those of which a teacher spoke come first.
    """
    by_source: dict[str, list[Target]] = {}
    for target in pool:
        by_source.setdefault(target.record.source, []).append(target)
    drawn: list[Target] = []
    for source in sorted(by_source):
        rows = limits.get(source, 0)
        found = by_source[source]
        if rows < 0 or rows >= len(found):
            drawn += found
            continue
        told = [t for t in found if t.soft is not None]
        rest = [t for t in found if t.soft is None]
        drawn += rng.sample(told, rows) if rows <= len(told) else [*told, *rng.sample(rest, rows - len(told))]
    return drawn


def _varied(record: Record, share: float, rng: random.Random) -> tuple[str, Phrases]:
    """The text or a variant of it, and where its phrases are."""
    phrases = record.phrases or ()
    if rng.random() >= share:
        return record.text, phrases
    if phrases:
        return thinned(record.text, phrases, rng)
    if record.source in ("calls", "written", "spoken"):
        return unpunctuated(record.text, rng), ()
    return (spoken(record.text, rng) if record.source in ("helpdesk", "unlabelled", "agents") else record.text), ()


def _tokens(encoding: Encoding, phrases: Phrases | None, limit: int) -> Tokens:
    """Token ids, tags and categories, cut alike."""
    count = len(encoding.ids)
    tags, categories = [UNKNOWN if phrases is None else 0] * count, [UNKNOWN] * count
    for start, end, category in sorted(phrases or (), reverse=True):
        inside = False
        for i, (first, after) in enumerate(encoding.offsets):
            if first < after and first < end and after > start:
                tags[i], categories[i], inside = 2 if inside else 1, category, True
    return Tokens(cut(encoding.ids, limit), cut(tags, limit), cut(categories, limit))


def batches(
    drawn: Sequence[Target], tokenizer: Tokenizer, plan: Pass, batch_tokens: int, rng: random.Random
) -> list[tuple[list[Target], list[Tokens]]]:
    """Batches of texts of like length, in random order."""
    varied = [_varied(t.record, plan.augment, rng) for t in drawn]
    encodings = tokenizer.encode_batch([text for text, _ in varied])
    rows = [
        _tokens(encoding, None if target.record.phrases is None else phrases, plan.max_tokens)
        for target, encoding, (_, phrases) in zip(drawn, encodings, varied, strict=True)
    ]
    order = sorted(range(len(drawn)), key=lambda i: (len(rows[i].ids) + rng.random() * 3, i))
    result, start = [], 0
    while start < len(order):
        size = max(1, batch_tokens // len(rows[order[min(start + 15, len(order) - 1)]].ids))
        part = order[start : start + min(size, 96)]
        result.append(([drawn[i] for i in part], [rows[i] for i in part]))
        start += len(part)
    rng.shuffle(result)
    return result


def _filled(rows: Sequence[list[int]], filling: int) -> Tensor:
    """The rows [rows, longest] on the device, the shorter ones filled up."""
    width = max(map(len, rows))
    return torch.tensor([row + [filling] * (width - len(row)) for row in rows], device=device())


def padded(rows: Sequence[list[int]]) -> tuple[Tensor, Tensor]:
    """Ids and mask [rows, longest] on the device."""
    ids = _filled(rows, PAD)
    width = ids.shape[1]
    mask = torch.tensor([[1] * len(row) + [0] * (width - len(row)) for row in rows], device=device())
    return ids, mask


def _batch(targets: Sequence[Target], rows: Sequence[Tokens], class_weight: dict[str, np.ndarray]) -> Batch:
    ids, mask = padded([row.ids for row in rows])
    n = len(targets)
    label, weight = np.zeros(n, np.int64), np.zeros(n, np.float32)
    valence, graded, taught = np.zeros(n, np.float32), np.zeros(n, np.float32), np.zeros(n, np.float32)
    soft, pooled = np.zeros((n, 3), np.float32), np.zeros((n, WIDTH), np.float32)
    escalates, judged = np.zeros(n, np.float32), np.zeros(n, np.float32)
    for i, target in enumerate(targets):
        record, value = target.record, target.record.valence
        if target.soft is not None:
            soft[i], pooled[i], taught[i] = target.soft.logits, target.soft.pooled, 1.0
            value = float(target.soft.valence) if value is None and not record.binary else value
        if record.label is not None:
            label[i] = record.label
            weight[i] = class_weight[record.source][record.label] if record.source in class_weight else 1.0
        if value is not None:
            valence[i], graded[i] = value, 1.0
        if record.escalation is not None:
            escalates[i], judged[i] = float(record.escalation), 1.0
    binary = np.array([t.record.binary for t in targets], np.float32)
    known = (label, weight, valence, graded, binary, taught, soft, pooled, escalates, judged)
    tags, categories = _filled([row.tags for row in rows], UNKNOWN), _filled([row.categories for row in rows], UNKNOWN)
    return Batch(ids, mask, *(torch.from_numpy(values).to(device()) for values in known), tags, categories)


def _loss(model: Classifier, batch: Batch, spread: float) -> Tensor:
    """Gold classes and valence; where a teacher spoke, its classes and its pooled output (in units of its variance)."""
    with _autocast():
        states = model.states(batch.ids, batch.mask)
        logits, valence, pooled = model.judged(states, batch.mask)
        marks, escalation = model.marked(states), model.escalating(pooled)
    blocked = torch.zeros_like(batch.soft)
    blocked[:, NEUTRAL] = batch.binary * MASKED
    logits = logits.float() + blocked
    gold = functional.cross_entropy(logits, batch.label, reduction="none") * batch.weight
    graded = functional.smooth_l1_loss(valence.float(), batch.valence, reduction="none") * batch.graded
    threat = functional.binary_cross_entropy_with_logits(escalation.float(), batch.escalates, reduction="none")
    total = gold * (1 - (1 - GOLD_SHARE) * batch.taught) + 0.5 * graded + ESCALATION_SHARE * threat * batch.judged
    if bool(batch.taught.any()):
        told = functional.log_softmax((batch.soft + blocked) / WARMTH, dim=1)
        said = functional.log_softmax(logits / WARMTH, dim=1)
        apart = functional.kl_div(said, told, reduction="none", log_target=True).sum(1) * WARMTH**2
        far = ((pooled.float() - batch.pooled) ** 2).mean(1) / spread
        total = total + batch.taught * (apart + far)
    return total.mean() + _mark_loss(marks.float(), batch)


def _mark_loss(marks: Tensor, batch: Batch) -> Tensor:
    """What the tags and categories of the marked texts' tokens cost."""
    weight = torch.tensor(TAG_WEIGHTS, device=marks.device)
    tags, categories = marks[..., :TAGS].flatten(0, 1), marks[..., TAGS:].flatten(0, 1)
    known = {"ignore_index": UNKNOWN, "reduction": "sum"}
    tagged = functional.cross_entropy(tags, batch.tags.flatten(), weight=weight, **known)
    named = functional.cross_entropy(categories, batch.categories.flatten(), **known)
    return (TAG_SHARE * tagged + CATEGORY_SHARE * named) / len(batch.label)


def class_weights(pool: Sequence[Target]) -> dict[str, np.ndarray]:
    """Per source, the inverse square root of each class's share, mean 1 over the source's texts."""
    counts: dict[str, np.ndarray] = {}
    for target in pool:
        if target.record.label is not None:
            counts.setdefault(target.record.source, np.zeros(3))[target.record.label] += 1
    weights = {}
    for source, count in counts.items():
        raw = np.where(count > 0, 1 / np.sqrt(np.maximum(count, 1)), 0)
        weights[source] = raw * count.sum() / (raw * count).sum()
    return weights


def _spread(pool: Sequence[Target]) -> float:
    """The mean variance of the teacher's pooled outputs."""
    told = [t.soft.pooled for t in pool if t.soft is not None]
    return float(np.stack(told).astype(np.float32).var(0).mean()) if told else 1.0


class Average:
    """The mean of the weights over the last part of a pass: it generalises a little better than the last weights."""

    FROM, EVERY = 0.7, 10

    def __init__(self, model: Classifier) -> None:
        self.count = 0
        self.total = {name: torch.zeros_like(value) for name, value in model.state_dict().items()}

    def add(self, model: Classifier, step: int, steps: int) -> None:
        """Takes the weights of a step in, if it is one of those that count."""
        if step == steps - 1 or step >= self.FROM * steps and step % self.EVERY == 0:
            self.count += 1
            for name, value in model.state_dict().items():
                self.total[name] += value

    def mean(self) -> dict[str, Tensor]:
        """The averaged weights."""
        return {name: (value / self.count).cpu() for name, value in self.total.items()}


class Optimiser:
    """AdamW (new heads ten times faster) plus a lazy Adam for the rows of the vocabulary that a batch touches."""

    def __init__(self, model: Classifier, rate: float, head_factor: float) -> None:
        heads = [parameter for head in model.heads() for parameter in head.parameters()]
        special = {id(p) for p in heads} | {id(model.words.weight)}
        body = [p for p in model.parameters() if id(p) not in special]
        self.dense = [*body, *heads]
        self.adam = torch.optim.AdamW(
            [{"params": body, "lr": rate, "scale": 1.0}, {"params": heads, "lr": rate, "scale": head_factor}],
            weight_decay=0.01,
            fused=True,
        )
        self.lazy = torch.optim.SparseAdam([model.words.weight], lr=rate)
        self.rate = rate

    def step(self, share: float) -> None:
        """One step; `share` of the run is done. Warm-up over 5 %, then linear decay to zero."""
        factor = min(1.0, share / 0.05 + 0.02) * max(0.0, 1.0 - share)
        for group in self.adam.param_groups:
            group["lr"] = self.rate * group["scale"] * factor
        self.lazy.param_groups[0]["lr"] = self.rate * factor
        torch.nn.utils.clip_grad_norm_(self.dense, 1.0)
        self.adam.step()
        self.lazy.step()
        self.adam.zero_grad()
        self.lazy.zero_grad()


def train(
    model: Classifier,
    pool: Sequence[Target],
    plan: Pass,
    tokenizer: Tokenizer,
    *,
    seed: int,
    out: Path,
    batch_tokens: int,
) -> Classifier:
    """Trains by the plan and saves to `out`; continues from `out`'s checkpoint, returns at once when `out` exists."""
    if out.exists():
        model.load_state_dict(torch.load(out, map_location="cpu", weights_only=True))
        return model.to(device())
    rng = random.Random(seed)
    torch.manual_seed(seed)
    work = [
        b for _ in range(plan.epochs) for b in batches(draw(pool, plan.rows, rng), tokenizer, plan, batch_tokens, rng)
    ]
    weights = class_weights(pool)
    model = model.to(device()).train()
    optimiser, average, spread = Optimiser(model, plan.rate, plan.head_factor), Average(model), _spread(pool)
    checkpoint, first = out.with_suffix(".part"), 0
    if checkpoint.exists():
        saved = torch.load(checkpoint, map_location=device(), weights_only=True)
        model.load_state_dict(saved["model"])
        optimiser.adam.load_state_dict(saved["adam"])
        optimiser.lazy.load_state_dict(saved["lazy"])
        first = saved["step"]
        average.total, average.count = saved["average"], saved["averaged"]
    tokens_total = sum(len(row.ids) for _, rows in work for row in rows)
    print(
        f"{out.stem}: {sum(len(t) for t, _ in work)} texts, {tokens_total} tokens, {len(work)} steps, from {first}",
        flush=True,
    )
    started = saved_at = reported = time.monotonic()
    tokens, running = 0, math.nan
    for step in range(first, len(work)):
        targets, rows = work[step]
        loss = _loss(model, _batch(targets, rows, weights), spread)
        loss.backward()
        optimiser.step(step / len(work))
        average.add(model, step, len(work))
        value, tokens = loss.item(), tokens + sum(len(row.ids) for row in rows)
        running = value if math.isnan(running) else 0.98 * running + 0.02 * value
        now = time.monotonic()
        if now - reported > 30:
            reported = now
            print(
                f"{out.stem} {step + 1}/{len(work)} loss {running:.3f} {tokens / (now - started):.0f} tokens/s",
                flush=True,
            )
        if now - saved_at > CHECKPOINT_SECONDS:
            saved_at = now
            state = {
                "model": model.state_dict(),
                "adam": optimiser.adam.state_dict(),
                "lazy": optimiser.lazy.state_dict(),
                "step": step + 1,
                "average": average.total,
                "averaged": average.count,
            }
            torch.save(state, checkpoint.with_suffix(".tmp"))
            checkpoint.with_suffix(".tmp").rename(checkpoint)
    model.load_state_dict(average.mean())
    torch.save(average.mean(), out)
    checkpoint.unlink(missing_ok=True)
    return model


@torch.no_grad()
def taught(model: Classifier, texts: Sequence[str], tokenizer: Tokenizer, limit: int) -> Soft:
    """What the model says of the texts."""
    model = model.to(device()).eval()
    rows = [cut(e.ids, limit) for e in tokenizer.encode_batch(list(texts))]
    order = sorted(range(len(rows)), key=lambda i: len(rows[i]))
    said = Soft(
        np.zeros((len(rows), 3), np.float32), np.zeros(len(rows), np.float32), np.zeros((len(rows), WIDTH), np.float16)
    )
    for start in range(0, len(order), 64):
        part = order[start : start + 64]
        with _autocast():
            outputs = model(*padded([rows[i] for i in part]))
        for kept, found in zip((said.logits, said.valence, said.pooled), outputs, strict=True):
            kept[part] = found.float().cpu().numpy()
    return said

"""The stages of a run. Each leaves files in the work folder and is skipped when they are there."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

from .backbone import read_weights, trim_tokenizer
from .corpus import Record, load
from .encoder import Classifier, from_backbone, shortened
from .fit import Target, scores, train
from .ngram import rival_soft_labels
from .settings import MAX_TOKENS, SEED, Profile
from .split import check_leakage, split

SOFT_SOURCES = frozenset({"helpdesk", "calls", "written", "unlabelled", "agents", "chat_manual", "weibo_usual"})


@dataclass
class Run:
    """What all stages share: the profile, the work folder, the records and the trimmed tokenizer."""

    profile: Profile
    work: Path
    train: list[Record]
    dev: list[Record]
    dropped: dict[str, int]
    tokenizer: Tokenizer
    kept: list[int]


def prepare(data: Path, work: Path, profile: Profile) -> Run:
    """Reads and splits the data, checks for leakage and trims the vocabulary."""
    work.mkdir(parents=True, exist_ok=True)
    records = load(data)
    training, dev, dropped = split(records)
    check_leakage(training, dev)
    path, ids = work / "tokenizer.json", work / "kept.json"
    if not ids.exists():
        trimmed, kept = trim_tokenizer(r.text for r in training if r.source != "tv_dialogue")
        path.write_text(json.dumps(trimmed, ensure_ascii=False, separators=(",", ":")), encoding="utf-8")
        ids.write_text(json.dumps(kept), encoding="utf-8")
    kept = json.loads(ids.read_text(encoding="utf-8"))
    return Run(profile, work, training, dev, dropped, Tokenizer.from_file(str(path)), kept)


def teacher_general(run: Run) -> Classifier:
    """The 12-layer teacher's first pass, on all sets."""
    pool = [Target(r) for r in run.train if r.label is not None]
    return train(from_backbone(read_weights(), run.kept), pool, run.profile.teacher_general, run.tokenizer, seed=SEED,
                 out=run.work / "teacher-general.pt", batch_tokens=run.profile.batch_tokens)


def teacher(run: Run) -> Classifier:
    """The 12-layer teacher after its second pass, on the labelled turns."""
    last = run.work / "teacher-domain.pt"
    pool = [Target(r) for r in run.train if r.label is not None]
    model = from_backbone(read_weights(), run.kept) if last.exists() else teacher_general(run)
    return train(model, pool, run.profile.teacher_domain, run.tokenizer, seed=SEED + 1, out=last,
                 batch_tokens=run.profile.batch_tokens, head_factor=2.0)


def student_general(run: Run) -> Classifier:
    """The student's first pass, on all sets."""
    profile, out = run.profile, run.work / "student-general.pt"
    if profile.student_from_teacher:
        model = shortened(teacher(run), profile.student_layers)
    else:
        model = from_backbone(read_weights(), run.kept, profile.student_layers)
    pool = [Target(r) for r in run.train if r.label is not None]
    if profile.student_from_teacher and not out.exists():
        pool = _with_soft_labels(run, frozenset(profile.general.rows))
    return train(model, pool, profile.general, run.tokenizer, seed=SEED + 2, out=out,
                 batch_tokens=profile.batch_tokens)


def soft_labels(run: Run, sources: frozenset[str], name: str = "soft") -> tuple[np.ndarray, np.ndarray]:
    """Class probabilities [n, 3] and valences [n] of the teachers for every training record of the sources.

    The mean of the transformer teacher and of the n-gram model, the latter out of fold.
    """
    path = run.work / f"{name}.npz"
    chosen = [r for r in run.train if r.source in sources]
    if not path.exists():
        logits, valence = scores(teacher(run), [r.text for r in chosen], run.tokenizer, MAX_TOKENS)
        logits -= logits.max(1, keepdims=True)
        probabilities = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
        rival = rival_soft_labels(chosen)
        both = np.where(np.isnan(rival), probabilities, 0.6 * probabilities + 0.4 * rival)
        np.savez(path, probabilities=both.astype(np.float32), valence=valence)
    saved = np.load(path)
    if len(saved["valence"]) != len(chosen):
        raise ValueError(f"{path} was made from other data: delete it to make it anew")
    return saved["probabilities"], saved["valence"]


def _with_soft_labels(run: Run, sources: frozenset[str], name: str = "soft-general") -> list[Target]:
    probabilities, valence = soft_labels(run, sources, name)
    chosen = [r for r in run.train if r.source in sources]
    return [Target(r, p, float(v)) for r, p, v in zip(chosen, probabilities, valence, strict=True)]


def student(run: Run) -> Classifier:
    """The student's second pass: labelled and unlabelled turns with the teachers' soft labels, and replay."""
    out = run.work / "student.pt"
    model = from_backbone(read_weights(), run.kept, run.profile.student_layers)
    if not out.exists():
        model = student_general(run)
    pool: list[Target] = []
    if not out.exists():
        pool = _with_soft_labels(run, SOFT_SOURCES, "soft")
        pool += [Target(r) for r in run.train if r.label is not None and r.source not in SOFT_SOURCES]
    return train(model, pool, run.profile.domain, run.tokenizer, seed=SEED + 3, out=out,
                 batch_tokens=run.profile.batch_tokens, head_factor=2.0)

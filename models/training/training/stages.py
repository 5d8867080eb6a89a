"""The stages of a run. Each leaves files in the work folder and is skipped when they are there."""

import json
import pickle
import random
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer

from . import fusion, smooth, wide
from .backbone import read_weights, trim_tokenizer
from .corpus import Record, load
from .encoder import Classifier, from_backbone, shortened
from .fit import Soft, Target, draw, taught, train
from .settings import SEED, Profile
from .split import check_leakage, split

FUSED = ("helpdesk", "calls", "spoken", "weibo_usual", "chat_manual", "waimai", "hotel", "shopping")
DIALOGUES = ("helpdesk", "calls", "spoken")
MOST_FUSED = 1000
SEEN_FOR_RANGES = 60


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

    @property
    def tokenizer_path(self) -> Path:
        """The trimmed tokenizer's file."""
        return self.work / "tokenizer.json"


def prepare(data: Path, work: Path, profile: Profile) -> Run:
    """Reads and splits the data, checks for leakage and trims the vocabulary.

    Leaves the names of the dialogues kept aside in `kept-aside.txt`, for the fits that come after the model.
    """
    work.mkdir(parents=True, exist_ok=True)
    training, dev, dropped = split(load(data))
    check_leakage(training, dev)
    path, ids = work / "tokenizer.json", work / "kept.json"
    if not ids.exists():
        trimmed, kept = trim_tokenizer(r.text for r in training if r.source != "tv_dialogue")
        path.write_text(json.dumps(trimmed, ensure_ascii=False, separators=(",", ":")), encoding="utf-8")
        ids.write_text(json.dumps(kept), encoding="utf-8")
    kept = json.loads(ids.read_text(encoding="utf-8"))
    aside = sorted({r.group.partition(":")[2] for r in dev if r.source in DIALOGUES})
    (work / "kept-aside.txt").write_text("\n".join(aside) + "\n", encoding="utf-8")
    return Run(profile, work, training, dev, dropped, Tokenizer.from_file(str(path)), kept)


def _labelled(run: Run) -> list[Target]:
    return [Target(r) for r in run.train if r.label is not None]


def teacher(run: Run) -> Classifier:
    """The 12-layer teacher: a general pass, then one on the labelled turns with replay."""
    if run.profile.teacher_general is None or run.profile.teacher_domain is None:
        raise ValueError("this profile has no teacher: use --profile standard or full")
    last, common = run.work / "teacher.pt", {"tokenizer": run.tokenizer, "batch_tokens": run.profile.batch_tokens}
    model = from_backbone(read_weights(), run.kept)
    if not last.exists():
        model = train(
            model, _labelled(run), run.profile.teacher_general, seed=SEED, out=run.work / "teacher-general.pt", **common
        )
    return train(model, _labelled(run), run.profile.teacher_domain, seed=SEED + 1, out=last, **common)


def _told(run: Run) -> dict[int, Soft]:
    """What the teacher says of the texts of the profile's `soft` rows, by their place in the training part."""
    place = {id(r): i for i, r in enumerate(run.train)}
    asked = draw([Target(r) for r in run.train], run.profile.soft, random.Random(SEED))
    places = np.array(sorted(place[id(t.record)] for t in asked))
    path = run.work / "soft.npz"
    if not path.exists():
        said = taught(teacher(run), [run.train[i].text for i in places], run.tokenizer, run.profile.soft_tokens)
        np.savez(path, places=places, logits=said.logits, valence=said.valence, pooled=said.pooled)
    saved = np.load(path)
    if not np.array_equal(saved["places"], places):
        raise ValueError(f"{path} was made from other data: delete it to make it anew")
    outputs = zip(saved["logits"], saved["valence"], saved["pooled"], strict=True)
    return {int(i): Soft(*output) for i, output in zip(places, outputs, strict=True)}


def _pool(run: Run) -> list[Target]:
    """The texts that a student learns from: the labelled ones and those of which the teacher spoke."""
    if run.profile.teacher_general is None:
        return _labelled(run)
    told = _told(run)
    return [Target(r, told.get(i)) for i, r in enumerate(run.train) if r.label is not None or i in told]


def student_general(run: Run) -> Classifier:
    """The student's first pass, on all sets."""
    profile, out = run.profile, run.work / "student-general.pt"
    if profile.teacher_general is None or out.exists():
        model = from_backbone(read_weights(), run.kept, profile.student_layers)
    else:
        model = shortened(teacher(run), profile.student_layers)
    pool = [] if out.exists() else _pool(run)
    return train(model, pool, profile.general, run.tokenizer, seed=SEED + 2, out=out, batch_tokens=profile.batch_tokens)


def student(run: Run, only: int | None = None) -> Classifier:
    """The student's later passes: on the turns, with replay of the other sets.

    The last pass is run `profile.runs` times with other seeds, from the same weights, and the runs' weights are
    averaged (model soup, Wortsman et al. 2022). `only` does one of the runs, so that processes can share the work.
    """
    profile, last = run.profile, len(run.profile.domain)
    joined = run.work / f"student-{last}.pt"
    model = from_backbone(read_weights(), run.kept, profile.student_layers)
    if joined.exists():
        return train(model, [], profile.domain[-1], run.tokenizer, seed=SEED, out=joined, batch_tokens=1)
    states = []
    for number in range(profile.runs) if only is None else [only]:
        out = run.work / f"student-{last}-run-{number}.pt"
        before = model if out.exists() else _before_last(run)
        trained = _pass(run, before, last, SEED + 3 + last + 100 * number, out).state_dict()
        states.append({name: value.clone() for name, value in trained.items()})
    if only is None:
        mean = {name: sum(state[name] for state in states) / len(states) for name in states[0]}
        model.load_state_dict(mean)
        torch.save(mean, joined)
    return model


def _before_last(run: Run) -> Classifier:
    """The student before its last pass."""
    model = student_general(run)
    for number in range(1, len(run.profile.domain)):
        model = _pass(run, model, number, SEED + 3 + number, run.work / f"student-{number}.pt")
    return model


def _pass(run: Run, model: Classifier, number: int, seed: int, out: Path) -> Classifier:
    """The student's domain pass of that number, from 1."""
    plan, pool = run.profile.domain[number - 1], [] if out.exists() else _pool(run)
    size = run.profile.batch_tokens
    return train(model, pool, plan, run.tokenizer, seed=seed, out=out, batch_tokens=size)


def experts(run: Run) -> wide.Wide:
    """The wide part, fitted on the training texts."""
    path = run.work / "wide.pickle"
    if not path.exists():
        fitted = wide.fit(run.train, run.tokenizer, run.tokenizer.get_vocab_size())
        path.write_bytes(pickle.dumps(fitted))
    return pickle.loads(path.read_bytes())


def joined(run: Run, model: Classifier, experts_: wide.Wide) -> fusion.Fusion:
    """How the two parts are joined, fitted on the part kept aside: at most 1,000 texts of each set."""
    path = run.work / "fusion.pickle"
    if not path.exists():
        chosen: list[Record] = []
        for source in FUSED:
            found = [r for r in run.dev if r.source == source]
            order = np.random.default_rng(SEED).permutation(len(found))[:MOST_FUSED]
            chosen += [found[i] for i in order]
        rows = wide.encode([r.text for r in chosen], run.tokenizer)
        deep = fusion.deep_outputs(model, rows)
        fitted = fusion.fit_weights(deep, experts_.scores(rows), experts_.gates(rows), chosen)
        path.write_bytes(pickle.dumps(fitted))
    return pickle.loads(path.read_bytes())


def evened(run: Run, model: Classifier) -> dict[str, smooth.Even]:
    """How the model's activations are evened out, from 60 training texts of each set."""
    asked = draw([Target(r) for r in run.train], dict.fromkeys(FUSED, SEEN_FOR_RANGES), random.Random(SEED))
    return smooth.evened(model, wide.encode([t.record.text for t in asked], run.tokenizer))

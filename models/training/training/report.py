"""Measuring a run: the shipped model, its fp32 twin and the n-gram rival on the part kept aside."""

import json
from pathlib import Path

import numpy as np
from sklearn.metrics import f1_score

from . import ngram
from .corpus import Record
from .measure import Scorer, figures
from .stages import Run

MEASURED = ("helpdesk", "calls", "chat_manual", "weibo_usual", "waimai", "hotel", "shopping")
FITTED_WITH = {"helpdesk": ("helpdesk",), "calls": ("calls",), "chat_manual": ("chat_manual",),
               "weibo_usual": ("weibo_usual", "weibo_covid"), "waimai": ("waimai",), "hotel": ("hotel",),
               "shopping": ("shopping",)}
MOST_RIVAL_TEXTS = 20000
# Invented turns of the kinds that go wrong, with what a careful reader says; those that fail go on the card.
PROBES = (
    ("师傅，机器开机就报错E3，重启过两次还是这样。", "neutral", "calm fault report"),
    ("试了，还是登不上去。", "neutral", "still not working, said calmly"),
    ("你们可真会挑时候，周年庆当天系统崩了。", "negative", "sarcasm"),
    ("哎呀太感谢了，让我在大厅白坐了一下午。", "negative", "mock thanks"),
    ("行，那我等监管部门给我答复好了。", "negative", "calm threat"),
    ("我这把年纪了还得自己扛着它跑三趟。", "negative", "quiet grievance"),
    ("嗯好的，那就这样。", "neutral", "routine acknowledgement"),
    ("没想到你们还记得我上回说的话。", "positive", "relief told as a story"),
    ("谢谢你，不过钱到现在还没退回来。", "negative", "thanks with a problem"),
    ("不是我不讲理，换了谁谁不着急呢。", "negative", "polite complaint"),
    ("刚才话说重了，姑娘你别介意。", "positive", "apology after anger"),
    ("八十四。", "neutral", "answer that needs the turn before"),
    ("难道我还能骗你不成？", "negative", "rhetorical question"),
    ("也不是不满意，就是跟说的不太一样。", "negative", "understatement"),
    ("这还像句人话。", "positive", "grudging praise"),
)


def _of(records: list[Record], sources: tuple[str, ...]) -> list[Record]:
    return [r for r in records if r.source in sources and r.label is not None]


def _rival(run: Run, name: str, dev: list[Record]) -> dict:
    fitted = _of(run.train, FITTED_WITH[name])
    chosen = np.random.default_rng(0).permutation(len(fitted))[:MOST_RIVAL_TEXTS]
    chances = ngram.fitted_and_applied([fitted[i] for i in np.sort(chosen)], [r.text for r in dev])
    return figures(dev, np.log(chances + 1e-9), chances[:, 2] - chances[:, 0])


def measure(run: Run, out: Path, fp32: Path) -> dict:
    """Figures of all sets for the int8 model in `out`, the fp32 model and the rival."""
    result: dict = {"dropped": run.dropped, "int8": {}, "fp32": {}, "rival": {}, "cross_validated": {}}
    scorers = {"int8": Scorer(out / "model.onnx", out / "tokenizer.json"), "fp32": Scorer(fp32, out / "tokenizer.json")}
    for name in MEASURED:
        dev = _of(run.dev, (name,))
        for kind, scorer in scorers.items():
            result[kind][name] = figures(dev, *scorer([r.text for r in dev]))
        result["rival"][name] = _rival(run, name, dev)
        print(name, {k: result[k][name].get("macro_f1", result[k][name].get("accuracy")) for k in
                     ("int8", "fp32", "rival")}, flush=True)
    for name in ("helpdesk", "calls"):
        every = _of(run.train + run.dev, (name,))
        said = ngram.out_of_fold(every).argmax(1)
        result["cross_validated"][name] = round(float(f1_score([r.label for r in every], said, average="macro")), 3)
    return result


def failures(out: Path) -> list[tuple[str, str, str, str]]:
    """The probes that the shipped model gets wrong: text, said, should be, kind."""
    labels = ("negative", "neutral", "positive")
    logits, _ = Scorer(out / "model.onnx", out / "tokenizer.json")([text for text, _, _ in PROBES])
    said = [labels[i] for i in logits.argmax(1)]
    return [(text, s, should, why) for (text, should, why), s in zip(PROBES, said, strict=True) if s != should]


def save(path: Path, result: dict) -> None:
    """Writes the figures as JSON."""
    path.write_text(json.dumps(result, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")

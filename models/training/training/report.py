"""Measuring a run: the shipped model, its fp32 twin and the n-gram rival on the part kept aside."""

import json
from pathlib import Path

import numpy as np

from . import ngram
from .corpus import Record, sampled
from .measure import Scorer, figures
from .settings import SEED
from .stages import Run

MEASURED = ("helpdesk", "calls", "spoken", "chat_manual", "weibo_usual", "waimai", "hotel", "shopping")
FITTED_WITH = {
    "helpdesk": ("helpdesk",),
    "calls": ("calls",),
    "chat_manual": ("chat_manual",),
    "weibo_usual": ("weibo_usual", "weibo_covid"),
}
MOST_MEASURED = 1000
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


def _dev(run: Run, name: str) -> list[Record]:
    """The measured texts of a set: all of its kept-aside part, at most 1,000."""
    found = _of(run.dev, (name,))
    return sampled(found, MOST_MEASURED, np.random.default_rng(SEED))


def rivals(run: Run) -> dict:
    """Figures of the n-gram rival on the part kept aside, and cross-validated over all dialogues of the turns."""
    path = run.work / "rivals.json"
    if path.exists():
        return json.loads(path.read_text(encoding="utf-8"))
    result: dict = {"rival": {}, "cross_validated": {}}
    for name, sources in FITTED_WITH.items():
        dev = _dev(run, name)
        chances = ngram.fitted_and_applied(_of(run.train, sources), [r.text for r in dev])
        result["rival"][name] = figures(dev, np.log(chances + 1e-9), chances[:, 2] - chances[:, 0])
    for name in ("helpdesk", "calls"):
        every = _of(run.train + run.dev, (name,))
        chances = ngram.out_of_fold(every)
        result["cross_validated"][name] = figures(every, np.log(chances + 1e-9), chances[:, 2] - chances[:, 0])
    save(path, result)
    return result


def measure(run: Run, out: Path, fp32: Path) -> dict:
    """Figures of all sets for the int8 model in `out`, the fp32 model and the rival."""
    result: dict = {"dropped": run.dropped, "int8": {}, "fp32": {}, **rivals(run)}
    scorers = {"int8": Scorer(out / "model.onnx", out / "tokenizer.json"), "fp32": Scorer(fp32, out / "tokenizer.json")}
    for name in MEASURED:
        dev = _dev(run, name)
        for kind, scorer in scorers.items():
            result[kind][name] = figures(dev, *scorer([r.text for r in dev]))
            print(kind, name, {k: v for k, v in result[kind][name].items() if isinstance(v, float)}, flush=True)
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

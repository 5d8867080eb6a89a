"""SnowNLP's sentiment of every turn and its keywords of every call."""

import sys
from collections import Counter

from snownlp import SnowNLP
from transcripts import read

terms: Counter[str] = Counter()
turns = 0
for call in read(sys.argv[1]):
    for turn in call["turns"]:
        turns += SnowNLP(turn["text"]).sentiments >= 0
    said = "。".join(turn["text"] for turn in call["turns"] if turn["speaker"] == "customer")
    terms.update(SnowNLP(said).keywords(5) if said else [])
print(turns, len(terms))

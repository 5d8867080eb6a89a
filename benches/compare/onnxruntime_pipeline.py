"""jieba and the default model in onnxruntime, 32 turns a batch."""

import sys
from collections import Counter

import jieba
import numpy
import onnxruntime
from tokenizers import Tokenizer
from transcripts import ROOT, batches, lexicon, read

MODEL = ROOT / "models/default"
MAX_TOKENS = 128

jieba.setLogLevel(60)
words = lexicon()
tokenizer = Tokenizer.from_file(str(MODEL / "tokenizer.json"))
tokenizer.enable_truncation(MAX_TOKENS)
tokenizer.enable_padding(pad_id=1)
session = onnxruntime.InferenceSession(str(MODEL / "model.onnx"), providers=["CPUExecutionProvider"])
terms: Counter[str] = Counter()
labels: Counter[int] = Counter()
for batch in batches(read(sys.argv[1])):
    encoded = tokenizer.encode_batch([turn["text"] for turn in batch])
    ids = numpy.array([item.ids for item in encoded], dtype=numpy.int64)
    mask = numpy.array([item.attention_mask for item in encoded], dtype=numpy.int64)
    logits = session.run(["logits"], {"input_ids": ids, "attention_mask": mask})[0]
    labels.update(logits.argmax(axis=1).tolist())
    for turn in batch:
        if turn["speaker"] == "customer":
            terms.update(word for word in jieba.cut(turn["text"]) if word in words)
print(sum(labels.values()), len(terms))

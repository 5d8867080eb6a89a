"""jieba and an encoder of the default model's size in transformers, 32 turns a batch."""

import json
import sys
from collections import Counter

import jieba
import torch
from transcripts import ROOT, batches, lexicon, read
from transformers import BertConfig, BertForSequenceClassification, PreTrainedTokenizerFast

MODEL = ROOT / "models/default"
MAX_TOKENS = 128

jieba.setLogLevel(60)
words = lexicon()
shape = json.loads((MODEL / "config.json").read_text(encoding="utf-8"))
tokenizer = PreTrainedTokenizerFast(tokenizer_file=str(MODEL / "tokenizer.json"), pad_token="<pad>")
model = BertForSequenceClassification(BertConfig(
    vocab_size=shape["vocab_size"], hidden_size=shape["hidden_size"], num_hidden_layers=shape["layers"],
    num_attention_heads=12, intermediate_size=4 * shape["hidden_size"], num_labels=3,
)).eval()
terms: Counter[str] = Counter()
labels: Counter[int] = Counter()
with torch.inference_mode():
    for batch in batches(read(sys.argv[1])):
        texts = [turn["text"] for turn in batch]
        encoded = tokenizer(texts, padding=True, truncation=True, max_length=MAX_TOKENS, return_tensors="pt")
        logits = model(input_ids=encoded["input_ids"], attention_mask=encoded["attention_mask"]).logits
        labels.update(logits.argmax(dim=1).tolist())
        for turn in batch:
            if turn["speaker"] == "customer":
                terms.update(word for word in jieba.cut(turn["text"]) if word in words)
print(sum(labels.values()), len(terms))

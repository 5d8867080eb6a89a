"""Spoken style: making a written text look like what a speech recogniser writes down."""

import random
import re

Phrases = tuple[tuple[int, int, int], ...]
FILLERS = ("嗯", "呃", "那个", "就是", "就是说", "啊", "哎", "然后", "这个", "我跟你说", "你看")
ENDINGS = ("啊", "呀", "嘛", "呢", "哦", "吧", "的")
# Homophones and near-homophones that recognisers confuse; invented from the sounds.
HOMOPHONES = {
    "在": "再",
    "再": "在",
    "的": "得",
    "得": "的",
    "做": "作",
    "作": "做",
    "是": "事",
    "事": "是",
    "他": "她",
    "她": "他",
    "哪": "那",
    "那": "哪",
    "已": "以",
    "以": "已",
    "号": "好",
    "帐": "账",
    "账": "帐",
    "期": "其",
    "元": "员",
    "费": "非",
    "单": "担",
    "网": "往",
    "一": "幺",
    "两": "俩",
    "订": "定",
    "定": "订",
    "店": "电",
    "电": "店",
    "投": "头",
    "诉": "述",
    "客": "可",
    "服": "福",
    "理": "里",
    "里": "理",
}
_PUNCTUATION = re.compile(r"[，。！？；：、,.!?;:…~～\"“”‘’()（）\[\]【】]+")
_MENTION = re.compile(r"@\S+|https?://\S+|#[^#]{1,20}#")


def spoken(text: str, rng: random.Random) -> str:
    """A spoken-style variant of the text: less punctuation, fillers, repetitions, homophones, lower case."""
    result = _MENTION.sub(" ", text).strip() or text
    style = rng.random()
    if style < 0.5:
        result = _PUNCTUATION.sub("", result)
    elif style < 0.8:
        result = _PUNCTUATION.sub(" ", result)
    characters: list[str] = []
    for character in result:
        if rng.random() < 0.02:
            character = HOMOPHONES.get(character, character)
        characters.append(character)
        if rng.random() < 0.015 and "\u4e00" <= character <= "\u9fff":
            characters.append(character)
        elif rng.random() < 0.012:
            characters.append(rng.choice(FILLERS))
    result = "".join(characters)
    if rng.random() < 0.3:
        result = rng.choice(FILLERS) + rng.choice(("", " ")) + result
    if rng.random() < 0.15:
        result += rng.choice(ENDINGS)
    if rng.random() < 0.5:
        result = result.lower()
    return result.strip() or text


def thinned(text: str, phrases: Phrases, rng: random.Random) -> tuple[str, Phrases]:
    """A variant with its punctuation dropped or made spaces, or its spaces made commas; the phrases move along."""
    style, kept, place = rng.random(), [], []
    for character in text:
        place.append(len(kept))
        if character == " " or _PUNCTUATION.fullmatch(character):
            if style < 0.4:
                continue
            character = "，" if style >= 0.7 and character == " " else " " if style < 0.7 else character
        kept.append(character)
    place.append(len(kept))
    return "".join(kept), tuple((place[start], place[end], category) for start, end, category in phrases)


def unpunctuated(text: str, rng: random.Random) -> str:
    """A light variant for texts that are spoken already: punctuation or spaces dropped, a filler in front."""
    style = rng.random()
    if style < 0.4:
        text = _PUNCTUATION.sub("", text).replace(" ", "")
    elif style < 0.7:
        text = _PUNCTUATION.sub(" ", text)
    elif style < 0.85:
        text = text.replace(" ", "，")
    if rng.random() < 0.2:
        text = rng.choice(FILLERS) + text
    return text.strip() or "嗯"

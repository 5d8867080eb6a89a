"""Measures at which rank of `terms` a complaint that nobody listed surfaces.

    python models/training/discovery.py CALLHEAT TERM_RANK analysed.jsonl... [--reference FILE]

CALLHEAT is the program, TERM_RANK target/debug/examples/term-rank, the analysed
files what `callheat analyze --format jsonl` wrote. Each invented phrase is mixed
into 1 % of the calls, in wordings that alternate, each as one more customer turn
scored by the model; its rank is that of the first term that contains the
phrase or makes up half of it. Sizes beyond the calls given are left out.
"""
import argparse
import json
import random
import subprocess
import tempfile

PHRASES = {
    "星芒卡月费": ["账单里怎么多了个{}", "我从来没办过什么{}啊", "这个{}是谁给我开的", "{}凭什么收我的"],
    "云顿守护费": ["每个月扣我一笔{}", "{}到底是什么东西", "你们偷偷加了{}吧", "我要取消这个{}"],
    "自动弹出风铃广告": ["一开机就{}", "手机天天{}烦死了", "又{}了怎么关都关不掉", "用着用着{}"],
    "升级后指纹失灵": ["我的手机{}了", "都说了{}你让我重启有啥用", "{}门都进不去", "你们这个锁{}"],
    "摄像头半夜自己转": ["家里那个{}吓死人了", "我说{}你们没人信", "{}是不是有人在看", "又是{}孩子都吓哭了"],
    "通道养护费": ["寄个件要收{}", "从来没听说过{}", "这{}哪来的规定", "{}不合理退给我"],
    "里程被清空": ["我的{}了", "上个月{}到现在没补", "{}你们怎么赔", "会员{}连个短信都没有"],
    "热水器嗡嗡叫": ["装完{}一晚上", "{}邻居都来找我", "你们修了两次还是{}", "{}根本没法睡"],
    "面单串号": ["又是{}包裹送错了", "你们{}害我白跑", "{}都第二回了", "说是{}那谁负责"],
    "座椅加热冒烟": ["开着开着{}", "新车{}你敢信吗", "{}差点烧起来", "我跟你说{}了"],
    "积木会员": ["谁给我开的{}", "{}关都关不掉", "偷偷给我续了{}", "{}扣了我两个月钱"],
    "屏幕泛青": ["更新完{}", "刚买三天就{}", "{}你说不是质量问题", "换了一台还是{}"],
}
SIZES = (400, 1000, 4000)


def scored(program, turns):
    """The turns with the model's scores."""
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl", encoding="utf-8") as file:
        for number, text in enumerate(turns):
            call = {"call_id": str(number), "turns": [{"speaker": "customer", "text": text}]}
            file.write(json.dumps(call, ensure_ascii=False) + "\n")
        file.flush()
        out = subprocess.run([program, "analyze", file.name, "-q", "--format", "jsonl", "-o", "-"],
                             encoding="utf-8", capture_output=True)
        lines = out.stdout.splitlines() if out.returncode == 0 else []
    calls = [json.loads(line) for line in lines]
    if len([c for c in calls if c.get("call_id") is not None]) != len(turns):
        raise SystemExit(f"{program} could not score the invented turns: {out.stderr}")
    return [call["turns"][0] for call in calls if call.get("call_id") is not None]


def rank(phrase, terms):
    """The first term that tells of the phrase, from 1."""
    for place, term in enumerate(terms, 1):
        if phrase in term["term"] or (term["term"] in phrase and 2 * len(term["term"]) >= len(phrase)):
            return place, term
    return None, None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("callheat")
    parser.add_argument("term_rank")
    parser.add_argument("analysed", nargs="+")
    parser.add_argument("--reference", action="append", default=[])
    options = parser.parse_args()
    calls = [line for path in options.analysed for line in open(path, encoding="utf-8") if json.loads(line).get("call_id") is not None]
    wordings = [wording.format(phrase) for phrase, all_ in PHRASES.items() for wording in all_]
    turns = dict(zip(wordings, scored(options.callheat, wordings)))
    for size in SIZES:
        if len(calls) < 0.9 * size:
            continue
        batch = calls[:size]
        draw = random.Random(size)
        with tempfile.NamedTemporaryFile("w", encoding="utf-8") as file:
            file.writelines(batch)
            file.flush()
            lines = []
            for phrase, all_ in PHRASES.items():
                chosen = draw.sample(range(len(batch)), round(len(batch) / 100))
                added = [{"call": call, "turn": turns[all_[n % len(all_)].format(phrase)]} for n, call in enumerate(chosen)]
                lines.append(json.dumps({"phrase": phrase, "turns": added}, ensure_ascii=False))
            out = subprocess.run([options.term_rank, file.name, *options.reference], input="\n".join(lines),
                                 encoding="utf-8", capture_output=True, check=True).stdout
        ranks = []
        for line in out.splitlines():
            result = json.loads(line)
            place, term = rank(result["phrase"], result["terms"])
            ranks.append(place or 999)
            print(len(batch), result["phrase"], place, term and (term["term"], term["calls"], round(term["keyness"], 1)), flush=True)
        print(len(batch), "calls: in the top 3", sum(r <= 3 for r in ranks), "in the top 10", sum(r <= 10 for r in ranks), "of", len(ranks), flush=True)


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Load: every turn that goes in comes out exactly once, in `analyze` and in `stream`.

    cargo build --release && python3 benches/load.py target/release/callheat
    python3 benches/load.py target/release/callheat --turns 20000 --live 5000

Unless told otherwise 1,000,000 turns go through `analyze`, and an hour of a busy centre (50 turns a second, 180,000
turns) through `stream` as fast as it takes them. The calls are generated: `--distinct` is the share of turns with a
text that no other turn has; the model runs on those, the others are known phrases and mostly answered from memory. So
the turns per second say what the pipeline holds, not how fast the model is (for that: `cargo bench --bench pipeline`).
Exit status 1 when a turn is lost, doubled, changed or out of order.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

CUSTOMER = ["我要退款", "等了三天没有人管", "你们又乱扣费", "好的谢谢", "嗯", "宽带又断了", "再不处理我就去投诉", "那行吧"]
AGENT = ["您好，请问有什么可以帮您", "请您稍等", "非常抱歉", "已经为您登记", "感谢来电"]
TURNS_OF_A_CALL = 20
OPEN_CALLS = 300


def turn(call, index, distinct):
    speaker, phrases = ("customer", CUSTOMER) if index % 2 else ("agent", AGENT)
    number = call * TURNS_OF_A_CALL + index
    text = phrases[(call * 7 + index * 3) % len(phrases)]
    if number * 2654435761 % 2**32 < distinct * 2**32:
        text = f"{text}，单号是{number}"
    return {"speaker": speaker, "start_ms": index * 3000, "text": text}


def calls_of(turns):
    """Call numbers with their number of turns, together `turns`."""
    for first in range(0, turns, TURNS_OF_A_CALL):
        yield first // TURNS_OF_A_CALL, min(TURNS_OF_A_CALL, turns - first)


def batch_lines(turns, distinct):
    for call, length in calls_of(turns):
        spoken = [turn(call, index, distinct) for index in range(length)]
        yield json.dumps({"call_id": f"c{call}", "turns": spoken}, ensure_ascii=False)


def live_lines(turns, distinct):
    """The turns of OPEN_CALLS calls at a time, in rotation."""
    waiting = calls_of(turns)
    open_calls = []
    while True:
        while len(open_calls) < OPEN_CALLS and (new := next(waiting, None)):
            open_calls.append([new[0], new[1], 0])
        if not open_calls:
            return
        for state in open_calls:
            call, length, index = state
            yield json.dumps({"call_id": f"c{call}", **turn(call, index, distinct)}, ensure_ascii=False)
            state[2] += 1
            if state[2] == length:
                yield json.dumps({"call_id": f"c{call}", "end": True})
        open_calls = [state for state in open_calls if state[2] < state[1]]


def feed(lines, pipe):
    with pipe:
        for line in lines:
            pipe.write(line.encode() + b"\n")


def start(command, lines, **streams):
    process = subprocess.Popen(command, stdin=subprocess.PIPE, **streams)
    feeder = threading.Thread(target=feed, args=(lines, process.stdin))
    feeder.start()
    return process, feeder


def wrong_turns(call_id, turns, distinct):
    """How many of the call's turns are not what went in, in order."""
    call = int(call_id[1:])
    expected = [turn(call, index, distinct)["text"] for index in range(len(turns))]
    found = [(one["index"], one["text"]) for one in turns]
    return sum(pair != wanted for pair, wanted in zip(found, enumerate(expected)))


def analyze(binary, turns, distinct):
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder, "heatmap.jsonl")
        command = [binary, "analyze", "-", "--quiet", "--format", "jsonl", "-o", output]
        process, feeder = start(command, batch_lines(turns, distinct))
        status = process.wait()
        feeder.join()
        seen, wrong, last = 0, 0, -1
        with output.open(encoding="utf-8") as lines:
            for line in lines:
                call = json.loads(line)
                if call.get("calls", 0) is None:
                    rest = call
                    continue
                number = int(call["call_id"][1:])
                wrong += len(call["turns"]) if number != last + 1 else 0
                last = number
                seen += len(call["turns"])
                wrong += wrong_turns(call["call_id"], call["turns"], distinct)
    fine = status == 0 and rest["summary"]["turns"] == turns and not rest["failures"]
    return seen, wrong, fine


def stream(binary, turns, distinct):
    command = [binary, "stream", "--quiet", "--events", "turn,call,error"]
    process, feeder = start(command, live_lines(turns, distinct), stdout=subprocess.PIPE)
    next_turn, seen, wrong, in_calls, errors = {}, 0, 0, 0, 0
    for line in process.stdout:
        event = json.loads(line)
        if event["event"] == "turn":
            call_id, one = event["call_id"], event["turn"]
            index = next_turn.get(call_id, 0)
            next_turn[call_id] = index + 1
            expected = turn(int(call_id[1:]), index, distinct)["text"]
            wrong += (one["index"], one["text"]) != (index, expected)
            seen += 1
        elif event["event"] == "call":
            report = event["report"]
            in_calls += len(report["turns"])
            wrong += wrong_turns(report["call_id"], report["turns"], distinct)
        else:
            errors += 1
    feeder.join()
    fine = process.wait() == 0 and errors == 0 and in_calls == turns
    return seen, wrong, fine


def measure(name, run, binary, turns, distinct):
    started = time.monotonic()
    seen, wrong, fine = run(binary, turns, distinct)
    seconds = time.monotonic() - started
    print(
        f"{name}: {turns} turns in, {seen} out, {max(turns - seen, 0)} lost, {max(seen - turns, 0)} too many, "
        f"{wrong} changed or out of order; {seconds:.0f} s, {turns / seconds:.0f} turns/s"
    )
    return fine and seen == turns and wrong == 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("binary")
    parser.add_argument("--turns", type=int, default=1_000_000, help="through analyze")
    parser.add_argument("--live", type=int, default=50 * 3600, help="through stream")
    parser.add_argument("--distinct", type=float, default=0.05, help="share of turns with a text of their own")
    given = parser.parse_args()
    print(f"generated calls of {TURNS_OF_A_CALL} turns, {given.distinct:.0%} of the turns with a text of their own")
    fine = measure("analyze", analyze, given.binary, given.turns, given.distinct)
    fine &= measure("stream", stream, given.binary, given.live, given.distinct)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    print(f"largest peak memory {peak // 1024} MiB")
    sys.exit(not fine)


if __name__ == "__main__":
    main()

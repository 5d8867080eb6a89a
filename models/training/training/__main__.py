"""`python -m training --data DATA --out DIR`: from the data folder to a model folder."""

import argparse
import os
from pathlib import Path

os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

from . import card, export, report, stages  # noqa: E402
from .settings import PROFILES  # noqa: E402


def main() -> None:
    """Runs all stages, or the one asked for."""
    parser = argparse.ArgumentParser(prog="python -m training", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with sentiment/, helpdesk/ and calls/")
    parser.add_argument("--out", type=Path, required=True, help="model folder to write")
    parser.add_argument("--work", type=Path, default=Path("work"), help="checkpoints; a later run continues from them")
    parser.add_argument("--profile", choices=PROFILES, default="quick", help="see settings.py")
    parser.add_argument(
        "--stage", choices=("all", "teacher", "general", "student"), default="all", help="stop after it"
    )
    parser.add_argument("--run", type=int, help="with --stage student: only this run of the last pass, from 0")
    options = parser.parse_args()
    run = stages.prepare(options.data, options.work, PROFILES[options.profile])
    if options.stage == "teacher":
        stages.teacher(run)
        return
    if options.stage == "general":
        stages.student_general(run)
        return
    model = stages.student(run, options.run)
    if options.stage == "student":
        return
    experts = stages.experts(run)
    fp32 = options.work / "model-fp32.onnx"
    joined, even = stages.joined(run, model, experts), stages.evened(run, model)
    export.write_folder(model, experts, joined, even, run.tokenizer_path, options.out, fp32=fp32)
    figures = report.measure(run, options.out, fp32)
    report.save(Path("figures.json"), figures)
    card.write(options.out, figures, report.failures(options.out), taught=run.profile.teacher_general is not None)


if __name__ == "__main__":
    main()

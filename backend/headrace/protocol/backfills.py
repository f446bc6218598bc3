"""Past ticks of triggers, and backfills: what makes up for them, as it is sent."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from msgspec import Struct, field

PastState = Literal[
    "missing", "failed", "cancelled", "skipped", "waiting", "running", "succeeded", "forgotten"
]
"""What became of a tick. `missing`: nothing was started, for nobody was there. `skipped`: a rule of
its trigger left it out. `waiting`: for runs before it, in a backfill or without. `forgotten`: it is
from before what retention removed, so that nobody can say."""
BackfillState = Literal["running", "paused", "cancelled", "finished"]
Which = Literal["missing", "all"]
"""`missing` fills the holes: ticks that are missing, failed or cancelled."""
Order = Literal["oldest", "newest"]

HOLES: frozenset[PastState] = frozenset({"missing", "failed", "cancelled"})
ACTIVE: frozenset[str] = frozenset({"running", "paused"})
"""States of backfills that are not over."""


class PastTick(Struct, frozen=True, kw_only=True):
    """A tick up to now, and its newest run."""

    at: datetime
    local: str
    """Its time in the trigger's zone, with the offset."""
    state: PastState
    run: str | None = None
    reason: str | None = None
    """Why nothing was started."""
    scheduled: bool = True
    """False: it is of a schedule that the trigger had before. No backfill runs it again."""


class PastDay(Struct, frozen=True, kw_only=True):
    """How the ticks of a day of the trigger's zone fared: how many there are of each state."""

    day: str
    """Such as `2026-11-21`."""
    counts: dict[str, int]


class PastTicks(Struct, frozen=True, kw_only=True):
    """The ticks of a trigger in a span, oldest first; `ticks` is empty when they are too many."""

    first: datetime
    last: datetime
    timezone: str
    counts: dict[str, int]
    days: list[PastDay]
    """Those with ticks."""
    ticks: list[PastTick]


class BackfillRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A backfill that is asked for.

    `from` and `to` are dates or moments in the trigger's zone, both included; without `to`, until
    now.
    """

    trigger: str
    first: str = field(name="from")
    last: str | None = field(name="to", default=None)
    which: Which = "missing"
    skipped: bool = False
    """With ticks that a rule of the trigger left out; `all` has them in any case."""
    parallel: int = 1
    order: Order = "oldest"


class BackfillPlan(Struct, frozen=True, kw_only=True):
    """What a backfill would run, and how long that may take."""

    pipeline: str
    trigger: str
    first: datetime
    last: datetime
    parallel: int
    counts: dict[str, int]
    """All ticks of the span, by state."""
    total: int
    """Runs that would start."""
    ticks: list[PastTick]
    """The first 1,000 of them, in the order in which they would start."""
    run_seconds: float | None = None
    """How long one run takes, after those of the past; None when there was none."""
    seconds: float | None = None
    """How long all may take."""
    published: int | None = None
    """The version that they would run; None: the first one, which is published then."""


class BackfillCounts(Struct, frozen=True, kw_only=True):
    """How many of a backfill's ticks are where; `passed` were run or running without it."""

    waiting: int = 0
    running: int = 0
    succeeded: int = 0
    failed: int = 0
    cancelled: int = 0
    passed: int = 0


class Backfill(Struct, frozen=True, kw_only=True):
    """Runs for a span of past ticks, `first` and `last` included."""

    id: str
    pipeline: str
    trigger: str
    state: BackfillState
    first: datetime
    last: datetime
    timezone: str
    """That of the trigger, on whose clocks the span was chosen."""
    which: Which
    skipped: bool
    """With those that were skipped."""
    parallel: int
    order: Order
    created_at: datetime
    finished_at: datetime | None = None
    problem: str | None = None
    """Why it was paused or cancelled, when nobody asked for it."""
    total: int
    counts: BackfillCounts = field(default_factory=BackfillCounts)
    run_seconds: float | None = None
    seconds_left: float | None = None
    """How long the rest may take; None when nobody can say, or when it is over."""

"""How far incremental loaders have come: the high-water marks of their columns."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from msgspec import Struct

WatermarkType = Literal[
    "integer", "number", "decimal", "string", "date", "datetime", "datetime with zone"
]


class Watermark(Struct, frozen=True, kw_only=True):
    """The highest value of a column that was loaded. `value` is text that gives it back exactly."""

    column: str
    type: WatermarkType
    value: str


class Since(Struct, frozen=True, kw_only=True):
    """What a block run goes on from; pinned before its first attempt, the same for all of them.

    `version` counts the changes of the stored mark, 0 before the first, and `run` made the last of
    them: the mark moves only while it is still that one. A count alone would not tell: a session
    counts on when a run of its own ends, before that is written, and another process may as well.
    """

    mark: Watermark | None = None
    """None: from the beginning."""
    version: int = 0
    run: str | None = None
    """None when somebody set it."""


class Incremental(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`incremental:` of a loader, as it is written in pipeline.yaml."""

    column: str
    start: str | None = None
    """What the first run goes on from; None: it loads all."""


class WatermarkTable(Struct, frozen=True, kw_only=True):
    """The stored mark of an incremental block, and who moved it last."""

    pipeline: str
    block: str
    mark: Watermark | None = None
    """None after a reset: the next run loads from the beginning."""
    version: int = 0
    run: str | None = None
    """The run whose success moved it; None when somebody set or reset it."""
    moved_at: datetime | None = None

"""What a block promises of the columns of its output."""

from __future__ import annotations

from msgspec import Struct, field


class Contract(Struct, frozen=True, kw_only=True):
    """`contract:` of a block, as it is written in pipeline.yaml.

    `columns` is name → type, with ` not null` behind it where nulls are not allowed. A type is one
    of the words of `project/contracts.py`, or Arrow's name of one. The order means nothing.
    """

    columns: dict[str, str] = field(default_factory=dict[str, str])
    extra_columns: bool = False
    """Whether the output may have columns beside these."""

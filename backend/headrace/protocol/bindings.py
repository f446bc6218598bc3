"""Where the arguments of a block's function come from, decided by analysis, obeyed by workers."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct


class Binding(Struct, frozen=True, kw_only=True):
    """Where one argument of a block's function comes from.

    `source`: `upstream` (then `name` is the block), `setting` (a `with:` entry), `parameter` (of
    the pipeline), `context`, or `default` (nothing is passed). An `argument` of "**" passes every
    upstream output that is not bound otherwise by its block name. For SQL, `upstream` makes the
    block readable as table `argument`, `setting` and `parameter` bind the placeholder `:argument`.
    """

    argument: str
    source: Literal["upstream", "setting", "parameter", "context", "default"]
    name: str = ""

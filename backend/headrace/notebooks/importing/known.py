"""What is known of the names of a notebook while its statements are read, one after the other."""

from __future__ import annotations

import builtins

from msgspec import Struct, field

BUILTINS = frozenset(dir(builtins)) | {"__name__", "__file__", "display", "get_ipython"}
FILES = "<files>"


class Function(Struct, frozen=True, kw_only=True):
    """What a function or class does: `now` when it is defined, the rest when it is called."""

    now: frozenset[str]
    later: frozenset[str]
    mutates: frozenset[str]
    mutates_arguments: bool
    uses_global: bool
    gives_code: bool = False
    """It returns a function of its own, or is a generator."""


class Known(Struct, kw_only=True):
    """Names that imports have bound, functions by name, and variables that hold frames.

    Parts of frames of pandas or polars are never shared. `methods` are those of the notebook's own
    classes that change their object.
    """

    modules: set[str] = field(default_factory=set[str])
    functions: dict[str, Function] = field(default_factory=dict[str, Function])
    frames: set[str] = field(default_factory=set[str])
    methods: set[str] = field(default_factory=set[str])


class Effects(Struct, kw_only=True):
    """The effects of a statement. Names of module state are in `<…>`."""

    reads: set[str] = field(default_factory=set[str])
    writes: set[str] = field(default_factory=set[str])
    maybe: set[str] = field(default_factory=set[str])
    """Written, but perhaps not always."""
    mutates: set[str] = field(default_factory=set[str])
    deletes: set[str] = field(default_factory=set[str])
    shares: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    """Pairs of names that may hold the same object, or one a part of the other."""
    keeps: set[str] = field(default_factory=set[str])
    """Names whose new value may hold parts of their old one."""
    unstorable: set[str] = field(default_factory=set[str])
    everything: set[str] = field(default_factory=set[str])
    """Why the names of the whole notebook have to be together."""
    sinks: bool = False
    sources: bool = False
    opens: bool = False
    """It opens a database in a file, which may come to be read or written."""
    paths: set[str] = field(default_factory=set[str])
    """Texts in it that may be paths."""
    shows_only: bool = False
    awaits: bool = False
    stars: bool = False

"""Spares processes of our own what Jupyter's libraries import and nothing of ours uses.

`jupyter_events` pulls in jsonschema's format checkers. One of them, `rfc3987_syntax`, compiles a
grammar for 0.8 s when it is imported; `isoduration` brings arrow and dateutil, 2 MB that stay for
good. They check IRIs, durations, host names and colours in JSON schemas, which nothing of ours
contains. jsonschema treats each as optional, so a None in its place is the supported way to be
without it.
"""

from __future__ import annotations

import sys
from collections.abc import Collection
from typing import Any, cast

_UNUSED = (
    "rfc3987_syntax",
    "isoduration",
    "fqdn",
    "idna",
    "webcolors",
    "uri_template",
    "jsonpointer",
    "rfc3339_validator",
)


def skip_slow_imports(*, but: Collection[str] = ()) -> None:
    """Call before the first import of a Jupyter library, in a process that is wholly ours.

    `but` are modules that the process needs for something else.
    """
    for name in _UNUSED:
        if name in but:
            continue
        cast("dict[str, Any]", sys.modules).setdefault(name, None)


def allow(name: str) -> None:
    """Let a module be imported after all."""
    if name in sys.modules and cast("dict[str, Any]", sys.modules)[name] is None:
        del sys.modules[name]

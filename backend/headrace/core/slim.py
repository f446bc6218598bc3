"""Spares processes of our own the slowest import of the Jupyter libraries.

`jupyter_events` pulls in jsonschema's format checkers, and these `rfc3987_syntax`, which compiles a
grammar for 0.8 s when it is imported. It checks IRIs, which nothing of ours contains. jsonschema
treats the package as optional, so a None in its place is the supported way to be without it.
"""

from __future__ import annotations

import sys
from typing import Any, cast


def skip_slow_imports() -> None:
    """Call before the first import of a Jupyter library, in a process that is wholly ours."""
    cast("dict[str, Any]", sys.modules).setdefault("rfc3987_syntax", None)

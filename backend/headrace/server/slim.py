"""Spares our own command the slowest import of Jupyter Server.

`jupyter_events` pulls in jsonschema's format checkers, and these `rfc3987_syntax`, which compiles a
grammar for 0.8 s when it is imported. It checks IRIs in event schemas that we never emit. jsonschema
treats the package as optional, so a None in its place is the supported way to be without it.
"""

from __future__ import annotations

import sys
from typing import Any, cast


def skip_slow_imports() -> None:
    """Call before the first import of `jupyter_server`, in a process that is wholly ours."""
    cast("dict[str, Any]", sys.modules).setdefault("rfc3987_syntax", None)

"""Every error that Headrace raises itself, as one tree.

    HeadraceError                 .code .message .details
    ├── InvalidInput              the caller sent something wrong            (HTTP 400)
    │   ├── InvalidName           a name breaks the naming rule
    │   └── CycleError            blocks wait for one another
    ├── Forbidden                 known caller, not allowed                  (403)
    ├── NotFound                  no such pipeline, block, run, output …     (404)
    ├── Conflict                  it changed meanwhile, or already exists    (409)
    ├── TooLarge                  beyond a stated limit                      (413)
    ├── ProjectLocked             another server has this project            (409)
    ├── Unavailable               cannot now, try again                      (503)
    ├── Fenced                    another process took over from this one    (503)
    └── StorageFull               the disk is full                           (507)

Failures of user code are data (`protocol.tables.Failure`), never exceptions of ours.
"""

from __future__ import annotations

from typing import Any


class HeadraceError(Exception):
    """Something went wrong in Headrace."""

    code = "error"

    def __init__(self, message: str, **details: Any) -> None:
        super().__init__(message)
        self.message = message
        self.details: dict[str, Any] = details


class InvalidInput(HeadraceError):
    """The request is not valid: the message names the field and the remedy."""

    code = "invalid"


class InvalidName(InvalidInput):
    """A name is not of the form `[a-z][a-z0-9_]{0,63}`, or shadows a word of Python."""

    code = "invalid-name"


class CycleError(InvalidInput):
    """These blocks would wait for one another; `details["path"]` is the cycle."""

    code = "cycle"


class Forbidden(HeadraceError):
    """The caller may not do this."""

    code = "forbidden"


class NotFound(HeadraceError):
    """There is no such thing; `details` names kind and name."""

    code = "not-found"


class Conflict(HeadraceError):
    """It changed meanwhile or exists already; nothing was overwritten."""

    code = "conflict"


class TooLarge(HeadraceError):
    """Beyond a stated limit."""

    code = "too-large"


class ProjectLocked(HeadraceError):
    """Another server has this project open; `details["url"]` is its address."""

    code = "project-locked"


class Unavailable(HeadraceError):
    """Not possible at this moment; trying again later can help."""

    code = "unavailable"


class Fenced(HeadraceError):
    """Another process took over while this one was stopped; it must write nothing any more."""

    code = "fenced"


class StorageFull(HeadraceError):
    """No space left on the disk; what was stored before is intact."""

    code = "disk-full"

"""Settings that Python keeps for a whole process: a block may change them for itself alone."""

from __future__ import annotations

import gc
import logging
import resource
import signal
import socket
import sys
import threading
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

_BLOCKED = signal.SIG_BLOCK
_NO_SIGNALS: frozenset[signal.Signals] = frozenset()


def _hooks() -> tuple[Any, ...]:
    return sys.excepthook, sys.displayhook, sys.unraisablehook, threading.excepthook


def _set_hooks(hooks: tuple[Any, ...]) -> None:
    sys.excepthook, sys.displayhook, sys.unraisablehook, threading.excepthook = hooks


def _root_logger() -> tuple[int, int, list[logging.Handler]]:
    root = logging.getLogger()
    return root.level, root.manager.disable, list(root.handlers)


def _set_root_logger(state: tuple[int, int, list[logging.Handler]]) -> None:
    root = logging.getLogger()
    level, disabled, root.handlers[:] = state
    root.setLevel(level)
    logging.disable(disabled)


def _errors_of_warnings() -> list[Any]:
    # Other filters may come from a library that is imported once; only this kind can hurt.
    return [entry for entry in warnings.filters if entry[0] == "error"]


def _set_errors_of_warnings(before: list[Any]) -> None:
    filters: Any = warnings.filters
    kept = [entry for entry in filters if entry[0] != "error" or entry in before]
    warnings.resetwarnings()  # lets Python forget what it has decided by the old ones
    filters[:] = kept


def _set_arguments(arguments: list[str]) -> None:
    sys.argv[:] = arguments


def _set_mask(mask: set[signal.Signals]) -> None:
    signal.pthread_sigmask(signal.SIG_SETMASK, mask)


_SETTINGS: list[tuple[Callable[[], Any], Callable[[Any], object]]] = [
    (lambda: list(sys.argv), _set_arguments),
    (_hooks, _set_hooks),
    (sys.gettrace, sys.settrace),
    (sys.getprofile, sys.setprofile),
    (sys.getrecursionlimit, sys.setrecursionlimit),
    (gc.isenabled, lambda on: gc.enable() if on else gc.disable()),
    (socket.getdefaulttimeout, socket.setdefaulttimeout),
    (lambda: signal.pthread_sigmask(_BLOCKED, _NO_SIGNALS), _set_mask),
    (
        lambda: resource.getrlimit(resource.RLIMIT_NOFILE),
        lambda limits: resource.setrlimit(resource.RLIMIT_NOFILE, limits),
    ),
    (_root_logger, _set_root_logger),
    (_errors_of_warnings, _set_errors_of_warnings),
]


@dataclass(frozen=True)
class ProcessWide:
    """How these settings were at some time."""

    values: list[Any]

    @classmethod
    def of_now(cls) -> ProcessWide:
        """Note how they are."""
        return cls([read() for read, _ in _SETTINGS])

    def restore(self) -> None:
        """Put back what is different."""
        for (read, write), value in zip(_SETTINGS, self.values, strict=True):
            if read() != value:
                write(value)

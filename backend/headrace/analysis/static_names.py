"""What jedi says of a place in Python code, within a time that a person does not notice.

jedi reads big libraries for seconds when it meets them first, and is not safe in several threads:
one thread asks it, and an answer that comes too late is kept for the next key.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as TooLate
from functools import lru_cache
from queue import SimpleQueue
from threading import Lock, Thread
from typing import TYPE_CHECKING, Any, TypeVar

from headrace.protocol.replies import Inspection

if TYPE_CHECKING:
    import jedi

Name = tuple[str, str]
"""A name and jedi's word for what it is."""
Question = tuple[str, str, int, int]
"""Project folder or "", text, line from 1, column from 0."""
logger = logging.getLogger(__name__)
T = TypeVar("T")
_KEPT = 64


class Asker:
    """Asks in a thread of its own. Equal questions at one time are asked once."""

    def __init__(self) -> None:
        self._calls: SimpleQueue[tuple[Callable[..., Any], Question, Future[Any]]] = SimpleQueue()
        self._waiting: dict[tuple[Callable[..., Any], Question], Future[Any]] = {}
        self._lock = Lock()
        self._thread: Thread | None = None

    def ask(self, what: Callable[..., T], question: Question, wait_s: float) -> T | None:
        """Return `what(*question)`, None when it fails or takes longer than `wait_s` seconds.

        A late answer is kept: the same question later gets it at once.
        """
        key = (what, question)
        with self._lock:
            future = self._waiting.get(key)
            if future is None:
                future = self._waiting[key] = Future()
                self._calls.put((what, question, future))
                self._forget()
            if self._thread is None:
                # A daemon: a process that ends does not wait for what nobody will read.
                self._thread = Thread(target=self._work, name="jedi", daemon=True)
                self._thread.start()
        try:
            return future.result(wait_s)
        except TooLate:
            return None

    def _forget(self) -> None:
        for key in list(self._waiting)[:-_KEPT]:
            if self._waiting[key].done():
                del self._waiting[key]

    def _work(self) -> None:
        while True:
            what, question, future = self._calls.get()
            try:
                future.set_result(what(*question))
            except Exception:
                # Code that is being typed makes jedi fail in many ways: then it knows nothing.
                logger.debug("jedi failed", exc_info=True)
                future.set_result(None)


def names_at(root: str, text: str, line: int, column: int) -> list[Name]:
    """Return the names that can stand at a place where a name begins."""
    return [(found.name, found.type) for found in _script(root, text).complete(line, column)]


def help_at(root: str, text: str, line: int, column: int) -> Inspection:
    """Return the signature of the call around a place, or the documentation of the name there."""
    script = _script(root, text)
    for signature in script.get_signatures(line, column):
        return Inspection(
            signature=signature.to_string(),
            argument=signature.index,
            documentation=signature.docstring(raw=True),
        )
    for name in script.help(line, column):
        return Inspection(signature=name.description, documentation=name.docstring(raw=True))
    return Inspection()


@lru_cache(maxsize=4)
def _project(root: str) -> jedi.Project:
    import jedi

    return jedi.Project(root)


def _script(root: str, text: str) -> jedi.Script:
    import jedi
    from jedi.api.environment import InterpreterEnvironment

    # Otherwise jedi starts a second interpreter for itself, and keeps it.
    environment = InterpreterEnvironment()
    return jedi.Script(text, project=_project(root) if root else None, environment=environment)

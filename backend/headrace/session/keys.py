"""Under which key a result is found, when other code ran than the one that was wanted."""

from __future__ import annotations

from headrace.core.ids import digest
from headrace.graph.staleness import MOVED, UNFORESEEN
from headrace.session.definition import Key
from headrace.workers.jobs import Done


def key_of_what_ran(key: Key, answer: Done) -> Key:
    """Return another key when other modules were loaded than the key is made of.

    A result must never be found under the key of code that did not run.
    """
    if not answer.moved and not answer.unforeseen:
        return key
    loaded = {f"module {path}": MOVED for path in answer.moved}
    loaded |= {f"module {path}": UNFORESEEN for path in answer.unforeseen}
    text = digest(key.text, answer.run, answer.block, str(answer.attempt))
    return Key(text=text, parts=key.parts | loaded)

"""The events of one session, without a gap, for those who listen and those who come back."""

from __future__ import annotations

import secrets
from collections import deque
from collections.abc import Callable

import msgspec

from headrace.protocol.events import Event, LogAppended

Listener = Callable[[Event], None]

KEPT_EVENTS = 4096
"""Events that a returning client can still catch up on; beyond, it gets a snapshot."""

KEPT_TEXT = 2 * 1024 * 1024
"""Characters of blocks' logs among them: a block may write a quarter of a million each second."""


class EventLog:
    """Gives each event its `seq` and tells it to all listeners.

    `epoch` tells this log from that of an earlier process: sequence numbers of different epochs do
    not compare.
    """

    def __init__(self, pipeline: str, *, kept: int = KEPT_EVENTS) -> None:
        self.pipeline = pipeline
        self.epoch = secrets.token_hex(6)
        self.seq = 0
        self._events: deque[Event] = deque()
        self._kept = kept
        self._text = 0
        self._listeners: list[Listener] = []
        self._was_heard = False
        """Somebody has listened: nobody else can come back and ask for what was missed."""
        self.on_left: Callable[[], None] = lambda: None
        """Called when the last listener has left."""

    @property
    def listeners(self) -> int:
        return len(self._listeners)

    def publish(self, event: Event) -> Event:
        """Number an event, keep it, and hand it to every listener."""
        self.seq += 1
        numbered = msgspec.structs.replace(event, pipeline=self.pipeline, seq=self.seq)
        if self._was_heard:  # of a pipeline that only schedules run, nothing piles up
            self._events.append(numbered)
            self._text += _text_of(numbered)
        while len(self._events) > self._kept or self._text > KEPT_TEXT:
            self._text -= _text_of(self._events.popleft())
        for listener in tuple(self._listeners):
            listener(numbered)
        return numbered

    def after(self, seq: int, epoch: str) -> list[Event] | None:
        """Return the events later than `seq`, or None when only a snapshot can help."""
        if epoch != self.epoch or seq > self.seq:
            return None
        if seq == self.seq:
            return []
        if not self._events or self._events[0].seq > seq + 1:
            return None
        return [event for event in self._events if event.seq > seq]

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` with each later event; the result ends that."""
        self._listeners.append(listener)
        self._was_heard = True

        def unsubscribe() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)
                if not self._listeners:
                    self.on_left()

        return unsubscribe


def _text_of(event: Event) -> int:
    return len(event.text) if isinstance(event, LogAppended) else 0

"""What the process that sends is given, and what it answers."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct


class Message(Struct, frozen=True, kw_only=True):
    """What is sent to a channel."""

    title: str
    text: str
    kind: Literal["failure", "warning", "success", "info"]


class Errand(Struct, frozen=True, kw_only=True):
    """A message for a channel. `url` has `${NAME}` where the environment has the secrets."""

    channel: str
    url: str
    private: bool
    message: Message
    key: str
    """The same when the same message is sent again; services that know such a thing get it."""
    parent: int
    """The process that asks: its end is that of the one that sends."""
    secrets: tuple[str, ...] = ()
    """Environment variables whose values must not be in what is sent."""


class Outcome(Struct, frozen=True):
    """What came of it; `error` is None when the service took it."""

    error: str | None = None

"""Whom a pipeline tells of what."""

from __future__ import annotations

import pytest

from headrace.protocol.notifications import Notify


@pytest.mark.parametrize(
    ("event", "channels"), [("failure", ["team", "me"]), ("recovery", ["team"]), ("late", [])]
)
def test_each_event_has_its_own_channels(event: str, channels: list[str]) -> None:
    notify = Notify(failure=["team", "me"], recovery=["team"])
    assert notify.channels(event) == channels  # type: ignore[arg-type]

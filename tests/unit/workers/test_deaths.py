"""What the end of a process says."""

from __future__ import annotations

import signal

import pytest

from headrace.workers.deaths import failure_of_death

CASES = [
    (7, None, False, "died", "exit code 7"),
    (-signal.SIGSEGV, None, False, "died", "SIGSEGV"),
    (-signal.SIGKILL, None, False, "died", "SIGKILL"),
    (-signal.SIGKILL, None, True, "memory", "memory"),
    (-signal.SIGKILL, 10**9, True, "memory", "1 GB"),
    (-signal.SIGKILL, 1 << 30, False, "died", "outside"),
    (-signal.SIGABRT, 1 << 30, False, "memory", "SIGABRT"),
    (-50, None, False, "died", "50"),
    (None, None, False, "died", "template"),
]


@pytest.mark.parametrize(("status", "limit", "oom", "kind", "text"), CASES)
def test_a_death_has_its_reason(
    status: int | None, limit: int | None, oom: bool, kind: str, text: str
) -> None:
    failure = failure_of_death(
        status, "The template process ended.", memory_bytes=limit, oom_killed=oom
    )
    assert failure.kind == kind
    assert text in failure.message

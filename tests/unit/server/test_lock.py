"""One server for one project; and only who has the lock mends what a crash left."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from headrace.core.paths import ProjectPaths
from headrace.server.lock import ProjectLock
from headrace.server.runtime import Runtime


@pytest.fixture
def paths(tmp_path: Path) -> ProjectPaths:
    made = ProjectPaths.of(tmp_path)
    made.make_state()
    made.pipelines.mkdir()
    return made


def test_the_lock_is_for_one_and_can_be_taken_after_him(paths: ProjectPaths) -> None:
    first, second = ProjectLock(paths), ProjectLock(paths)
    assert first.take()
    assert not second.take()
    assert second.is_held_here, "whichever object has it"
    first.release()
    assert not second.is_held_here
    assert second.take()
    second.release()


def test_who_waits_gets_it_when_it_is_given_back_in_time(paths: ProjectPaths) -> None:
    first, second = ProjectLock(paths), ProjectLock(paths)
    assert first.take()
    begun = time.monotonic()
    timer = threading.Timer(0.05, first.release)
    timer.start()
    assert second.take(wait_s=5)
    assert time.monotonic() - begun < 5
    timer.join()
    second.release()


def test_what_a_living_server_is_writing_is_not_cleared_away(paths: ProjectPaths) -> None:
    half = paths.pipelines / ".pipeline.yaml.0123abcd.tmp"
    half.touch()
    server = ProjectLock(paths)
    assert server.take()
    server._held.clear()  # as in another process
    Runtime(paths)._read_project(serve=True)
    assert half.exists()
    server.release()
    Runtime(paths)._read_project(serve=True)
    assert not half.exists(), "after a crash it goes"

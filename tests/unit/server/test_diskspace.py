"""Space on the disk: what is kept back, given up in pieces, put back, and when it is said."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from headrace.core.paths import ProjectPaths
from headrace.server import diskspace
from headrace.server.diskspace import BALLAST_BYTES, LOW_BYTES, PIECE_BYTES, DiskSpace

PLENTY = LOW_BYTES + BALLAST_BYTES


class Disk:
    """What is free on a disk that a test holds."""

    def __init__(self) -> None:
        self.free = PLENTY


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    held = Disk()
    monkeypatch.setattr(diskspace, "_free_bytes", lambda _: held.free)
    return held


@pytest.fixture
def paths(tmp_path: Path) -> ProjectPaths:
    found = ProjectPaths.of(tmp_path)
    found.make_state()
    return found


def kept(paths: ProjectPaths) -> int:
    file = paths.state / "ballast"
    return file.stat().st_size if file.exists() else 0


def test_some_is_kept_back_when_there_is_enough(disk: Disk, paths: ProjectPaths) -> None:
    space = DiskSpace(paths)
    disk.free = PLENTY - 1
    space.look()
    assert (kept(paths), space.is_low) == (0, False)
    disk.free = PLENTY
    space.look()
    assert kept(paths) == BALLAST_BYTES
    assert (paths.state / "ballast").stat().st_blocks * 512 >= BALLAST_BYTES, "it is really taken"


def test_it_is_given_up_in_pieces_and_put_back(disk: Disk, paths: ProjectPaths) -> None:
    space = DiskSpace(paths)
    assert space.make_way() is False, "there is nothing to give up"
    space.look()
    pieces = BALLAST_BYTES // PIECE_BYTES
    assert [space.make_way() for _ in range(pieces)] == [True] * pieces
    assert (kept(paths), space.make_way()) == (0, False)
    disk.free = LOW_BYTES
    space.look()
    assert kept(paths) == 0, "what is there is for others first"
    disk.free = PLENTY
    space.look()
    assert kept(paths) == BALLAST_BYTES


def test_a_process_that_begins_on_a_full_disk_gets_a_piece(disk: Disk, paths: ProjectPaths) -> None:
    space = DiskSpace(paths)
    space.look()
    space.make_way_if_full()
    assert kept(paths) == BALLAST_BYTES
    disk.free = 0
    space.make_way_if_full()
    assert kept(paths) == BALLAST_BYTES - PIECE_BYTES


async def test_who_listens_hears_when_it_is_low_and_when_it_is_not(
    disk: Disk, paths: ProjectPaths, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(diskspace, "LOOK_S", 0)
    heard: asyncio.Queue[bool] = asyncio.Queue()
    space = DiskSpace(paths, lambda: heard.put_nowait(space.is_low))
    space.look()
    space.start()
    for free, low in ((LOW_BYTES - 1, True), (LOW_BYTES, False), (0, True)):
        disk.free = free
        assert await asyncio.wait_for(heard.get(), 30) is low
    await space.close()
    assert heard.empty()

"""Small outputs live through a power cut, though nobody waited for the disk to take their files."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from headrace.protocol.tables import Output
from headrace.runs.changes import SaveUnsynced
from headrace.runs.history import History
from headrace.runs.thread import HistoryThread
from headrace.server.settling import Settling
from headrace.store.outputs import Store


class Disk:
    """Notes what was synced, and takes or tears everything else in a power cut."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.synced: set[int] = set()
        sync = os.fsync

        def noted(descriptor: int) -> None:
            sync(descriptor)
            self.synced.add(os.fstat(descriptor).st_ino)

        monkeypatch.setattr(os, "fsync", noted)

    def files(self) -> list[Path]:
        return sorted(path for path in self.folder.glob("*/*") if path.is_file())

    def cut_power(self, chance: random.Random) -> int:
        """Lose what was never synced: the file is gone, empty, torn, or there by luck."""
        lost = 0
        for path in self.files():
            if path.stat().st_ino in self.synced:
                continue
            lost += 1
            match chance.randrange(4):
                case 0:
                    path.unlink()
                case 1:
                    path.write_bytes(b"")
                case 2:
                    os.truncate(path, path.stat().st_size // 2)
                case _:
                    lost -= 1
        return lost


@pytest.fixture
def disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Disk:
    (tmp_path / "store").mkdir()
    return Disk(tmp_path / "store", monkeypatch)


def worker(disk: Disk) -> Store:
    store = Store(disk.folder)
    store.unsynced = []
    return store


async def settled(tmp_path: Path, disk: Disk) -> int:
    """Start as a server does."""
    thread = HistoryThread(tmp_path / "history.db")
    count = await Settling(thread, Store(disk.folder)).settle()
    await thread.close()
    return count


@pytest.mark.parametrize("seed", range(12))
async def test_every_recorded_output_is_there_after_a_power_cut(
    tmp_path: Path, disk: Disk, seed: int
) -> None:
    chance = random.Random(seed)
    store, history = worker(disk), History.open(tmp_path / "history.db")
    recorded: list[tuple[Output, object]] = []
    unrecorded: list[object] = []
    for number in range(30):
        value = [chance.choice([{"n": number}, "x" * number, (number, "a tuple")])]
        output = store.put(value)
        noted, store.unsynced = store.unsynced or [], []
        if chance.random() < 0.8:
            history.write([SaveUnsynced(outputs=noted)])
            recorded.append((output, value))
        else:
            unrecorded.append(value)
    contents = {path.name: path.read_bytes() for path in disk.files()}
    history.close()
    assert disk.cut_power(chance), "nothing was lost, so nothing is shown"

    assert await settled(tmp_path, disk) == len(recorded)

    for output, value in recorded:
        path = Store(disk.folder).path(output.address)
        assert path.read_bytes() == contents[path.name]
        assert path.stat().st_ino in disk.synced
        assert Store(disk.folder).get(output) == value
    assert await settled(tmp_path, disk) == 0, "what is on the disk is kept only there"
    for value in unrecorded:
        again = worker(disk)
        assert again.get(again.put(value)) == value, "a torn file is not taken for a stored one"


async def test_what_is_settled_outlives_a_power_cut_without_its_record(
    tmp_path: Path, disk: Disk
) -> None:
    store, history = worker(disk), History.open(tmp_path / "history.db")
    output = store.put({"month": 3})
    history.write([SaveUnsynced(outputs=store.unsynced or [])])
    history.close()
    assert await settled(tmp_path, disk) == 1
    assert disk.cut_power(random.Random(0)) == 0
    assert Store(disk.folder).get(output) == {"month": 3}


def test_large_outputs_and_displays_do_not_wait_for_a_record(disk: Disk) -> None:
    store = worker(disk)
    store.put("x" * 100_000)
    store.put_display("text/html", b"<b>3</b>")
    assert store.unsynced == []
    assert {path.stat().st_ino for path in disk.files()} <= disk.synced


def test_an_output_that_is_stored_already_is_noted_again(disk: Disk) -> None:
    store = worker(disk)
    assert store.put(1) == store.put(1)
    assert len(store.unsynced or []) == 2, "the first may not be recorded before the second"


async def test_the_end_of_a_server_leaves_nothing_behind(tmp_path: Path, disk: Disk) -> None:
    thread = HistoryThread(tmp_path / "history.db")
    store = worker(disk)
    settling = Settling(thread, Store(disk.folder))
    settling.start()
    store.put("kept")
    await thread.call(History.write, [SaveUnsynced(outputs=store.unsynced or [])])
    await settling.close()
    assert await thread.call(History.unsynced) == []
    await thread.close()
    assert {path.stat().st_ino for path in disk.files()} <= disk.synced


async def test_a_row_that_names_no_output_is_refused(tmp_path: Path, disk: Disk) -> None:
    from headrace.core.errors import InvalidInput
    from headrace.store.files import Unsynced

    for name in ("../../etc/passwd", "ab.txt", "zz.json"):
        with pytest.raises(InvalidInput):
            Store(disk.folder).settle([Unsynced(name, b"")])

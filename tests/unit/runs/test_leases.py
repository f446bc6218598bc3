"""Who has a lease may write; who lost it may not; and when a lease is void."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from headrace.core.errors import Fenced
from headrace.runs.changes import QueueRun, SaveRun
from headrace.runs.history import History
from headrace.runs.leases import Vigil
from headrace.runs.owner import current_owner

Queue = Callable[..., QueueRun]
ELSEWHERE = "7:1.00:boot:another-host"
ALIVE = "this process"
DEAD_HERE = f"0:0.00:no-boot:{socket.gethostname()}"


def test_who_lost_its_lease_writes_nothing_and_keeps_what_it_wrote(
    tmp_path: Path, queue: Queue
) -> None:
    mine, yours = History.open(tmp_path / "h.db"), History.open(tmp_path / "h.db")
    mine.enlist("me")
    yours.enlist("you")
    change = queue("a")
    mine.write([change])
    mine.renew("me")
    assert yours.beats() == {"me": 1, "you": 0}

    assert yours.take_over(change.record.id, "you", from_owner="me")
    before = yours.run(change.record.id)
    writes: list[Callable[[], object]] = [
        lambda: mine.write([SaveRun(run_id=change.record.id, state="failed")]),
        lambda: mine.write([queue("b")]),
        lambda: mine.renew("me"),
        lambda: mine.fire([]),
        lambda: mine.take_over(change.record.id, "me", from_owner="you"),
        lambda: mine.purge(change.record.queued_at),
        lambda: mine.resign("me"),
    ]
    for write in writes:
        with pytest.raises(Fenced, match="took over"):
            write()
    assert yours.run(change.record.id) == before
    assert len(yours.runs()) == 1
    assert mine.run(change.record.id) == before, "it may still read"
    mine.close()
    yours.close()


def test_a_lease_that_is_given_back_is_gone(history: History, queue: Queue) -> None:
    history.enlist("me")
    history.write([queue("a"), queue("b")])
    assert history.owners() == {"me": 2}
    history.resign("me")
    assert history.beats() == {}


def test_a_program_without_a_lease_writes_as_before(history: History, queue: Queue) -> None:
    history.write([queue("a")])
    assert len(history.runs()) == 1


@pytest.mark.parametrize(
    ("owner", "looks", "void"),
    [
        # (beat, seconds) of each look; what the last one says
        (ELSEWHERE, [(1, 0.0)], False),
        (ELSEWHERE, [(1, 0.0), (1, 29.0)], False),
        (ELSEWHERE, [(1, 0.0), (1, 30.0)], True),
        (ELSEWHERE, [(1, 0.0), (2, 29.0), (2, 58.0)], False),
        (ELSEWHERE, [(1, 0.0), (2, 29.0), (2, 59.0)], True),
        (ELSEWHERE, [(None, 0.0)], True),
        (DEAD_HERE, [(5, 0.0)], True),
        (ALIVE, [(5, 0.0), (5, 29.0)], False),
        (ALIVE, [(5, 0.0), (5, 31.0)], True),  # alive, and standing still
        ("me", [(None, 0.0), (None, 1000.0)], False),
    ],
)
def test_a_lease_is_void_when_its_owner_is_dead_or_silent(
    owner: str, looks: list[tuple[int | None, float]], void: bool
) -> None:
    vigil = Vigil("me", expiry_s=30)
    owner = current_owner() if owner == ALIVE else owner
    answers = [vigil.is_void(owner, beat, at) for beat, at in looks]
    assert answers[-1] == void
    assert not any(answers[:-1])

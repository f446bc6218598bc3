"""Following a log: whole characters, a bound on the rate, and a cut in the middle."""

from __future__ import annotations

from pathlib import Path

import pytest

from headrace.workers import logs
from headrace.workers.logs import LogTail, cut_middle


def test_nothing_new_is_nothing(tmp_path: Path) -> None:
    log = LogTail(str(tmp_path / "absent.log"), now=0.0)
    assert log.grown(1.0) is None
    assert (log.size(), log.tail()) == (0, "")


def test_what_was_there_before_is_not_told_again(tmp_path: Path) -> None:
    path = tmp_path / "b.log"
    path.write_text("old\n")
    log = LogTail(str(path), now=0.0)
    with path.open("a") as file:
        file.write("new\n")
    assert log.grown(0.1) == (4, "new\n")
    assert log.tail() == "old\nnew\n"
    log.close()


def test_a_character_is_never_torn(tmp_path: Path) -> None:
    path = tmp_path / "b.log"
    raw = "aé€😀".encode()
    log = LogTail(str(path), now=0.0)
    text, offsets = "", []
    with path.open("ab", buffering=0) as file:
        for number, byte in enumerate(raw):
            file.write(bytes([byte]))
            grown = log.grown(number / 10)
            if grown:
                offsets.append(grown[0])
                text += grown[1]
    assert text == "aé€😀"
    assert offsets == [0, 1, 3, 6]
    log.close()


def test_a_flood_is_skipped_to_its_end(tmp_path: Path) -> None:
    path = tmp_path / "b.log"
    log = LogTail(str(path), now=0.0)
    path.write_bytes(b"x" * 10_000_000 + b"end")
    first = log.grown(0.05)
    assert first is not None
    assert len(first[1]) <= 256 * 1024
    assert first[0] + len(first[1]) == 10_000_003
    with path.open("ab") as file:
        file.write(b"y" * 1_000_000)
    assert log.grown(0.051) is None
    last = log.grown(0.052, final=True)
    assert last is not None
    assert last[1].endswith("y")
    log.close()


def test_a_block_that_empties_its_log_is_followed_from_the_start(tmp_path: Path) -> None:
    path = tmp_path / "b.log"
    path.write_text("something long\n")
    log = LogTail(str(path), now=0.0)
    path.write_text("new\n")
    assert log.grown(0.1) == (0, "new\n")
    log.close()


def test_a_cut_keeps_head_and_tail(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "_KEPT_HEAD", 10)
    monkeypatch.setattr(logs, "_KEPT_TAIL", 5)
    path = tmp_path / "b.log"
    path.write_bytes(b"0123456789" + b"-" * 100 + b"tail.")
    cut_middle(str(path))
    text = path.read_text()
    assert text.startswith("0123456789\n… 100 bytes")
    assert text.endswith("tail.")


def test_a_second_cut_counts_what_the_first_one_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logs, "_KEPT_HEAD", 10)
    monkeypatch.setattr(logs, "_KEPT_TAIL", 5)
    path = tmp_path / "b.log"
    path.write_bytes(b"0123456789" + b"-" * 2000 + b"tail.")
    cut_middle(str(path))
    with path.open("ab") as file:
        file.write(b"+" * 3000 + b"last.")
    cut_middle(str(path))
    text = path.read_text()
    assert text == "0123456789\n… 5,005 bytes of output left out here …\nlast."


def test_bytes_that_are_no_text_leave_offsets_right(tmp_path: Path) -> None:
    path = tmp_path / "b.log"
    log = LogTail(str(path), now=0.0)
    raw = b"a\xff\xfe\xe2\x82 \xed\xa0\x80z" + "é".encode()
    path.write_bytes(raw)
    grown = log.grown(0.1, final=True)
    assert grown is not None
    assert grown[1] == "a\x1a\x1a\x1a\x1a \x1a\x1a\x1azé"
    assert len(grown[1].encode()) == len(raw)
    assert log.tail() == grown[1]
    log.close()


@pytest.mark.parametrize(
    ("text", "progress"),
    [
        ("\r 42%|████▏     | 42/100 [00:04<00:05, 10.02it/s]", (42, 100)),
        ("\r  1%|          | 1/100 [\r  2%|▏         | 2/100 [00:00<?, ?it/s]", (2, 100)),
        ("rows:  50%|#####     | 1.50k/3.00k [00:01<00:01]", (1500, 3000)),
        ("17it [00:01, 16.9it/s]", None),
        ("it is 100%| sure", None),
        ("", None),
    ],
)
def test_a_bar_of_tqdm_tells_the_progress(text: str, progress: tuple[float, float] | None) -> None:
    assert logs.progress_in(text) == progress

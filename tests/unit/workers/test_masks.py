"""Secrets in logs: blotted out for readers and in the file, wherever reading stops and begins."""

from __future__ import annotations

import base64
import os
from pathlib import Path

import pytest

from headrace.core.secret_sources import KEY_VARIABLE, SecretFile
from headrace.workers.logs import LogTail
from headrace.workers.masks import Masks

SECRET = "hunter22/pässword"


@pytest.fixture
def masks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Masks:
    monkeypatch.setenv("PASSWORD_OF_TEST", SECRET)
    made = Masks(tmp_path / ".headrace")
    made.know(["PASSWORD_OF_TEST", "NOT_SET_HERE"], ["mysql://a:pl%41inly@db/x", "sqlite:///x"])
    return made


def read_all(path: Path, masks: Masks, parts: list[bytes]) -> str:
    """Read a log after each part that is written to it."""
    log = LogTail(str(path), now=0.0, masks=masks)
    text = ""
    with path.open("ab", buffering=0) as file:
        for number, part in enumerate(parts):
            file.write(part)
            grown = log.grown(float(number), final=number == len(parts) - 1)
            if grown is not None:
                assert grown[0] == len(text.encode())  # offsets stay right
                text += grown[1]
    assert log.tail() == text
    log.close()
    return text


def test_a_secret_is_blotted_out_wherever_reading_stops(tmp_path: Path, masks: Masks) -> None:
    raw = f"before {SECRET} after\n".encode()
    wanted = "before " + "*" * len(SECRET.encode()) + " after\n"
    for cut in range(1, len(raw)):
        path = tmp_path / f"{cut}.log"
        assert read_all(path, masks, [raw[:cut], raw[cut:]]) == wanted
        assert path.read_text() == wanted
    path = tmp_path / "bytes.log"
    assert read_all(path, masks, [bytes([one]) for one in raw]) == wanted


@pytest.mark.parametrize(
    "form",
    [
        base64.b64encode(SECRET.encode()).decode(),
        "hunter22%2Fp%C3%A4ssword",
        "pl%41inly",
        "plAinly",
    ],
)
def test_its_other_forms_are_too(tmp_path: Path, masks: Masks, form: str) -> None:
    assert read_all(tmp_path / "b.log", masks, [f"x{form}y".encode()]) == f"x{'*' * len(form)}y"


def test_what_only_begins_like_a_secret_is_shown_in_the_end(tmp_path: Path, masks: Masks) -> None:
    assert read_all(tmp_path / "b.log", masks, [b"a hunter2", b""]) == "a hunter2"


def test_what_is_skipped_is_blotted_out_in_the_file(tmp_path: Path, masks: Masks) -> None:
    path = tmp_path / "b.log"
    path.write_bytes(b"")
    log = LogTail(str(path), now=0.0, masks=masks)
    line = f"{SECRET}\n".encode()
    path.write_bytes(line * 400_000)  # 7 MB: of which a part is read
    grown = log.grown(0.1, final=True)
    assert grown is not None
    assert "hunter22" not in grown[1] + log.tail()
    assert log.skipped
    masks.blot_file(str(path), log.begin)
    assert set(path.read_bytes()) == set(b"*\n")
    log.close()


def test_a_value_that_is_kept_later_is_hidden_from_then_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(KEY_VARIABLE, base64.urlsafe_b64encode(os.urandom(32)).decode())
    masks = Masks(tmp_path)
    masks.know(["KEPT"], [])
    assert masks.blotted(b"correct horse") == b"correct horse"
    for value in ("correct", "horse"):
        SecretFile(tmp_path / "secrets.enc").set("KEPT", value)
        masks.refresh()
        assert masks.blotted(value.encode()) == b"*" * len(value)


def test_without_secrets_nothing_is_looked_for() -> None:
    assert Masks().blotted(b"hunter22") == b"hunter22"
    assert (Masks().begun(b"hunter22"), Masks().longest) == (0, 0)

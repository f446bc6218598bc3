"""Frames survive any cutting of the stream."""

from __future__ import annotations

import socket

import pytest

from headrace.workers.wire import FrameBuffer, display_of_text, frame, read_frame


@pytest.mark.parametrize("size", [1, 2, 3, 5, 1000])
def test_messages_come_whole_however_the_bytes_arrive(size: int) -> None:
    messages = [b"", b"a", b"bc" * 100, b"\x00" * 7]
    stream = b"".join(frame(message) for message in messages)
    buffer = FrameBuffer()
    found: list[bytes] = []
    for start in range(0, len(stream), size):
        found += buffer.feed(stream[start : start + size])
    assert found == messages


def test_an_absurd_length_is_refused() -> None:
    with pytest.raises(ValueError, match="frame says"):
        FrameBuffer().feed(b"\xff\xff\xff\xff")


def test_a_closed_socket_ends_the_messages() -> None:
    ours, theirs = socket.socketpair()
    with ours:
        with theirs:
            theirs.sendall(frame(b"one") + b"\x00\x00")
        assert read_frame(ours) == b"one"
        assert read_frame(ours) is None


def test_text_is_cut_at_a_character() -> None:
    display = display_of_text("é" * 5000)
    assert display.size_bytes == 10_000
    assert display.text == "é" * 2048

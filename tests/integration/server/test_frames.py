"""Websocket frames that no browser sends: the sender is hung up on, nobody else notices."""

from __future__ import annotations

import json
import os
import socket
import struct

import pytest

MASK = b"\x01\x02\x03\x04"


def masked(content: bytes) -> bytes:
    return bytes(byte ^ MASK[index % 4] for index, byte in enumerate(content))


def open_raw(server) -> socket.socket:
    line = socket.create_connection(("127.0.0.1", server.port), timeout=30)
    head = (
        f"GET /api/events HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nUpgrade: websocket\r\n"
        f"Connection: Upgrade\r\nAuthorization: token {server.token}\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    line.sendall(head.encode())
    answer = b""
    while b"\r\n\r\n" not in answer:
        answer += line.recv(4096)
    assert b" 101 " in answer
    return line


def is_hung_up_on(line: socket.socket) -> bool:
    """Whether the server ends the connection within 30 s, with or without a close frame."""
    try:
        while line.recv(65536):
            pass
    except ConnectionResetError:
        return True
    except TimeoutError:
        return False
    return True


FRAMES = {
    "100 MB": b"\x81\xff" + struct.pack(">Q", 100 << 20) + MASK + b"x" * 1000,
    "2^62 bytes": b"\x81\xff" + struct.pack(">Q", 1 << 62) + MASK,
    "unknown opcode": b"\x83\x81" + MASK + masked(b"x"),
    "reserved bits": b"\xf1\x81" + MASK + masked(b"x"),
    "not UTF-8": b"\x81\x82" + MASK + masked(b"\xff\xfe"),
    "a long ping": b"\x89\xfe" + struct.pack(">H", 200) + MASK + masked(b"x" * 200),
    "continues nothing": b"\x80\x81" + MASK + masked(b"x"),
}


@pytest.mark.parametrize("kind", FRAMES)
def test_a_wrong_frame_ends_the_connection_and_nothing_else(server, kind):
    with server.ws() as other, open_raw(server) as line:
        line.sendall(FRAMES[kind])
        assert is_hung_up_on(line)
        other.send('{"op":"open-session","pipeline":"","req":"1"}')
        seen = json.loads(other.recv(timeout=30))
        assert seen
    assert server.get("status").status_code == 200


def test_messages_in_endless_pieces_take_no_memory(server):
    before = server.get("status").json()["peak_rss_bytes"]
    piece = b"\x01\xff" + struct.pack(">Q", 1 << 20) + MASK + bytes(1 << 20)
    more = b"\x00" + piece[1:]
    with open_raw(server) as line:
        try:
            line.sendall(piece)
            for _ in range(60):
                line.sendall(more)
        except (BrokenPipeError, ConnectionResetError):
            pass
        assert is_hung_up_on(line)
    assert server.get("status").json()["peak_rss_bytes"] - before < 64 << 20


def test_nonsense_messages_are_refused_one_by_one(server):
    wrong = [
        "[]",
        "{}",
        '"x"',
        "1",
        '{"op":1}',
        '{"op":"open-session"}',
        '{"op":"x","req":"r"}',
        os.urandom(8).hex(),
    ]
    with server.ws() as line:
        for text in wrong:
            line.send(text)
            refused = json.loads(line.recv(timeout=30))
            assert refused["op"] == "refused", text
            assert set(refused["error"]) == {"code", "message", "details"}


def test_a_thousand_commands_at_once_are_all_answered(server):
    with server.ws() as line, server.ws() as other:
        for number in range(1000):
            line.send(json.dumps({"op": "undo", "pipeline": "nope", "req": str(number)}))
        other.send('{"op":"open-session","pipeline":"","req":"mine"}')
        assert "snapshot-taken" in other.recv(timeout=30)
        answered = set()
        while len(answered) < 1000:
            frame = json.loads(line.recv(timeout=30))
            answered |= {m["req"] for m in (frame if isinstance(frame, list) else [frame])}

"""Names and ids: their types, their one rule, and how new ones are made."""

from __future__ import annotations

import hashlib
import keyword
import re
import secrets
import sys
import time
from typing import NewType

from headrace.core.errors import InvalidInput, InvalidName

PipelineName = NewType("PipelineName", str)
BlockName = NewType("BlockName", str)
RunId = NewType("RunId", str)
TriggerId = NewType("TriggerId", str)
Address = NewType("Address", str)
"""BLAKE2b-128 of a stored output, 32 hex digits: its immutable name in the store."""
Digest = NewType("Digest", str)
"""32 hex digits of BLAKE2b-128 over some content."""

NAME_RULE = re.compile(r"[a-z][a-z0-9_]{0,63}")
_RUN_ID_RULE = re.compile(r"[0-9a-z]{20}")
_ADDRESS_RULE = re.compile(r"[0-9a-f]{32}")
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


def check_name(name: str, what: str = "block") -> str:
    """Return `name` when it can be a file, a module and an argument; raise InvalidName else."""
    if not NAME_RULE.fullmatch(name):
        raise InvalidName(
            f"{name!r} cannot name a {what}: use a lower-case letter, then up to 63 lower-case"
            " letters, digits or underscores.",
            name=name,
        )
    if keyword.iskeyword(name) or keyword.issoftkeyword(name):
        raise InvalidName(f"{name!r} is a word of Python: choose another name.", name=name)
    if name in sys.stdlib_module_names:
        raise InvalidName(
            f"{name!r} is a module of Python's standard library: choose another name.", name=name
        )
    return name


def new_run_id() -> RunId:
    """Make an id of 20 characters that sorts by time: 9 of milliseconds, 11 random."""
    milliseconds = time.time_ns() // 1_000_000
    return RunId(_in_base_36(milliseconds, 9) + _in_base_36(secrets.randbelow(36**11), 11))


def _in_base_36(number: int, width: int) -> str:
    digits = ""
    for _ in range(width):
        number, digit = divmod(number, 36)
        digits = _DIGITS[digit] + digits
    return digits


def check_run_id(text: str) -> RunId:
    """Return `text` as a run id; raise InvalidInput when it cannot be one."""
    if not _RUN_ID_RULE.fullmatch(text):
        raise InvalidInput("A run id has 20 lower-case letters and digits.", field="run")
    return RunId(text)


def check_address(text: str) -> Address:
    """Return `text` as an address; raise InvalidInput when it cannot be one."""
    if not _ADDRESS_RULE.fullmatch(text):
        raise InvalidInput("An address has 32 hex digits.", field="address")
    return Address(text)


def digest(*parts: str | bytes) -> Digest:
    """Hash parts, each framed by its length, so that ("ab", "c") differs from ("a", "bc")."""
    state = hashlib.blake2b(digest_size=16)
    for part in parts:
        raw = part.encode() if isinstance(part, str) else part
        state.update(len(raw).to_bytes(8, "big"))
        state.update(raw)
    return Digest(state.hexdigest())


def text_hash(text: str) -> str:
    """Hash a file's text for `If-Match`: SHA-256 in hex."""
    return hashlib.sha256(text.encode()).hexdigest()

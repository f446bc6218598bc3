"""Spans of time and amounts of memory as people write them: `10m`, `1h30m`, `2GB`."""

from __future__ import annotations

import re

from headrace.core.errors import InvalidInput

_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}
_SPAN = re.compile(r"(?:[0-9]+(?:\.[0-9]+)?(?:ms|s|m|h|d|w)\s*)+")
_PART = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ms|s|m|h|d|w)")
_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]+)?")
_AMOUNT = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*([KMGT]?)(i?)B?", re.IGNORECASE)
_POWERS = {"": 0, "K": 1, "M": 2, "G": 3, "T": 4}
MAX_SECONDS = 366 * 86400.0
LEAST_POKE_S = 0.1
"""Each poke is recorded: a sensor that asks without a pause would fill the history."""


def parse_duration(text: str, field: str = "duration") -> float:
    """Return the seconds of `90`, `45s`, `10m`, `1h30m`, `2d`; raise InvalidInput else."""
    text = text.strip()
    if _NUMBER.fullmatch(text):
        seconds = float(text)
    elif _SPAN.fullmatch(text):
        seconds = sum(float(number) * _SECONDS[unit] for number, unit in _PART.findall(text))
    else:
        raise InvalidInput(
            f"{text[:40]!r} is not a duration: write for example 45s, 10m or 1h30m.", field=field
        )
    if not 0 < seconds <= MAX_SECONDS:
        raise InvalidInput(f"{field} must be more than 0 and at most a year.", field=field)
    return seconds


def duration_text(seconds: float) -> str:
    """Write seconds as `parse_duration` reads them: `2h`, `1h30m`, `0.5s`."""
    words = ""
    for unit in ("d", "h", "m"):
        count, seconds = divmod(seconds, _SECONDS[unit])
        words += f"{count:.0f}{unit}" if count else ""
    return words + f"{seconds:g}s" if seconds or not words else words


def parse_memory(text: str, field: str = "memory") -> int:
    """Return the bytes of `500MB`, `2GiB`, `1073741824`; raise InvalidInput else."""
    found = _AMOUNT.fullmatch(text.strip())
    if found is None:
        raise InvalidInput(
            f"{text[:40]!r} is not an amount of memory: write for example 500MB or 2GB.",
            field=field,
        )
    number, unit, binary = found.groups()
    amount = int(float(number) * (1024 if binary else 1000) ** _POWERS[unit.upper()])
    if not 1 <= amount < 2**60:
        raise InvalidInput(f"{field} must be more than 0 and less than 1 EB.", field=field)
    return amount


def parse_poke(text: str) -> float:
    """Return the seconds between two pokes of a sensor; raise InvalidInput else."""
    seconds = parse_duration(text, "poke")
    if seconds < LEAST_POKE_S:
        raise InvalidInput("poke must be at least 100ms.", field="poke")
    return seconds


def check_cache(text: str) -> str:
    """Return `forever` or a duration as it is written; raise InvalidInput else."""
    if text != "forever":
        parse_duration(text, "cache")
    return text

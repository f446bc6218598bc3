"""JSON from outside, read strictly: one meaning or a refusal that says where."""

from __future__ import annotations

import asyncio
import json
from typing import Any, NoReturn, TypeVar

import msgspec

from headrace.core.errors import InvalidInput, TooLarge

BODY_LIMIT_BYTES = 10 * 1024 * 1024
_AT_ONCE_BYTES = 32 * 1024

T = TypeVar("T")


def read_json(raw: bytes | str, kind: type[T] | Any, *, limit: int = BODY_LIMIT_BYTES) -> T:
    """Decode UTF-8 JSON to `kind`.

    Raises InvalidInput, with `line` and `column` where the text is at fault and with the field
    where a value is, for: no JSON, trailing text, duplicate keys, NaN, infinite or endless numbers,
    lone surrogates, nesting without end, other encodings. Raises TooLarge beyond `limit` bytes.
    """
    if len(raw) > limit:
        raise TooLarge(f"The body is larger than {limit // 1024 // 1024} MB.", limit_bytes=limit)
    if not raw:
        raise InvalidInput("The body is empty: JSON is expected.", line=1, column=0)
    try:
        text = raw if isinstance(raw, str) else raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InvalidInput(
            f"The body is not UTF-8 (byte {error.start}).", position=error.start
        ) from None
    try:
        value: Any = json.loads(text, object_pairs_hook=_unique, parse_constant=_refuse_constant)
        if "\\u" in text:
            msgspec.json.encode(value)  # finds lone surrogates, which nothing after us could write
        return msgspec.convert(value, kind)
    except json.JSONDecodeError as error:
        raise InvalidInput(
            f"Not valid JSON: {error.msg} (line {error.lineno}, column {error.colno}).",
            line=error.lineno,
            column=error.colno - 1,
            position=error.pos,
        ) from None
    except RecursionError:
        raise InvalidInput("The JSON is nested too deep.", line=1, column=0) from None
    except UnicodeEncodeError:
        raise InvalidInput("The JSON holds half of a surrogate pair.", line=1, column=0) from None
    except msgspec.ValidationError as error:
        raise InvalidInput(f"{error}.".replace("`$.", "`"), field=_field(str(error))) from None
    except ValueError as error:  # an integer of thousands of digits
        raise InvalidInput(f"Not valid JSON: {str(error)[:100]}.", line=1, column=0) from None


async def read_json_aside(
    raw: bytes | str, kind: type[T] | Any, *, limit: int = BODY_LIMIT_BYTES
) -> T:
    """Decode as `read_json` does; what takes more than a moment, off the event loop."""
    if len(raw) <= _AT_ONCE_BYTES:
        return read_json(raw, kind, limit=limit)
    return await asyncio.to_thread(read_json, raw, kind, limit=limit)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise InvalidInput(f"The key {key[:80]!r} is there twice.", key=key[:80])
            seen.add(key)
    return found


def _refuse_constant(name: str) -> NoReturn:
    raise InvalidInput(f"{name} is not JSON: use null.", value=name)


def _field(message: str) -> str:
    _, _, path = message.partition("at `$")
    return path.rstrip("`").lstrip(".")

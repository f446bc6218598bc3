"""Values → YAML in flow style, on one line, as people write it."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from headrace.core.errors import InvalidInput
from headrace.project.yaml_nodes import Node, scalar_value

_PLAIN = re.compile(r"[A-Za-z_./][A-Za-z0-9_./ äöüÄÖÜßéèàçñ()+-]*")
_SPAN = re.compile(r"[0-9]+(?:ms|s|m|h|d|w|MB|GB)")
_ESCAPES = re.compile("[\x7f-\x9f\u2028\u2029\ufeff]")
_OLD_WORDS = frozenset({"y", "n", "yes", "no", "on", "off"})


def quoted(text: str) -> str:
    """Return a string as it can stand anywhere in YAML 1.1 and 1.2, quoted only if it has to be."""
    plain = (
        _PLAIN.fullmatch(text)
        and not text.endswith(" ")
        and text.lower() not in _OLD_WORDS
        and isinstance(scalar_value(Node("scalar", 0, 0, text=text)), str)
    )
    if plain or _SPAN.fullmatch(text):
        return text
    # JSON's escapes are YAML's; characters that YAML forbids in plain sight are escaped as well.
    escaped = json.dumps(text, ensure_ascii=False)
    return _ESCAPES.sub(lambda found: f"\\u{ord(found.group()):04x}", escaped)


def flow(value: Any) -> str:
    """Return any JSON-like value in flow style; raise InvalidInput for another type."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, (int, float)):
        return _number(value)
    if isinstance(value, Mapping):
        return flow_map({str(key): flow(item) for key, item in value.items()})
    if isinstance(value, Sequence):
        return f"[{', '.join(flow(item) for item in value)}]"
    raise InvalidInput(f"A value of type {type(value).__name__} cannot be written to YAML.")


def flow_map(written: Mapping[str, str]) -> str:
    """Return a map whose values are YAML already."""
    return "{" + ", ".join(f"{quoted(key)}: {text}" for key, text in written.items()) + "}"


def _number(value: float) -> str:
    if math.isfinite(value):
        return repr(value)
    if math.isnan(value):
        return ".nan"
    return ".inf" if value > 0 else "-.inf"

"""Values and texts as the source of Python, and long texts back out of it."""

from __future__ import annotations

import ast
import keyword
import math
from typing import Any


def is_name(name: str) -> bool:
    """Tell whether a text can be the name of a variable."""
    return name.isidentifier() and not keyword.iskeyword(name)


def literal(value: Any) -> str:
    """Return a value of YAML as Python text."""
    if isinstance(value, float) and not math.isfinite(value):
        return f'float("{value}")'
    if isinstance(value, list):
        return f"[{', '.join(map(literal, value))}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{literal(k)}: {literal(v)}' for k, v in value.items())}}}"
    return repr(value)


def long_string(text: str) -> str:
    """Return a text as a string over lines that Python reads back as it is, after a line break."""
    body = text.replace("\\", "\\\\").replace('"""', '\\"\\"\\"').replace("\r", "\\r")
    body = body.replace("\x0c", "\\x0c").replace("\0", "\\0")
    body = f'{body[:-1]}\\"' if body.endswith('"') else body
    return f'"""\n{body}"""'


def long_string_in(text: str, function: str, place: int) -> tuple[str, ast.Call] | None:
    """Return what `long_string` wrote as an argument of a call, and the call; None without one."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return None
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or getattr(node.func, "id", "") != function:
            continue
        given = node.args[place] if len(node.args) > place else None
        if isinstance(given, ast.Constant) and isinstance(given.value, str):
            return given.value.removeprefix("\n"), node
    return None

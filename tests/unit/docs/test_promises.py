"""Every test and every measurement that is named beside a promise exists."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[3]
TEXT = (REPOSITORY / "tests" / "acceptance" / "README.md").read_text(encoding="utf-8")
TESTS = sorted(set(re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`( both)?", TEXT)))
BENCHES = sorted(set(re.findall(r"`bench:([\w-]+)`", TEXT)))


@cache
def functions(path: str) -> dict[str, ast.FunctionDef | ast.AsyncFunctionDef]:
    tree = ast.parse((REPOSITORY / path).read_text(encoding="utf-8"))
    return {
        node.name: node
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }


def needs(path: str, name: str) -> set[str]:
    """Name the fixtures of a test of this file, those that they need included."""
    found: set[str] = set()
    left = [name]
    while left:
        function = functions(path).get(left.pop())
        if function is not None:
            wanted = {argument.arg for argument in function.args.args} - found
            found |= wanted
            left += wanted
    return found


@pytest.mark.parametrize(("path", "name", "both"), TESTS)
def test_a_test_that_is_named_exists(path: str, name: str, both: str) -> None:
    assert (REPOSITORY / path).is_file()
    if name:
        assert name in functions(path)
    if both:
        assert needs(path, name) & {"history_url", "place"}, "it runs on one database only"


@pytest.mark.parametrize("name", BENCHES)
def test_a_measurement_that_is_named_exists(name: str) -> None:
    main = (REPOSITORY / "tests" / "bench" / "__main__.py").read_text(encoding="utf-8")
    assert f'"{name}": bench_' in main


def test_no_promise_is_without_a_test() -> None:
    rows = [line for line in TEXT.splitlines() if line.startswith("| ") and "---" not in line]
    bare = [row for row in rows if "`tests/" not in row and "`bench:" not in row]
    heads = [row for row in bare if "promise" in row]
    assert bare == heads
    numbers = set(re.findall(r"^\| ([RBL]\d+) \|", TEXT, re.MULTILINE))
    wanted = [f"R{n}" for n in (*range(1, 23), *range(28, 32))]
    wanted += [f"B{n}" for n in range(29, 35)] + [f"L{n}" for n in range(1, 13)]
    assert numbers == set(wanted)

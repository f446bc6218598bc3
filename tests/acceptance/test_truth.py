"""What becomes of each kind of value: on pages and for programs, in SQL, in files, in the next block.

`truth_values.py` makes the values, and `truth.json` says for each what is expected: `rows` and `columns`
of the API, `csv` and what of `parquet` has another type, what `select *` gives in a SQL block, what the
next Python block got that is not equal in value and type (`received`, empty when nothing is lost), and
the `notes` that tell people of what they see as something else.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from .harness import Server
from .truth import ALL, EXPECTED, make_project, seen_of

RUN_LIMIT_S = 100
LEAST = 80


def test_each_value_has_its_expectation() -> None:
    assert list(EXPECTED) == ALL
    assert len(ALL) > LEAST


def test_each_value_is_shown_read_exported_and_passed_on_truly(tmp_path: Path) -> None:
    root = tmp_path / "project"
    make_project(root, ALL)
    with Server(root, env={"TZ": "America/New_York"}) as server:
        server.wait_ready()
        record = server.run("truth", timeout_s=RUN_LIMIT_S)
        blocks = {block["name"]: block for block in record["blocks"]}
        seen = {name: seen_of(server, blocks, name) for name in ALL}
        assert "Traceback" not in server.log_file.read_text()
    wrong = [line for name in ALL for line in differences(name, seen[name])]
    assert not wrong, "\n".join(wrong)


def differences(name: str, seen: dict[str, Any]) -> list[str]:
    expected = EXPECTED[name]
    return [
        f"{name} {key}: {json.dumps(seen.get(key))} instead of {json.dumps(expected.get(key))}"
        for key in sorted({*seen, *expected} - {"cells"})  # those are seen by a browser
        if seen.get(key) != expected.get(key)
    ]


def test_what_the_next_block_does_not_get_as_it_was_is_of_the_documented_kinds() -> None:
    """Pieces are joined, what is lazy is read; all else is equal, in types too."""
    for name, expected in EXPECTED.items():
        received = expected.get("received", "")
        assert received == "" or name.startswith(
            ("pieces_", "polars_lazy", "duckdb", "arrow_reader")
        )

"""The tables of marimo's editor, as its own page asks for them: sorted, searched, told of."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from typing import Any

import pyarrow as pa
from marimo._plugins.ui._impl.table import SortArgs
from marimo._plugins.ui._impl.tables.utils import get_table_manager
from pyarrow import ipc

MARK = "measured: "


def main() -> None:
    """Print seconds by name as one line of JSON; arguments: an Arrow file, rounds."""
    with pa.memory_map(sys.argv[1]) as source:
        frame = ipc.open_file(source).read_all().to_pandas()
    rounds = int(sys.argv[2])
    table = get_table_manager(frame)
    floats = [name for name in frame.columns if name.startswith("f")]

    def rows(found: Any, offset: int = 0) -> None:
        found.take(200, offset).to_json_str()

    def ordered(name: str, number: int) -> Any:
        return table.sort_values([SortArgs(by=name, descending=bool(number % 2))])

    works: dict[str, Callable[[int], Any]] = {
        "rows": lambda _: rows(table),
        "sort-float": lambda n: rows(ordered(floats[n % len(floats)], n)),
        "sort-text": lambda n: rows(ordered("name", n)),
        "end": lambda n: rows(ordered(floats[n % len(floats)], n), len(frame) - 200),
        "search": lambda n: rows(table.search(str(1234 + n))),
        "profile": lambda _: [table.get_stats(name) for name in frame.columns],
    }
    found: dict[str, list[float]] = {}
    for name, work in works.items():
        for number in range(rounds):
            began = time.perf_counter()
            work(number)
            found.setdefault(name, []).append(time.perf_counter() - began)
    sys.stdout.write(f"\n{MARK}{json.dumps(found)}\n")


if __name__ == "__main__":
    main()

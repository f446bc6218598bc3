"""`python -m tests.bench`: measure everything and print one table."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from collections.abc import Callable
from pathlib import Path

from tests.bench import (
    bench_clients,
    bench_edges,
    bench_flood,
    bench_graphs,
    bench_grid,
    bench_memory,
    bench_neighbours,
    bench_page,
    bench_papermill,
    bench_peers,
    bench_resume,
    bench_rows,
    bench_run_key,
    bench_runs,
    bench_scale,
    bench_schedules,
    bench_sql,
    bench_start,
    bench_store,
    bench_upkeep,
    bench_views,
    report,
)
from tests.bench.figures import Figure

BENCHES: dict[str, Callable[[int], list[Figure]]] = {
    "start": bench_start.measure,
    "resume": bench_resume.measure,
    "memory": bench_memory.measure,
    "page": bench_page.measure,
    "run-key": bench_run_key.measure,
    "rows": bench_rows.measure,
    "runs": bench_runs.measure,
    "views": bench_views.measure,
    "grid": bench_grid.measure,
    "chain": bench_graphs.measure_chain,
    "fan": bench_graphs.measure_fan,
    "sql": bench_sql.measure,
    "edges": bench_edges.measure,
    "store": bench_store.measure,
    "saving": bench_upkeep.measure_saving,
    "purging": bench_upkeep.measure_purging,
    "papermill": bench_papermill.measure,
    "neighbours": bench_neighbours.measure,
    "scale": bench_scale.measure,
    "triggers": bench_schedules.measure_large,
    "burst": bench_schedules.measure_burst,
    "sustained": bench_schedules.measure_sustained,
    "clients": bench_clients.measure,
    "flood": bench_flood.measure,
    "peers": bench_peers.measure,
}


def main(arguments: list[str] | None = None) -> int:
    """Measure; the exit code says nothing about the figures."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--only", metavar="NAME", action="append", choices=[*BENCHES])
    parser.add_argument("--json", metavar="FILE", type=Path, help="also write every value")
    parser.add_argument("--rounds", metavar="N", type=int, default=20)
    chosen = parser.parse_args(arguments)
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # a start without byte code is another figure
    figures: list[Figure] = []
    for name in chosen.only or BENCHES:
        sys.stderr.write(f"{name} …\n")
        figures += BENCHES[name](chosen.rounds)
    sys.stdout.write(f"{report.table(figures)}\n\n{report.parts(figures)}\n\n")
    sys.stdout.write(f"{report.beyond(figures)}\n")
    if chosen.json is not None:
        described = {
            "python": platform.python_version(),
            "cores": os.cpu_count(),
            "load": os.getloadavg(),
            "figures": [figure.as_json() for figure in figures],
        }
        chosen.json.write_text(json.dumps(described, indent=1, ensure_ascii=False) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""dbt and SQLMesh on the models of `bench_sql`, as their users run them and within one process.

Arguments: a JSON file with the models, a folder, how often. Prints one line of JSON: of each way the
`seconds` of every round and the `digest` of the rows of the last model.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import logging
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb

MARK = "measured: "
LAST = "final"
_SCRIPTS = Path(sys.executable).parent
_DBT_PROJECT = """\
name: models
version: "1.0"
profile: models
model-paths: [models]
models: {models: {+materialized: table}}
flags: {send_anonymous_usage_stats: false}
"""
_DBT_PROFILE = (
    "models: {{target: dev, outputs: {{dev: {{type: duckdb, path: '{path}', threads: 4}}}}}}\n"
)
_SQLMESH = """\
gateways: {{local: {{connection: {{type: duckdb, database: '{path}'}}}}}}
default_gateway: local
model_defaults: {{dialect: duckdb, start: '2026-01-01'}}
disable_anonymized_analytics: true
"""


def digest_of(database: Any, table: str) -> str:
    """Name the rows of a table."""
    rows = database.execute(
        f"select segment, day::varchar, round(week, 4), customers, round(best, 4) from {table}"
        " order by all"
    ).fetchall()
    return hashlib.sha256(json.dumps(rows).encode()).hexdigest()


def _digest_of_file(path: Path, table: str) -> str:
    """Look at a copy of the same name: an engine within this process still has the file open."""
    folder = path.parent / "copy"
    folder.mkdir()
    for file in path.parent.glob(f"{path.name}*"):
        shutil.copy(file, folder)
    with duckdb.connect(str(folder / path.name)) as database:
        return digest_of(database, table)


def with_tables(text: str, call: Callable[[str], str], names: list[str]) -> str:
    """Write the tables that a model reads as an engine calls them."""
    listed = "|".join(names)
    return re.sub(rf"\b(from|join) ({listed})\b", lambda m: f"{m[1]} {call(m[2])}", text)


def main() -> None:
    """Measure each way as often as asked."""
    models: dict[str, str] = json.loads(Path(sys.argv[1]).read_text())
    folder, rounds = Path(sys.argv[2]), int(sys.argv[3])
    logging.disable(logging.CRITICAL)
    found: dict[str, dict[str, Any]] = {}
    for number in range(rounds):
        for name, way in WAYS.items():
            place = folder / f"{name.replace(' ', '-')}-{number}"
            place.mkdir(parents=True)
            with contextlib.redirect_stdout(io.StringIO()):
                seconds, table = way(models, place)
            entry = found.setdefault(name, {"seconds": [], "digest": ""})
            entry["seconds"].append(seconds)
            entry["digest"] = entry["digest"] or _digest_of_file(place / "models.db", table)
            shutil.rmtree(place)
    sys.stdout.write(f"\n{MARK}{json.dumps(found)}\n")


def _timed(act: Callable[[], Any]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


# --- dbt ------------------------------------------------------------------------------------


def _dbt(models: dict[str, str], place: Path) -> list[str]:
    folder = place / "models"
    folder.mkdir()
    (place / "dbt_project.yml").write_text(_DBT_PROJECT)
    (place / "profiles.yml").write_text(_DBT_PROFILE.format(path=place / "models.db"))
    for name, text in models.items():
        made = with_tables(text, lambda table: "{{ ref('" + table + "') }}", list(models))
        (folder / f"{name}.sql").write_text(made + "\n")
    return ["--project-dir", str(place), "--profiles-dir", str(place)]


def dbt_run(models: dict[str, str], place: Path) -> tuple[float, str]:
    """Run `dbt run` once more in a project that it knows."""
    command = [_SCRIPTS / "dbt", "--quiet", "run", *_dbt(models, place)]
    run = lambda: subprocess.run(command, check=True, capture_output=True)  # noqa: E731
    run()
    return _timed(run), LAST


def dbt_in_process(models: dict[str, str], place: Path) -> tuple[float, str]:
    """Invoke dbt once more in a process that has all of it imported."""
    from dbt.cli.main import dbtRunner

    command = ["--quiet", "run", *_dbt(models, place)]

    def run() -> None:
        done = dbtRunner().invoke(command)
        assert done.success, done.exception

    run()
    return _timed(run), LAST


# --- SQLMesh --------------------------------------------------------------------------------


def _sqlmesh(models: dict[str, str], place: Path) -> None:
    folder = place / "models"
    folder.mkdir()
    (place / "config.yaml").write_text(_SQLMESH.format(path=place / "models.db"))
    for name, text in models.items():
        made = with_tables(text, lambda table: f"w6.{table}", list(models))
        (folder / f"{name}.sql").write_text(f"MODEL (name w6.{name}, kind FULL);\n\n{made}\n")


def sqlmesh_plan(models: dict[str, str], place: Path) -> tuple[float, str]:
    """Apply a plan of new models from the command line."""
    _sqlmesh(models, place)
    command = [_SCRIPTS / "sqlmesh", "-p", place, "plan", "--auto-apply", "--no-prompts"]
    return _timed(lambda: subprocess.run(command, check=True, capture_output=True)), f"w6.{LAST}"


def sqlmesh_in_process(models: dict[str, str], place: Path) -> tuple[float, str]:
    """Apply such a plan in a process that has SQLMesh imported."""
    from sqlmesh import Context

    _sqlmesh(models, place)

    def run() -> None:
        context = Context(paths=[str(place)])
        context.plan(auto_apply=True, no_prompts=True)
        context.close()

    return _timed(run), f"w6.{LAST}"


# --- DuckDB ---------------------------------------------------------------------------------


def duckdb_file(models: dict[str, str], place: Path) -> tuple[float, str]:
    """Make each model a table of a database file, by the DuckDB of the peers."""

    def run() -> None:
        with duckdb.connect(str(place / "models.db")) as database:
            for name, text in models.items():
                database.execute(f"create table {name} as {text}")

    return _timed(run), LAST


WAYS: dict[str, Callable[[dict[str, str], Path], tuple[float, str]]] = {
    f"DuckDB {duckdb.__version__}, a file": duckdb_file,
    "dbt run": dbt_run,
    "dbt in one process": dbt_in_process,
    "sqlmesh plan": sqlmesh_plan,
    "SQLMesh in one process": sqlmesh_in_process,
}

if __name__ == "__main__":
    main()

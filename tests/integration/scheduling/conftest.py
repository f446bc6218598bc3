"""Places for a history: a SQLite file, and a PostgreSQL server of our own where there is one."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


def _programs() -> Path | None:
    newest = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    found = str(newest[-1]) if newest else shutil.which("initdb")
    return Path(found).parent if found else None


def _as_somebody() -> list[str]:
    """PostgreSQL refuses to run as root."""
    return ["runuser", "-u", "nobody", "--"] if os.geteuid() == 0 else []


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """Start a server in a folder of its own; give its URL."""
    programs = _programs()
    if programs is None:
        pytest.skip("There is no PostgreSQL.")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    folder = Path(tempfile.mkdtemp(prefix="headrace-pg-", dir="/tmp"))
    if os.geteuid() == 0:
        shutil.chown(folder, "nobody")
    cluster = str(folder / "data")
    control = [*_as_somebody(), str(programs / "pg_ctl"), "-D", cluster]
    quiet = {"check": True, "stdout": subprocess.DEVNULL, "cwd": folder}
    settings = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off"
    try:
        initdb = [str(programs / "initdb"), "-D", cluster, "-A", "trust", "-U", "headrace"]
        subprocess.run([*_as_somebody(), *initdb, "--no-sync"], **quiet)
        log = ["-l", str(folder / "log")]
        subprocess.run([*control, "-o", settings, *log, "-w", "start"], **quiet)
        yield f"postgresql+psycopg://headrace@127.0.0.1:{port}/postgres"
        subprocess.run([*control, "-m", "immediate", "-w", "stop"], **quiet)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Name an empty database."""
    if request.param == "sqlite":
        return str(tmp_path / "h.db")
    return request.getfixturevalue("postgresql")

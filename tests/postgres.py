"""A PostgreSQL of our own in a temporary folder, for tests that speak to a real one."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


@contextmanager
def postgres() -> Iterator[str]:
    """Start a server; give the place of its one database as `tester@127.0.0.1:5433/postgres`.

    It asks nobody for a password but `guarded`, once somebody has made that user.
    """
    programs = _programs()
    assert programs is not None, "PostgreSQL is missing: tests/install-services brings it"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    # Not below pytest's own folder: each run of pytest closes that to other users again.
    folder = Path(tempfile.mkdtemp(prefix="headrace-postgres-"))
    if os.geteuid() == 0:
        shutil.chown(folder, "nobody")
    cluster = str(folder / "cluster")
    control = [str(programs / "pg_ctl"), "-D", cluster, "-w"]
    options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off"
    try:
        _run(str(programs / "initdb"), "-D", cluster, "-A", "trust", "-U", "tester", "--no-sync")
        access = Path(cluster) / "pg_hba.conf"
        access.write_text(f"host all guarded 127.0.0.1/32 scram-sha-256\n{access.read_text()}")
        _run(*control, "-o", options, "-l", str(folder / "log"), "start")
        try:
            yield f"tester@127.0.0.1:{port}/postgres"
        finally:
            _run(*control, "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def new_database(place: str) -> str:
    """Make an empty database beside that of `place`; give its place."""
    import psycopg

    name = f"d{secrets.token_hex(8)}"
    server = place.rpartition("/")[0]
    with psycopg.connect(f"postgresql://{place}", autocommit=True) as connection:
        # From the template that nobody connects to: another copy may be on its way.
        connection.execute(f"CREATE DATABASE {name} TEMPLATE template0".encode())
    return f"{server}/{name}"


def _programs() -> Path | None:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if found:
        return found[-1]
    on_path = shutil.which("pg_ctl")
    return Path(on_path).parent if on_path else None


def _run(*command: str) -> None:
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        cwd="/",
        **somebody(),
    )
    assert done.returncode == 0, f"{command}: {done.stdout}"


def somebody() -> dict[str, Any]:
    """PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return {}
    return {"user": "nobody", "group": pwd.getpwnam("nobody").pw_gid, "extra_groups": []}

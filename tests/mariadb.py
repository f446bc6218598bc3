"""A MariaDB of our own in a temporary folder, for tests that speak to a real one."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pymysql
from tests.postgres import somebody

PASSWORD = "p@ss/w:rd%41"


@contextmanager
def mariadb() -> Iterator[str]:
    """Start a server; give the place of its one database as `127.0.0.1:3307/test`.

    Its user is `tester` with PASSWORD.
    """
    server, installer = shutil.which("mariadbd", path=_PATH), shutil.which("mariadb-install-db")
    assert server is not None and installer is not None, (  # noqa: PT018
        "MariaDB is missing: tests/install-services brings it"
    )
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    folder = Path(tempfile.mkdtemp(prefix="headrace-mariadb-"))
    if os.geteuid() == 0:
        shutil.chown(folder, "nobody")
    data = f"--datadir={folder}/data"
    place = [data, f"--socket={folder}/socket", f"--pid-file={folder}/pid"]
    setup = folder / "setup.sql"
    setup.write_text(  # a statement a line
        f"create database if not exists test;\ncreate user tester@'127.0.0.1' identified by '{PASSWORD}';\n"
        "grant all on test.* to tester@'127.0.0.1';\ngrant process on *.* to tester@'127.0.0.1';\n"
    )
    setup.chmod(0o644)
    done = subprocess.run(
        [installer, "--no-defaults", data, "--auth-root-authentication-method=normal"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        cwd="/",
        **somebody(),
    )
    assert done.returncode == 0, done.stdout
    options = [
        f"--port={port}",
        "--bind-address=127.0.0.1",
        "--skip-name-resolve",
        f"--init-file={setup}",
    ]
    fast = ["--innodb-flush-log-at-trx-commit=0", "--innodb-buffer-pool-size=64M"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [server, "--no-defaults", *place, *options, *fast],
            stdout=log,
            stderr=log,
            cwd="/",
            **somebody(),
        )
    try:
        _wait(port, process, folder / "log")
        yield f"127.0.0.1:{port}/test"
    finally:
        process.kill()
        process.wait()
        shutil.rmtree(folder, ignore_errors=True)


_PATH = f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/libexec"


def _wait(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 60
    while True:
        assert process.poll() is None, log.read_text(errors="replace")[-4000:]
        assert time.monotonic() < deadline, log.read_text(errors="replace")[:4000]
        try:
            pymysql.connect(
                host="127.0.0.1", port=port, user="tester", password=PASSWORD, database="test"
            ).close()
        except pymysql.err.OperationalError:
            time.sleep(0.05)
        else:
            return

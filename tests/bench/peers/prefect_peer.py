"""Prefect with a server that runs already, four tasks at a time.

W4 keeps its results in memory, Prefect's default. W5 and W5b keep them on disk, by inputs and
source; the run that fills them is not timed.
"""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any


@contextlib.contextmanager
def server(home: str) -> Any:
    """A Prefect server of its own, on a free port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    os.environ |= {
        "PREFECT_HOME": home,
        "PREFECT_API_URL": f"http://127.0.0.1:{port}/api",
        "PREFECT_LOGGING_LEVEL": "CRITICAL",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_CLI_COLORS": "false",
    }
    command = [sys.executable, "-m", "prefect", "server", "start", "--port", str(port), "--no-ui"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        limit = time.monotonic() + 120
        while True:
            with contextlib.suppress(OSError):
                urllib.request.urlopen(f"http://127.0.0.1:{port}/api/health", timeout=1).close()
                break
            if time.monotonic() > limit or process.poll() is not None:
                raise TimeoutError("The Prefect server did not start.")
            time.sleep(0.1)
        yield
    finally:
        process.terminate()
        process.wait()


def main() -> None:  # noqa: C901 - one closure a task
    """Import Prefect only now: it reads its settings then."""
    import pandas as pd
    import work
    from measuring import measure
    from prefect import flow, task
    from prefect.cache_policies import INPUTS, NO_CACHE, TASK_SOURCE
    from prefect.task_runners import ThreadPoolTaskRunner

    plain = task(work.no_op, cache_policy=NO_CACHE)

    def placed(function: Any) -> Any:
        """`place`, in which round and task are, keeps the cache keys of tasks apart.

        Their source, of which the key is made, is that of `called` for all of them.
        """

        def called(place: str, *inputs: Any) -> Any:
            return function(*inputs)

        return called

    def tasks(cached: bool, edited: bool) -> dict[str, Any]:
        policy = INPUTS + TASK_SOURCE if cached else NO_CACHE
        made: dict[str, Any] = {}
        for name in ("read_fact", "read_dim", "clean", "group", "join"):
            made[name] = task(
                placed(getattr(work, name)), name=name, cache_policy=policy, persist_result=cached
            )
        write = work.write_edited if edited else work.write
        made["write"] = task(write, name="write", cache_policy=policy, persist_result=cached)
        return made

    class Prefect:
        def __init__(self) -> None:
            self.cached = False

        def before(self, name: str, data: Path, place: Path) -> None:
            self.cached = name != "W4"
            if name == "W5":
                self.etl(data, place, edited=False)

        def run(self, tasks: list[work.Task], first: int, _place: Path) -> list[pd.DataFrame]:
            @flow(task_runner=ThreadPoolTaskRunner(max_workers=4))
            def all_of_them() -> list[pd.DataFrame]:
                futures: dict[int, Any] = {}
                for number, above in tasks:
                    inputs = [futures[n] for n in above]
                    futures[number] = plain.submit(first + number, *inputs)
                return [futures[number].result() for number in work.sinks(tasks)]

            return all_of_them()

        def etl(self, data: Path, place: Path, *, edited: bool) -> None:
            made = tasks(self.cached, edited)
            at, folder = str(place), str(data)

            @flow(task_runner=ThreadPoolTaskRunner(max_workers=4))
            def etl() -> str:
                fact = made["read_fact"].submit(f"{at} read_fact", folder)
                dim = made["read_dim"].submit(f"{at} read_dim", folder)
                grouped = made["group"].submit(
                    f"{at} group", made["clean"].submit(f"{at} clean", fact)
                )
                joined = made["join"].submit(f"{at} join", grouped, dim)
                return made["write"].submit(joined, f"{at}/out.parquet").result()

            etl()

    measure(Prefect())


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as home, server(home):
        main()

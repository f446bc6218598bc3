"""What an idle server takes, and all of its processes."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from tests.acceptance.harness import Server
from tests.bench import processes, projects
from tests.bench.figures import Figure
from tests.bench.running import Runner

RSS_TARGET_MB = 75
PSS_TARGET_MB = 200
_SETTLED_S = 3.0


def measure(rounds: int) -> list[Figure]:
    """A server with the scheduler on and one open session, at rest."""
    server_rss: list[float] = []
    totals: list[float] = []
    by_process: dict[str, float] = {}
    for _ in range(min(rounds, 5)):
        with tempfile.TemporaryDirectory() as folder:
            project = projects.empty(Path(folder) / "p")
            projects.add_echo(project)
            with Server(project, options=()) as server, Runner(server, "echo") as runner:
                server.wait_ready()
                runner.command({"op": "open-session", "pipeline": "echo"})
                time.sleep(_SETTLED_S)  # idle is what is measured
                server_rss.append(processes.megabytes(server.pid)[0])
                names = {pid: _name(pid, server.pid) for pid in processes.tree(server.pid)}
                sizes = {pid: processes.megabytes(pid) for pid in names}
                totals.append(sum(pss for _, pss in sizes.values()))
                by_process = {
                    f"{name} (RSS {sizes[pid][0]:.0f}, {processes.threads(pid)} threads)": sizes[
                        pid
                    ][1]
                    for pid, name in sorted(names.items())
                }
    return [
        Figure("idle RSS of the server", "MB", server_rss, RSS_TARGET_MB),
        Figure("idle PSS of all processes", "MB", totals, PSS_TARGET_MB, parts=by_process),
    ]


def _name(pid: int, server: int) -> str:
    if pid == server:
        return f"server {pid}"
    status = Path(f"/proc/{pid}/status").read_text().splitlines()
    parent = next(int(line.split()[1]) for line in status if line.startswith("PPid:"))
    return f"{'template' if parent == server else 'worker or service'} {pid}"

"""Memory of a process tree, from /proc."""

from __future__ import annotations

from pathlib import Path

_MB = 1e6


def tree(root: int) -> list[int]:
    """A process and all below it, whatever its process group."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                stat = (entry / "stat").read_text()
            except OSError:
                continue
            parent = int(stat.rpartition(")")[2].split()[1])
            children.setdefault(parent, []).append(int(entry.name))
    found, waiting = [], [root]
    while waiting:
        pid = waiting.pop(0)
        found.append(pid)
        waiting += sorted(children.get(pid, []))
    return found


def megabytes(pid: int) -> tuple[float, float]:
    """RSS and PSS of a process, in MB (10⁶ bytes)."""
    sizes: dict[str, float] = {}
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        name, _, rest = line.partition(":")
        if name in ("Rss", "Pss"):
            sizes[name] = int(rest.split()[0]) * 1024 / _MB
    return sizes["Rss"], sizes["Pss"]


def threads(pid: int) -> int:
    """How many threads a process has."""
    return len(list(Path(f"/proc/{pid}/task").iterdir()))

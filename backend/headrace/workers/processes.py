"""What the kernel is asked about processes: death with the parent, groups, memory."""

from __future__ import annotations

import ctypes
import os
import signal
from pathlib import Path

_PR_SET_PDEATHSIG = 1


def die_with_parent(parent: int) -> None:
    """Have this process killed when `parent` ends; exit at once when it has already."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG) failed")
    if os.getppid() != parent:
        os._exit(1)


def signal_group(pid: int, number: int) -> bool:
    """Send a signal to the group of a process that leads one; False when there is none left."""
    try:
        os.killpg(pid, number)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def thread_names() -> list[str]:
    """Names of all threads of this process, the main one included."""
    tasks = Path("/proc/self/task").iterdir()
    return sorted((task / "comm").read_text(encoding="utf-8").strip() for task in tasks)


def memory_of(pid: int) -> tuple[int, int]:
    """Return (RSS, PSS) of a process in bytes; (0, 0) when it is gone."""
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="utf-8")
    except OSError:
        return 0, 0
    sizes = {"Rss:": 0, "Pss:": 0}
    for line in text.splitlines():
        name, _, rest = line.partition(" ")
        if name in sizes:
            sizes[name] = int(rest.split()[0]) * 1024
    return sizes["Rss:"], sizes["Pss:"]


def oom_kills() -> int:
    """How often the kernel has killed for want of memory since the machine started."""
    try:
        for line in Path("/proc/vmstat").read_text(encoding="ascii").splitlines():
            if line.startswith("oom_kill "):
                return int(line.split()[1])
    except (OSError, ValueError):
        pass
    return 0

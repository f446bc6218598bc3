"""What the kernel is asked about processes: death with the parent, families, memory."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import time
from collections.abc import Callable, Collection, Iterable
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_POLL_S = 0.002
_EXEC_POLLS = 25  # times _POLL_S, for the rest of an execve


def die_with_parent(parent: int) -> None:
    """Have this process killed when `parent` ends; exit at once when it has already."""
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def outlive_parent() -> None:
    """Take back `die_with_parent`: this process sees the end of its parent by itself."""
    _prctl(_PR_SET_PDEATHSIG, 0)


def adopt_orphans() -> None:
    """Become the parent of what descendants leave behind, wherever they have moved to."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def _prctl(option: int, value: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(option, value, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), f"prctl({option}) failed")


def has_children() -> bool:
    """Tell whether this process has any child, a zombie included; one system call."""
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    return True


def process_ids() -> list[int]:
    """Ids of all processes that can be seen."""
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]  # noqa: PTH208 - hot


def families() -> dict[int, tuple[int, int, bool]]:
    """Return process → (parent, group, does it live) of all.

    Zombies are counted in: one whose other threads are still ending keeps its children until then.
    """
    found: dict[int, tuple[int, int, bool]] = {}
    for pid in process_ids():
        try:
            with open(f"/proc/{pid}/stat", "rb") as file:  # noqa: PTH123 - hot
                state, parent, group = file.read().rpartition(b")")[2].split()[:3]
        except (OSError, ValueError):
            continue  # it ended meanwhile
        found[pid] = int(parent), int(group), state not in b"ZX"
    return found


def descendants(leader: int, known: dict[int, tuple[int, int, bool]]) -> set[int]:
    """Return the living processes below `leader`, and those of its group, without itself."""
    below: dict[int, list[int]] = {}
    for pid, (parent, _, _) in known.items():
        below.setdefault(parent, []).append(pid)
    found = {pid for pid, (_, group, _) in known.items() if group == leader}
    waiting = [leader, *found]
    while waiting:
        for pid in below.get(waiting.pop(), ()):
            if pid not in found:
                found.add(pid)
                waiting.append(pid)
    found.discard(leader)
    return {pid for pid in found if known[pid][2]}


def command_of(pid: int) -> str:
    """Return the command line of a process in at most 80 characters; its id when it is gone.

    A process in the middle of `execve` has no command line for a moment, though it lives: it is
    given the time. One that has ended without being waited for has none either.
    """
    raw = b""
    for _ in range(_EXEC_POLLS):
        try:
            raw = Path(f"/proc/{pid}/cmdline").read_bytes()
            if raw or _has_ended(pid):
                break
        except OSError:
            break
        time.sleep(_POLL_S)
    words = raw.replace(b"\0", b" ").decode("utf-8", "replace").strip()
    return words[:80] or f"process {pid}"


def _has_ended(pid: int) -> bool:
    """Whether a process is a zombie: proc(5), third field of stat, after the name in brackets."""
    stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    return stat.rpartition(")")[2].split()[0] in {"Z", "X"}


def end_below(leader: int, spared: Callable[[int], bool], limit_s: float) -> tuple[list[str], bool]:
    """Kill all descendants of `leader`, which are of this process's own family.

    Returns the command lines of what was killed, and whether all of it was gone within `limit_s`.
    """
    told: dict[int, str] = {}
    deadline = time.monotonic() + limit_s
    while True:
        living = [pid for pid in descendants(leader, families()) if not spared(pid)]
        for pid in living:
            if pid not in told:
                told[pid] = command_of(pid)
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        reap(told)
        if not living or time.monotonic() > deadline:
            return list(told.values()), not living
        time.sleep(_POLL_S)


def reap(pids: Iterable[int]) -> None:
    """Take note of the ends of some children, without waiting."""
    for pid in pids:
        with contextlib.suppress(ChildProcessError):
            os.waitpid(pid, os.WNOHANG)


def crowds(leaders: Collection[int]) -> dict[int, int]:
    """Return how many processes each leader has below it or in its group, itself included."""
    known = families()
    return {leader: len(descendants(leader, known)) + 1 for leader in leaders}


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

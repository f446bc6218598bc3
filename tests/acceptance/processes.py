"""The processes of a server as the system sees them. Any of them may end while it is looked at."""

from __future__ import annotations

from collections.abc import Iterator

import psutil

TEMPLATE = "headrace.workers.template"


def runs(process: psutil.Process) -> bool:
    """Tell whether it still runs; one that only waits to be buried does not."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def pid_runs(pid: int) -> bool:
    try:
        return runs(psutil.Process(pid))
    except psutil.NoSuchProcess:
        return False


def below(server_pid: int) -> list[psutil.Process]:
    """All that the server started, and what those started, as far as they run."""
    return [each for each in psutil.Process(server_pid).children(recursive=True) if runs(each)]


def with_words(*wanted: str) -> Iterator[psutil.Process]:
    """Every running process of this machine whose command line has all of these words."""
    for process in psutil.process_iter():
        try:
            words = process.cmdline()
        except psutil.Error:
            continue
        if all(word in words for word in wanted) and runs(process):
            yield process


def cpu_s(process: psutil.Process) -> float:
    """CPU time that it has used so far, in seconds; none when it is gone."""
    try:
        used = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return used.user + used.system

"""Who has a run in hand: a process, told apart from any other that ever had its number."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import psutil


def current_owner() -> str:
    """Name this process: `pid:start time:boot id:host`."""
    pid = os.getpid()
    return f"{pid}:{psutil.Process(pid).create_time():.2f}:{_boot_id()}:{socket.gethostname()}"


def is_alive(owner: str) -> bool:
    """Tell whether the owner still lives; one on another host is taken to, a zombie is not."""
    parts = owner.split(":", 3)
    if len(parts) != 4 or not parts[0].isdigit():
        return False
    pid, started, boot, host = parts
    if host != socket.gethostname():
        return True
    if boot != _boot_id():
        return False
    try:
        process = psutil.Process(int(pid))
        alive = process.status() != psutil.STATUS_ZOMBIE
        return alive and f"{process.create_time():.2f}" == started
    except psutil.NoSuchProcess:
        return False


def _boot_id() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return f"{psutil.boot_time():.0f}"

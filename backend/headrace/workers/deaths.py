"""What the end of a process says about the block that it was executing."""

from __future__ import annotations

import signal

from headrace.protocol.tables import Failure

_MEANINGS = {
    signal.SIGSEGV: "A library accessed memory that it may not (segmentation fault).",
    signal.SIGABRT: "A library gave up (abort).",
    signal.SIGBUS: "A mapped file shrank or the disk failed (bus error).",
    signal.SIGKILL: "Something outside Headrace killed it.",
    signal.SIGILL: "A library is built for another processor (illegal instruction).",
    signal.SIGFPE: "A library divided by zero (floating point error).",
}


def size_text(size: int) -> str:
    """Say a number of bytes as `memory:` is written, e.g. `300 MB`; exact where that is short."""
    for unit, name in ((10**9, "GB"), (10**6, "MB"), (10**3, "kB")):
        if size >= unit:
            return f"{size / unit:.4g} {name}"
    return f"{size} bytes"


def failure_of_crowd(count: int, limit: int) -> Failure:
    """Describe a block that was killed because it had `count` processes at once."""
    return Failure(
        kind="died",
        type="TooManyProcesses",
        message=f"The block had {count} processes at once and was killed; {limit} are allowed.",
        hint="Start fewer processes at a time, e.g. by a pool with a fixed number of them.",
    )


def failure_of_death(
    status: int | None, reason: str, *, memory_bytes: int | None, oom_killed: bool
) -> Failure:
    """Describe a death: `status` is the exit code, minus the signal, or None when unknown."""
    if status is None:
        return Failure(
            kind="died",
            type="WorkerLost",
            message=reason or "The process of this block is gone.",
            hint="Run it again; a new process starts by itself.",
        )
    if status >= 0:
        return Failure(
            kind="died",
            type="ProcessExit",
            message=f"The block ended its process with exit code {status}.",
            hint="Return from the function, or raise an exception, instead of os._exit().",
        )
    number = -status
    try:
        name = signal.Signals(number).name
        meaning = _MEANINGS.get(signal.Signals(number), "")
    except ValueError:
        name, meaning = f"signal {number}", ""
    # A limit makes allocations fail, it kills nothing; C++ code answers that with abort().
    if (number == signal.SIGKILL and oom_killed) or (memory_bytes and number == signal.SIGABRT):
        limit = f" Its limit was {size_text(memory_bytes)}." if memory_bytes else ""
        return Failure(
            kind="memory",
            type=name,
            message=f"The block was killed for want of memory ({name}).{limit}",
            hint="Load less at once, or raise `memory` of the block.",
        )
    return Failure(
        kind="died",
        type=name,
        message=f"The process of this block was killed by {name}. {meaning}".strip(),
        hint="The other blocks' outputs are intact.",
    )

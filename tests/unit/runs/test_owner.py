"""Runs are taken from a process that is dead, never from one that lives."""

from __future__ import annotations

import os
import subprocess
import sys

import psutil
import pytest

from headrace.runs.owner import current_owner, is_alive


def test_this_process_lives() -> None:
    assert is_alive(current_owner())


@pytest.mark.parametrize(
    ("part", "value"), [(0, "999999999"), (1, "1.00"), (2, "another-boot"), (0, "x")]
)
def test_another_number_start_or_boot_is_another_process(part: int, value: str) -> None:
    parts = current_owner().split(":", 3)
    parts[part] = value
    assert not is_alive(":".join(parts))


def test_a_process_of_another_host_is_left_alone() -> None:
    assert is_alive("1:1.00:boot:another-host")
    assert not is_alive("nonsense")


def test_a_process_that_ended_but_was_not_waited_for_is_dead() -> None:
    command = [sys.executable, "-c", "print(flush=True); input()"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdout.readline()
        _, _, boot, host = current_owner().split(":", 3)
        owner = f"{child.pid}:{psutil.Process(child.pid).create_time():.2f}:{boot}:{host}"
        assert is_alive(owner)
        child.stdin.write(b"\n")
        child.stdin.flush()
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        assert psutil.Process(child.pid).status() == psutil.STATUS_ZOMBIE
        assert not is_alive(owner)

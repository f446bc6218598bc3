"""A small disk in memory that a test can fill to the last byte and make empty again."""

from __future__ import annotations

import functools
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

MB = 2**20
REPOSITORY = Path(__file__).parents[2]


class SmallDisk:
    """A mounted file system; `fill` takes its space, `empty` gives back all that `fill` took."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._fillers: list[Path] = []

    @property
    def free(self) -> int:
        """Bytes that can still be written."""
        found = os.statvfs(self.folder)
        return found.f_bavail * found.f_frsize

    def fill(self, *, leave: int = 0) -> None:
        """Take all but `leave` bytes, whatever others take and give back meanwhile."""
        filler = self.folder / f".filler-{len(self._fillers)}"
        self._fillers.append(filler)
        descriptor = os.open(filler, os.O_WRONLY | os.O_CREAT)
        try:
            taken = 0
            while (more := self.free - leave) > 0:
                try:
                    os.posix_fallocate(descriptor, taken, more)
                except OSError:
                    continue
                taken += more
        finally:
            os.close(descriptor)

    def empty(self) -> None:
        """Make room again."""
        while self._fillers:
            self._fillers.pop().unlink()


@contextmanager
def small_disk(folder: Path, *, size_mb: int = 192) -> Iterator[SmallDisk]:
    """Mount one at a new folder; for tests that are marked by `mounting`."""
    folder.mkdir()
    size = f"size={size_mb}m"
    subprocess.run(["mount", "-t", "tmpfs", "-o", size, "headrace-test", folder], check=True)
    try:
        yield SmallDisk(folder)
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def mounting(test: Callable[..., None]) -> Callable[..., None]:
    """Let a test mount: who is not root runs it once more, as the root of a namespace of its own.

    A test is never skipped for want of rights: where neither is allowed, it fails.
    """

    @functools.wraps(test)
    def run(**fixtures: Any) -> None:
        if os.geteuid() == 0:
            test(**fixtures)
            return
        name = os.environ["PYTEST_CURRENT_TEST"].rpartition(" ")[0]
        alone = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "no:xdist", name]
        done = subprocess.run(
            ["unshare", "--user", "--map-root-user", "--mount", *alone],
            cwd=REPOSITORY,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr

    return run

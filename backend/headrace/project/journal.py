"""Several files changed as one: intents are on disk before the first file is touched.

After a crash, `replay` brings every file to its new text, except files that someone else has
changed since.
"""

from __future__ import annotations

import contextlib
import secrets
import stat
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec

from headrace.core.crash import crashpoint
from headrace.core.durable import make_folder, remove_leftovers, sync_folder, write_durable
from headrace.core.errors import HeadraceError
from headrace.core.paths import beneath


class Step(msgspec.Struct, frozen=True):
    """One file's bytes before and after; None: no such file."""

    path: str
    before: bytes | None
    after: bytes | None


class Journal:
    """The folder of unfinished groups of changes; normally empty."""

    def __init__(self, root: Path, folder: Path) -> None:
        self._root = root
        self._folder = folder

    def apply(self, steps: Sequence[Step]) -> None:
        """Make all changes, or none when one fails (StorageFull, OSError)."""
        if len(steps) == 1:
            self._write(steps[0])
            return
        make_folder(self._folder)
        entry = self._folder / f"{time.time_ns():020d}-{secrets.token_hex(4)}.json"
        write_durable(entry, msgspec.json.encode(list(steps)), mode=0o600)
        crashpoint("journal.after-intent")
        done: list[Step] = []
        try:
            for step in steps:
                self._write(step)
                done.append(step)
                crashpoint("journal.after-file")
        except (HeadraceError, OSError):
            for step in reversed(done):
                self._write(Step(step.path, step.after, step.before))
            self._forget(entry)
            raise
        crashpoint("journal.before-forget")
        self._forget(entry)
        crashpoint("journal.after-forget")

    def replay(self) -> list[str]:
        """Finish what a crash cut off; return the paths that were written."""
        written: list[str] = []
        if not self._folder.is_dir():
            return written
        remove_leftovers(self._folder)
        for entry in sorted(self._folder.glob("*.json")):
            try:
                steps = msgspec.json.decode(entry.read_bytes(), type=list[Step])
            except msgspec.MsgspecError:
                # Written durably before any file is touched, so a damaged one has changed nothing.
                entry.rename(entry.with_name(f"{entry.name}.damaged"))
                continue
            for step in steps:
                path = beneath(self._root, step.path)
                current = path.read_bytes() if path.is_file() else None
                if current == step.before and current != step.after:
                    self._write(step)
                    written.append(step.path)
                    crashpoint("journal.replayed-file")
            self._forget(entry)
        return written

    def _write(self, step: Step) -> None:
        path = beneath(self._root, step.path)
        if step.after is None:
            path.unlink(missing_ok=True)
            crashpoint("file.after-unlink")
            sync_folder(path.parent)
            return
        make_folder(path.parent)
        mode = 0o644
        with contextlib.suppress(FileNotFoundError):
            mode = stat.S_IMODE(path.stat().st_mode)
        write_durable(path, step.after, mode=mode)

    def _forget(self, entry: Path) -> None:
        entry.unlink(missing_ok=True)
        sync_folder(self._folder)

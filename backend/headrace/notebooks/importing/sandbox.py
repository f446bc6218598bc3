"""Copies of a project in which a notebook and a pipeline may do what they like."""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path

from headrace.core.errors import TooLarge

LIMIT_BYTES = 2 * 1024**3
LIMIT_FILES = 50_000
_LEFT_OUT = frozenset(
    {".git", ".headrace", ".venv", "venv", "node_modules", "__pycache__", ".ipynb_checkpoints"}
)


def copy_of(folder: Path, target: Path) -> Path:
    """Copy a folder without version control, environments and state; raise TooLarge."""
    size = count = 0
    for place, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if name not in _LEFT_OUT]
        for name in files:
            path = Path(place, name)
            if not path.is_symlink() and path.is_file():
                size, count = size + path.stat().st_size, count + 1
        if size > LIMIT_BYTES or count > LIMIT_FILES:
            raise TooLarge(
                "The folder is too large to be copied for the proof"
                f" (more than {LIMIT_BYTES // 1024**3} GB or {LIMIT_FILES} files).",
                limit_bytes=LIMIT_BYTES,
            )
    ignored = shutil.ignore_patterns(*_LEFT_OUT)
    return Path(shutil.copytree(folder, target, symlinks=True, ignore=ignored, dirs_exist_ok=True))


def written(folder: Path, before: dict[str, str]) -> dict[str, str]:
    """Return the files that differ from `before`, path → digest."""
    return {path: mark for path, mark in marks(folder).items() if before.get(path) != mark}


def marks(folder: Path) -> dict[str, str]:
    """Return path → digest of the content of all files."""
    found: dict[str, str] = {}
    for place, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if name not in _LEFT_OUT]
        for name in files:
            path = Path(place, name)
            if path.is_file() and not path.is_symlink():
                with path.open("rb") as opened:
                    mark = hashlib.file_digest(opened, "blake2b").hexdigest()[:32]
                found[path.relative_to(folder).as_posix()] = mark
    return found

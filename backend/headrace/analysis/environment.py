"""The part of a key that names the interpreter and the versions of the libraries in use."""

from __future__ import annotations

import importlib
import json
import platform
import sys
from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib import metadata
from pathlib import Path

_Stamp = tuple[tuple[str, int], ...]
_OURS = "headrace"
"""Counts by the engine's own number, which goes up when results would be others."""

_skipped = False


def skip_environment() -> None:
    """Let every environment be the same one from now on, for who only looks for problems.

    Reading what is installed takes longer than all else that finding them does.
    """
    global _skipped  # noqa: PLW0603 a switch of the whole process
    _skipped = True


def library_folders() -> list[str]:
    """Return the folders whose time of change tells that something was installed or removed."""
    if _skipped:
        return []
    return [entry for entry in sys.path if entry.endswith(("site-packages", "dist-packages"))]


def _stamp() -> _Stamp:
    found: list[tuple[str, int]] = []
    for folder in library_folders():
        try:
            found.append((folder, Path(folder).stat().st_mtime_ns))
        except OSError:
            found.append((folder, 0))
    return tuple(found)


@lru_cache(maxsize=1)
def _distributions(stamp: _Stamp) -> Mapping[str, Sequence[str]]:
    del stamp  # what is installed is read again when it differs
    importlib.invalidate_caches()
    return {} if _skipped else metadata.packages_distributions()


@lru_cache(maxsize=1024)
def _version(distribution: str, stamp: _Stamp) -> str:
    del stamp
    try:
        found = metadata.distribution(distribution)
        version = found.version
        commit = json.loads(found.read_text("direct_url.json") or "{}").get("vcs_info", {})
    except (metadata.PackageNotFoundError, ValueError, AttributeError):
        return ""
    return f"{version}@{commit['commit_id'][:12]}" if commit.get("commit_id") else version


def versions(modules: Sequence[str]) -> dict[str, str]:
    """Return Python's version and those of the distributions behind top-level `modules`."""
    stamp = _stamp()
    known = _distributions(stamp)
    names = {name for module in modules for name in known.get(module, ())} - {_OURS}
    found = {name: _version(name, stamp) for name in sorted(names)}
    return {"Python": platform.python_version(), **found}

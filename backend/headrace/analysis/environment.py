"""The part of a key that names the interpreter and the versions of the libraries in use."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib import metadata

from headrace.core.ids import digest

_skipped = False


def skip_environment() -> None:
    """Let every environment be the same one from now on, for who only looks for problems.

    Reading what is installed takes longer than all else that finding them does.
    """
    global _skipped  # noqa: PLW0603 a switch of the whole process
    _skipped = True


@lru_cache(maxsize=1)
def _distributions() -> Mapping[str, Sequence[str]]:
    return {} if _skipped else metadata.packages_distributions()


@lru_cache(maxsize=1024)
def _version(distribution: str) -> str:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return ""


@lru_cache(maxsize=1024)
def environment_fingerprint(modules: tuple[str, ...]) -> str:
    """Digest Python's version and those of the distributions behind top-level `modules`."""
    names = {name for module in modules for name in _distributions().get(module, ())}
    versions = [f"{name}=={_version(name)}" for name in sorted(names)]
    return digest(platform.python_version(), *versions)

"""Digests of code that change when its meaning can, and not with comments or layout."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable

from msgspec import Struct

from headrace.analysis.meaning import Imported, Meaning, meaning_of
from headrace.core.ids import digest

ReadModule = Callable[[str], tuple[str, str] | None]
"""Dotted name → (path, text) of a module of the project; None for all others."""


class Fingerprint(Struct, frozen=True):
    """What of a block's code goes into its key.

    `code` is the digest of its own source, `modules` has those of the project's modules that it
    imports, at any distance, by path; `libraries` are top-level names of everything else. `texts`
    are literals that could name files, `context` is what the source uses of its context.
    """

    code: str
    modules: dict[str, str]
    libraries: list[str]
    texts: list[str]
    context: list[str]

    @property
    def digest(self) -> str:
        """Return one digest of the source and its modules."""
        flat = [piece for part in sorted(self.modules.items()) for piece in part]
        return digest(self.code, *flat)


def python_fingerprint(text: str, read_module: ReadModule, package: str = "") -> Fingerprint:
    """Fingerprint a source and every project module that it imports, directly or not.

    `package` is the dotted package of the source, from which relative imports count.
    """
    own = meaning_of(text)
    return _fingerprint(own.digest, [own], read_module, package)


def cells_fingerprint(cells: Iterable[str], read_module: ReadModule) -> Fingerprint:
    """Fingerprint the sources of a notebook's code cells."""
    read = [meaning_of(cell) for cell in cells]
    return _fingerprint(digest(*(cell.digest for cell in read)), read, read_module, "")


def _fingerprint(
    code: str, sources: list[Meaning], read_module: ReadModule, package: str
) -> Fingerprint:
    modules: dict[str, str] = {}
    libraries: set[str] = set()
    texts: dict[str, None] = {}
    seen: set[str] = set()
    pending = [(package, found) for own in sources for found in own.imports]
    for own in sources:
        texts.update(dict.fromkeys(own.texts))
    while pending:
        home, found = pending.pop()
        dotted = _absolute(found.package or home, found.level, found.name)
        pieces = dotted.split(".") if dotted else []
        for depth in range(1, len(pieces) + 1):
            part = ".".join(pieces[:depth])
            if part in seen:
                continue
            seen.add(part)
            # Loaded already, a library wins over a module of the same name: both count.
            if depth == 1 and part not in sys.stdlib_module_names:
                libraries.add(part)
            module = read_module(part)
            if module is not None:
                path, source = module
                inner = meaning_of(source)
                modules[path] = inner.digest
                texts.update(dict.fromkeys(inner.texts))
                starts = path.endswith("__init__.py")
                below = part if starts else part.rpartition(".")[0]
                pending.extend((below, imported) for imported in inner.imports)
                if starts:
                    pending.extend((part, Imported(1, name)) for name in inner.exports)
    context = frozenset[str]().union(*(own.context for own in sources))
    return Fingerprint(code, modules, sorted(libraries), list(texts), sorted(context))


def _absolute(package: str, level: int, name: str) -> str:
    if not level:
        return name
    base = package.split(".") if package else []
    kept = base[: len(base) - (level - 1)] if level > 1 else base
    return ".".join([*kept, *([name] if name else [])])

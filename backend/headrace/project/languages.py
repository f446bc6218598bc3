"""Which language a file is in, by its suffix."""

from __future__ import annotations

from pathlib import PurePosixPath

from headrace.protocol.tables import Kind, Language

SUFFIXES: dict[Language, str] = {
    "python": ".py",
    "sql": ".sql",
    "notebook": ".ipynb",
    "markdown": ".md",
}
_LANGUAGES: dict[str, Language] = {suffix: language for language, suffix in SUFFIXES.items()}
KIND_OF_FOLDER: dict[str, Kind] = {
    "loaders": "loader",
    "transformers": "transformer",
    "exporters": "exporter",
    "sensors": "sensor",
}
"""Folders of `blocks/`; a file anywhere else in it is no shared block."""


def language_of(path: str) -> Language | None:
    """Return the language of a file name, None for a suffix that no block has."""
    return _LANGUAGES.get(PurePosixPath(path).suffix)

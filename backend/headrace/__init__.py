"""Headrace: a notebook-style visual pipeline editor.

A block file imports from here; nothing heavy may ever be imported by this module.
"""

from headrace.core.authoring import Context, check, exporter, loader, sensor, transformer
from headrace.store.schemas import assert_schema

__all__ = ["Context", "assert_schema", "check", "exporter", "loader", "sensor", "transformer"]
__version__ = "0.1.0"

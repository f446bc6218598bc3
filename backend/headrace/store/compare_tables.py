"""A stored table as a whole, mapped and not read: columns by names that tell them apart."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow import ipc

from headrace.core.errors import InvalidInput
from headrace.store.names import is_row_number, unique


@dataclass(frozen=True)
class Frame:
    """Columns under unique names: the second `a` is `a_2`."""

    names: list[str]
    table: Any

    @property
    def rows(self) -> int:
        """Number of rows."""
        return self.table.num_rows

    def column(self, name: str) -> Any:
        """Return a column as a chunked array."""
        return self.table.column(self.names.index(name))

    def kind(self, name: str) -> Any:
        """Return the Arrow type of a column."""
        return self.table.schema.field(self.names.index(name)).type


def open_frame(path: Path) -> Frame:
    """Map a stored table; raise InvalidInput when the output is none."""
    if path.suffix != ".arrow":
        raise InvalidInput("Only tables can be compared, and this output is none.", field="with")
    table = ipc.open_file(pa.memory_map(str(path))).read_all().replace_schema_metadata(None)
    return frame_of(table)


def frame_of(table: Any) -> Frame:
    """Leave out pandas' own numbers of rows, and tell columns of one name apart."""
    shown = [at for at, field in enumerate(table.schema) if not is_row_number(field)]
    table = table.select(shown)
    return Frame(unique(table.column_names), table)


def is_nested(kind: Any) -> bool:
    """Tell whether a type has others inside of it."""
    return pa.types.is_nested(kind) and not pa.types.is_dictionary(kind)

"""What code for a stored table must mind: types, nulls, NaN, and how blocks get the table."""

# pyarrow.compute makes its functions at run time.
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow import ipc

from headrace.core.errors import InvalidInput
from headrace.store.names import is_row_number
from headrace.store.outputs import SHAPE

_KIND = b"headrace.type"
_PANDAS = b"pandas"


def facts(path: Path) -> dict[str, Any]:
    """Return the fields of `analysis.views.table.TableFacts`; raise InvalidInput for no table."""
    if path.suffix != ".arrow":
        raise InvalidInput("This output is not a table.", field="address")
    with pa.memory_map(str(path)) as source:
        table = ipc.open_file(source).read_all()
    metadata: Mapping[bytes, bytes] = table.schema.metadata or {}
    kind = metadata.get(_KIND, b"pyarrow.Table").decode()
    shape: dict[str, Any] = json.loads(metadata.get(SHAPE, b"{}"))
    dtypes = _dtypes(table) if kind.startswith("pandas.") else {}
    shown = [field for field in table.schema if not is_row_number(field)]
    names = [field.name for field in shown]
    index = shape.get("levels") or _index_of(metadata)
    return {
        "type_name": kind,
        "columns": [_column(table, field, dtypes.get(field.name, "")) for field in shown],
        "index": [name for name in index if name in names],
        "relabelled": bool(shape.get("relabelled")),
    }


def _index_of(metadata: Mapping[bytes, bytes]) -> list[str]:
    described = json.loads(metadata.get(_PANDAS, b"{}"))
    return [name for name in described.get("index_columns", []) if isinstance(name, str)]


def _dtypes(table: Any) -> dict[str, str]:
    """Return what pandas makes of each column, of nulls in columns of numbers as well."""
    frame = table.schema.empty_table().to_pandas(use_threads=False)
    found = {str(name): str(dtype) for name, dtype in frame.dtypes.items()}
    for field in table.schema:
        if table.column(table.schema.get_field_index(field.name)).null_count:
            dtype = found.get(field.name, "")
            if re.fullmatch(r"u?int\d+", dtype):
                found[field.name] = "float64"
            elif dtype == "bool":
                found[field.name] = "object"
    return found


def _column(table: Any, field: Any, dtype: str) -> dict[str, Any]:
    import pyarrow.compute as pc

    values = table.column(table.schema.get_field_index(field.name))
    found: dict[str, Any] = {
        "name": field.name,
        "type": str(field.type),
        "nulls": values.null_count > 0,
        "dtype": dtype,
    }
    if pa.types.is_floating(field.type):
        found["nan"] = bool(pc.any(pc.is_nan(values)).as_py())
        found["infinite"] = bool(pc.any(pc.is_inf(values)).as_py())
    return found

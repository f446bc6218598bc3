"""An output against the contract of its block: columns, types, nulls where none may be."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import ipc

from headrace.project.contracts import declared, misfits
from headrace.protocol.contracts import Contract
from headrace.protocol.tables import Output
from headrace.store.names import is_row_number
from headrace.store.outputs import Store
from headrace.workers.checks import MOST_ROWS, Against

NAME = "contract"
"""Under which its result is shown, beside those of checks."""
_NAMED = 8
_ROWS_NAMED = 5


def broken(contract: Contract, output: Output, store: Store) -> list[tuple[str, Against]]:
    """Return what of a stored output is against a contract, by name; empty when it is kept.

    Columns that are missing, too many or of another type are one entry; each column with nulls that
    may have none is another, with its rows.
    """
    if output.kind != "table":
        kind = output.type_name or "None"
        return [(NAME, Against(f"The contract is of a table, and this is {kind}."))]
    with pa.memory_map(str(store.path(output.address))) as source:
        table = ipc.open_file(source).read_all()
    table = table.select([at for at, f in enumerate(table.schema) if not is_row_number(f)])
    found: list[tuple[str, Against]] = []
    wrong = misfits(contract, {field.name: str(field.type) for field in table.schema})
    if wrong:
        words = [misfit.words for misfit in wrong[:_NAMED]]
        more = len(wrong) - _NAMED
        rest = f"; and {more} more" if more > 0 else ""
        found.append((NAME, Against("; ".join(words) + rest + ".")))
    for column in declared(contract):
        if not column.nullable and column.name in table.column_names:
            nulls = _nulls(table, column.name)
            if nulls is not None:
                found.append((f"{NAME}: {column.name} is not null", nulls))
    return found


def _nulls(table: Any, name: str) -> Against | None:
    column = table.column(name)
    count = column.null_count
    if not count:
        return None
    rows = np.flatnonzero(column.is_null().to_numpy(zero_copy_only=False))[:MOST_ROWS]
    first = ", ".join(f"{row + 1:,}" for row in rows[:_ROWS_NAMED])
    which = "row" if count == 1 else "rows"
    more = ", …" if count > _ROWS_NAMED else ""
    message = (
        f"{name!r} is declared not null, and is null in {count:,} of {table.num_rows:,} rows:"
        f" {which} {first}{more}."
    )
    return Against(message, count, table.take(pa.array(rows)))

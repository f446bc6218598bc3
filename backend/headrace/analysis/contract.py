"""What can be told of a contract before the block runs: by its text, else by its last output."""

from __future__ import annotations

import re
from collections.abc import Sequence

from headrace.analysis.diagnostics import Teller
from headrace.analysis.signature import Trouble
from headrace.project.contracts import Misfit, misfits, word_of
from headrace.protocol.tables import Column

CODE = "contract"
_RECORDED = 1000
"""So many columns of an output are known at most."""
_NUMERIC = frozenset({"integer", "number", "decimal"})
_SQL = {
    r"U?(?:TINY|SMALL|MEDIUM|BIG|HUGE)?INT(?:EGER)?|INT\d+|INT128": "int64",
    r"FLOAT|DOUBLE|REAL": "double",
    r"(?:DECIMAL|NUMERIC).*": "decimal128(38, 9)",
    r"BOOLEAN|BOOL": "bool",
    r"(?:N?VAR)?CHAR.*|TEXT|STRING": "string",
    r"DATE": "date32[day]",
    r"TIME": "time64[us]",
    r"TIMESTAMP|DATETIME|TIMESTAMP_N?S|TIMESTAMP_MS|TIMESTAMPNTZ": "timestamp[us]",
    r"TIMESTAMPTZ|TIMESTAMPLTZ": "timestamp[us, tz=UTC]",
    r"INTERVAL.*": "duration[us]",
    r"BLOB|(?:VAR)?BINARY.*": "binary",
}
"""SQL types → a type of Arrow that DuckDB gives for them."""
_TOLD = "null"
"""Of a type that nobody knows: it fits whatever is declared."""


def tell_of_contract(teller: Teller, columns: Sequence[Column] | None, *, written: bool) -> None:
    """Tell where columns are not as the contract of the block says.

    `written` are those of its SQL text, of which the names are sure; else they are of its last
    output, which other code may have made.
    """
    contract = teller.block.contract
    if contract is None or columns is None or len(columns) >= _RECORDED:
        return
    found = {c.name: _arrow(c.type) if written else c.type for c in columns}
    for misfit in misfits(contract, found):
        if written and misfit.found and misfit.expected and _may_be_right(misfit):
            continue
        sure = written and not (misfit.found and misfit.expected)
        source = "This statement" if written else "The last output"
        teller.tell(
            Trouble(
                code=CODE,
                message=f"{source} does not keep the contract: {_words(misfit)}.",
                severity="error" if sure else "warning",
            )
        )


def _words(misfit: Misfit) -> str:
    """Say it without the type where only the name is known."""
    if misfit.found == _TOLD:
        return f"{misfit.column!r} is not in it"
    return misfit.words


def _may_be_right(misfit: Misfit) -> bool:
    """Tell whether two types are both of numbers: what sums and averages give is a guess."""
    return misfit.expected in _NUMERIC and word_of(misfit.found) in _NUMERIC


def _arrow(sql_type: str) -> str:
    kind = sql_type.strip().upper()
    return next((arrow for sql, arrow in _SQL.items() if re.fullmatch(sql, kind)), _TOLD)

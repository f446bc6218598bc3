"""Outputs passed on by reference within one worker, safe from changes by whoever takes them."""

from __future__ import annotations

import sys
from collections import OrderedDict
from types import ModuleType
from typing import Any

from headrace.protocol.tables import Output
from headrace.store.outputs import Store
from headrace.workers.relations import relation_of
from headrace.workers.sharing import owned_arrays

_KEPT = 16
_KEPT_BYTES = 1 << 30
_UNCHANGING = (str, bytes, int, float, bool, type(None))


class Handover:
    """The last outputs of this worker by address; anything else comes from the store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._values: OrderedDict[str, tuple[int, Any]] = OrderedDict()
        self._locked: dict[str, list[Any]] = {}
        """Address → arrays below its frame that nobody may write to while it is kept."""

    def keep(self, output: Output, value: Any) -> None:
        """Keep `value` when giving it out equals reading `output` back from the store."""
        if output.notes or output.size_bytes > _KEPT_BYTES or not _is_faithful(value):
            return
        kept = _protected(value)
        arrays = owned_arrays(kept) if kept is not value else []
        if arrays is None:
            return
        self._forget(output.address)
        self._values[output.address] = (output.size_bytes, kept)
        self._locked[output.address] = arrays
        for array in arrays:
            array.flags.writeable = False
        while len(self._values) > _KEPT or self._bytes() > _KEPT_BYTES:
            self._forget(next(iter(self._values)))

    def get(self, output: Output) -> Any:
        """Return the value of an output; changing it changes nothing for anybody else."""
        if output.address in self._values:
            self._values.move_to_end(output.address)
            return _protected(self._values[output.address][1])
        return self._store.get(output)

    def rows(self, output: Output) -> Any:
        """Return an output as rows for DuckDB, mapped from the store; None when it is no table."""
        if output.kind != "table":
            return None
        return relation_of(str(self._store.path(output.address)))

    def _forget(self, address: str) -> None:
        self._values.pop(address, None)
        arrays = self._locked.pop(address, [])
        still = {id(array) for others in self._locked.values() for array in others}
        for array in arrays:
            if id(array) not in still:
                array.flags.writeable = True

    def _bytes(self) -> int:
        return sum(size for size, _ in self._values.values())

    def clear(self) -> None:
        """Forget everything."""
        for address in list(self._values):
            self._forget(address)


def column_names(value: Any) -> list[str]:
    """Return the names of the columns of a frame of any library that are text; [] else."""
    columns = getattr(value, "column_names", None)
    if columns is None:
        columns = getattr(value, "columns", None)
    if columns is None or callable(columns) or isinstance(value, type | ModuleType):
        return []
    return [name for name in list(columns)[:10_000] if isinstance(name, str)]


def _protected(value: Any) -> Any:
    """Return a frame that shares memory and copies on write, or the value that cannot change."""
    pandas = sys.modules.get("pandas")
    if pandas is not None and isinstance(value, pandas.DataFrame):
        return value.copy(deep=False)
    return value


def _is_faithful(value: Any) -> bool:
    if isinstance(value, _UNCHANGING):
        return True
    pandas = sys.modules.get("pandas")
    if pandas is None or type(value) is not pandas.DataFrame:
        return False
    frame: Any = value
    if type(frame.index) is not pandas.RangeIndex or frame.attrs or not frame.columns.is_unique:
        return False
    if not all(type(name) is str for name in frame.columns):
        return False
    # Cells of object columns are shared whatever pandas does, and change type in Arrow.
    return all(dtype.kind in "biufMm" or str(dtype) == "str" for dtype in frame.dtypes)

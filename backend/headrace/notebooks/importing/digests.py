"""Values as digests, the same in a kernel and from a store; only the standard library is imported.

Two values of one digest are of one type and equal, down to types and names of columns.
"""

from __future__ import annotations

import hashlib
import json
import pickle
import sys
import types
from collections.abc import Mapping, Sequence
from typing import Any

_DEEPEST = 60
_TEXT = 80
_BY_TYPE = ("matplotlib.", "plotly.", "seaborn.", "altair.", "bokeh.", "PIL.")


class Incomparable(Exception):
    """The value has no form that could be compared."""


def described(value: Any) -> dict[str, Any]:
    """Return `digest` (None when it cannot be compared), type, a short text, and columns."""
    found: dict[str, Any] = {"type": _type_name(value), "text": _short(value), "columns": {}}
    try:
        found["digest"] = _digest(value)
        found["columns"] = _columns(value)
    except (Incomparable, RecursionError):
        found["digest"] = None
    return found


def is_storable(value: Any) -> bool:
    """Tell whether a worker could hand a value on."""
    if _module(value) in {"pandas", "polars", "pyarrow", "numpy"}:
        return True
    try:
        pickle.dumps(value, protocol=5)
    except Exception:  # noqa: BLE001 - __reduce__ of any object may raise anything
        return False
    return True


def probe(namespace: dict[str, Any], cell: int, names: Sequence[str], file: str) -> None:
    """Append what the variables are after a cell to a file, one line of JSON."""
    found: dict[str, Any] = {}
    for name in names:
        if name in namespace:
            value = namespace[name]
            found[name] = {**described(value), "storable": is_storable(value)}
    with open(file, "a", encoding="utf-8") as lines:  # noqa: PTH123 - as few imports as can be
        lines.write(json.dumps({"cell": cell, "values": found}) + "\n")


def difference(left: Mapping[str, Any], right: Mapping[str, Any]) -> str | None:
    """Say how two descriptions differ, the notebook's first; None when they are the same."""
    if left["digest"] is not None and left["digest"] == right["digest"]:
        return None
    if left["type"] != right["type"]:
        return f"{left['type']} in the notebook, {right['type']} in the pipeline"
    if left["digest"] is None or right["digest"] is None:
        return f"a {left['type']} cannot be compared"
    mine, theirs = left["columns"], right["columns"]
    if mine and list(mine) != list(theirs):
        return f"columns {', '.join(mine)} in the notebook, {', '.join(theirs)} in the pipeline"
    other = [name for name in mine if mine[name] != theirs[name]]
    if other:
        return f"column {', '.join(other[:5])} differs"
    return f"{left['text']} in the notebook, {right['text']} in the pipeline"


def _digest(value: Any) -> str:
    state = hashlib.blake2b(digest_size=16)
    _Feeder(state).feed(value, 0)
    return state.hexdigest()


class _Feeder:
    """Feeds a value to a hash, so that equal values of one type feed the same."""

    def __init__(self, state: Any) -> None:
        self._state = state
        self._above: list[int] = []

    def _put(self, *parts: Any) -> None:
        for part in parts:
            raw = part if isinstance(part, bytes) else str(part).encode("utf-8", "replace")
            self._state.update(len(raw).to_bytes(8, "big"))
            self._state.update(raw)

    def feed(self, value: Any, depth: int) -> None:
        """Feed one value; raise Incomparable."""
        if depth > _DEEPEST:
            raise Incomparable
        if id(value) in self._above:
            self._put("above", len(self._above) - self._above.index(id(value)))
            return
        self._above.append(id(value))
        try:
            self._one(value, depth + 1)
        finally:
            self._above.pop()

    def _one(self, value: Any, depth: int) -> None:
        match value:
            case None | bool() | int() | float() | complex() | str() if type(value) in _PLAIN:
                self._put(type(value).__name__, repr(value))
            case bytes() | bytearray():
                self._put(type(value).__name__, bytes(value))
            case list() | tuple():
                self._put(_type_name(value), len(value))
                for one in value:
                    self.feed(one, depth)
            case dict():
                self._put(_type_name(value), len(value))
                for key, one in value.items():
                    self.feed(key, depth)
                    self.feed(one, depth)
            case set() | frozenset():
                self._put(_type_name(value), *sorted(_digest(one) for one in value))
            case types.FunctionType() | types.ModuleType() | type():
                self._put(type(value).__name__, getattr(value, "__name__", ""))
            case _:
                self._other(value, depth)

    def _other(self, value: Any, depth: int) -> None:
        name = _type_name(value)
        kind = _module(value)
        if kind == "numpy" and hasattr(value, "dtype") and hasattr(value, "tobytes"):
            self._put(name)
            self._array(value, depth)
        elif kind == "pandas" and type(value).__name__ in {"DataFrame", "Series"}:
            self._frame(value, depth)
        elif kind == "pandas" and hasattr(value, "to_series"):
            self._put(type(value).__name__.replace("RangeIndex", "Index"), value.name)
            self._column(value.to_series(), depth)
        elif kind in {"polars", "pyarrow"} and hasattr(value, "columns"):
            self._put(name)
            frame = value.to_arrow() if kind == "polars" and hasattr(value, "to_arrow") else value
            self._put(str(frame.schema.remove_metadata()))
            self.feed(frame.to_pydict(), depth)
        elif name == "PIL.Image" or hasattr(value, "to_plotly_json"):
            self._put(name, *_picture(value))
        elif name.startswith(_BY_TYPE):
            self._put(name)
        else:
            self._object(value, name, depth)

    def _array(self, value: Any, depth: int) -> None:
        self._put("numpy", value.dtype, value.shape)
        if value.dtype == object:
            for one in value.ravel().tolist():
                self.feed(one, depth)
        else:
            self._put(value.tobytes())

    def _frame(self, value: Any, depth: int) -> None:
        name = type(value).__name__
        self._put(name, value.shape)
        self._column(value.index.to_series(), depth)
        self.feed(list(value.index.names), depth)
        if name == "Series":
            self.feed(value.name, depth)
            self._column(value, depth)
            return
        self.feed(list(value.columns.names), depth)
        for place, column in enumerate(value.columns):
            self.feed(column, depth)
            self._column(value.iloc[:, place], depth)

    def _column(self, column: Any, depth: int) -> None:
        """Feed the values of a column; what is a sequence in a cell may come back as an array."""
        self._put(column.dtype)
        if str(column.dtype) == "category":
            self._put(column.dtype.ordered)
            self.feed(column.dtype.categories.tolist(), depth)
        if str(column.dtype) not in {"object", "category"}:
            try:
                hashed = sys.modules["pandas"].util.hash_pandas_object(column, index=False)
                self._put(hashed.to_numpy().tobytes())
            except TypeError:
                pass
            else:
                return
        for one in column.astype(object).tolist():
            cell = one.tolist() if _module(one) == "numpy" else one
            self.feed(list(cell) if isinstance(cell, tuple) else cell, depth)

    def _object(self, value: Any, name: str, depth: int) -> None:
        self._put(name)
        if name.partition(".")[0] in _REPRESENTED:
            self._put(repr(value))
            return
        state = getattr(value, "__dict__", None)
        if isinstance(state, dict) and not hasattr(type(value), "__getnewargs__"):
            self.feed(
                {name: state[name] for name in sorted(map(str, state)) if name in state}, depth
            )
            return
        try:
            self._put(pickle.dumps(value, protocol=5))
        except Exception as error:
            raise Incomparable from error


def _picture(value: Any) -> list[Any]:
    """Return what makes a picture of PIL or Plotly."""
    if hasattr(value, "to_plotly_json"):
        return [value.to_json()]
    return [value.mode, value.size, value.tobytes()]


_OWN: set[str] = set()
"""Modules that are blocks of the pipeline."""
_PLAIN = frozenset({type(None), bool, int, float, complex, str})
_REPRESENTED = frozenset({"datetime", "decimal", "fractions", "pathlib", "uuid", "range", "re"})


def _module(value: Any) -> str:
    return type(value).__module__.partition(".")[0]


def _type_name(value: Any) -> str:
    """Return the type's name; classes of a notebook and of a module are the same by name."""
    kind = type(value)
    module = kind.__module__
    own = module in {"builtins", "__main__", *_OWN} or module.endswith("_shared")
    name = kind.__qualname__.rpartition("<locals>.")[2]
    return name if own or "." not in module + "." else f"{_module(value)}.{name}"


def _short(value: Any) -> str:
    shape = getattr(value, "shape", None)
    if shape is not None and shape != ():
        return f"{type(value).__name__} of shape {tuple(shape)}"
    try:
        text = repr(value)
    except Exception:  # noqa: BLE001 - __repr__ of any object may raise anything
        return type(value).__name__
    return text if len(text) <= _TEXT else f"{text[:_TEXT]}…"


def _columns(value: Any) -> dict[str, str]:
    if _module(value) != "pandas" or type(value).__name__ != "DataFrame" or value.shape[1] > 500:
        return {}
    return {str(name): _digest(value.iloc[:, i]) for i, name in enumerate(value.columns)}


def main() -> None:
    """Read `{"store", "outputs": {block: {"output", "gives"}}}`, write descriptions by block."""
    from pathlib import Path

    import msgspec

    from headrace.core.errors import HeadraceError
    from headrace.protocol.tables import Output
    from headrace.store.outputs import Store

    asked = json.load(sys.stdin)
    store = Store(Path(asked["store"]))
    sys.path[:0] = asked["path"]
    _OWN.update(asked["outputs"])
    found: dict[str, Any] = {}
    for block, one in asked["outputs"].items():
        try:
            value = store.get(msgspec.convert(one["output"], Output))
        except (HeadraceError, AttributeError, ImportError, pickle.UnpicklingError) as error:
            found[block] = {"problem": f"its output cannot be read: {error}"}
            continue
        gives = one["gives"]
        many = len(gives) > 1 or one["many"]
        values = value if many else dict.fromkeys(gives, value)
        found[block] = {name: described(values[name]) for name in gives if name in values}
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()

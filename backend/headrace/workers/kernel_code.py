"""What a cell of a kernel's own language looks like that takes inputs, or gives results.

Tables go as Arrow files, other values as JSON. Nothing of Headrace has to be installed there.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from msgspec import Struct

LANGUAGES = ("python", "r", "julia")


class Given(Struct, frozen=True, kw_only=True):
    """An input: a variable, its file, and the library that its frame is of; "" for JSON."""

    name: str
    path: str
    library: str = ""


def takes(language: str, inputs: Sequence[Given]) -> str:
    """Return the cell that gives variables their values; KeyError for an unknown language."""
    lines = [_HEADS[language]]
    for given in inputs:
        form = "table" if given.library else "value"
        text = _TAKES[language, form]
        lines.append(text.format(name=given.name, path=_text(given.path), library=given.library))
    return "\n".join(lines)


def gives(language: str, names: Sequence[str], folder: str) -> str:
    """Return the cell that writes variables to files in a folder; KeyError as above."""
    lines = [_HEADS[language], _WRITERS[language]]
    lines += [
        _GIVES[language].format(name=name, text=_text(name), path=_text(f"{folder}/{name}"))
        for name in names
    ]
    return "\n".join(lines)


def _text(value: str) -> str:
    """Return a string as all three languages write it."""
    return json.dumps(value).replace("$", "\\$") if "$" in value else json.dumps(value)


_HEADS = {
    "python": """\
def _headrace_table(path, library):
    import pyarrow
    with pyarrow.memory_map(path) as source:
        table = pyarrow.ipc.open_file(source).read_all()
    if library == "polars":
        try:
            import polars
            return polars.from_arrow(table)
        except ImportError:
            pass
    return table if library == "pyarrow" else table.to_pandas()


def _headrace_value(path):
    import json
    with open(path, encoding="utf-8") as file:
        return json.load(file)
""",
    "r": "",
    "julia": "",
}
_TAKES = {
    ("python", "table"): "{name} = _headrace_table({path}, {library!r})",
    ("python", "value"): "{name} = _headrace_value({path})",
    ("r", "table"): "{name} <- as.data.frame(arrow::read_feather({path}))",
    ("r", "value"): "{name} <- jsonlite::fromJSON({path})",
    (
        "julia",
        "table",
    ): "import Arrow, DataFrames; {name} = DataFrames.DataFrame(Arrow.Table({path}))",
    ("julia", "value"): "import JSON; {name} = JSON.parsefile({path})",
}
_WRITERS = {
    "python": """\
def _headrace_give(name, value, path):
    import json
    kind = type(value).__module__.partition(".")[0]
    if kind in ("pandas", "polars", "pyarrow"):
        try:
            import pyarrow
        except ImportError:
            said = "A table leaves a kernel as an Arrow file: install pyarrow there."
            raise ImportError(said) from None
        if kind == "pandas":
            table = pyarrow.Table.from_pandas(value.to_frame() if value.ndim == 1 else value)
        else:
            table = value.to_arrow() if kind == "polars" else value
        if isinstance(table, pyarrow.Table):
            with pyarrow.OSFile(path + ".arrow", "wb") as sink:
                with pyarrow.ipc.new_file(sink, table.schema) as writer:
                    writer.write_table(table)
            with open(path + ".library", "w") as file:
                file.write(kind)
            return
    def plain(one):
        for method in ("item", "tolist", "isoformat"):
            if hasattr(one, method):
                return getattr(one, method)()
        raise TypeError(
            f"{name} is or holds {type(one).__name__}: only tables and values that JSON can hold"
            " leave a notebook."
        )
    text = json.dumps(value, default=plain)
    with open(path + ".json", "w", encoding="utf-8") as file:
        file.write(text)

""",
    "r": """\
.headrace_give <- function(value, path) {
  if (is.data.frame(value)) {
    arrow::write_feather(value, paste0(path, ".arrow"), compression = "uncompressed")
  } else {
    text <- jsonlite::toJSON(value, auto_unbox = TRUE, null = "null", digits = NA)
    writeLines(as.character(text), paste0(path, ".json"))
  }
}
""",
    "julia": """\
function _headrace_give(value, path)
    if applicable(eachcol, value)
        Arrow.write(path * ".arrow", value; file = true)
    else
        open(io -> JSON.print(io, value), path * ".json", "w")
    end
end
import Arrow, JSON, DataFrames
""",
}
_GIVES = {
    "python": "_headrace_give({text}, {name}, {path})",
    "r": ".headrace_give({name}, {path})",
    "julia": "_headrace_give({name}, {path})",
}

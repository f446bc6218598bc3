"""Writing a check into the code of a block, as a person would: a function below the block's own.

Everything else stays as it is, comments and line ends too.
"""

from __future__ import annotations

import ast
import json
import keyword
import re
from collections.abc import Callable, Mapping

from headrace.analysis.code_text import CodeText, FunctionNode, Span
from headrace.analysis.signature import checks_of
from headrace.core.errors import InvalidInput
from headrace.protocol.tables import Expectation

_WIDTH = 100
_NUMBERS = (int, float)


def add_check(source: str, expectation: Expectation, type_name: str) -> str:
    """Add a function with `@check` that says what is expected.

    `type_name` is what the block returned: the code is for that library. The source comes back
    unchanged when it has no single block function, or has this very check already. Raises
    InvalidInput for what cannot be said with that library.
    """
    text = CodeText(source)
    if text.tree is None or text.function is None:
        return source
    value = text.function.name
    body, needed = _body(expectation, value, type_name)
    found = checks_of(text.tree)
    if any(_same_body(node, value, body) for node in found):
        return source
    taken = {node.id for node in ast.walk(text.tree) if isinstance(node, ast.Name)}
    taken |= {node.name for node in text.tree.body if isinstance(node, FunctionNode)}
    name = _free(_name(expectation), taken)
    for module, member in needed:
        source = _with_import(source, module, member)
    source, check = _with_headrace(source, "check")
    if expectation.schema is not None:
        source, called = _with_headrace(source, "assert_schema")
        body = body.replace("assert_schema", called, 1)
    decorator = f"@{check}" + ("" if expectation.severity == "fail" else '(severity="warn")')
    return _inserted(source, f"{decorator}\ndef {name}({value}):\n{body}")


# What a check says


def _body(
    expectation: Expectation, value: str, type_name: str
) -> tuple[str, list[tuple[str, str]]]:
    """Return the lines of the function, indented, and (module, name) that they need."""
    if expectation.schema is not None:
        return _schema(expectation.schema, value), []
    dialect = _DIALECTS.get(type_name)
    is_series = type_name.endswith(".Series")
    column = value if is_series else f"{value}[{_literal(expectation.column)}]"
    if dialect is None:
        raise InvalidInput(
            f"Checks of columns cannot be written for {type_name}: write a function with @check.",
            field="type_name",
        )
    words, needed = dialect
    for word, write in words.items():
        if word == "range":
            if expectation.minimum is None and expectation.maximum is None:
                continue
        elif getattr(expectation, word) in (None, False):
            continue
        code = write(column, expectation)
        used = [(module, name) for module, name in needed if f"{name}." in code]
        return f"    return {code}\n", used
    raise InvalidInput("A check says something of its column.", field="expectation")


def _schema(schema: Mapping[str, str], value: str) -> str:
    lines = [f"        {_literal(name)}: {_literal(kind)},\n" for name, kind in schema.items()]
    return f"    assert_schema({value}, {{\n{''.join(lines)}    }})\n"


def _literal(value: object) -> str:
    """Write a value as Python does, texts in double quotes."""
    if isinstance(value, str):
        text = json.dumps(value, ensure_ascii=False)
        return text if text.isprintable() and ast.literal_eval(text) == value else repr(value)
    return repr(value)


def _listed(values: list[str | int | float | bool] | None) -> str:
    return "[" + ", ".join(_literal(value) for value in values or ()) + "]"


def _pandas_range(column: str, expectation: Expectation) -> str:
    low, high = expectation.minimum, expectation.maximum
    if low is not None and high is not None:
        code = f"{column}.between({_literal(low)}, {_literal(high)})"
    else:
        code = f"({column} {_bound(low, high)})"
    return f"{code} | {column}.isna()"


def _bound(low: object, high: object) -> str:
    return f">= {_literal(low)}" if low is not None else f"<= {_literal(high)}"


def _polars_range(column: str, expectation: Expectation) -> str:
    low, high = _numeric(expectation)
    if low is not None and high is not None:
        return f"{column}.is_between({_literal(low)}, {_literal(high)})"
    return f"{column} {_bound(low, high)}"


def _arrow_range(column: str, expectation: Expectation) -> str:
    low, high = _numeric(expectation)
    above = f"pc.greater_equal({column}, {_literal(low)})" if low is not None else ""
    below = f"pc.less_equal({column}, {_literal(high)})" if high is not None else ""
    return f"pc.and_({above}, {below})" if above and below else above or below


def _numeric(expectation: Expectation) -> tuple[object, object]:
    bounds = expectation.minimum, expectation.maximum
    if not all(bound is None or isinstance(bound, _NUMBERS) for bound in bounds):
        raise InvalidInput(
            "A range of dates can be written for pandas only: write a function with @check.",
            field="expectation",
        )
    return bounds


_Words = dict[str, Callable[[str, Expectation], str]]
_Dialect = tuple[_Words, list[tuple[str, str]]]
_PANDAS: _Dialect = (
    {
        "not_null": lambda column, _: f"{column}.notna()",
        "unique": lambda column, _: f"~{column}.duplicated(keep=False)",
        "choices": lambda column, e: f"{column}.isin({_listed(e.choices)}) | {column}.isna()",
        "range": _pandas_range,
    },
    [],
)
_POLARS: _Dialect = (
    {
        "not_null": lambda column, _: f"{column}.is_not_null()",
        "unique": lambda column, _: f"{column}.is_unique()",
        "choices": lambda column, e: f"{column}.is_in({_listed(e.choices)})",
        "range": _polars_range,
    },
    [],
)
_ARROW: _Dialect = (
    {
        "not_null": lambda column, _: f"pc.is_valid({column})",
        "unique": lambda column, _: f"len({column}.unique()) == len({column})",
        "choices": lambda column, e: (
            f"pc.or_(pc.is_in({column}, pa.array({_listed(e.choices)})), pc.is_null({column}))"
        ),
        "range": _arrow_range,
    },
    [("pyarrow.compute", "pc"), ("pyarrow", "pa")],
)
_DIALECTS: dict[str, _Dialect] = {
    "pandas.DataFrame": _PANDAS,
    "pandas.Series": _PANDAS,
    "polars.DataFrame": _POLARS,
    "polars.LazyFrame": _POLARS,
    "polars.Series": _POLARS,
    "pyarrow.Table": _ARROW,
}


def _name(expectation: Expectation) -> str:
    if expectation.schema is not None:
        return "schema_is_as_expected"
    said = (
        "is_not_null"
        if expectation.not_null
        else "is_unique"
        if expectation.unique
        else "is_allowed"
        if expectation.choices is not None
        else "is_in_range"
    )
    letters = (c if f"_{c}".isidentifier() else "_" for c in expectation.column.lower())
    stem = re.sub("_+", "_", "".join(letters)).strip("_")[:60]
    if not stem.isidentifier() or keyword.iskeyword(stem):
        stem = f"column_{stem}".rstrip("_")
    return f"{stem}_{said}"


def _free(stem: str, taken: set[str]) -> str:
    name, number = stem, 1
    while name in taken:
        number += 1
        name = f"{stem}_{number}"
    return name


def _same_body(node: FunctionNode, value: str, body: str) -> bool:
    """Tell whether a check of the same argument says the same."""
    if [argument.arg for argument in node.args.args] != [value]:
        return False
    wanted = ast.parse(f"def f({value}):\n{body}").body[0]
    assert isinstance(wanted, ast.FunctionDef), "a function was written"
    return [ast.dump(line) for line in node.body] == [ast.dump(line) for line in wanted.body]


# Where it goes


def _inserted(source: str, function: str) -> str:
    """Put a function below the block's function, or the last check, with two blank lines."""
    text = CodeText(source)
    assert text.tree is not None, "imports leave the source as readable as it was"
    assert text.function is not None, "and its function there"
    last = max([text.function, *checks_of(text.tree)], key=lambda node: node.end_lineno or 0)
    place = _end_of(text, last)
    eol = "\r\n" if "\r\n" in source else "\n"
    before, after = source[:place], source[place:]
    if not before.endswith("\n"):
        before += eol
    rest = after.lstrip("\r\n")
    written = f"{eol}{eol}{function.replace(chr(10), eol)}"
    return f"{before}{written}{eol}{eol}{rest}" if rest.strip() else f"{before}{written}"


def _end_of(text: CodeText, node: FunctionNode) -> int:
    """Return where the line after a function begins, with the comments that end its body."""
    end = node.end_lineno or node.lineno
    for number in range(end, len(text.lines)):
        line = text.lines[number]
        if line.strip() and not line[0].isspace():
            break
        if line.strip():
            end = number + 1
    return text.starts[end]


def _with_import(source: str, module: str, name: str) -> str:
    """Add `import module as name` unless it is there."""
    text = CodeText(source)
    assert text.tree is not None, "the caller has read it"
    for node in text.tree.body:
        if isinstance(node, ast.Import) and any(
            alias.name == module and alias.asname == name for alias in node.names
        ):
            return source
    return _with_line(text, f"import {module} as {name}")


def _with_headrace(source: str, name: str) -> tuple[str, str]:
    """Make a name of headrace known; return the source and what the name is there."""
    text = CodeText(source)
    assert text.tree is not None, "the caller has read it"
    module: str | None = None
    froms: list[ast.ImportFrom] = []
    for node in text.tree.body:
        if isinstance(node, ast.ImportFrom) and node.module == "headrace" and not node.level:
            froms.append(node)
            for alias in node.names:
                if alias.name in {name, "*"}:
                    return source, (alias.asname or name) if alias.name == name else name
        elif isinstance(node, ast.Import):
            known = (a.asname or a.name for a in node.names if a.name == "headrace")
            module = module or next(known, None)
    if froms:
        return _with_name(text, froms[0], name), name
    if module is not None:
        return source, f"{module}.{name}"
    return _with_line(text, f"from headrace import {name}"), name


def _with_name(text: CodeText, node: ast.ImportFrom, name: str) -> str:
    """Add a name to `from headrace import …`, in its order and layout."""
    source = text.source
    places: list[tuple[str, Span]] = [
        (
            alias.name,
            (
                text.offset(alias.lineno, alias.col_offset),
                text.offset(alias.end_lineno or alias.lineno, alias.end_col_offset or 0),
            ),
        )
        for alias in node.names
    ]
    apart = ", "
    if len(places) > 1 and "\n" in (gap := source[places[0][1][1] : places[1][1][0]]):
        apart = "," + gap[gap.index(",") + 1 :] if "#" not in gap else ", "
    follower = next((span for other, span in places if other > name), None)
    if follower is not None:
        return source[: follower[0]] + name + apart + source[follower[0] :]
    end = places[-1][1][1]
    return source[:end] + apart + name + source[end:]


def _with_line(text: CodeText, line: str) -> str:
    """Add an import above the first import of the file that is no `__future__`."""
    assert text.tree is not None, "the caller has read it"
    eol = "\r\n" if "\r\n" in text.source else "\n"
    for node in text.tree.body:
        future = isinstance(node, ast.ImportFrom) and node.module == "__future__"
        words = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        if not future and not words:
            marks = getattr(node, "decorator_list", [])
            place = text.starts[min([node.lineno, *(mark.lineno for mark in marks)]) - 1]
            return text.source[:place] + line + eol + text.source[place:]
    return text.source + line + eol

"""The first step: the code of a cell as plain Python statements, and a note on all that is not."""

from __future__ import annotations

import ast
import re
import textwrap
from typing import Any

from IPython.core.inputtransformer2 import TransformerManager
from msgspec import Struct, field

from headrace.notebooks.importing.shell import installed
from headrace.notebooks.importing.vocabulary import QUIET_MAGICS
from headrace.notebooks.literals import long_string

_RUNS_BODY = frozenset({"time", "capture", "prun", "memit", "mprun", "snakeviz"})
_VIEWS = frozenset({"pinfo", "pinfo2", "pdoc", "psource"})


class Statement(Struct, frozen=True, kw_only=True):
    """One top-level statement: its text, with comments above it, and its tree."""

    cell: int
    text: str
    node: Any


class ReadCell(Struct, kw_only=True):
    """A code cell as it was understood. `left` are lines that became no code, with the reason."""

    number: int
    statements: list[Statement] = field(default_factory=list[Statement])
    sql: str | None = None
    """The statement of a cell that is all SQL."""
    text: str | None = None
    """The markdown of a cell that is all text."""
    left: list[str] = field(default_factory=list[str])
    notes: list[str] = field(default_factory=list[str])
    requirements: list[str] = field(default_factory=list[str])
    modules: dict[str, str] = field(default_factory=dict[str, str])
    """Texts of modules that it writes for other cells to import, by file."""


def read_cell(number: int, source: str) -> ReadCell:
    """Read one code cell; what does not parse is left whole, with a note that says where."""
    cell = ReadCell(number=number)
    source = source.replace("\r\n", "\n").replace("\r", "\n").removeprefix("\ufeff")
    body = _without_cell_magic(cell, source)
    if body is None:
        return cell
    try:
        text = TransformerManager().transform_cell(body)
        tree = parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        line = getattr(error, "lineno", None)
        place = f" (line {line})" if line else ""
        why = error.msg if isinstance(error, SyntaxError) else str(error)
        hint = " It looks like Python 2." if "Missing parentheses in call" in why else ""
        cell.notes.append(f"This is no Python{place}: {why.rstrip('.')}.{hint}")
        cell.left.append(source)
        return cell
    _Reader(cell, text).read(tree)
    return cell


def parse(text: str) -> ast.Module:
    """Parse code in which `await` may stand at the top level; raise what `compile` raises."""
    flags = ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    tree: Any = compile(text, "<cell>", "exec", flags=flags, dont_inherit=True)
    compile(tree, "<cell>", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
    return compile(text, "<cell>", "exec", flags=flags, dont_inherit=True)  # pyright: ignore[reportReturnType]


def _without_cell_magic(cell: ReadCell, source: str) -> str | None:
    """Return the code below a `%%magic`, None when the cell is something else than Python."""
    stripped = source.lstrip()
    if not stripped.startswith("%%"):
        return source
    first, _, rest = stripped.partition("\n")
    name, _, more = first[2:].strip().partition(" ")
    if name in {"writefile", "file"} and (code := _written(cell, more, rest)) is not None:
        return code
    if name in _RUNS_BODY:
        cell.notes.append(f"%%{name} is dropped; the code below it stays.")
        return _without_cell_magic(cell, rest)
    if name == "sql" and rest.strip():
        cell.sql = rest.strip().rstrip(";") + "\n"
        place = f", not on {more.strip()!r}" if more.strip() and "<<" not in more else ""
        cell.notes.append(f"%%sql: the cell becomes a SQL block on DuckDB{place}.")
    elif name in {"markdown", "html", "latex"}:
        cell.text = rest
        cell.notes.append(f"%%{name}: the cell becomes text.")
    else:
        cell.notes.append(f"%%{name} cannot run in a pipeline: the cell is kept as text.")
        cell.left.append(source)
    return None


def _written(cell: ReadCell, words: str, body: str) -> str | None:
    """Return code that writes what `%%writefile` writes; "" for a module that other cells import.

    None for what only Jupyter understands.
    """
    body = body if body.endswith("\n") else f"{body}\n"
    parts = words.split()
    appends = parts[:1] in (["-a"], ["--append"])
    if len(parts) != 1 + appends or re.search(r"[{}$~'\"]", words):
        return None
    path = parts[-1]
    if path.removesuffix(".py").isidentifier() and not appends:
        cell.modules[path] = body
        cell.notes.append(f"%%writefile: {path} becomes a module of the pipeline.")
        return ""
    cell.notes.append(f"%%writefile: a block writes {path}.")
    mode = "a" if appends else "w"
    return f"open({path!r}, {mode!r}, encoding='utf-8').write({long_string(body)}[1:])"


class _Reader:
    """Takes the magics and shell lines out of the statements of one cell."""

    def __init__(self, cell: ReadCell, text: str) -> None:
        self._cell = cell
        self._lines = text.split("\n")
        self._done = 0

    def read(self, tree: ast.Module) -> None:
        cell = self._cell
        for node in tree.body:
            text = self._text(node)
            cell.statements += [
                Statement(cell=cell.number, text=found, node=replaced)
                for found, replaced in self._plain(node, text)
            ]
        rest = _comments(self._lines[self._done :])
        if rest and cell.statements:
            last = cell.statements[-1]
            text = "\n".join([last.text, *rest])
            cell.statements[-1] = Statement(cell=last.cell, text=text, node=last.node)
        elif rest:
            cell.left += rest
            cell.notes.append("It is all comments: kept as text.")

    def _text(self, node: ast.stmt) -> str:
        """Return the lines of a statement, with the comments since the one before."""
        decorators = getattr(node, "decorator_list", [])
        first = min([node.lineno, *(one.lineno for one in decorators)])
        end, done = node.end_lineno or node.lineno, self._done
        begun, self._done = first <= self._done, end
        if begun or _more_follows(self._lines[end - 1], node.end_col_offset or 0):
            return ast.get_source_segment("\n".join(self._lines), node) or ""
        comments = _comments(self._lines[done : first - 1])
        return "\n".join([*comments, *self._lines[first - 1 : end]])

    def _plain(self, node: ast.stmt, text: str) -> list[tuple[str, ast.stmt]]:
        if isinstance(node, ast.If) and ast.unparse(node.test) == "__name__ == '__main__'":
            # True in a notebook, and false in a module.
            inner = [self._plain(one, ast.unparse(one)) for one in node.body]
            return [pair for pairs in inner for pair in pairs]
        if not any(_magic(inner) for inner in ast.walk(node)):
            return [(text, node)]
        call = _magic(getattr(node, "value", None))
        if isinstance(node, ast.Expr) and call is not None:
            return self._statement(*call)
        replaced = _WithoutMagics(self).visit(node)
        ast.fix_missing_locations(replaced)
        plain = ast.unparse(replaced)
        return [(plain, parse(plain).body[0])]

    def _statement(self, way: str, name: str, rest: str) -> list[tuple[str, ast.stmt]]:
        """Return what becomes of a line that is a magic."""
        code = _code_of(name, rest) if way == "run_line_magic" else None
        if code is None:
            self.leave(way, name, rest)
            return []
        try:
            tree = parse(code)
        except (SyntaxError, ValueError):
            self.leave(way, name, rest)
            return []
        kept = "its statement stays" if name == "time" else "code that does the same stands for it"
        self._cell.notes.append(f"%{name} is dropped; {kept}.")
        return [(ast.get_source_segment(code, node) or "", node) for node in tree.body]

    def leave(self, way: str, name: str, rest: str) -> None:
        """Note a magic or a shell line that becomes no code."""
        cell = self._cell
        shell = way in {"system", "getoutput"}
        words = f"!{rest}" if shell else f"%{name} {rest}".strip()
        packages = installed(rest if shell else f"{name} {rest}")
        if packages is not None:
            cell.requirements += packages
            cell.notes.append(f"`{words}`: what it installs is listed as required.")
        elif not shell and name in _VIEWS:
            cell.notes.append(f"`{rest}?` asks for help: dropped.")
        elif not shell and name in QUIET_MAGICS:
            cell.notes.append(f"`{words}` is dropped: it means something in Jupyter only.")
        else:
            what = "a command of the shell" if shell else "a magic of Jupyter"
            cell.notes.append(f"`{words}` is kept as text: a pipeline does not run {what}.")
            cell.left.append(words)


class _WithoutMagics(ast.NodeTransformer):
    """Takes magics out of the inside of a statement."""

    def __init__(self, reader: _Reader) -> None:
        self._reader = reader

    def visit_Expr(self, node: ast.Expr) -> ast.AST | list[ast.stmt]:
        call = _magic(node.value)
        if call is None:
            return self.generic_visit(node)
        way, name, rest = call
        if (way, name) == ("run_line_magic", "time"):
            try:
                return parse(rest).body or ast.Pass()
            except SyntaxError:
                pass
        self._reader.leave(way, name, rest)
        return ast.Pass()

    def visit_Call(self, node: ast.Call) -> ast.AST:
        call = _magic(node)
        if call is None:
            return self.generic_visit(node)
        way, name, rest = call
        if way == "getoutput":
            made = (
                f"__import__('subprocess').run({rest!r}, shell=True, capture_output=True,"
                " text=True).stdout.splitlines()"
            )
            return ast.parse(made, mode="eval").body
        if (way, name) == ("run_line_magic", "time"):
            try:
                return ast.parse(rest, mode="eval").body
            except SyntaxError:
                pass
        self._reader.leave(way, name, rest)
        return ast.Constant(None)


def _magic(node: Any) -> tuple[str, str, str] | None:
    """Return (method, name, rest) of a call that IPython made of a magic or shell line."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return None
    holder = node.func.value
    if not isinstance(holder, ast.Call) or getattr(holder.func, "id", "") != "get_ipython":
        return None
    words = [one.value for one in node.args if isinstance(one, ast.Constant)]
    texts = [word for word in words if isinstance(word, str)]
    if node.func.attr in {"system", "getoutput"} and texts:
        return node.func.attr, "", texts[0]
    if node.func.attr == "run_line_magic" and texts:
        return node.func.attr, texts[0], texts[1] if len(texts) > 1 else ""
    return None


def _code_of(name: str, rest: str) -> str | None:
    """Return code that does what a line magic does; None when there is none."""
    if name == "time" and rest:
        return rest
    if name == "pylab":
        return "import numpy as np\nimport matplotlib.pyplot as plt\nfrom pylab import *"
    if re.search(r"[{}$]", rest):
        return None
    if name == "cd" and rest not in {"", "-"}:
        return f"import os\nos.chdir({rest.strip(chr(34))!r})"
    if name in {"env", "set_env"}:
        variable, sign, value = rest.partition("=" if "=" in rest else " ")
        if sign and variable.isidentifier():
            return f"import os\nos.environ[{variable!r}] = {value!r}"
    return None


def _comments(lines: list[str]) -> list[str]:
    return [line for line in lines if line.lstrip().startswith("#")]


def _more_follows(line: str, column: int) -> bool:
    rest = line.encode()[column:].decode(errors="replace").strip()
    return rest.startswith(";") and bool(re.sub(r"^[;\s]+", "", rest))


def indented(text: str, by: str = "    ") -> str:
    """Indent a text, but not what stands in strings over several lines."""
    try:
        tree = parse(text)
    except (SyntaxError, ValueError):
        return textwrap.indent(text, by)
    inside: set[int] = set()
    nodes: list[Any] = list(ast.walk(tree))
    for node in nodes:
        is_text = isinstance(node, ast.JoinedStr) or (
            isinstance(node, ast.Constant) and isinstance(node.value, str | bytes)
        )
        if is_text and node.end_lineno is not None:
            inside.update(range(node.lineno + 1, node.end_lineno + 1))
    lines = text.split("\n")
    return "\n".join(
        f"{by}{line}" if line.strip() and number not in inside else line
        for number, line in enumerate(lines, start=1)
    )

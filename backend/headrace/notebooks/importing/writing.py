"""The sources of blocks that are made of cells, and of the module that they share."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterable, Mapping, Sequence

from msgspec import Struct, field

from headrace.notebooks.importing.flow import Flow
from headrace.notebooks.importing.source import Statement, indented
from headrace.protocol.tables import Kind

_MARKS = "headrace_marks"


class Taken(Struct, frozen=True, kw_only=True):
    """An upstream block as an argument, and the variables that are taken out of it.

    `parts` is empty when the value as a whole is the variable called like the argument.
    """

    argument: str
    block: str
    parts: tuple[str, ...] = ()


class Draft(Struct, kw_only=True):
    """All that the source of a block is made of."""

    name: str
    kind: Kind
    cells: list[int]
    taken: list[Taken] = field(default_factory=list[Taken])
    parameters: list[str] = field(default_factory=list[str])
    gives: list[str] = field(default_factory=list[str])
    about: str = ""


class Writer:
    """Writes sources for one flow; `order` are the places of cells."""

    def __init__(self, flow: Flow, order: Mapping[int, int], shared: str) -> None:
        self._flow = flow
        self._order = order
        self._shared = shared
        self._module = set(flow.module)
        self._futures = sorted({ast.unparse(s.node) for s in self._of_future()})

    @property
    def shared_names(self) -> list[str]:
        """Return the functions, classes and constants of the shared module."""
        carried = self._flow.carried
        return [n for i in self._flow.module if not carried[i].is_import for n in carried[i].names]

    def shared_source(self) -> str | None:
        """Return the text of the shared module; None when there is nothing to share."""
        flow = self._flow
        statements = [flow.carried[index].statement for index in flow.module]
        if not flow.configuration and not self.shared_names:
            return None
        imports = [one for one in statements if _is_import(one.node)]
        rest = [one for one in statements if not _is_import(one.node)]
        used = self._names_in([*rest, *flow.configuration])
        lines = [text for one in imports for text in _imports_of(one, used)]
        lines += [one.text for one in flow.stars]
        lines += ["from IPython import get_ipython"] if "get_ipython" in used else []
        parts = ['"""What the blocks share: taken from the notebook that was imported."""']
        parts += self._futures
        parts += ["\n".join(dict.fromkeys(lines))] if lines else []
        parts += ["\n".join(one.text for one in flow.configuration)] if flow.configuration else []
        constants: list[str] = []
        for one in rest:
            if isinstance(one.node, ast.Assign) and "\n" not in one.text:
                constants.append(one.text)
                continue
            if constants:
                parts.append("\n".join(constants))
                constants = []
            parts.append(f"\n{one.text}\n")
        if constants:
            parts.append("\n".join(constants))
        return re.sub(r"\n{4,}", "\n\n\n", "\n\n".join(parts)).strip("\n") + "\n"

    def block(self, draft: Draft) -> str:
        """Return the source of a block: imports, and one function."""
        units = [self._flow.units[cell] for cell in draft.cells]
        carried = sorted({index for unit in units for index in unit.carries})
        outside = [index for index in carried if index in self._module]
        inside = [index for index in carried if index not in self._module]
        pieces = [(s.cell, s) for unit in units for s in unit.statements]
        pieces += [
            (self._flow.carried[i].statement.cell, self._flow.carried[i].statement) for i in inside
        ]
        pieces.sort(key=lambda piece: (self._order[piece[0]], piece[1].node.lineno))
        body = [piece.text for _, piece in pieces]
        uses = any(unit.awaits for unit in units)
        statements = [piece for _, piece in pieces]
        used = self._names_in(statements)
        head = [*self._futures, *self._imports(outside, statements)]
        if "get_ipython" in used:  # Jupyter itself gives it to cells
            head.append("from IPython import get_ipython")
        mark, line = _mark(draft.kind, used)
        head.append(line)
        arguments = ", ".join([*(one.argument for one in draft.taken), *draft.parameters])
        lines = [f'"""{draft.about}"""'] if draft.about else []
        shadows = sorted({name for unit in units for name in unit.shadows})
        if shadows:
            lines.append("import builtins\n")
            lines += [f"{name} = builtins.{name}" for name in shadows]
        for one in draft.taken:
            if one.argument == "given_context":  # blocks get something else by the name itself
                lines.append("context = given_context")
            lines += [f"{part} = {one.argument}[{part!r}]" for part in one.parts]
        lines += body
        lines += _returned(draft.gives)
        words = "async def" if uses else "def"
        text = "\n".join(indented(line) for line in lines) or "    return None"
        return (
            "\n".join(dict.fromkeys(head))
            + f"\n\n\n@{mark}\n{words} {draft.name}({arguments}):\n{text}\n"
        )

    def whole(self, draft: Draft, statements: Sequence[Statement]) -> str:
        """Return one block that does all of the notebook at the top level of its file."""
        body = [one.text for one in statements if ast.unparse(one.node) not in self._futures]
        names = f"({', '.join(map(repr, draft.gives))},)" if draft.gives else "()"
        used = self._names_in(statements)
        shell = ["from IPython import get_ipython"] if "get_ipython" in used else []
        return "\n".join(
            [
                *self._futures,
                *shell,
                "",
                *body,
                "",
                f"import headrace as {_MARKS}",
                "",
                "",
                f"@{_MARKS}.{draft.kind}",
                f"def {draft.name}({', '.join(draft.parameters)}):",
                f'    """{draft.about}"""',
                f"    names = {names}",
                "    return {name: globals()[name] for name in names if name in globals()}",
                "",
            ]
        )

    def _imports(self, outside: Iterable[int], body: Sequence[Statement]) -> list[str]:
        used = self._names_in(body)
        lines: list[str] = []
        names: list[str] = []
        for index in outside:
            carried = self._flow.carried[index]
            if carried.is_import:
                lines += _imports_of(carried.statement, used)
            else:
                names += [name for name in carried.names if name in used]
        lines += [one.text for one in self._flow.stars]
        if names:
            lines.append(f"from {self._shared} import {', '.join(sorted(set(names)))}")
        elif self._flow.configuration:
            lines.append(f"import {self._shared}  # sets options of libraries")
        return lines

    def _names_in(self, statements: Sequence[Statement]) -> set[str]:
        return {
            inner.id
            for one in statements
            for inner in ast.walk(one.node)
            if isinstance(inner, ast.Name)
        }

    def _of_future(self) -> list[Statement]:
        return [
            one.statement
            for one in self._flow.carried
            if isinstance(one.statement.node, ast.ImportFrom)
            and one.statement.node.module == "__future__"
        ]


def _mark(kind: Kind, used: Collection[str]) -> tuple[str, str]:
    """Return a decorator, and its import, under a name that the cells do not use."""
    if kind not in used:
        return kind, f"from headrace import {kind}"
    return f"{_MARKS}.{kind}", f"import headrace as {_MARKS}"


def _returned(gives: Sequence[str]) -> list[str]:
    if not gives:
        return []
    if len(gives) == 1:
        return [f"return {gives[0]}"]
    return [f"return {{{', '.join(f'{name!r}: {name}' for name in gives)}}}"]


def _is_import(node: ast.AST) -> bool:
    return isinstance(node, ast.Import | ast.ImportFrom | ast.Try | ast.If)


def _imports_of(statement: Statement, used: set[str]) -> list[str]:
    """Return an import with what is used of it."""
    node = statement.node
    if not isinstance(node, ast.Import | ast.ImportFrom):
        return [statement.text]
    if isinstance(node, ast.ImportFrom) and node.module == "__future__":
        return []
    names = [a for a in node.names if (a.asname or a.name).partition(".")[0] in used]
    if not names:
        return []
    if isinstance(node, ast.Import):
        return [ast.unparse(ast.Import([alias])) for alias in names]
    return [ast.unparse(ast.ImportFrom(node.module, names, node.level))]

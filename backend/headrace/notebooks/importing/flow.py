"""Which cells need what of which others, and which must be joined: the base of the second step."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence

from msgspec import Struct, field

from headrace.notebooks.importing.effects import (
    BUILTINS,
    FILES,
    Effects,
    Function,
    effects_of,
    function_of,
    is_configuration,
    is_frame,
    is_literal,
)
from headrace.notebooks.importing.source import ReadCell, Statement

_UNSURE = "may have no value"
Version = tuple[str, int]
"""A name, and the cell that gave it this value."""


class Carried(Struct, frozen=True, kw_only=True):
    """A statement that blocks take along, not its value: an import, a function, a constant."""

    statement: Statement
    names: tuple[str, ...]
    later: frozenset[str]
    """Names that it looks up when it is used."""
    is_import: bool


class Unit(Struct, kw_only=True):
    """What a cell does: its statements, and the versions that it takes and gives."""

    number: int
    statements: list[Statement] = field(default_factory=list[Statement])
    takes: set[Version] = field(default_factory=set[Version])
    gives: set[str] = field(default_factory=set[str])
    carries: list[int] = field(default_factory=list[int])
    """Indexes of `Flow.carried`."""
    shadows: set[str] = field(default_factory=set[str])
    """Builtins that it reads before it gives their names another value."""
    sinks: bool = False
    sources: bool = False
    awaits: bool = False
    shows_only: bool = True
    stars: bool = False


class Flow(Struct, kw_only=True):
    """How values go through a notebook. `joins` say which cells must be one block, and why."""

    units: dict[int, Unit]
    carried: list[Carried]
    configuration: list[Statement]
    joins: list[tuple[set[int], str]]
    finals: dict[str, int]
    """The cell that gave each variable its last value."""
    undefined: dict[str, int]
    """Names that nothing defines → the cell that reads them."""
    everything: list[str]
    """Why the whole notebook must be one block; empty when it need not be."""
    stars: list[Statement]
    held_apart: dict[str, str]
    """Variables that cannot be handed from block to block, and why."""
    module: list[int]
    """Indexes of what can stand in the shared module."""


def flow_of(
    cells: Sequence[ReadCell], unstorable: Sequence[str] = (), parameters: Sequence[str] = ()
) -> Flow:
    """Follow the values through the cells in the order in which they are to run.

    Parameters are values of a cell 0, which is none of the notebook.
    """
    return _Follower(cells, set(unstorable), parameters).followed()


class _Follower:
    def __init__(
        self, cells: Sequence[ReadCell], unstorable: set[str], parameters: Sequence[str]
    ) -> None:
        self._cells = cells
        self._statements = [one for cell in cells for one in cell.statements]
        self._bound = self._count_bindings()
        self._changed = self._changed_names()
        self._carried: list[Carried] = []
        self._code: dict[str, int] = {}
        self._values: dict[str, int] = dict.fromkeys(parameters, 0)
        self._modules: set[str] = set()
        self._functions: dict[str, Function] = {}
        self._frames: set[str] = set()
        self._unstorable = unstorable
        self._held_apart: dict[str, str] = dict.fromkeys(unstorable, "cannot be stored")
        self._shares: dict[str, set[str]] = {}
        self._origins: dict[str, set[int]] = {}
        self._flow = Flow(
            units={cell.number: Unit(number=cell.number) for cell in cells},
            carried=self._carried,
            configuration=[],
            joins=[],
            finals={},
            undefined={},
            everything=[],
            stars=[],
            held_apart=self._held_apart,
            module=[],
        )
        self._read_paths: dict[int, set[str]] = {}
        self._wrote_files: list[tuple[int, set[str]]] = []

    def followed(self) -> Flow:
        for cell in self._cells:
            for statement in cell.statements:
                self._follow(cell.number, statement)
        self._flow.finals = {name: cell for name, cell in self._values.items() if cell}
        self._flow.module = self._eligible()
        return self._flow

    # What can be carried

    def _count_bindings(self) -> dict[str, int]:
        found: dict[str, int] = {}
        imports = set[str]()
        for statement in self._statements:
            if isinstance(statement.node, ast.Import | ast.ImportFrom):
                text = ast.unparse(statement.node)
                if text in imports:
                    continue  # the same import again
                imports.add(text)
            effects = effects_of(statement.node, (), {})
            for name in effects.writes | effects.maybe | effects.deletes:
                found[name] = found.get(name, 0) + 1
        return found

    def _changed_names(self) -> set[str]:
        """Return names that some statement or function changes in place."""
        modules: set[str] = set()
        functions: dict[str, Function] = {}
        for statement in self._statements:
            node = statement.node
            if isinstance(node, ast.Import | ast.ImportFrom):
                modules |= effects_of(node, (), {}).writes
            elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                functions[node.name] = function_of(node)
        found: set[str] = set()
        for statement in self._statements:
            found |= effects_of(statement.node, modules, functions).mutates
        return found

    def _carry(self, statement: Statement) -> Carried | None:
        """Return how a statement is carried, None when it gives values of its own."""
        node = statement.node
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = [(a.asname or a.name).partition(".")[0] for a in node.names if a.name != "*"]
            return _carried(statement, names, is_import=True)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            return self._definition(statement, node.name, node)
        target = node.targets[0] if isinstance(node, ast.Assign) else None
        if isinstance(target, ast.Name) and len(node.targets) == 1:
            name = target.id
            if isinstance(node.value, ast.Lambda):
                return self._definition(statement, name, node.value)
            once = self._bound.get(name) == 1 and name not in self._changed
            if once and is_literal(node.value):
                return _carried(statement, [name])
        if isinstance(node, ast.Try | ast.If) and _only_imports(node):
            names = sorted(effects_of(node, (), {}).maybe)
            return _carried(statement, names, is_import=True)
        return None

    def _definition(self, statement: Statement, name: str, node: ast.AST) -> Carried | None:
        function = function_of(node)
        if function.uses_global:
            self._flow.everything.append(f"{name} uses `global` or looks at all names")
        self._functions[name] = function
        known = self._code.keys() | BUILTINS
        settled = all(n in known or n not in self._bound for n in function.now)
        if name in self._changed or not settled:
            return None
        if isinstance(node, ast.ClassDef) and any(
            n in self._bound and n not in self._code and n != name for n in function.later
        ):
            return None  # a class inside of a function cannot be handed on
        return _carried(statement, [name], later=function.later)

    def _eligible(self) -> list[int]:
        """Return what needs nothing but what can stand in the shared module as well."""
        carried = self._carried
        good = {
            index
            for index, one in enumerate(carried)
            if all(self._bound.get(name) == 1 for name in one.names)
        }
        names = {name: i for i, one in enumerate(carried) for name in one.names}
        while True:
            bad = {
                index
                for index in good
                if any(
                    (name in self._bound and names.get(name) not in good)
                    for name in carried[index].later
                )
            }
            if not bad:
                return sorted(good)
            good -= bad

    # One statement after the other

    def _follow(self, number: int, statement: Statement) -> None:
        unit, node = self._flow.units[number], statement.node
        if is_configuration(node, self._modules):
            self._flow.configuration.append(statement)
            return
        if isinstance(node, ast.ImportFrom) and any(a.name == "*" for a in node.names):
            self._flow.stars.append(statement)
            return
        carried = self._carry(statement)
        if carried is not None:
            index = self._place(carried)
            for name in carried.names:
                self._code[name] = index
                self._values.pop(name, None)
                if carried.is_import:
                    self._modules.add(name)
            return
        effects = effects_of(node, self._modules, self._functions, self._frames)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            effects.unstorable.add(node.name)
        unit.statements.append(statement)
        self._take(unit, effects)
        self._note(unit, effects)
        self._give(unit, effects)
        self._infer(node)

    def _place(self, carried: Carried) -> int:
        """Return the index of a carried statement; the same import again is the first one."""
        if carried.is_import:
            text = ast.unparse(carried.statement.node)
            for index, other in enumerate(self._carried):
                if other.is_import and ast.unparse(other.statement.node) == text:
                    return index
        self._carried.append(carried)
        return len(self._carried) - 1

    def _take(self, unit: Unit, effects: Effects) -> None:  # noqa: C901 - one case for each kind of name
        waiting, seen = list(effects.reads | effects.maybe), set[str]()
        while waiting:
            name = waiting.pop()
            if name in seen:
                continue
            seen.add(name)
            if name not in effects.reads and self._held_apart.get(name) == _UNSURE:
                continue  # a loop gives it another value
            if name in self._values:
                source = self._values[name]
                if source != unit.number:
                    unit.takes.add((name, source))
                    if name in self._held_apart:
                        why = f"{name} {self._held_apart[name]}"
                        self._join({source, unit.number}, why)
            elif name in self._code:
                index = self._code[name]
                if index not in unit.carries:
                    unit.carries.append(index)
                waiting += self._carried[index].later
            elif name in effects.reads and name not in effects.writes | effects.maybe:
                self._unknown(unit, name)
            elif name in effects.reads and name in BUILTINS:
                unit.shadows.add(name)

    def _unknown(self, unit: Unit, name: str) -> None:
        if name.startswith("<"):
            return
        if name in BUILTINS:
            if name in self._bound:
                unit.shadows.add(name)
        elif self._flow.stars:
            unit.stars = True
        else:
            self._flow.undefined.setdefault(name, unit.number)

    def _note(self, unit: Unit, effects: Effects) -> None:
        unit.sinks |= effects.sinks
        unit.sources |= effects.sources
        unit.awaits |= effects.awaits
        unit.shows_only &= effects.shows_only
        self._flow.everything += sorted(effects.everything)
        state = {name for name in effects.mutates | effects.reads if name.startswith("<")}
        for name in state:
            changed = name in effects.mutates
            if name in self._values and self._values[name] != unit.number:
                words = name.strip("<>")
                self._join({self._values[name], unit.number}, f"both use the state of {words}")
            if changed or name in self._values:
                self._values[name] = unit.number
        if effects.sources:
            for wrote, paths in self._wrote_files:
                known = paths & effects.paths
                apart = (
                    paths
                    and effects.paths
                    and not known
                    and _paths(paths)
                    and _paths(effects.paths)
                )
                if wrote != unit.number and not apart:
                    unit.takes.add((FILES, wrote))
        if effects.sinks:
            self._wrote_files.append((unit.number, effects.paths))

    def _give(self, unit: Unit, effects: Effects) -> None:  # noqa: C901, PLR0912 - one kind after another
        for name in sorted(effects.mutates):
            if name.startswith("<"):
                continue
            if name in self._code and name not in self._values:
                continue
            self._join_sharers(unit, name)
            self._set(unit, name)
        for name in effects.maybe:
            if name not in self._values and name not in self._code:
                self._held_apart.setdefault(name, _UNSURE)
        for name in effects.writes | effects.maybe:
            if name in effects.writes and name not in effects.mutates | effects.keeps:
                self._part(name)
                self._origins[name] = {unit.number}
            self._set(unit, name)
            self._code.pop(name, None)
        for name, other in effects.shares:
            if other in self._values or other in effects.writes | effects.maybe:
                self._shares.setdefault(name, set()).add(other)
                self._shares.setdefault(other, set()).add(name)
        for name in effects.unstorable:
            self._held_apart.setdefault(name, "cannot be stored")
        for name in (effects.writes | effects.mutates) - effects.unstorable - self._unstorable:
            if name in effects.writes and name not in effects.mutates:
                self._held_apart.pop(name, None)
        for name in effects.deletes:
            self._values.pop(name, None)
            unit.gives.discard(name)

    def _set(self, unit: Unit, name: str) -> None:
        self._values[name] = unit.number
        self._origins.setdefault(name, set()).add(unit.number)
        unit.gives.add(name)

    def _part(self, name: str) -> None:
        """A new value shares nothing with what the old one shared."""
        for other in self._shares.pop(name, set()):
            self._shares.get(other, set()).discard(name)

    def _join_sharers(self, unit: Unit, name: str) -> None:
        """Join the cells of all names that may hold the object that is changed here."""
        group, waiting = {name}, [name]
        while waiting:
            for other in self._shares.get(waiting.pop(), set()):
                if other not in group and other in self._values:
                    group.add(other)
                    waiting.append(other)
        others = group - {name}
        if not others:
            return
        for other in others:  # it is changed with it
            self._set(unit, other)
        cells = {unit.number}.union(*(self._origins.get(one, set()) for one in group))
        if len(cells) > 1:
            words = ", ".join(sorted(others))
            self._join(cells, f"{name} is changed in place, and {words} may be part of it")

    def _join(self, cells: set[int], why: str) -> None:
        if len(cells) > 1:
            self._flow.joins.append((cells, why))

    def _infer(self, node: ast.stmt) -> None:
        if not isinstance(node, ast.Assign):
            return
        for target in node.targets:
            if isinstance(target, ast.Name):
                if is_frame(node.value, self._frames, self._modules):
                    self._frames.add(target.id)
                else:
                    self._frames.discard(target.id)


def _carried(
    statement: Statement,
    names: Sequence[str],
    *,
    later: frozenset[str] = frozenset(),
    is_import: bool = False,
) -> Carried:
    return Carried(statement=statement, names=tuple(names), later=later, is_import=is_import)


def _only_imports(node: ast.stmt) -> bool:
    """Tell `try: import a` with another way when that fails."""
    parts: list[ast.stmt] = []
    for name in ("body", "orelse", "finalbody"):
        parts += getattr(node, name, [])
    for handler in getattr(node, "handlers", []):
        parts += handler.body
    plain = (ast.Import, ast.ImportFrom, ast.Pass)
    literal = [one for one in parts if isinstance(one, ast.Assign) and is_literal(one.value)]
    imports = [one for one in parts if isinstance(one, plain)]
    is_plain = len(literal) + len(imports) == len(parts)
    test = getattr(node, "test", None)
    return bool(imports) and is_plain and (test is None or is_literal(test))


def _paths(texts: set[str]) -> bool:
    return any("." in text or "/" in text for text in texts)


def versions_of(units: Mapping[int, Unit], cells: set[int]) -> set[Version]:
    """Return what a set of cells takes from outside of it."""
    return {version for cell in cells for version in units[cell].takes if version[1] not in cells}

"""Which cells need what of which others, and which must be joined: the base of the second step."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence

from msgspec import Struct, field

from headrace.notebooks.importing.aliases import Aliases
from headrace.notebooks.importing.carrying import Carried, Carrying
from headrace.notebooks.importing.effects import effects_of
from headrace.notebooks.importing.expressions import is_configuration, is_frame
from headrace.notebooks.importing.files import Files, is_outside
from headrace.notebooks.importing.known import BUILTINS, FILES, Effects, Known
from headrace.notebooks.importing.source import ReadCell, Statement

_UNSURE = "may have no value"
Version = tuple[str, int]
"""A name, and the cell that gave it this value."""


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
    outside: set[str] = field(default_factory=set[str])
    """Paths outside of the project to which it may write."""
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
        self._known = Known()
        statements = [one for cell in cells for one in cell.statements]
        self._carrying = Carrying(statements, self._known)
        self._code = self._carrying.code
        self._values: dict[str, int] = dict.fromkeys(parameters, 0)
        self._unstorable = unstorable
        self._held_apart: dict[str, str] = dict.fromkeys(unstorable, "cannot be stored")
        self._aliases = Aliases()
        self._files = Files()
        self._flow = Flow(
            units={cell.number: Unit(number=cell.number) for cell in cells},
            carried=self._carrying.carried,
            configuration=[],
            joins=[],
            finals={},
            undefined={},
            everything=[],
            stars=[],
            held_apart=self._held_apart,
            module=[],
        )

    def followed(self) -> Flow:
        for cell in self._cells:
            for statement in cell.statements:
                self._follow(cell.number, statement)
        flow = self._flow
        flow.everything += [
            f"{name} uses `global` or looks at all names" for name in self._carrying.global_users
        ]
        flow.finals = {name: cell for name, cell in self._values.items() if cell}
        flow.module = self._carrying.for_module()
        return flow

    # One statement after the other

    def _follow(self, number: int, statement: Statement) -> None:
        unit, node = self._flow.units[number], statement.node
        if is_configuration(node, self._known.modules):
            self._flow.configuration.append(statement)
            return
        if isinstance(node, ast.ImportFrom) and any(a.name == "*" for a in node.names):
            self._flow.stars.append(statement)
            return
        carried = self._carrying.carry(statement)
        if carried is not None:
            self._carrying.add(carried)
            for name in carried.names:
                self._values.pop(name, None)
            return
        effects = effects_of(node, self._known)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            effects.unstorable.add(node.name)
        effects.mutates -= {name for name in effects.mutates if self._is_builtin(name)}
        unit.statements.append(statement)
        self._take(unit, effects)
        self._note(unit, effects)
        self._give(unit, effects)
        self._infer(node)

    def _is_builtin(self, name: str) -> bool:
        """Tell a name that only Python itself gives a value, as `open` of `open(…).read()`."""
        return name in BUILTINS and name not in self._values and name not in self._code

    # What it takes

    def _take(self, unit: Unit, effects: Effects) -> None:
        waiting, seen = list(effects.reads | effects.maybe), set[str]()
        while waiting:
            name = waiting.pop()
            if name in seen:
                continue
            seen.add(name)
            if name not in effects.reads and self._held_apart.get(name) == _UNSURE:
                continue  # a loop gives it another value
            if name in self._values:
                self._take_value(unit, name)
            elif name in self._code:
                waiting += self._take_code(unit, name)
            elif name in effects.reads:
                own = name in effects.writes | effects.maybe
                self._take_unknown(unit, name, own=own)

    def _take_value(self, unit: Unit, name: str) -> None:
        source = self._values[name]
        if source == unit.number:
            return
        unit.takes.add((name, source))
        if name in self._held_apart:
            self._join({source, unit.number}, f"{name} {self._held_apart[name]}")

    def _take_code(self, unit: Unit, name: str) -> frozenset[str]:
        """Take code along; return the names that it needs itself."""
        index = self._code[name]
        if index not in unit.carries:
            unit.carries.append(index)
        return self._flow.carried[index].later

    def _take_unknown(self, unit: Unit, name: str, *, own: bool) -> None:
        if name.startswith("<"):
            return
        if name in BUILTINS:
            if own or name in self._carrying.bound:
                unit.shadows.add(name)
        elif own:
            return
        elif self._flow.stars:
            unit.stars = True
        else:
            self._flow.undefined.setdefault(name, unit.number)

    # What else it does

    def _note(self, unit: Unit, effects: Effects) -> None:
        unit.sinks |= effects.sinks
        unit.sources |= effects.sources
        unit.awaits |= effects.awaits
        unit.shows_only &= effects.shows_only
        self._flow.everything += sorted(effects.everything)
        self._note_state(unit, effects)
        if effects.sources or effects.sinks or effects.opens:
            writes = effects.sinks or effects.opens
            texts = effects.paths | {self._carrying.text_of(name) for name in effects.reads}
            if effects.sinks:
                unit.outside |= {text for text in texts if is_outside(text)}
            for before in self._files.touch(unit.number, texts, writes=writes):
                unit.takes.add((FILES, before))

    def _note_state(self, unit: Unit, effects: Effects) -> None:
        """Join the cells that use the same state of a module."""
        for name in {name for name in effects.mutates | effects.reads if name.startswith("<")}:
            before = self._values.get(name)
            if before is not None and before != unit.number:
                words = name.strip("<>")
                self._join({before, unit.number}, f"both use the state of {words}")
            if before is not None or name in effects.mutates:
                self._values[name] = unit.number

    # What it gives

    def _give(self, unit: Unit, effects: Effects) -> None:
        for name in sorted(effects.mutates):
            is_state = name.startswith("<")
            if not is_state and (name in self._values or name not in self._code):
                self._join_sharers(unit, name)
                self._set(unit, name)
        self._give_values(unit, effects)
        for name, other in effects.shares:
            if other in self._values or other in effects.writes | effects.maybe:
                self._aliases.link(name, other, unit.number)
        self._hold_apart(effects)
        for name in effects.deletes:
            self._values.pop(name, None)
            unit.gives.discard(name)

    def _give_values(self, unit: Unit, effects: Effects) -> None:
        for name in effects.maybe:
            if name not in self._values and name not in self._code:
                self._held_apart.setdefault(name, _UNSURE)
        for name in effects.writes | effects.maybe:
            if name in effects.writes and name not in effects.mutates | effects.keeps:
                self._aliases.part(name)
            else:
                self._aliases.renew(name, unit.number)
            self._set(unit, name)
            self._code.pop(name, None)

    def _hold_apart(self, effects: Effects) -> None:
        for name in effects.unstorable:
            self._held_apart.setdefault(name, "cannot be stored")
        for name in effects.writes - effects.mutates - effects.unstorable - self._unstorable:
            self._held_apart.pop(name, None)

    def _set(self, unit: Unit, name: str) -> None:
        self._values[name] = unit.number
        unit.gives.add(name)

    def _join_sharers(self, unit: Unit, name: str) -> None:
        """Join the cells that made others share the object that is changed here."""
        others, cells = self._aliases.group(name, self._values)
        for other in others:  # it is changed with it
            self._set(unit, other)
        words = ", ".join(sorted(others))
        self._join(
            {unit.number, *cells}, f"{name} is changed in place, and {words} may be part of it"
        )

    def _join(self, cells: set[int], why: str) -> None:
        if len(cells) > 1:
            self._flow.joins.append((cells, why))

    def _infer(self, node: ast.stmt) -> None:
        if not isinstance(node, ast.Assign):
            return
        frames = self._known.frames
        for target in node.targets:
            if isinstance(target, ast.Name):
                if is_frame(node.value, frames, self._known.modules):
                    frames.add(target.id)
                else:
                    frames.discard(target.id)


def versions_of(units: Mapping[int, Unit], cells: set[int]) -> set[Version]:
    """Return what a set of cells takes from outside of it."""
    return {version for cell in cells for version in units[cell].takes if version[1] not in cells}

"""The second step: cells → blocks, with a report on every cell. Pure: nothing of it is run."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Sequence
from typing import Any

from msgspec import Struct, structs

from headrace.core.ids import check_name
from headrace.notebooks.cells import Cell
from headrace.notebooks.importing.flow import Flow, flow_of, versions_of
from headrace.notebooks.importing.groups import Groups
from headrace.notebooks.importing.known import FILES
from headrace.notebooks.importing.naming import Names, heading_of, slug, title_of
from headrace.notebooks.importing.source import ReadCell, Statement, read_cell
from headrace.notebooks.importing.writing import Draft, Taken, Writer
from headrace.notebooks.reading import Book
from headrace.project.yaml_write import flow as yaml_of
from headrace.protocol.imports import (
    Fate,
    ImportChoices,
    ImportedBlock,
    ImportedCell,
    ImportPlan,
    Order,
)
from headrace.protocol.tables import Kind

MAX_CELLS = 5000
_SHARED = "_shared"


class _Made(Struct, kw_only=True):
    """A block in the making, with its place in the list."""

    block: ImportedBlock
    place: float
    text: str
    inputs: dict[str, str]


def cut(book: Book, name: str, choices: ImportChoices) -> ImportPlan:
    """Return the plan of a pipeline that does what a notebook does; raise InvalidInput."""
    return _Cutter(book, check_name(choices.name or name, "pipeline"), choices).plan()


def names_given(book: Book, plan: ImportPlan) -> dict[int, list[str]]:
    """Return the variables that each cell gives a value, by number, however it is cut."""
    units = _Cutter(book, plan.name, plan.choices).flow.units
    return {
        number: sorted(name for name in unit.gives if not name.startswith("<"))
        for number, unit in units.items()
    }


class _Cutter:
    def __init__(self, book: Book, name: str, choices: ImportChoices) -> None:
        self._book = book
        self._name = name
        self._choices = choices
        self._read = {
            number: read_cell(number, cell.source)
            for number, cell in enumerate(book.cells, start=1)
            if cell.kind == "code"
        }
        self._notes = list(book.notes)
        self._fates: dict[int, Fate] = {}
        self._blocks_of: dict[int, str] = {}
        self._cell_notes: dict[int, list[str]] = {}
        self._parameters: dict[str, Any] = {}
        self._parameter_cell = self._find_parameters()
        self._order: Order = "position"
        self._flow = self._choose_order()
        self._places = {cell.number: place for place, cell in enumerate(self._in_order())}
        self._imported = {
            part
            for one in self._flow.carried
            for n in ast.walk(one.statement.node)
            if isinstance(n, ast.alias)
            for part in [n.name.partition(".")[0]]
        }
        self._modules = {f: t for cell in self._read.values() for f, t in cell.modules.items()}
        taken = {n for one in self._flow.carried for n in one.names} | self._imported
        taken |= {file.removesuffix(".py") for file in self._modules}
        self._names = Names({*self._parameters, *taken, f"{name}{_SHARED}", "scratch"})
        self._writer = Writer(self._flow, self._places, f"{name}{_SHARED}")
        self._made: list[_Made] = []

    @property
    def flow(self) -> Flow:
        """How values go through the cells."""
        return self._flow

    # Order and parameters

    def _code_cells(self) -> list[ReadCell]:
        return [cell for number, cell in self._read.items() if number != self._parameter_cell]

    def _in_order(self, order: Order | None = None) -> list[ReadCell]:
        cells = self._code_cells()
        if (order or self._order) == "position":
            return cells
        counts = self._book.counts
        last = len(self._book.cells) + max((c or 0 for c in counts), default=0)
        return sorted(cells, key=lambda cell: (counts[cell.number - 1] or last, cell.number))

    def _choose_order(self) -> Flow:
        """Take the order of places, unless only the order of execution defines every name."""
        unstorable = self._choices.unstorable
        counts = [self._book.counts[cell.number - 1] for cell in self._code_cells()]
        known = [count for count in counts if count is not None]
        mixed = known != sorted(known)
        by_place = self._follow("position", unstorable)
        chosen = self._choices.order
        if not mixed or chosen == "position":
            if mixed:
                self._notes.append("Its cells were run in another order than they stand in.")
            return by_place
        by_count = self._follow("execution", unstorable)
        if chosen == "execution" or len(by_count.undefined) < len(by_place.undefined):
            self._order = "execution"
            self._notes.append(
                "Its cells were run in another order than they stand in: the order of execution is"
                " taken."
            )
            return by_count
        self._notes.append(
            "Its cells were run in another order than they stand in: the order in which they stand"
            " is taken."
        )
        return by_place

    def _follow(self, order: Order, unstorable: Sequence[str]) -> Flow:
        return flow_of(self._in_order(order), unstorable, list(self._parameters))

    def _find_parameters(self) -> int | None:
        """Find the cell that papermill would take its parameters from."""
        for number, cell in enumerate(self._book.cells, start=1):
            if "parameters" not in cell.tags or number not in self._read:
                continue
            found: dict[str, Any] = {}
            for statement in self._read[number].statements:
                node = statement.node
                if not isinstance(node, ast.Assign) or not isinstance(node.targets[0], ast.Name):
                    return None
                try:
                    found[node.targets[0].id] = ast.literal_eval(node.value)
                except (ValueError, TypeError):
                    return None
            if found and all(_is_plain(value) for value in found.values()):
                self._parameters = found
                return number
        return None

    # The plan

    def plan(self) -> ImportPlan:
        self._start_reports()
        statements = [one for cell in self._in_order() for one in cell.statements]
        if self._whole:
            chosen = ["it was chosen, or for the proof"]
            self._make_whole(statements, sorted(set(self._flow.everything)) or chosen)
        else:
            self._make_blocks()
        self._make_sql_and_text()
        self._make_scratch()
        made = sorted(self._made, key=lambda one: one.place)
        files = self._files(made)
        return ImportPlan(
            name=self._name,
            title=self._title(),
            order=self._order,
            cells=self._reports(),
            blocks=[one.block for one in made],
            files=files,
            choices=structs.replace(self._choices, name=self._name, order=self._order),
            requirements=list(
                dict.fromkeys(r for cell in self._read.values() for r in cell.requirements)
            ),
            notes=self._notes,
            doubts=[
                f"Cell {unit.number} writes {path}: what is outside of the project is not compared."
                for unit in self._flow.units.values()
                for path in sorted(unit.outside)
            ],
        )

    @property
    def _whole(self) -> bool:
        return bool(self._flow.everything) or self._choices.whole

    def _start_reports(self) -> None:
        for number, cell in enumerate(self._book.cells, start=1):
            read = self._read.get(number)
            notes = list(read.notes) if read else []
            outputs = self._book.outputs[number - 1] if self._book.outputs else 0
            if outputs:
                notes.append("Its outputs are not kept: a run makes them anew.")
            self._cell_notes[number] = notes
            if not cell.source.strip():
                self._fates[number] = "empty"
            elif read is None or read.text is not None:
                self._fates[number] = "text"
            elif number == self._parameter_cell:
                self._fates[number] = "parameters"
                notes.append("Its values become parameters of the pipeline.")
            elif read.statements or read.sql:
                self._fates[number] = "block"
            elif read.modules:
                self._fates[number] = "shared"
            else:
                self._fates[number] = "scratch" if read.left else "dropped"
        self._note_flow()

    def _note_flow(self) -> None:
        """Tell of what cells read and write that is nowhere, or elsewhere."""
        for name, number in self._flow.undefined.items():
            self._cell_notes[number].append(
                f"Nothing defines {name}: it will fail here. Define it above, or as a parameter."
            )
        for unit in self._flow.units.values():
            self._cell_notes[unit.number] += [
                f"It writes {path}, outside of the project: the proof does not look there."
                for path in sorted(unit.outside)
            ]
        for one in self._flow.stars:
            self._cell_notes[one.cell].append(
                f"`{one.text.strip()}` goes into every block: names that it brings cannot be known."
            )

    def _reports(self) -> list[ImportedCell]:
        return [
            ImportedCell(
                number=number,
                kind=cell.kind,
                source=cell.source,
                fate=self._fates[number],
                count=self._book.counts[number - 1] if self._book.counts else None,
                block=self._blocks_of.get(number),
                notes=self._cell_notes[number],
            )
            for number, cell in enumerate(self._book.cells, start=1)
        ]

    def _title(self) -> str:
        texts = (cell.source for cell in self._book.cells if cell.kind == "markdown")
        return next(filter(None, map(title_of, texts)), self._name.replace("_", " ").capitalize())

    # Blocks of Python

    def _make_whole(self, statements: list[Statement], why: list[str]) -> None:
        if not statements:
            return
        cells = list(dict.fromkeys(one.cell for one in statements))
        held = set(self._choices.unstorable)
        gives = [name for name in self._flow.finals if name not in held]
        gives = [name for name in gives if not name.startswith(("_", "<"))]
        first = min(cells)
        self._names.avoid(self._flow.finals)  # its variables are those of the module
        name = self._names.free(
            self._choices.names.get(str(first), ""), slug(self._heading(first) or ""), "all_cells"
        )
        kind = self._choices.kinds.get(str(first)) or "loader"
        draft = Draft(
            name=name,
            kind=kind,
            cells=cells,
            parameters=list(self._parameters),
            gives=gives,
            about=f"The whole notebook: {why[0]}.".replace('"', "'"),
        )
        text = self._writer.whole(draft, statements)
        reasons = [f"the whole notebook is one block: {one}" for one in why]
        self._add(draft, text, reasons, whole=True)

    def _make_blocks(self) -> None:
        groups = Groups(self._flow.units, self._places)
        for cells, why in self._flow.joins:
            groups.join(cells, why)
        for chosen in self._choices.joins:
            groups.join(chosen, "joined by choice, or for the proof")
        groups.settle()
        all_cells = groups.cells()
        consumed = self._consumed()
        wanted = [cells for cells in all_cells if self._is_block(cells, consumed)]
        names = {cells[0]: self._name_of(cells, consumed) for cells in wanted}
        owner = {cell: cells for cells in wanted for cell in cells}
        gives = {cells[0]: self._gives(cells, consumed) for cells in wanted}
        for cells in wanted:
            draft = self._draft(cells, names, owner, gives)
            self._tell_of_lost(cells, gives[cells[0]])
            why = groups.why.get(cells[0], [])
            self._add(draft, self._writer.block(draft), why)

    def _consumed(self) -> set[tuple[str, int]]:
        return {version for unit in self._flow.units.values() for version in unit.takes}

    def _is_block(self, cells: list[int], consumed: set[tuple[str, int]]) -> bool:
        units = [self._flow.units[cell] for cell in cells]
        if not any(unit.statements for unit in units):
            for cell in cells:
                if self._fates.get(cell) == "block" and not self._read[cell].sql:
                    self._fates[cell] = "shared"
            return False
        only_shows = all(unit.shows_only or not unit.statements for unit in units)
        chosen = str(cells[0]) in {**self._choices.names, **self._choices.kinds}
        if (
            only_shows
            and not any(unit.gives for unit in units)
            and not chosen
            and not _plots(units)
        ):
            for cell in cells:
                self._fates[cell] = "scratch"
                self._cell_notes[cell].append("It only shows something: kept as text.")
            return False
        return True

    def _gives(self, cells: list[int], consumed: set[tuple[str, int]]) -> list[str]:
        inside = set(cells)
        outer = {
            name
            for unit in self._flow.units.values()
            if unit.number not in inside
            for name, source in unit.takes
            if source in inside and name != FILES
        }
        if outer:
            return sorted(outer, key=self._first_use(cells))
        held = set(self._choices.unstorable)
        finals = [
            name
            for name, source in self._flow.finals.items()
            if source in inside and not name.startswith(("_", "<")) and name not in held
        ]
        finals = [name for name in finals if name not in self._flow.held_apart]
        loops = {
            name.id
            for cell in cells
            for one in self._flow.units[cell].statements
            for node in ast.walk(one.node)
            if isinstance(node, ast.For | ast.AsyncFor)
            for name in ast.walk(node.target)
            if isinstance(name, ast.Name)
        }
        kept = [name for name in finals if name not in loops] or finals
        return sorted(kept, key=self._first_use(cells))

    def _tell_of_lost(self, cells: list[int], gives: list[str]) -> None:
        """Say which last values of variables the pipeline does not hold."""
        for name, cell in self._flow.finals.items():
            if cell in cells and name not in gives and not name.startswith(("_", "<")):
                self._cell_notes[cell].append(f"{name} is not kept: nothing reads it any more.")

    def _first_use(self, cells: list[int]) -> Callable[[str], tuple[int, str]]:
        text = "\n".join(one.text for cell in cells for one in self._flow.units[cell].statements)

        def place(name: str) -> tuple[int, str]:
            found = re.search(rf"\b{name}\b", text)
            return (found.start() if found else 0, name)

        return place

    def _heading(self, cell: int) -> str | None:
        """Return the heading above a cell, when no other code stands between."""
        for number in range(cell - 1, 0, -1):
            above = self._book.cells[number - 1]
            if above.kind == "markdown" and (found := heading_of(above.source)):
                return found
            if above.kind == "code" and self._fates.get(number) == "block":
                return None
        return None

    def _name_of(self, cells: list[int], consumed: set[tuple[str, int]]) -> str:
        gives = self._gives(cells, consumed)
        units = [self._flow.units[cell] for cell in cells]
        chosen = self._choices.names.get(str(cells[0]))
        if chosen is not None:
            check_name(chosen)
        given = slug(gives[-1]) if gives else ""
        words = "save" if any(unit.sinks for unit in units) else "show"
        heading = next(filter(None, (self._heading(cell) for cell in cells)), "")
        return self._names.free(chosen or "", slug(heading or ""), given, f"{words}_{cells[0]}")

    def _draft(
        self,
        cells: list[int],
        names: dict[int, str],
        owner: dict[int, list[int]],
        gives: dict[int, list[str]],
    ) -> Draft:
        units = [self._flow.units[cell] for cell in cells]
        versions = sorted(versions_of(self._flow.units, set(cells)))
        used = {
            node.id
            for unit in units
            for one in unit.statements
            for node in ast.walk(one.node)
            if isinstance(node, ast.Name)
        }
        used |= {name for name, _ in versions}
        wanted: dict[int, list[str]] = {}
        parameters: list[str] = []
        for name, source in versions:
            if source == 0:
                parameters.append(name)
            elif source in owner:
                parts = wanted.setdefault(owner[source][0], [])
                if name != FILES:
                    parts.append(name)
        taken: list[Taken] = []
        for first in sorted(wanted, key=lambda one: self._places[one]):
            block, parts = names[first], wanted[first]
            if parts and gives[first] == parts and len(parts) == 1:
                own = parts[0] != "context"
                argument = parts[0] if own else "given_context"
                taken.append(Taken(argument=argument, block=block))
                continue
            argument = block
            while argument in used or argument == "context":
                argument = f"{argument}_values"
            taken.append(Taken(argument=argument, block=block, parts=tuple(parts)))
        given = gives[cells[0]]
        kind = self._choices.kinds.get(str(cells[0])) or _kind(units, taken)
        heading = next(filter(None, (self._heading(cell) for cell in cells)), "") or ""
        return Draft(
            name=names[cells[0]],
            kind=kind,
            cells=cells,
            taken=taken,
            parameters=sorted(set(parameters)),
            gives=given,
            about=re.sub(r'["\\]', "'", heading),
        )

    def _add(self, draft: Draft, text: str, why: list[str], *, whole: bool = False) -> None:
        for cell in draft.cells:
            self._fates[cell] = "block"
            self._blocks_of[cell] = draft.name
        block = ImportedBlock(
            name=draft.name,
            kind=draft.kind,
            language="python",
            cell=draft.cells[0],
            cells=draft.cells,
            source=text,
            file=f"{draft.name}.py",
            upstream=[one.block for one in draft.taken],
            gives=draft.gives,
            made_in={name: self._made_in(name, draft.cells, whole=whole) for name in draft.gives},
            whole=whole,
            why=why,
        )
        inputs = {one.argument: one.block for one in draft.taken if one.argument != one.block}
        place = float(min(draft.cells))
        self._made.append(_Made(block=block, place=place, text=text, inputs=inputs))

    def _made_in(self, name: str, cells: list[int], *, whole: bool) -> int:
        if whole:
            return self._flow.finals[name]
        units = self._flow.units
        return max(
            (cell for cell in cells if name in units[cell].gives),
            key=self._places.__getitem__,
            default=cells[-1],
        )

    # SQL, text, and the rest

    def _make_sql_and_text(self) -> None:
        for number, read in self._read.items():
            if read.sql is not None:
                self._make_sql(number, read.sql)
        waiting: list[tuple[int, Cell]] = []
        for number, cell in enumerate(self._book.cells, start=1):
            if self._fates.get(number) == "text":
                waiting.append((number, cell))
            elif self._fates.get(number) in {"block", "parameters"}:
                self._make_text(waiting)
                waiting = []
        self._make_text(waiting)

    def _make_sql(self, number: int, text: str) -> None:
        """Make a block of a cell of SQL; its tables are the blocks that give frames of the name."""
        name = self._names.free(
            self._choices.names.get(str(number), ""),
            slug(self._heading(number) or ""),
            f"query_{number}",
        )
        words = set(re.findall(r"\w+", text))
        inputs: dict[str, str] = {}
        for made in self._made:
            above = self._places.get(made.block.cell, 0) < self._places.get(number, 0)
            if above and len(made.block.gives) == 1 and made.block.gives[0] in words:
                inputs[made.block.gives[0]] = made.block.name
        block = ImportedBlock(
            name=name,
            kind=self._choices.kinds.get(str(number)) or ("transformer" if inputs else "loader"),
            language="sql",
            cell=number,
            cells=[number],
            source=text,
            file=f"{name}.sql",
            upstream=list(dict.fromkeys(inputs.values())),
        )
        self._blocks_of[number] = name
        other = {table: above for table, above in inputs.items() if table != above}
        self._made.append(_Made(block=block, place=float(number), text=text, inputs=other))

    def _make_text(self, cells: list[tuple[int, Cell]]) -> None:
        if not cells:
            return
        texts = [self._read[n].text or "" if n in self._read else c.source for n, c in cells]
        heading = next(filter(None, map(heading_of, texts)), "") or ""
        first = cells[0][0]
        stem = slug(heading)
        name = self._names.free(
            self._choices.names.get(str(first), ""), f"about_{stem}" if stem else "", "text"
        )
        for number, cell in cells:
            self._blocks_of[number] = name
            if "](attachment:" in cell.source:
                self._cell_notes[number].append("The pictures in it are not kept.")
        text = "\n\n".join(one.strip("\n") for one in texts) + "\n"
        self._made.append(self._markdown(name, first, [n for n, _ in cells], text, first - 0.5))

    def _make_scratch(self) -> None:
        """Keep as text what became no code."""
        parts: list[str] = []
        numbers: list[int] = []
        for number, cell in enumerate(self._book.cells, start=1):
            read = self._read.get(number)
            left = read.left if read else []
            if self._fates.get(number) == "scratch":
                left = [cell.source]
            if left:
                numbers.append(number)
                fence = "````" if "```" in "".join(left) else "```"
                parts.append(f"Cell {number}:\n\n{fence}python\n" + "\n".join(left) + f"\n{fence}")
                self._blocks_of.setdefault(number, "scratch")
        if parts:
            text = "## Scratch\n\nWhat no block was made of.\n\n" + "\n\n".join(parts) + "\n"
            place = float(len(self._book.cells) + 1)
            self._made.append(self._markdown("scratch", 0, numbers, text, place))

    def _markdown(self, name: str, cell: int, cells: list[int], text: str, place: float) -> _Made:
        block = ImportedBlock(
            name=name,
            kind="markdown",
            language="markdown",
            cell=cell,
            cells=cells,
            source=text,
            file=f"{name}.md",
        )
        return _Made(block=block, place=place, text=text, inputs={})

    # Files

    def _files(self, made: list[_Made]) -> dict[str, str]:
        lines = [f"title: {yaml_of(self._title())}"]
        if self._parameters:
            lines.append("parameters:")
            lines += [f"  {n}: {yaml_of(_parameter(v))}" for n, v in self._parameters.items()]
        lines.append("blocks:" if made else "blocks: []")
        lines += [f"  - {yaml_of(_entry(one))}" for one in made]
        files = {"pipeline.yaml": "\n".join(lines) + "\n"}
        files |= {one.block.file: one.text for one in made} | self._modules
        shared = self._writer.shared_source()
        if shared is not None and not self._whole:
            files[f"{self._name}{_SHARED}.py"] = shared
        required = [r for cell in self._read.values() for r in cell.requirements]
        if required:
            files["requirements.txt"] = "\n".join(dict.fromkeys(required)) + "\n"
        return files


def _entry(made: _Made) -> dict[str, Any]:
    block = made.block
    entry: dict[str, Any] = {"name": block.name, "kind": block.kind, "file": block.file}
    if block.upstream:
        entry["upstream"] = list(dict.fromkeys(block.upstream))
    if made.inputs:
        entry["inputs"] = made.inputs
    return entry


def _parameter(value: Any) -> dict[str, Any]:
    """Return the declaration of a parameter with this default."""
    alike = isinstance(value, list) and len({type(one) for one in value}) == 1
    if alike and isinstance(value[0], str | int | float):
        return {"default": value, "multiple": True}
    if isinstance(value, str | int | float):
        return {"default": value}
    return {"type": "json", "default": value}


def _kind(units: Sequence[Any], taken: Sequence[Taken]) -> Kind:
    if any(unit.sinks for unit in units):
        return "exporter"
    return "transformer" if taken else "loader"


def _plots(units: Sequence[Any]) -> bool:
    words = re.compile(r"\b(?:plt|sns|px|go|ax|axes|alt)\.|\.(?:plot|hist|boxplot)\b")
    return any(words.search(one.text) for unit in units for one in unit.statements)


def _is_plain(value: Any) -> bool:
    if isinstance(value, list):
        return all(_is_plain(one) for one in value)
    if isinstance(value, dict):
        return all(isinstance(k, str) and _is_plain(v) for k, v in value.items())
    return value is None or isinstance(value, str | int | float | bool)

"""The third step: run the notebook and the pipeline in copies of the project, and compare.

When they differ, blocks are joined and it is tried again, down to one block of all cells.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from msgspec import structs

from headrace.core.errors import HeadraceError
from headrace.notebooks.importing.cut import cut, names_given
from headrace.notebooks.importing.digests import difference
from headrace.notebooks.importing.running import (
    NotebookRun,
    PipelineRun,
    run_notebook,
    run_pipeline,
)
from headrace.notebooks.importing.sandbox import copy_of, marks, written
from headrace.notebooks.reading import Book
from headrace.protocol.imports import BlockProof, ImportedBlock, ImportPlan, ImportProof

TRIES = 6
LIMIT_S = 600.0


async def prove(
    book: Book, plan: ImportPlan, project: Path, place: str = ".", limit_s: float = LIMIT_S
) -> ImportProof:
    """Prove a plan, or one that is cut more coarsely; `place` is the notebook's folder in it.

    Runs the code of the notebook: only for those who asked for it.
    """
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="headrace-proof-", ignore_cleanup_errors=True) as made:
        try:
            proof = await _Prover(book, project, place, Path(made), limit_s).prove(plan)
        except HeadraceError as error:
            blocks = [BlockProof(block=b.name, state="unproven") for b in _running(plan)]
            proof = ImportProof(proven=False, plan=plan, blocks=blocks, reasons=[error.message])
    return structs.replace(proof, seconds=round(time.monotonic() - started, 2))


class _Prover:
    def __init__(self, book: Book, project: Path, place: str, made: Path, limit_s: float) -> None:
        self._book = book
        self._project = project
        self._place = place
        self._made = made
        self._limit_s = limit_s
        self._count = 0
        self._before: dict[str, str] = {}

    async def prove(self, plan: ImportPlan) -> ImportProof:
        here, first = await self._notebook(plan)
        plan = self._without_unstorable(plan, first)
        wrote = written(here, self._before)
        best: ImportProof | None = None
        for _ in range(TRIES):
            there, pipeline = await self._pipeline(plan)
            proof = self._compared(plan, first, pipeline, wrote, written(there, self._before))
            if best is None or _score(proof) > _score(best):
                best = proof
            if proof.proven:
                break
            coarser = self._coarser(plan, proof)
            if coarser is None or first.failed is not None or not _differs(proof):
                break
            plan = coarser
        assert best is not None
        if not best.proven and first.failed is None:
            best = await self._with_causes(best, first)
        return best

    async def _notebook(self, plan: ImportPlan) -> tuple[Path, NotebookRun]:
        folder = self._sandbox()
        given = names_given(self._book, plan)
        names = {number: given.get(number, []) for number in _order(self._book, plan)}
        run = await run_notebook(
            self._book, list(names), names, folder / self._place, self._limit_s
        )
        return folder, run

    async def _pipeline(self, plan: ImportPlan) -> tuple[Path, PipelineRun]:
        folder = self._sandbox()
        target = folder / "pipelines" / plan.name
        target.mkdir(parents=True, exist_ok=True)
        for name, text in plan.files.items():
            (target / name).write_text(text, encoding="utf-8")
        gives = {block.name: block.gives for block in plan.blocks}
        many = {block.name for block in plan.blocks if block.whole or len(block.gives) > 1}
        return folder, await run_pipeline(plan.name, gives, many, folder, self._limit_s)

    def _sandbox(self) -> Path:
        self._count += 1
        folder = copy_of(self._project, self._made / str(self._count))
        (folder / self._place).mkdir(parents=True, exist_ok=True)
        if self._count == 1:
            self._before = marks(folder)
        return folder

    def _without_unstorable(self, plan: ImportPlan, run: NotebookRun) -> ImportPlan:
        """Cut anew when a value between blocks is one that cannot be stored."""
        for _ in range(TRIES):
            bad = [
                name
                for block in plan.blocks
                for name, cell in block.made_in.items()
                if cell in run.values and not run.values[cell].get(name, {}).get("storable")
            ]
            new = sorted(set(bad) - set(plan.choices.unstorable))
            if not new:
                return plan
            known = [*plan.choices.unstorable, *new]
            plan = self._cut(
                structs.replace(plan, choices=structs.replace(plan.choices, unstorable=known))
            )
        return plan

    def _cut(self, plan: ImportPlan) -> ImportPlan:
        return cut(self._book, plan.name, plan.choices)

    def _coarser(self, plan: ImportPlan, proof: ImportProof) -> ImportPlan | None:
        """Join what is not the same with what it reads; then everything; then all as one file."""
        running = [block for block in _running(plan) if block.language == "python"]
        cells = [cell for block in running for cell in block.cells]
        if len(running) > 1 and self._count < TRIES - 2:
            coarser = self._with(plan, joins=[*plan.choices.joins, *_near(running, proof)])
            if len(coarser.blocks) < len(plan.blocks):
                return coarser
        if len(running) > 1:
            return self._with(plan, joins=[cells])
        return None if any(block.whole for block in running) else self._with(plan, whole=True)

    def _with(self, plan: ImportPlan, **choices: Any) -> ImportPlan:
        return self._cut(structs.replace(plan, choices=structs.replace(plan.choices, **choices)))

    def _compared(
        self,
        plan: ImportPlan,
        notebook: NotebookRun,
        pipeline: PipelineRun,
        here: dict[str, str],
        there: dict[str, str],
    ) -> ImportProof:
        reasons = list(plan.doubts)
        if notebook.failed is not None:
            where = f"cell {notebook.failed}"
            reasons.append(f"The notebook itself fails in {where}: {notebook.problem}.")
        if "" in pipeline.problems:
            reasons.append(f"The pipeline did not run: {pipeline.problems['']}")
        ran = _order(self._book, plan)
        if notebook.failed is not None:
            ran = ran[: ran.index(notebook.failed)]
        blocks = [_block_proof(block, ran, notebook, pipeline) for block in _running(plan)]
        own = f"pipelines/{plan.name}/"
        files = [
            _file_proof(path, here.get(path), there.get(path) or there.get(f"{own}{path}"))
            for path in sorted({*here, *there})
            if not path.startswith(own)
        ]
        proven = not reasons and all(one.state == "same" for one in (*blocks, *files))
        return ImportProof(proven=proven, plan=plan, blocks=blocks, files=files, reasons=reasons)

    async def _with_causes(self, proof: ImportProof, first: NotebookRun) -> ImportProof:
        """Say of what differs whether the notebook itself gives it differently each time."""
        _, second = await self._notebook(proof.plan)
        blocks: list[BlockProof] = []
        by_name = {block.name: block for block in proof.plan.blocks}
        for one in proof.blocks:
            block = by_name[one.block]
            changing = [
                name
                for name, cell in block.made_in.items()
                if (left := first.values.get(cell, {}).get(name)) is not None
                and (right := second.values.get(cell, {}).get(name)) is not None
                and left["digest"] != right["digest"]
            ]
            if one.state == "same" or not changing:
                blocks.append(one)
                continue
            words = f"the notebook gives another {', '.join(changing)} each time it runs"
            detail = f"{words} (random numbers, the time, …)"
            blocks.append(structs.replace(one, state="unproven", detail=detail))
        reasons = list(proof.reasons)
        reasons += [f"{one.block}: {one.detail}." for one in blocks if one.state != "same"]
        reasons += [f"{one.block}: {one.detail}." for one in proof.files if one.state != "same"]
        return structs.replace(proof, blocks=blocks, reasons=reasons)


def _near(running: Sequence[ImportedBlock], proof: ImportProof) -> list[list[int]]:
    """Return the joins of each block that is not the same with those that it reads."""
    bad = {one.block for one in proof.blocks if one.state != "same"}
    return [
        [
            block.cell,
            *(
                other.cell
                for other in running
                if other.name in block.upstream
                or (not block.upstream and block.name in other.upstream)
            ),
        ]
        for block in running
        if block.name in bad
    ]


def _running(plan: ImportPlan) -> list[ImportedBlock]:
    return [block for block in plan.blocks if block.kind != "markdown"]


def _differs(proof: ImportProof) -> bool:
    return any(one.state != "same" for one in (*proof.blocks, *proof.files))


def _score(proof: ImportProof) -> tuple[bool, int, int]:
    good = sum(one.state == "same" for one in proof.blocks)
    return proof.proven, -sum(one.state != "same" for one in proof.blocks), good


def _order(book: Book, plan: ImportPlan) -> list[int]:
    """Return the code cells in the order that the plan takes."""
    cells = [n for n, cell in enumerate(book.cells, start=1) if cell.kind == "code"]
    cells = [n for n in cells if book.cells[n - 1].source.strip()]
    if plan.order == "position":
        return cells
    last = len(book.cells) + max((count or 0 for count in book.counts), default=0)
    first = [n for n in cells if plan.cells[n - 1].fate == "parameters"]
    rest = [n for n in cells if n not in first]
    return first + sorted(rest, key=lambda n: (book.counts[n - 1] or last, n))


def _block_proof(
    block: ImportedBlock, ran: Sequence[int], notebook: NotebookRun, pipeline: PipelineRun
) -> BlockProof:
    missing = [cell for cell in block.cells if cell not in ran]
    if missing:
        detail = f"the notebook did not get to cell {missing[0]}"
        return BlockProof(block=block.name, state="unproven", detail=detail)
    if block.name not in pipeline.succeeded or block.name in pipeline.problems:
        detail = pipeline.problems.get(block.name, "it did not run")
        return BlockProof(block=block.name, state="different", detail=f"in the pipeline: {detail}")
    for name in block.gives:
        left = notebook.values.get(block.made_in.get(name, 0), {}).get(name)
        right = pipeline.values.get(block.name, {}).get(name)
        if left is None or right is None:
            where = "notebook" if left is None else "pipeline"
            return BlockProof(
                block=block.name, state="different", detail=f"{name} is not there in the {where}"
            )
        words = difference(left, right)
        if words is not None:
            unknown = left["digest"] is None or right["digest"] is None
            return BlockProof(
                block=block.name,
                state="unproven" if unknown else "different",
                detail=f"{name}: {words}",
            )
    detail = "" if block.gives else "it ran, and gives no value"
    return BlockProof(block=block.name, state="same", detail=detail)


def _file_proof(path: str, here: str | None, there: str | None) -> BlockProof:
    if here == there:
        return BlockProof(block=path, state="same")
    if here is None or there is None:
        where = "pipeline" if here is None else "notebook"
        detail = f"only the {where} writes this file"
    else:
        detail = "the file differs"
    return BlockProof(block=path, state="different", detail=detail)

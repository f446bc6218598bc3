"""The process that reads and proves: `python -m headrace.notebooks.importing.answering <pid>`.

It ends with the process of that id, which has started it.
"""

from __future__ import annotations

import asyncio
import logging
import os
import resource
import signal
import sys
from pathlib import Path
from typing import Any

import msgspec
from msgspec import structs

from headrace.core.errors import HeadraceError, InvalidInput
from headrace.core.ids import check_name
from headrace.core.slim import skip_slow_imports
from headrace.notebooks.importing.asking import Question
from headrace.protocol.imports import ImportedBlock, ImportedCell, ImportPlan, ImportProof
from headrace.workers.processes import die_with_parent

_MEMORY_BYTES = 4 * 1024**3
_REFUSED = 3


def plan_of(question: Question) -> ImportPlan:
    """Return the plan of any file that can be imported."""
    from headrace.notebooks.importing.cut import MAX_CELLS, cut
    from headrace.notebooks.reading import Book, read_book
    from headrace.notebooks.restore import is_exported
    from headrace.notebooks.script import is_script, read_script

    if is_script(question.text):
        cells, about = read_script(question.text)
        book = Book(cells=cells, counts=[None] * len(cells), about=about)
    else:
        book = read_book(question.text)
    if len(book.cells) > MAX_CELLS:
        raise InvalidInput(f"A notebook of more than {MAX_CELLS} cells cannot be imported.")
    if is_exported(book.about):
        return _restored(book.cells, book.about, question)
    return cut(book, question.name, question.choices)


def _restored(cells: list[Any], about: dict[str, Any], question: Question) -> ImportPlan:
    from headrace.notebooks.restore import files_of, restore

    found = restore(cells, about)
    name = check_name(question.choices.name or found.name, "pipeline")
    files = files_of(structs.replace(found, name=name))
    pipeline, sources = files.pipeline, files.sources
    places = {cell.block: place for place, cell in enumerate(cells, start=1) if cell.block}
    blocks = [
        ImportedBlock(
            name=block.name,
            kind=block.kind,
            language=block.language,
            cell=places.get(block.name, 0),
            cells=[places[block.name]] if block.name in places else [],
            source=sources[block.name].text,
            file=block.file or sources[block.name].path,
            upstream=list(block.upstream),
        )
        for block in pipeline.blocks
    ]
    reports = [
        ImportedCell(
            number=place,
            kind=cell.kind,
            source=cell.source,
            fate="block" if cell.block else "dropped",
            block=cell.block,
            notes=[] if cell.block else ["It was made by the export."] if cell.about else [],
        )
        for place, cell in enumerate(cells, start=1)
    ]
    return ImportPlan(
        name=name,
        title=pipeline.title,
        order="position",
        cells=reports,
        blocks=blocks,
        files=found.files,
        choices=structs.replace(question.choices, name=name),
        notes=found.notes,
        exported=True,
        shared_blocks=found.shared,
    )


async def proof_of(question: Question) -> ImportProof:
    """Return the proof of a plan; what Headrace exported needs none."""
    from headrace.notebooks.importing.prove import prove
    from headrace.notebooks.reading import read_book
    from headrace.protocol.imports import BlockProof

    plan = plan_of(question)
    if plan.exported:
        blocks = [BlockProof(block=block.name, state="same") for block in plan.blocks]
        return ImportProof(proven=True, plan=plan, blocks=blocks)
    book = read_book(question.text)
    return await prove(book, plan, Path(question.project), question.place, limit_s=question.limit_s)


def main() -> None:
    """Answer the question on standard input; ends with 3 and the error for a refusal."""
    die_with_parent(int(sys.argv[1]))  # and with it the kernel and the run of a proof
    question = msgspec.msgpack.decode(sys.stdin.buffer.read(), type=Question)
    answers = os.dup(1)
    os.dup2(2, 1)  # nothing but the answer goes to standard output
    logging.disable(logging.WARNING)
    skip_slow_imports(but=("idna",))
    try:
        if question.task == "plan":
            resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
            answer: ImportPlan | ImportProof = plan_of(question)
        else:
            answer = asyncio.run(_stoppable(question))
    except (HeadraceError, MemoryError, RecursionError) as error:
        known = error if isinstance(error, HeadraceError) else None
        said = {
            "code": known.code if known else "invalid",
            "message": known.message if known else "The notebook is too large or nested too deep.",
            "details": known.details if known else {},
        }
        os.write(answers, msgspec.json.encode(said, enc_hook=str))
        sys.exit(_REFUSED)
    with open(answers, "wb") as out:  # noqa: PTH123 - a descriptor, no path
        out.write(msgspec.json.encode(answer))


async def _stoppable(question: Question) -> ImportProof:
    """Prove; being told to stop ends the kernel and the run as well."""
    task = asyncio.ensure_future(proof_of(question))
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    return await task


if __name__ == "__main__":
    main()

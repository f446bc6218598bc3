"""Building a notebook in a process of its own: papermill is too heavy for the server's.

`python -m headrace.notebooks.render` reads a msgpack `Material` and writes the notebook's JSON.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from headrace.core.errors import InvalidInput, Unavailable
from headrace.project.textfiles import decode, read_bytes

if TYPE_CHECKING:
    from headrace.notebooks.executed import Material
    from headrace.session.draft import Draft

logger = logging.getLogger(__name__)

TIMEOUT_S = 60.0
REQUIREMENTS = "requirements.txt"
REFUSED = 3
"""How the process ends when the pipeline itself is in the way; it says why on standard error."""
NOT_WRITTEN = 4
"""How it ends when the storage does not take the notebook."""
FORMS = {"notebook": (".ipynb", "application/x-ipynb+json"), "script": (".py", "text/x-python")}
"""What a pipeline can be exported to: suffix and type of the file."""


def material_of(draft: Draft, form: str, root: Path) -> bytes:
    """Return what `render` needs to export a pipeline of the project at `root`.

    Reads the modules of the pipeline. Raises InvalidInput for one with errors.
    """
    problems = [f"{b.name}: {b.problem}" for b in draft.definition.blocks.values() if b.problem]
    if draft.refusals or problems:
        raise InvalidInput(
            "The pipeline cannot be exported yet: " + "; ".join([*draft.refusals, *problems]),
            problems=[*draft.refusals, *problems],
        )
    material = {
        "definition": draft.definition,
        "title": draft.files.pipeline.title,
        "files": draft.files,
        "beside": _beside(draft, root),
        "form": form,
    }
    return msgspec.msgpack.encode(material)


def _beside(draft: Draft, root: Path) -> dict[str, str]:
    """Read the modules in the pipeline's folder, and its requirements."""
    folder = f"pipelines/{draft.definition.pipeline}/"
    paths = {path for block in draft.definition.blocks.values() for path in block.modules}
    sources = {source.path for source in draft.files.sources.values()}
    there = [*(root / folder).glob("*.py"), root / folder / REQUIREMENTS]
    paths |= {file.relative_to(root).as_posix() for file in there if file.is_file()}
    return {
        path.removeprefix(folder): decode(read_bytes(root / path), path)
        for path in sorted(paths - sources)
        if path.startswith(folder)
    }


async def render(material: bytes, place: str | None = None) -> bytes:
    """Return the notebook of an encoded `Material` as JSON; Unavailable when that fails.

    With a `place`, papermill's storage handlers write it there instead: a path, `s3://` and so on.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "headrace.notebooks.render",
        *([] if place is None else [place]),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(TIMEOUT_S):
            notebook, problem = await process.communicate(material)
    except TimeoutError as error:
        process.kill()
        await process.wait()
        raise Unavailable("Building the notebook took too long.") from error
    if process.returncode == REFUSED:
        raise InvalidInput(problem.decode(errors="replace").strip(), field="to")
    if process.returncode == NOT_WRITTEN:
        raise Unavailable(f"{place}: {problem.decode(errors='replace').strip()}")
    if process.returncode != 0:
        logger.error("building a notebook failed: %s", problem.decode(errors="replace"))
        raise Unavailable("The notebook could not be built; the server's log says why.")
    return notebook


def read(content: bytes) -> Material:
    """Decode what `render` was given."""
    from headrace.notebooks.executed import Material

    return msgspec.msgpack.decode(content, type=Material)


def main() -> None:
    """Read a Material from standard input, write its notebook to standard output or to a place."""
    from headrace.core.slim import skip_slow_imports

    skip_slow_imports(but=("idna",))  # papermill's requests needs that one
    from headrace.notebooks.executed import build

    try:
        built = build(read(sys.stdin.buffer.read()))
    except InvalidInput as error:
        sys.stderr.write(error.message)
        sys.exit(REFUSED)
    if len(sys.argv) == 1:
        sys.stdout.buffer.write(built.encode())
        return
    try:
        _store(built, sys.argv[1])
    except Exception as error:  # noqa: BLE001 - each storage has exceptions of its own
        sys.stderr.write(f"{type(error).__name__}: {error}")
        sys.exit(NOT_WRITTEN)


def _store(text: str, place: str) -> None:
    from papermill.iorw import papermill_io

    if "://" not in place:
        Path(place).parent.mkdir(parents=True, exist_ok=True)
    with contextlib.redirect_stdout(sys.stderr):
        papermill_io.write(text, place)


if __name__ == "__main__":
    main()

"""Building a notebook in a process of its own: papermill is too heavy for the server's.

`python -m headrace.notebooks.render` reads a msgpack `Material` and writes the notebook's JSON.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from typing import TYPE_CHECKING

import msgspec

from headrace.core.errors import Unavailable

if TYPE_CHECKING:
    from headrace.notebooks.executed import Material

logger = logging.getLogger(__name__)

TIMEOUT_S = 60.0


async def render(material: bytes) -> bytes:
    """Return the notebook of an encoded `Material` as JSON; Unavailable when that fails."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "headrace.notebooks.render",
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
    if process.returncode != 0:
        logger.error("building a notebook failed: %s", problem.decode(errors="replace"))
        raise Unavailable("The notebook could not be built; the server's log says why.")
    return notebook


def read(content: bytes) -> Material:
    """Decode what `render` was given."""
    from headrace.notebooks.executed import Material

    return msgspec.msgpack.decode(content, type=Material)


def main() -> None:
    """Read a Material from standard input and write its notebook to standard output."""
    from headrace.core.slim import skip_slow_imports

    skip_slow_imports(but=("idna",))  # papermill's requests needs that one
    from headrace.notebooks.executed import build

    sys.stdout.write(build(read(sys.stdin.buffer.read())))


if __name__ == "__main__":
    main()

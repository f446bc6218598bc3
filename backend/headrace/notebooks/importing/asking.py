"""Imports in a process of their own: the server neither parses a notebook nor runs any of it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import sys
from pathlib import Path, PurePath
from typing import Any, Literal

import msgspec
from msgspec import Struct, field

from headrace.core.errors import HeadraceError, InvalidInput, InvalidName, TooLarge, Unavailable
from headrace.core.ids import check_name
from headrace.protocol.imports import ImportChoices, ImportPlan, ImportProof

logger = logging.getLogger(__name__)

PLAN_LIMIT_S = 60.0
PROOF_LIMIT_S = 3600.0
_REFUSED = 3
_KNOWN: dict[str, type[HeadraceError]] = {e.code: e for e in (InvalidInput, TooLarge)}


class Question(Struct, frozen=True, kw_only=True):
    """What the process is asked. `text` is the file's; `place` its folder in the project."""

    task: Literal["plan", "prove"]
    text: str
    name: str
    choices: ImportChoices = field(default_factory=ImportChoices)
    project: str = ""
    place: str = "."
    limit_s: float = 600.0


def name_of_file(file: str) -> str:
    """Return the name that a pipeline gets that is made of a file."""
    stem = "".join(c if c.isascii() and c.isalnum() else "_" for c in PurePath(file).stem.lower())
    stem = stem.strip("_")[:50]
    try:
        return check_name(stem, "pipeline")
    except InvalidName:
        return f"notebook_{stem}".rstrip("_")


async def plan_import(text: str, name: str, choices: ImportChoices) -> ImportPlan:
    """Return the plan of a notebook, or of what Headrace exported; raise InvalidInput.

    Nothing of the notebook is run.
    """
    question = Question(task="plan", text=text, name=name, choices=choices)
    return msgspec.json.decode(await _ask(question, PLAN_LIMIT_S), type=ImportPlan)


async def prove_import(
    text: str, name: str, choices: ImportChoices, project: Path, place: str = "."
) -> ImportProof:
    """Run a notebook and its pipeline in copies of the project, and return what was found.

    This runs the code of the notebook, as running a block does.
    """
    question = Question(
        task="prove", text=text, name=name, choices=choices, project=str(project), place=place
    )
    return msgspec.json.decode(await _ask(question, PROOF_LIMIT_S), type=ImportProof)


async def _ask(question: Question, limit_s: float) -> bytes:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "headrace.notebooks.importing.answering",
        str(os.getpid()),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    try:
        async with asyncio.timeout(limit_s):
            said, told = await process.communicate(msgspec.msgpack.encode(question))
    except TimeoutError:
        raise Unavailable("Reading the notebook took too long.") from None
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
            await process.wait()
    if process.returncode == _REFUSED:
        error: Any = msgspec.json.decode(said)
        raise _KNOWN.get(error["code"], InvalidInput)(error["message"], **error["details"])
    if process.returncode != 0:
        logger.error("importing a notebook failed: %s", told.decode(errors="replace")[-4000:])
        raise Unavailable("The notebook could not be read; the server's log says why.")
    return said

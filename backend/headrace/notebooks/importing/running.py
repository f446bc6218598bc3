"""Runs a notebook in a fresh kernel and a pipeline in fresh workers, and describes their values."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import signal
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from msgspec import Struct, field
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import v4

from headrace.notebooks.reading import Book
from headrace.workers.processes import die_with_parent

_INSTALLS = re.compile(
    r"^([ \t]*)[!%]\s*(?:sudo\s+)?(?:\S*python\S*\s+-m\s+)?"
    r"(?:pip3?|conda|mamba|uv)\b[^\n]*\binstall\b[^\n]*$",
    re.MULTILINE,
)
_SEEDS = {"PYTHONHASHSEED": "0", "MPLBACKEND": "agg"}


class NotebookRun(Struct, kw_only=True):
    """What variables were after each cell, and how it ended."""

    values: dict[int, dict[str, Any]] = field(default_factory=dict[int, dict[str, Any]])
    failed: int | None = None
    """The cell that failed."""
    problem: str = ""


class PipelineRun(Struct, kw_only=True):
    """What blocks gave: block → variable → description; and why blocks did not."""

    values: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])
    problems: dict[str, str] = field(default_factory=dict[str, str])
    succeeded: set[str] = field(default_factory=set[str])


class _Manager(AsyncKernelManager):
    """Starts kernels of one interpreter, whatever kernels are installed."""

    python = sys.executable

    @property
    def kernel_spec(self) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]
        argv = [self.python, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        return KernelSpec(argv=argv, display_name="Python 3", language="python")


async def run_notebook(
    book: Book, cells: Sequence[int], names: dict[int, list[str]], folder: Path, limit_s: float
) -> NotebookRun:
    """Run cells in this order in a fresh kernel; look at `names` after each."""
    found = NotebookRun()
    probes = folder.parent / f"{folder.name}.probes"
    probes.unlink(missing_ok=True)
    notebook = v4.new_notebook(
        cells=[v4.new_code_cell(_without_installs(book.cells[n - 1].source)) for n in cells]
    )
    client = NotebookClient(
        notebook,
        km=_Manager(),
        timeout=int(limit_s),
        resources={"metadata": {"path": str(folder)}},
        store_widget_state=False,
    )
    kernel = client.async_setup_kernel(cwd=str(folder), env={**os.environ, **_SEEDS})
    try:
        async with asyncio.timeout(limit_s), kernel:
            for place, number in enumerate(cells):
                found.failed = number
                await client.async_execute_cell(notebook.cells[place], place)
                await _probe(client, number, names.get(number, []), probes)
            found.failed = None
    except CellExecutionError as error:
        found.problem = f"{error.ename}: {error.evalue}".strip()
    except (CellTimeoutError, TimeoutError):
        found.problem = f"it did not end within {limit_s:.0f} s"
    except (DeadKernelError, RuntimeError) as error:
        found.problem = f"its kernel died: {error}"
    if probes.exists():
        for line in probes.read_text(encoding="utf-8").splitlines():
            told = json.loads(line)
            found.values[told["cell"]] = told["values"]
    return found


def _without_installs(source: str) -> str:
    """Leave out what would change the environment: it has to be there already."""
    return _INSTALLS.sub(r"\1pass", source)


async def _probe(client: Any, cell: int, names: list[str], file: Path) -> None:
    """Look at variables without leaving a trace in the kernel's names and counts."""
    if not names:
        return
    module = "headrace.notebooks.importing.digests"
    arguments = f"globals(), {cell}, {names!r}, {str(file)!r}"
    code = f"__import__({module!r}, fromlist=['probe']).probe({arguments})"
    await client.kc.execute_interactive(
        code, silent=True, store_history=False, output_hook=_ignore, allow_stdin=False
    )


async def run_pipeline(
    name: str, gives: dict[str, list[str]], many: set[str], folder: Path, limit_s: float
) -> PipelineRun:
    """Run a pipeline of a project by the command line; describe what its blocks gave."""
    found = PipelineRun()
    said, told, code = await _call(
        [sys.executable, "-m", "headrace.cli.main", "run", name, "--json", "-C", str(folder)],
        b"",
        folder,
        limit_s,
    )
    lines = said.decode(errors="replace").strip().splitlines()
    try:
        record = json.loads(lines[-1]) if lines else {}
    except ValueError:
        record = {}
    if "blocks" not in record:
        error = record.get("error", {}).get("message") or told.decode(errors="replace")[-500:]
        found.problems = {"": error or f"it ended with {code}"}
        return found
    outputs: dict[str, Any] = {}
    for block in record["blocks"]:
        if block["state"] in {"succeeded", "cached"} and block["output"] is not None:
            found.succeeded.add(block["name"])
            given = gives.get(block["name"], [])
            outputs[block["name"]] = {
                "output": block["output"],
                "gives": given,
                "many": block["name"] in many,
            }
        else:
            failure = block.get("failure") or {}
            because = block.get("because") or block["state"]
            words = f"{failure.get('type')}: {failure.get('message')}" if failure else because
            found.problems[block["name"]] = words
    asked = {
        "store": str(folder / ".headrace" / "store"),
        "outputs": outputs,
        "path": [str(folder / "pipelines" / name), str(folder)],
    }
    command = [sys.executable, "-m", "headrace.notebooks.importing.digests"]
    said, told, code = await _call(command, json.dumps(asked).encode(), folder, limit_s)
    if code != 0:
        found.problems[""] = told.decode(errors="replace")[-500:]
        return found
    for block, values in json.loads(said).items():
        if "problem" in values:
            found.problems[block] = values["problem"]
        else:
            found.values[block] = values
    return found


def _ignore(_: Any) -> None:
    """Let what a probe might print go nowhere."""


async def _call(
    command: list[str], given: bytes, folder: Path, limit_s: float
) -> tuple[bytes, bytes, int]:
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=folder,
        env={**os.environ, **_SEEDS},
        start_new_session=True,
        preexec_fn=partial(die_with_parent, os.getpid()),
    )
    try:
        async with asyncio.timeout(limit_s):
            said, told = await process.communicate(given)
    except TimeoutError:
        return b"", f"It did not end within {limit_s:.0f} s.".encode(), -1
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
    return said, told, process.returncode or 0

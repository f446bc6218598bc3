"""Notebook blocks: an `.ipynb` in a kernel, upstream outputs as variables, variables as output."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from headrace.protocol.tables import Failure, Frame, Output
from headrace.workers.handover import Handover
from headrace.workers.jobs import Job
from headrace.workers.kernel_code import Given
from headrace.workers.notebook_process import Broken, Printed, Told, Wanted

_COLOURS = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_ENDING_S = 10.0
_MAX_TEXT = 64 * 1024


class NotebookFailed(Exception):
    """A notebook did not come to its end; `failure` is what to tell the user."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


def result_of(job: Job, handover: Handover, show: Callable[[dict[str, Any]], None]) -> Any:
    """Run the notebook of a job and return its results: one as it is, several as a dict.

    What cells print goes to standard output and error, what they show to `show`. Raises
    NotebookFailed with the cell that is to blame.
    """
    with tempfile.TemporaryDirectory(prefix="headrace-") as folder:
        wanted = Wanted(
            source=job.source,
            folder=folder,
            kernel=job.kernel,
            values=job.values,
            inputs=_inputs(job, handover, Path(folder)),
            results=job.results,
            path=[str(Path(job.path).parent), str(Path.cwd())],
        )
        broken = _run(wanted, show)
        if broken is not None:
            raise NotebookFailed(_failure(job, broken))
        values = {name: _result(Path(folder), name) for name in job.results}
    if not values:
        return None
    return values if len(values) > 1 else next(iter(values.values()))


def _run(wanted: Wanted, show: Callable[[dict[str, Any]], None]) -> Broken | None:
    command = [sys.executable, "-P", "-m", "headrace.workers.notebook_process"]
    broken: Broken | None = None
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(msgspec.json.encode(wanted))
            process.stdin.close()
            for line in process.stdout:
                told = msgspec.json.decode(line, type=Told)
                if isinstance(told, Printed):
                    stream = sys.stderr if told.stream == "stderr" else sys.stdout
                    stream.write(told.text)
                elif isinstance(told, Broken):
                    broken = told
                else:
                    show(told.data)
        except BaseException:
            _end(process)
            raise
    if broken is None and process.returncode != 0:
        return Broken(
            type="RuntimeError", message=f"The notebook's process ended with {process.returncode}."
        )
    return broken


def _end(process: subprocess.Popen[bytes]) -> None:
    """Let the process end its kernel, which it does on the signal that has ended the block."""
    process.terminate()
    try:
        process.wait(_ENDING_S)
    except subprocess.TimeoutExpired:
        process.kill()


def _inputs(job: Job, handover: Handover, folder: Path) -> list[Given]:
    found: list[Given] = []
    for binding in job.bindings:
        if binding.source == "upstream" and binding.name in job.inputs:
            output = job.inputs[binding.name]
            found.append(_given(binding.argument, output, handover, folder))
    return found


def _given(name: str, output: Output, handover: Handover, folder: Path) -> Given:
    """Write an input where a kernel can read it."""
    path = folder / f"input-{name}"
    if output.kind == "table":
        library = output.type_name.partition(".")[0]
        _write_arrow(_table(handover.get(output), library), path)
        return Given(name=name, path=str(path), library=library)
    if output.kind == "pickle":
        raise NotebookFailed(
            Failure(
                kind="input",
                type="CannotPassOn",
                message=f"{name!r} is {output.type_name}: only tables and values that JSON can"
                " hold reach a notebook.",
            )
        )
    value = None if output.kind == "nothing" else handover.get(output)
    path.write_text(json.dumps(value), encoding="utf-8")
    return Given(name=name, path=str(path))


def _table(value: Any, library: str) -> Any:
    import pyarrow as pa

    if library == "pandas":
        return pa.Table.from_pandas(value.to_frame() if value.ndim == 1 else value)
    return value.to_arrow() if library == "polars" else value


def _write_arrow(table: Any, path: Path) -> None:
    import pyarrow as pa

    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)


def _result(folder: Path, name: str) -> Any:
    path = folder / f"{name}.arrow"
    if not path.exists():
        return json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
    import pyarrow as pa

    with pa.OSFile(str(path), "rb") as source:
        table = pa.ipc.open_file(source).read_all()
    said = folder / f"{name}.library"
    library = said.read_text(encoding="utf-8") if said.exists() else "pandas"
    if library == "polars":
        import polars as pl

        return pl.from_arrow(table)
    return table if library == "pyarrow" else table.to_pandas()


def _failure(job: Job, broken: Broken) -> Failure:
    text = _COLOURS.sub("", broken.traceback)[:_MAX_TEXT]
    frames: list[Frame] = []
    if broken.cell:
        code = broken.source.strip().partition("\n")[0][:400]
        place = f"cell {broken.cell}"
        frames.append(Frame(file=job.path, line=1, function=place, code=code, mine=True))
    return Failure(
        kind="exception",
        type=broken.type,
        message=_COLOURS.sub("", broken.message)[:8192],
        frames=frames,
        hint=f"It was raised in cell {broken.cell}." if broken.cell else "",
        text=text,
    )

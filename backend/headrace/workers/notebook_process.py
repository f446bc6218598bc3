"""Runs one notebook in a kernel: a process of its own, so that a worker imports nothing of Jupyter.

It reads a `Wanted` from standard input and writes `Told` to standard output, one JSON a line.
"""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct, field

from headrace.workers.kernel_code import LANGUAGES, Given, gives, takes

_OWN = ("", "python3")
"""Names of kernels that mean the interpreter of the project."""
_STARTING_S = 120


class Wanted(Struct, frozen=True, kw_only=True):
    """A notebook to run. `values` go where its parameters are; results are written to `folder`."""

    source: str
    folder: str
    kernel: str | None = None
    values: dict[str, Any] = field(default_factory=dict[str, Any])
    inputs: list[Given] = field(default_factory=list[Given])
    results: list[str] = field(default_factory=list[str])
    path: list[str] = field(default_factory=list[str])
    """Folders of the project's modules."""


class Printed(Struct, frozen=True, tag_field="op", tag="printed"):
    """Text that a cell printed."""

    stream: str
    text: str


class Shown(Struct, frozen=True, tag_field="op", tag="shown"):
    """What a cell displayed, or gave: content by MIME type."""

    data: dict[str, Any]


class Broken(Struct, frozen=True, kw_only=True, tag_field="op", tag="broken"):
    """Why it did not come to its end; `cell` counts from 1 as in the notebook, 0 for no cell."""

    type: str
    message: str
    cell: int = 0
    source: str = ""
    traceback: str = ""


Told = Printed | Shown | Broken


class NoKernel(Exception):
    """The kernel that a notebook names is not installed, or speaks another language."""


def main() -> None:
    """Run the notebook of standard input; what user code does ends as `Broken`, never here."""
    from headrace.core.slim import skip_slow_imports

    skip_slow_imports(but=("idna",))
    wanted = msgspec.json.decode(sys.stdin.buffer.read(), type=Wanted)
    out = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)  # whatever Jupyter prints is no message
    logging.getLogger("traitlets").setLevel(logging.ERROR)

    def tell(told: Told) -> None:
        out.write(msgspec.json.encode(told) + b"\n")

    broken = _run(wanted, tell)
    if broken is not None:
        tell(broken)


def _run(wanted: Wanted, tell: Any) -> Broken | None:
    import nbformat
    from jupyter_client.kernelspec import NoSuchKernel
    from nbclient.exceptions import CellExecutionError, DeadKernelError

    from headrace.workers.notebook_client import Client, Manager

    try:
        book: Any = nbformat.reads(wanted.source, as_version=4)
        name = wanted.kernel or book.metadata.get("kernelspec", {}).get("name") or ""
        kernel = Manager(kernel_name=name or "python3")
        kernel.is_own = name in _OWN
        if kernel.is_own:
            kernel.transport = "ipc"  # others on this machine cannot listen
        language = kernel.kernel_spec.language.lower()
        numbers = _prepared(book, wanted, language, name)
    except NoSuchKernel as error:
        return Broken(type="NoSuchKernel", message=_no_kernel(error.name))
    except NoKernel as error:
        return Broken(type="NoKernel", message=str(error))
    except (ValueError, nbformat.ValidationError, AttributeError) as error:
        return Broken(type="NotANotebook", message=f"This is no notebook: {str(error)[:300]}")
    client = Client(book, km=kernel, startup_timeout=_STARTING_S, tell=tell)
    try:
        path = os.pathsep.join(filter(None, [*wanted.path, os.environ.get("PYTHONPATH")]))
        client.execute(cwd=str(Path.cwd()), env={**os.environ, "PYTHONPATH": path})
    except CellExecutionError as error:
        number = numbers.get(client.at, 0)
        source = book.cells[client.at].source if number else ""
        text = error.traceback
        return Broken(
            type=error.ename, message=error.evalue, cell=number, source=source, traceback=text
        )
    except (DeadKernelError, RuntimeError) as error:
        return Broken(type=type(error).__name__, message=str(error), cell=numbers.get(client.at, 0))
    return None


def _prepared(book: Any, wanted: Wanted, language: str, kernel: str) -> dict[int, int]:
    """Put cells with values, inputs and results into a notebook; return place → cell as it was."""
    from nbformat import v4
    from papermill.exceptions import PapermillException
    from papermill.translators import translate_parameters

    own = list(book.cells)
    tags = [cell.metadata.get("tags", []) for cell in own]
    at = next((n for n, found in enumerate(tags, 1) if "parameters" in found), 0)
    before: list[Any] = []
    if wanted.values:
        try:
            text = translate_parameters(kernel, language, wanted.values, "Parameters")
        except PapermillException as error:
            raise NoKernel(str(error)) from error
        before.append(v4.new_code_cell(text))
    known = language in LANGUAGES
    if (wanted.inputs or wanted.results) and not known:
        raise NoKernel(
            f"Inputs and results of notebooks can be in {', '.join(LANGUAGES)}, not in {language}."
        )
    if wanted.inputs:
        before.append(v4.new_code_cell(takes(language, wanted.inputs)))
    after: list[Any] = []
    if wanted.results:
        after.append(v4.new_code_cell(gives(language, wanted.results, wanted.folder)))
    book.cells = [*own[:at], *before, *own[at:], *after]
    places = {id(cell): number for number, cell in enumerate(own, start=1)}
    return {place: places[id(cell)] for place, cell in enumerate(book.cells) if id(cell) in places}


def _no_kernel(name: str) -> str:
    from jupyter_client.kernelspec import KernelSpecManager

    found = ", ".join(sorted(KernelSpecManager().find_kernel_specs())) or "none"
    return (
        f"There is no Jupyter kernel {name!r}; installed are: {found}. Install it, or name another"
        " one as `kernel:` of the block."
    )


if __name__ == "__main__":
    main()

"""The interpreter that blocks run in: the server's own, or what `environment:` names."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from headrace.core.errors import InvalidInput

_PROBE = "import headrace.workers.template"
_PROBE_TIMEOUT_S = 20


def interpreter_of(root: Path, environment: str | None) -> str:
    """Return the path of the interpreter; blocks for as long as Python takes to start.

    `environment` is an interpreter or a virtual environment, relative to the project. Raises
    InvalidInput when it is neither, or when Headrace cannot be imported there.
    """
    if environment is None:
        return sys.executable
    # Links are not followed: a virtual environment is known by the path it is started by.
    place = Path(os.path.normpath(root / Path(environment).expanduser()))
    python = place / "bin" / "python" if place.is_dir() else place
    if not python.is_file() or not os.access(python, os.X_OK):
        raise InvalidInput(
            f"headrace.yaml: environment: {environment} is neither an interpreter nor a virtual"
            " environment.",
            field="environment",
        )
    _probe(python, environment)
    return str(python)


def _probe(python: Path, environment: str) -> None:
    try:
        subprocess.run(
            [python, "-c", _PROBE],
            check=True,
            capture_output=True,
            timeout=_PROBE_TIMEOUT_S,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.SubprocessError) as error:
        said = (getattr(error, "stderr", None) or b"").decode(errors="replace").strip()
        raise InvalidInput(
            f"headrace.yaml: environment: {environment} cannot run blocks: "
            f"{said.rpartition(chr(10))[2] or error}. Install Headrace there:"
            f" {python} -m pip install headrace",
            field="environment",
        ) from error

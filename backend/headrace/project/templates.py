"""The texts that new blocks begin with: short, valid, and runnable as they are."""

from __future__ import annotations

import json
from collections.abc import Sequence

from headrace.protocol.tables import Kind, Language

NAME_STEMS: dict[str, str] = {
    "loader": "load",
    "transformer": "transform",
    "exporter": "export",
    "sensor": "wait_for",
    "markdown": "note",
}
"""What a block is called that nobody has named; never the name of its decorator."""

_LOADER = '''from headrace import loader


@loader
def {name}({arguments}):
    """Load data, from a file for example."""
    return [{{"id": 1, "value": 10}}, {{"id": 2, "value": 20}}]
'''
_TRANSFORMER = '''from headrace import transformer


@transformer
def {name}({arguments}):
    """Return new data made from the upstream data."""
    return {first}
'''
_EXPORTER = '''from headrace import exporter


@exporter
def {name}({arguments}):
    """Write the upstream data somewhere, and return what shall be shown."""
    return {first}
'''
_SENSOR = '''from headrace import sensor


@sensor
def {name}({arguments}):
    """Return True when the blocks below may run."""
    return True
'''
_PYTHON: dict[str, str] = {
    "loader": _LOADER,
    "transformer": _TRANSFORMER,
    "exporter": _EXPORTER,
    "sensor": _SENSOR,
}


def template(kind: Kind, language: Language, name: str, upstream: Sequence[str]) -> str:
    """Return the starting text of a block."""
    if language == "markdown":
        return f"## {name.replace('_', ' ').capitalize()}\n"
    if language == "sql":
        return f"select *\nfrom {upstream[0]}\n" if upstream else "select 1 as one\n"
    if language == "notebook":
        return _notebook(name)
    first = upstream[0] if upstream else "None"
    return _PYTHON[kind].format(name=name, arguments=", ".join(upstream), first=first)


def _notebook(name: str) -> str:
    cells = [
        {"cell_type": "markdown", "id": "title", "metadata": {}, "source": [f"# {name}"]},
        {
            "cell_type": "code",
            "id": "first",
            "execution_count": None,
            "metadata": {},
            "outputs": [],
            "source": [],
        },
    ]
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    notebook = {
        "cells": cells,
        "metadata": {"kernelspec": kernel},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps(notebook, indent=1) + "\n"

"""`headrace init`."""

from __future__ import annotations

from pathlib import Path

import click

from headrace.core.errors import Conflict
from headrace.core.paths import ProjectPaths

_PIPELINE = """\
title: Example
blocks:
  - name: orders
    kind: loader
    file: orders.py
  - name: doubled
    kind: transformer
    file: doubled.py
    upstream: [orders]
"""
_ORDERS = """\
import pandas as pd
from headrace import loader


@loader
def orders() -> pd.DataFrame:
    \"\"\"Ten orders.\"\"\"
    return pd.DataFrame({"amount": range(10)})
"""
_DOUBLED = """\
import pandas as pd
from headrace import transformer


@transformer
def doubled(orders: pd.DataFrame) -> pd.DataFrame:
    \"\"\"Each amount twice as large.\"\"\"
    return orders.assign(doubled=orders["amount"] * 2)
"""
_FILES = {"pipeline.yaml": _PIPELINE, "orders.py": _ORDERS, "doubled.py": _DOUBLED}


@click.command("init", short_help="Make a new project with an example pipeline.")
@click.argument("folder", metavar="DIR")
def command(folder: str) -> None:
    """Make a project in DIR, which may exist but must hold no pipelines."""
    root = Path(folder)
    if (root / "pipelines").exists():
        raise Conflict(f"{folder} is a project already.")
    example = root / "pipelines" / "example"
    example.mkdir(parents=True)
    (root / "blocks").mkdir(exist_ok=True)
    for name, text in _FILES.items():
        (example / name).write_text(text, encoding="utf-8")
    ProjectPaths.of(root).make_state()
    click.echo(f"Made {folder}. Next: headrace start {folder}")

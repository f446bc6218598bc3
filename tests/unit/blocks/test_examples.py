"""A block of an example is a plain function: imported and called without Headrace running."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pandas as pd
import pytest

EXAMPLE = Path(__file__).parents[3] / "pipelines" / "late_flights"


def imported(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, EXAMPLE / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def some_flights() -> pd.DataFrame:
    hours = pd.to_datetime(["2013-01-05T10:00Z", "2013-02-05T10:00Z", "2013-01-06T10:00Z"])
    return pd.DataFrame({"month": [1, 2, 1], "dep_delay": [5.0, 6.0, None], "time_hour": hours})


def test_a_block_is_called_like_any_function(some_flights: pd.DataFrame) -> None:
    month_flights = imported("month_flights").month_flights
    chosen = month_flights(some_flights, month=1)
    assert chosen["weekday"].tolist() == ["Saturday"]


def test_a_check_is_called_like_any_function(some_flights: pd.DataFrame) -> None:
    with pytest.raises(AssertionError, match="28,000"):
        imported("month_flights").some_flights(some_flights)


def test_importing_a_block_starts_nothing() -> None:
    asked = (
        "import sys, month_flights;"
        "started = {'headrace.server', 'headrace.workers', 'headrace.session'} & sys.modules.keys();"
        "sys.exit(', '.join(started) or None)"
    )
    done = subprocess.run(
        [sys.executable, "-c", asked], cwd=EXAMPLE, capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stderr) == (0, "")

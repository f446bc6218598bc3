"""A frame whose memory somebody else holds as well is not passed on by reference."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from headrace.workers.sharing import owned_arrays

held: list[Any] = []


def _of(array: Any) -> pd.DataFrame:
    held.append(array)
    return pd.DataFrame(array, copy=False)


def _filtered() -> Any:
    return pd.DataFrame({"a": [1, 2]}).loc[[1]]


def _part() -> Any:
    return _of(np.zeros((4, 2)))[:2]


def _viewed() -> pd.DataFrame:
    frame = pd.DataFrame({"a": [1.0, 2.0]})
    held.append(frame["a"].to_numpy())
    return frame


FRAMES: list[tuple[str, Callable[[], Any], bool]] = [
    ("made of lists", lambda: pd.DataFrame({"a": [1, 2], "b": [1.5, 2], "s": ["x", "y"]}), True),
    ("of moments", lambda: pd.DataFrame({"t": pd.to_datetime(["2026-01-01"])}), True),
    ("filtered", _filtered, True),
    ("with a column more", lambda: pd.DataFrame({"a": [1, 2]}).assign(b=1), True),
    ("copied from an array", lambda: pd.DataFrame(np.zeros((2, 2))), True),
    ("over a kept array", lambda: _of(np.zeros((2, 2))), False),
    ("over part of a kept array", _part, False),
    ("whose values are kept", _viewed, False),
    (
        "over memory of others",
        lambda: pd.DataFrame(np.frombuffer(bytearray(16)), copy=False),
        False,
    ),
]


@pytest.mark.parametrize(("make", "alone"), [f[1:] for f in FRAMES], ids=[f[0] for f in FRAMES])
def test_other_holders_of_the_memory_are_seen(make: Callable[[], Any], alone: bool) -> None:
    frame = make()
    shared = frame.copy(deep=False)
    assert (owned_arrays(shared) is not None) == alone
    assert (owned_arrays(shared) is not None) == alone, "looking changes nothing"

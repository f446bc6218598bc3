"""What a block costs does not grow with the number of blocks."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.bench.bench_scale import chain, fan, seconds_of_run

from headrace.session.definition import Definition

SMALL, TIMES = 200, 10


@pytest.mark.parametrize("shape", [chain, fan])
def test_ten_times_as_many_blocks_take_about_ten_times_as_long(
    shape: Callable[[int], Definition],
) -> None:
    small = min(seconds_of_run(shape(SMALL)) for _ in range(5))
    large = min(seconds_of_run(shape(SMALL * TIMES)) for _ in range(3))
    assert large < 4 * TIMES * small, "looking at all blocks for each would take 100 times as long"

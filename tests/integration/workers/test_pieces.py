"""A block yields more than it could hold, and the next one reads it piece by piece."""

from __future__ import annotations

import pytest

from headrace.workers.jobs import Done, Raised

from .conftest import Bench, upstream

LARGE = """
import resource
import numpy as np, pandas as pd
@loader
def big():
    for number in range({count}):
        yield pd.DataFrame({{"n": number, "x": np.full({rows}, number, dtype="float64")}})
    print("peak", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024, "MB")
"""
SUM = """
import resource
from collections.abc import Iterator
import pandas as pd, pyarrow as pa
@transformer
def total(big: {annotation}):
    result = sum(int({each}) for piece in big)
    print("peak", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024, "MB")
    return result
"""
LIMIT_MB = 400


def peak_mb(answer: Done) -> int:
    return int(answer.log_tail.split("peak ")[1].split()[0])


async def test_much_more_than_the_limit_is_written_and_read_within_it(bench: Bench) -> None:
    count, rows = 20, 2_500_000  # 20 frames of 40 MB
    answer = await bench.run(
        LARGE.format(count=count, rows=rows), block="big", kind="loader", run="write"
    )
    assert isinstance(answer, Done), answer
    assert answer.output.rows == count * rows
    assert answer.output.size_bytes > 2 * LIMIT_MB << 19
    assert peak_mb(answer) < LIMIT_MB
    for number, (annotation, each) in enumerate(
        [
            ("Iterator[pd.DataFrame]", "piece['x'].sum()"),
            ("'Iterator[pa.RecordBatch]'", "piece.num_rows and piece['x'].to_numpy().sum()"),
        ]
    ):
        read = await bench.run(
            SUM.format(annotation=annotation, each=each),
            block="total",
            run=f"read{number}",
            bindings=upstream("big"),
            inputs={"big": answer.output},
        )
        assert isinstance(read, Done), read
        assert read.output.text == str(rows * sum(range(count)))
        assert peak_mb(read) < LIMIT_MB


async def test_a_worker_that_stored_much_is_still_small(bench: Bench) -> None:
    source = LARGE.format(count=20, rows=1_000_000)
    await bench.run(source, block="big", kind="loader")
    after = await bench.run(
        "import resource\n@transformer\ndef b():\n"
        "    print('peak', resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024, 'MB')\n"
    )
    assert peak_mb(after) < LIMIT_MB


async def test_frames_that_do_not_fit_name_the_frame_and_the_column(bench: Bench) -> None:
    answer = await bench.run(
        """
        import pandas as pd
        @loader
        def b():
            yield pd.DataFrame({"a": [1]})
            yield pd.DataFrame({"a": ["x"]})
        """
    )
    assert isinstance(answer, Raised)
    assert answer.failure.type == "CannotStore"
    assert "Frame 2" in answer.failure.message
    assert "'a'" in answer.failure.message


async def test_a_generator_that_raises_keeps_its_line_and_leaves_no_file(bench: Bench) -> None:
    answer = await bench.run(
        """
        import pandas as pd
        @loader
        def b():
            yield pd.DataFrame({"a": range(100_000)})
            raise ValueError("half way")
        """
    )
    assert isinstance(answer, Raised)
    assert (answer.failure.type, answer.failure.line) == ("ValueError", 7)
    assert not list((bench.root / ".headrace" / "store" / "new").glob("*"))


@pytest.mark.parametrize("word", ["def", "async def"])
async def test_checks_see_the_whole_of_what_was_yielded(bench: Bench, word: str) -> None:
    answer = await bench.run(
        f"""
        import pandas as pd
        @loader
        {word} b():
            for n in range(3):
                yield pd.DataFrame({{"a": [n]}})
        @check
        def three(b):
            assert b["a"].tolist() == [0, 1, 2]
        """
    )
    assert isinstance(answer, Done), answer
    assert [check.state for check in answer.checks] == ["passed"]
    assert answer.output.rows == 3

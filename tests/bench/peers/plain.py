"""Plain Python: one call after the other, in one process. Keeps nothing, computes all again."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import work
from measuring import measure


class Plain:
    def run(self, tasks: list[work.Task], first: int, _place: Path) -> list[pd.DataFrame]:
        frames: dict[int, pd.DataFrame] = {}
        for number, above in tasks:
            frames[number] = work.no_op(first + number, *(frames[n] for n in above))
        return [frames[number] for number in work.sinks(tasks)]

    def etl(self, data: Path, place: Path, *, edited: bool) -> None:
        grouped = work.group(work.clean(work.read_fact(str(data))))
        joined = work.join(grouped, work.read_dim(str(data)))
        (work.write_edited if edited else work.write)(joined, str(place / "out.parquet"))


if __name__ == "__main__":
    measure(Plain())

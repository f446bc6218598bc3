"""A ProcessPoolExecutor of 4: a task is submitted when its inputs are there. Keeps nothing."""

from __future__ import annotations

from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from pathlib import Path
from typing import Any

import pandas as pd
import work
from measuring import measure


class Pool:
    def __init__(self, executor: ProcessPoolExecutor) -> None:
        self.executor = executor

    def run(self, tasks: list[work.Task], first: int, _place: Path) -> list[pd.DataFrame]:
        frames: dict[int, pd.DataFrame] = {}
        waiting, going = dict(tasks), dict[Future[Any], int]()
        while waiting or going:
            ready = [n for n, above in waiting.items() if all(a in frames for a in above)]
            for number in ready:
                inputs = [frames[n] for n in waiting.pop(number)]
                going[self.executor.submit(work.no_op, first + number, *inputs)] = number
            for future in wait(going, return_when=FIRST_COMPLETED).done:
                frames[going.pop(future)] = future.result()
        return [frames[number] for number in work.sinks(tasks)]

    def etl(self, data: Path, place: Path, *, edited: bool) -> None:
        submit = self.executor.submit
        fact, dim = submit(work.read_fact, str(data)), submit(work.read_dim, str(data))
        grouped = submit(work.group, submit(work.clean, fact.result()).result()).result()
        joined = submit(work.join, grouped, dim.result()).result()
        write = work.write_edited if edited else work.write
        submit(write, joined, str(place / "out.parquet")).result()


if __name__ == "__main__":
    with ProcessPoolExecutor(4) as executor:
        measure(Pool(executor))

"""redun: its local executor, values and history in SQLite."""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import redun
import work
from measuring import measure
from redun.config import Config

no_op = redun.task(namespace="bench")(work.no_op)
read_fact = redun.task(namespace="bench")(work.read_fact)
read_dim = redun.task(namespace="bench")(work.read_dim)
clean = redun.task(namespace="bench")(work.clean)
group = redun.task(namespace="bench")(work.group)
join = redun.task(namespace="bench")(work.join)


class Redun:
    def run(self, tasks: list[work.Task], first: int, place: Path) -> list[pd.DataFrame]:
        expressions: dict[int, Any] = {}
        for number, above in tasks:
            expressions[number] = no_op(first + number, *(expressions[n] for n in above))
        return _scheduler(place).run([expressions[n] for n in work.sinks(tasks)])

    def etl(self, data: Path, place: Path, *, edited: bool) -> None:
        edit = work.write_edited if edited else work.write
        write = redun.task(name="write", namespace="bench")(edit)
        joined = join(group(clean(read_fact(str(data)))), read_dim(str(data)))
        _scheduler(place).run(write(joined, str(place / "out.parquet")))


def _scheduler(place: Path) -> redun.Scheduler:
    settings = {"backend": {"db_uri": f"sqlite:///{place / 'redun.db'}"}}
    scheduler = redun.Scheduler(config=Config(settings))
    scheduler.load()
    return scheduler


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    sys.setrecursionlimit(100_000)  # a chain of 100 tasks overflows the usual one
    measure(Redun())

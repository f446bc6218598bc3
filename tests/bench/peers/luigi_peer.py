"""Luigi: one worker, every output a Parquet file."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import luigi
import pandas as pd
import work
from measuring import measure

TASKS: dict[int, list[int]] = {}


class Framed(luigi.Task):
    """A task whose output is a frame in a Parquet file of its name."""

    place = luigi.Parameter()

    def called(self) -> str:
        return type(self).__name__.lower()

    def output(self) -> Any:
        return luigi.LocalTarget(f"{self.place}/{self.called()}.parquet")

    def inputs(self) -> list[pd.DataFrame]:
        return [pd.read_parquet(target.path) for target in luigi.task.flatten(self.input())]

    def keep(self, frame: pd.DataFrame) -> None:
        with self.output().temporary_path() as path:
            frame.to_parquet(path, compression="snappy")


class NoOp(Framed):
    first = luigi.IntParameter()
    number = luigi.IntParameter()

    def called(self) -> str:
        return f"n{self.number}"

    def requires(self) -> list[NoOp]:
        return [NoOp(place=self.place, first=self.first, number=n) for n in TASKS[self.number]]

    def run(self) -> None:
        self.keep(work.no_op(self.first + self.number, *self.inputs()))


class ReadFact(Framed):
    data = luigi.Parameter()

    def run(self) -> None:
        self.keep(work.read_fact(self.data))


class ReadDim(Framed):
    data = luigi.Parameter()

    def run(self) -> None:
        self.keep(work.read_dim(self.data))


class Clean(Framed):
    data = luigi.Parameter()

    def requires(self) -> Any:
        return [ReadFact(place=self.place, data=self.data)]

    def run(self) -> None:
        self.keep(work.clean(*self.inputs()))


class Group(Clean):
    def requires(self) -> Any:
        return [Clean(place=self.place, data=self.data)]

    def run(self) -> None:
        self.keep(work.group(*self.inputs()))


class Join(Clean):
    def requires(self) -> Any:
        return [
            Group(place=self.place, data=self.data),
            ReadDim(place=self.place, data=self.data),
        ]

    def run(self) -> None:
        self.keep(work.join(*self.inputs()))


class Out(Clean):
    edited = luigi.BoolParameter(significant=False)

    def requires(self) -> Any:
        return [Join(place=self.place, data=self.data)]

    def run(self) -> None:
        write = work.write_edited if self.edited else work.write
        with self.output().temporary_path() as path:
            write(*self.inputs(), path)


class Luigi:
    def run(self, tasks: list[work.Task], first: int, place: Path) -> list[pd.DataFrame]:
        TASKS.clear()
        TASKS.update(tasks)
        last = [NoOp(place=str(place), first=first, number=n) for n in work.sinks(tasks)]
        self.build(last)
        return [pd.read_parquet(task.output().path) for task in last]

    def etl(self, data: Path, place: Path, *, edited: bool) -> None:
        luigi.task_register.Register.clear_instance_cache()  # as in a new process
        self.build([Out(place=str(place), data=str(data), edited=edited)])

    @staticmethod
    def build(tasks: list[Any]) -> None:
        assert luigi.build(tasks, local_scheduler=True, workers=1, log_level="CRITICAL")


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    measure(Luigi())

"""Dask distributed: 4 processes of one thread. Frames stay in the workers' memory; keeps nothing."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import work
from distributed import Client, LocalCluster
from measuring import measure


class Dask:
    def __init__(self, client: Client) -> None:
        self.client = client

    def run(self, tasks: list[work.Task], first: int, _place: Path) -> list[pd.DataFrame]:
        futures = {}
        for number, above in tasks:
            inputs = [futures[n] for n in above]
            futures[number] = self.client.submit(work.no_op, first + number, *inputs, pure=False)
        return self.client.gather([futures[number] for number in work.sinks(tasks)])

    def etl(self, data: Path, place: Path, *, edited: bool) -> None:
        def submit(function, *inputs):
            return self.client.submit(function, *inputs, pure=False)

        grouped = submit(work.group, submit(work.clean, submit(work.read_fact, str(data))))
        joined = submit(work.join, grouped, submit(work.read_dim, str(data)))
        write = work.write_edited if edited else work.write
        submit(write, joined, str(place / "out.parquet")).result()


if __name__ == "__main__":
    with (
        LocalCluster(
            n_workers=4, threads_per_worker=1, dashboard_address=None, silence_logs=50
        ) as cluster,
        Client(cluster) as client,
    ):
        measure(Dask(client))

"""What others change in a project is noticed, as one batch, and our own temporary files are not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from headrace.core.durable import write_durable
from headrace.core.paths import ProjectPaths
from headrace.project.watch import Batch, watch


@pytest.fixture
async def batches(tmp_path: Path) -> AsyncIterator[asyncio.Queue[Batch]]:
    for folder in ("pipelines/a", "pipelines/b", "blocks/loaders", "lib", "node_modules/x"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "pipelines/a/pipeline.yaml").write_text("blocks: []\n")
    (tmp_path / "lib/tools.py").write_text("x = 1\n")
    queue: asyncio.Queue[Batch] = asyncio.Queue()
    watching = watch(ProjectPaths.of(tmp_path))

    async def collect() -> None:
        async for batch in watching:
            queue.put_nowait(batch)

    task = asyncio.create_task(collect())
    yield queue
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await watching.aclose()


async def seen(queue: asyncio.Queue[Batch], *, until: Batch) -> Batch:
    """Join batches until they hold all of `until`."""
    total = Batch()
    while not (
        until.pipelines <= total.pipelines
        and until.modules <= total.modules
        and until.shared <= total.shared
        and until.settings <= total.settings
    ):
        batch = await asyncio.wait_for(queue.get(), 10)
        total = Batch(
            total.pipelines | batch.pipelines,
            total.modules | batch.modules,
            total.shared | batch.shared,
            total.settings or batch.settings,
        )
    return total


async def test_every_kind_of_file_is_told_apart(
    tmp_path: Path, batches: asyncio.Queue[Batch]
) -> None:
    (tmp_path / "pipelines/a/x.py").write_text("x")
    (tmp_path / "lib/tools.py").write_text("x = 2\n")
    (tmp_path / "blocks/loaders/read.sql").write_text("select 1")
    (tmp_path / "headrace.yaml").write_text("environment: x\n")
    (tmp_path / "pipelines/b/big.csv").write_text("1")
    (tmp_path / "node_modules/x/y.py").write_text("x")
    wanted = Batch(
        frozenset({"a"}), frozenset({"lib/tools.py"}), frozenset({"loaders/read"}), settings=True
    )
    assert await seen(batches, until=wanted) == wanted


async def test_a_new_pipeline_in_a_new_folder_is_noticed_and_so_are_later_changes(
    tmp_path: Path, batches: asyncio.Queue[Batch]
) -> None:
    folder = tmp_path / "pipelines/fresh"
    folder.mkdir()
    (folder / "pipeline.yaml").write_text("blocks: []\n")
    wanted = Batch(frozenset({"fresh"}))
    assert await seen(batches, until=wanted) == wanted
    (folder / "pipeline.yaml").unlink()
    assert await seen(batches, until=wanted) == wanted


async def test_a_durable_write_is_one_change_of_its_own_file(
    tmp_path: Path, batches: asyncio.Queue[Batch]
) -> None:
    write_durable(tmp_path / "pipelines/a/pipeline.yaml", b"title: x\n")
    assert await seen(batches, until=Batch(frozenset({"a"}))) == Batch(frozenset({"a"}))


async def test_a_checkout_comes_as_one_batch(tmp_path: Path, batches: asyncio.Queue[Batch]) -> None:
    for number in range(30):
        (tmp_path / f"pipelines/a/b{number}.py").write_text("x")
        (tmp_path / f"pipelines/b/b{number}.py").write_text("x")
    await seen(batches, until=Batch(frozenset({"a", "b"})))
    assert batches.qsize() <= 1

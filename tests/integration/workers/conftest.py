"""A project in a temporary folder, a pool on it, and a way to run one block."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
import tests.mariadb

from headrace.protocol.bindings import Binding
from headrace.protocol.tables import Output
from headrace.workers.jobs import FINAL_ANSWERS, AnyAnswer, Done, Job, Printed
from headrace.workers.pool import Pool


class Bench:
    """Runs blocks on a pool and collects their answers."""

    def __init__(self, pool: Pool, root: Path) -> None:
        self.pool = pool
        self.root = root
        self.folder = root / "pipelines" / "p"
        self.answers: list[AnyAnswer] = []

    def job(self, source: str, *, block: str = "b", run: str = "r", **more: Any) -> Job:
        suffix = ".sql" if more.get("language") == "sql" else ".py"
        text = dedent(source)
        if suffix == ".py":
            text = "from headrace import *\n" + text
        settings: dict[str, Any] = {
            "kind": "transformer",
            "language": "python",
            "attempt": 1,
            "log_path": str(self.root / "logs" / f"{run}-{block}.log"),
        }
        return Job(
            run=run,
            pipeline="p",
            block=block,
            path=str(self.folder / f"{block}{suffix}"),
            source=text,
            **(settings | more),
        )

    def begin(self, job: Job) -> tuple[list[AnyAnswer], asyncio.Future[AnyAnswer]]:
        """Execute a job; return the growing list of its answers and its end."""
        answers: list[AnyAnswer] = []
        end: asyncio.Future[AnyAnswer] = asyncio.get_running_loop().create_future()

        def on_answer(answer: AnyAnswer) -> None:
            assert not end.done(), f"an answer after the final one: {answer}"
            answers.append(answer)
            if isinstance(answer, FINAL_ANSWERS):
                end.set_result(answer)

        self.pool.execute(job, on_answer)
        return answers, end

    async def run(self, source: str, **more: Any) -> Any:
        """Execute a block and return its final answer."""
        self.answers, end = self.begin(self.job(source, **more))
        return await asyncio.wait_for(end, 100)

    async def output(self, source: str, **more: Any) -> Output:
        """Execute a block that must succeed and return its output."""
        answer = await self.run(source, **more)
        assert isinstance(answer, Done), answer
        return answer.output

    async def printed(self, answers: list[AnyAnswer], wanted: str) -> None:
        """Wait until a block has printed a text."""
        await until(lambda: wanted in "".join(a.text for a in answers if isinstance(a, Printed)))


async def until(condition: Callable[[], Any], timeout_s: float = 60.0) -> None:
    """Wait until a condition of the outside world holds; fail when it does not in time."""
    deadline = asyncio.get_running_loop().time() + timeout_s
    while not condition():
        assert asyncio.get_running_loop().time() < deadline, "waited in vain"
        await asyncio.sleep(0.005)


def is_alive(pid: int) -> bool:
    """Tell whether a process exists and is no zombie."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return text.rpartition(")")[2].split()[0] != "Z"


def upstream(*names: str) -> list[Binding]:
    """Bind arguments to the upstream blocks of the same names."""
    return [Binding(argument=name, source="upstream", name=name) for name in names]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    (root / "pipelines" / "p").mkdir(parents=True)
    (root / "logs").mkdir()
    return root


@pytest.fixture
async def bench(root: Path) -> AsyncIterator[Bench]:
    pool = Pool(root, root / ".headrace" / "store", stop_stage_s=0.3)
    await pool.start()
    yield Bench(pool, root)
    pids = pool.worker_pids()
    template = pool.template_pid
    await pool.close()
    assert template is not None
    await until(lambda: not any(is_alive(pid) for pid in [template, *pids]))


@pytest.fixture(scope="session")
def mariadb() -> Iterator[str]:
    """The place of a MariaDB of our own."""
    with tests.mariadb.mariadb() as place:
        yield place

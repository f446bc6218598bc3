"""A pool without processes: jobs are answered by plain functions, or by the test by hand."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from datetime import UTC, datetime
from typing import Any

from headrace.core.errors import NotFound
from headrace.core.ids import digest
from headrace.protocol.tables import Failure, Output, Timings
from headrace.workers.jobs import (
    AnyAnswer,
    Done,
    Job,
    Printed,
    Raised,
    Started,
    Stopped,
    StopStage,
)
from headrace.workers.masks import Masks

OnAnswer = Callable[[AnyAnswer], None]


class FakeService:
    """A service whose methods are functions of the test."""

    def __init__(self, methods: Mapping[str, Callable[..., Any]]) -> None:
        self.methods = dict(methods)
        self.calls: list[tuple[str, dict[str, Any]]] = []

    async def call(self, method: str, /, *, timeout_s: float = 60.0, **arguments: Any) -> Any:
        """Call the function of that name; raise NotFound when the test gave none."""
        del timeout_s
        self.calls.append((method, arguments))
        if method not in self.methods:
            raise NotFound(f"No method {method!r}.")
        return self.methods[method](**arguments)


class FakePool:
    """Has the methods of `headrace.workers.pool.Pool`.

    A block named in `functions` is answered by itself, on the next turn of the event loop, with
    what its function makes of its upstream values by name. Any other block waits for `finish`,
    `fail` or `answer`. `executed` lists all jobs in order.
    """

    def __init__(
        self,
        functions: Mapping[str, Callable[..., Any]] | None = None,
        services: Mapping[str, Mapping[str, Callable[..., Any]]] | None = None,
    ) -> None:
        self.functions = dict(functions or {})
        self.executed: list[Job] = []
        self.waiting: dict[tuple[str, str], tuple[Job, OnAnswer]] = {}
        self.ended_runs: list[str] = []
        self.restarted: list[str] = []
        self.cooled: list[str] = []
        self.prepared: list[tuple[str, int]] = []
        self.allowed = 0
        self.masks = Masks()
        self.connections: dict[str, dict[str, Any]] = {}
        self.values: dict[str, Any] = {}
        """What was finished, by address."""
        self.questions: list[tuple[str, dict[str, Any]]] = []
        self.swept: set[str] = set()
        """Addresses that the store no longer has."""
        self.told: dict[str, Any] | None = None
        """What `ask_session` answers."""
        self.services = {name: FakeService(of) for name, of in (services or {}).items()}
        self.started = False
        self.closed = False
        self.renewed = 0

    async def start(self) -> None:
        """Note the start."""
        self.started = True

    async def close(self) -> None:
        """Stop whatever waits."""
        self.closed = True
        for run, block in list(self.waiting):
            self.stop(run, block)

    def execute(self, job: Job, on_answer: OnAnswer) -> None:
        """Take a job; `Started` is answered on the next turn of the loop."""
        self.executed.append(job)
        self.waiting[job.run, job.block] = (job, on_answer)
        asyncio.get_running_loop().call_soon(self._begin, job, on_answer)

    def stop(self, run: str, block: str) -> None:
        """Answer `StopStage` and `Stopped` on the next turn of the loop."""
        found = self.waiting.pop((run, block), None)
        if found is None:
            return
        job, on_answer = found
        loop = asyncio.get_running_loop()
        loop.call_soon(on_answer, StopStage(**_names(job), stage="interrupt"))
        loop.call_soon(on_answer, Stopped(**_names(job)))

    def end_run(self, run: str) -> None:
        """Note the end of a run."""
        self.ended_runs.append(run)

    async def restart_session(self, pipeline: str) -> None:
        """Note the restart."""
        self.restarted.append(pipeline)

    def warm(self, pipeline: str) -> None:
        """Nothing to warm."""

    def cool(self, pipeline: str) -> None:
        """Note that a pipeline is no longer looked at."""
        self.cooled.append(pipeline)

    def prepare(self, run: str, workers: int) -> None:
        """Note how many workers a run will need."""
        self.prepared.append((run, workers))

    def allow(self, workers: int) -> None:
        """Note how many workers runs may have."""
        self.allowed = workers

    async def ask_session(self, pipeline: str, question: dict[str, Any]) -> dict[str, Any] | None:
        """Answer what the test has put into `told`."""
        self.questions.append((pipeline, question))
        return self.told

    def lost(self, addresses: AbstractSet[str]) -> set[str]:
        """Return those of `addresses` that the test has put into `swept`."""
        return self.swept & addresses

    def renew(self) -> None:
        """Note that new workers were asked for."""
        self.renewed += 1

    def service(self, name: str) -> FakeService:
        """Return the service of that name; one without methods when the test gave none."""
        return self.services.setdefault(name, FakeService({}))

    def rss(self) -> dict[str, int]:
        """No process, no memory."""
        return {"rss": 0, "pss": 0, "processes": 0}

    # --- for the test ---------------------------------------------------------------------------

    def finish(self, block: str, value: Any = None, *, run: str | None = None) -> Output:
        """Answer the waiting job of a block with Done; the output's digest follows the value."""
        job, on_answer = self._take(block, run)
        output = self.output_of(value)
        on_answer(Done(**_names(job), output=output, timings=Timings()))
        return output

    def fail(
        self,
        block: str,
        message: str = "it failed",
        *,
        failure: Failure | None = None,
        run: str | None = None,
    ) -> None:
        """Answer the waiting job of a block with Raised."""
        job, on_answer = self._take(block, run)
        failure = failure or Failure(kind="exception", type="RuntimeError", message=message)
        on_answer(Raised(**_names(job), failure=failure, timings=Timings()))

    def print(self, block: str, text: str, *, run: str | None = None) -> None:
        """Answer the waiting job of a block with Printed; it goes on waiting."""
        job, on_answer = self._find(block, run)
        on_answer(Printed(**_names(job), offset=0, text=text))

    def output_of(self, value: Any) -> Output:
        """Make the output that stands for a value."""
        address = str(digest(repr(value)))
        self.values[address] = value
        return Output(
            address=address,
            digest=address,
            kind="nothing" if value is None else "json",
            type_name=type(value).__name__,
            text=repr(value)[:200],
        )

    def _begin(self, job: Job, on_answer: OnAnswer) -> None:
        if (job.run, job.block) not in self.waiting:
            return
        on_answer(Started(**_names(job), at=datetime.now(UTC)))
        function = self.functions.get(job.block)
        if function is None:
            return
        inputs = {name: self.values[output.address] for name, output in job.inputs.items()}
        try:
            value = function(**inputs)
        except Exception as error:  # noqa: BLE001 - the function stands for user code
            failure = Failure(kind="exception", type=type(error).__name__, message=str(error))
            self.fail(job.block, failure=failure, run=job.run)
        else:
            self.finish(job.block, value, run=job.run)

    def _find(self, block: str, run: str | None) -> tuple[Job, OnAnswer]:
        for (of_run, name), found in self.waiting.items():
            if name == block and run in (None, of_run):
                return found
        raise NotFound(f"No job of {block!r} waits.", kind="job", name=block)

    def _take(self, block: str, run: str | None) -> tuple[Job, OnAnswer]:
        job, on_answer = self._find(block, run)
        del self.waiting[job.run, job.block]
        return job, on_answer


def _names(job: Job) -> dict[str, Any]:
    return {"run": job.run, "block": job.block, "attempt": job.attempt}

"""The one queue that all changes of a machine pass: batched, in order, answered or refused."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from headrace.core.errors import HeadraceError, Unavailable
from headrace.session.effects import Step

logger = logging.getLogger(__name__)


@dataclass
class _Stimulus:
    """Something for the machine, and who waits until its step is carried out."""

    act: Callable[[], Step]
    done: asyncio.Future[None] | None = None

    def succeed(self) -> None:
        if self.done is not None and not self.done.done():
            self.done.set_result(None)

    def refuse(self, error: HeadraceError) -> None:
        if self.done is not None and not self.done.done():
            self.done.set_exception(error)


class Stimuli:
    """Lets one act after the other make its step, and `carry_out` the steps of a batch as one.

    Whoever waits for a stimulus hears of its end, whatever happens to the queue.
    """

    def __init__(self, name: str, carry_out: Callable[[Step], Awaitable[None]]) -> None:
        self._name = name
        self._carry_out = carry_out
        self._waiting: asyncio.Queue[_Stimulus] = asyncio.Queue()
        self._ended = False
        self._held: asyncio.Future[HeadraceError] = asyncio.get_running_loop().create_future()
        """Done while the step under way cannot be recorded: with the reason."""
        self._work = asyncio.create_task(self._go_on(), name=f"session {name}")

    @property
    def has_ended(self) -> bool:
        """True once it was closed, or broke."""
        return self._ended

    def __len__(self) -> int:
        return self._waiting.qsize()

    def put(self, act: Callable[[], Step]) -> None:
        """Hand over a stimulus that nobody waits for."""
        self._waiting.put_nowait(_Stimulus(act))

    async def do(self, act: Callable[[], Step]) -> None:
        """Hand over a stimulus and wait until its step is recorded and told.

        Raises what `act` raises as HeadraceError, Unavailable when the session ends before.
        """
        await self._hand_over(act)

    async def ask(self, act: Callable[[], Step]) -> None:
        """The same for who would rather hear why the queue does not move than wait for it.

        Raises also what the queue is held for. `act` may then still happen, later.
        """
        if self._held.done():
            raise self._held.result()
        reason = await self._end_or_hold(self._hand_over(act))
        if reason is not None:
            raise reason

    async def begin(self, act: Callable[[], Step]) -> None:
        """The same for what is to happen in any case: nobody waits while the queue is held."""
        await self._end_or_hold(self._hand_over(act))

    async def _end_or_hold(self, done: asyncio.Future[None]) -> HeadraceError | None:
        """Wait for the end of a stimulus; return what the queue is held for if that comes first."""
        held = self._held
        try:
            await asyncio.wait((done, held), return_when=asyncio.FIRST_COMPLETED)
            return done.result() if done.done() else held.result()
        finally:
            done.cancel()  # nobody listens any more

    def _hand_over(self, act: Callable[[], Step]) -> asyncio.Future[None]:
        if self._ended:
            raise _ended()
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.put_nowait(_Stimulus(act, done))
        return done

    def hold(self, error: HeadraceError) -> None:
        """Say why the step under way does not end for now."""
        if not self._held.done():
            self._held.set_result(error)

    def release(self) -> None:
        """Say that the queue moves on."""
        if self._held.done():
            self._held = asyncio.get_running_loop().create_future()

    async def close(self) -> None:
        """Refuse all that waits."""
        self._work.cancel()
        (end,) = await asyncio.gather(self._work, return_exceptions=True)
        if isinstance(end, Exception):
            logger.error("%s: the session broke", self._name, exc_info=end)

    async def _go_on(self) -> None:
        batch: list[_Stimulus] = []
        try:
            while True:
                batch = [await self._waiting.get()]
                batch += self._take_all()
                await self._carry_out(_steps_of(batch))
                for stimulus in batch:
                    stimulus.succeed()
        finally:
            self._ended = True
            for stimulus in (*batch, *self._take_all()):
                stimulus.refuse(_ended())

    def _take_all(self) -> list[_Stimulus]:
        return [self._waiting.get_nowait() for _ in range(self._waiting.qsize())]


def _steps_of(batch: list[_Stimulus]) -> Step:
    """Let each stimulus act; the steps together, without those of refused ones."""
    step = Step()
    for stimulus in batch:
        try:
            step.add(stimulus.act())
        except HeadraceError as error:
            stimulus.refuse(error)
    return step


def _ended() -> Unavailable:
    return Unavailable("The session of this pipeline has ended.")

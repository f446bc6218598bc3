"""Has notifications sent: gathers what goes together, tries again, and notes what came of it.

What is told is decided and kept in the history, with the end of the run; so nothing here can lose
it, and a channel that hangs delays no run and no other channel.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import sys
from collections.abc import Callable, Coroutine, Sequence
from datetime import timedelta
from typing import Any

import msgspec

from headrace.core.clock import Clock
from headrace.core.crash import crashpoint
from headrace.core.errors import HeadraceError, NotFound, Unavailable
from headrace.notifications import words
from headrace.notifications.errand import Errand, Message, Outcome
from headrace.notifications.words import Item, RunFacts
from headrace.project.files import PIPELINE_FILE, Project
from headrace.project.notifications import Channel, effective_notify, unknown_channels
from headrace.project.settings import Settings
from headrace.project.stamps import Stamp, stamp_of
from headrace.protocol.events import Event, NotificationsChanged, PipelinesChanged, RunChanged
from headrace.protocol.notifications import (
    NOTIFY_EVENTS,
    ChannelTable,
    Notifications,
    Notify,
)
from headrace.protocol.tables import FINAL_RUN_STATES
from headrace.runs.history import History
from headrace.runs.incidents import Claimed
from headrace.runs.thread import HistoryThread
from headrace.session.log import EventLog

logger = logging.getLogger(__name__)

LOOK_S = 10.0
"""Between two looks at the clock, at the latest."""
SHORTEST_LOOK_S = 0.5
_LOOKS_APART_S = 0.25
"""The least between two looks, however many runs end."""
SEND_LIMIT_S = 45.0
"""How long a service may take; its process is killed then."""
CLAIM_S = float(os.environ.get("HEADRACE_CLAIM_S", "90"))
"""Until somebody else may send it, when this process did not say what came of it."""
AT_ONCE = 4
"""Messages that are sent at a time."""
KEPT = timedelta(days=30)
_FORGET_EVERY_S = 3600.0
_LOG_BYTES = 16 * 1024
_TAKEN_TRIES = 3

Send = Callable[[Errand], Coroutine[Any, Any, Outcome]]


async def send_in_process(errand: Errand) -> Outcome:
    """Send a message in a process of its own."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "headrace.notifications.sending",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        async with asyncio.timeout(SEND_LIMIT_S):
            answer, _ = await process.communicate(msgspec.json.encode(errand))
    except TimeoutError:
        return Outcome(f"It took longer than {SEND_LIMIT_S:g} s.")
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode != 0:
        return Outcome(f"The process that sends ended with {process.returncode}.")
    return msgspec.json.decode(answer, type=Outcome)


class Notifier:
    """Reads who is told of what, looks for late ticks, and sends what waits."""

    def __init__(
        self,
        *,
        project: Project,
        history: HistoryThread,
        log: EventLog,
        clock: Clock,
        send: Send = send_in_process,
    ) -> None:
        self._project = project
        self._history = history
        self._log = log
        self._clock = clock
        self._send = send
        self._files = _NotifyFiles(project)
        self._awake = asyncio.Event()
        self._free = asyncio.Semaphore(AT_ONCE)
        self._busy: set[str] = set()
        """Channels to which something is being sent."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._leave: Callable[[], None] | None = None
        self._forgot_at: float | None = None

    async def start(self) -> None:
        """Read who is told, before any run can end; then go on by the clock."""
        await self._try(self._sync())
        self._leave = self._log.subscribe(self._hear)
        self._spawn(self._go_on())

    async def close(self) -> None:
        """Stop sending; what was not sent waits in the history."""
        if self._leave is not None:
            self._leave()
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _hear(self, event: Event) -> None:
        match event:
            case PipelinesChanged():
                self._awake.set()
            case RunChanged(run=run) if run.state in FINAL_RUN_STATES:
                self._awake.set()
            case _:
                pass

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work, name="notifier")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # Looking

    async def _go_on(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            self._awake.clear()
            began = loop.time()
            delay = await self._try(self.look())
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_S if delay is None else delay):
                    await self._awake.wait()
            # However many runs end: what is told of them waits for others in any case.
            await asyncio.sleep(began + _LOOKS_APART_S - loop.time())

    async def _try(self, work: Coroutine[Any, Any, Any]) -> Any:
        try:
            return await work
        except HeadraceError as error:
            logger.warning("Notifications are looked at again: %s", error)
        except Exception:
            # Whatever it is: who stopped looking would be silent for ever.
            logger.exception("Looking at notifications failed and is tried again")
        return None

    async def look(self) -> float:
        """Begin to send all that is due; return for how many seconds nothing will be."""
        await self._sync()
        now = self._clock.now()
        await self._history.call(History.look_for_late, now)
        for channel in await self._history.call(History.due_channels, now):
            if channel not in self._busy:
                self._busy.add(channel)
                self._spawn(self._attend(channel))
        await self._forget()
        due = await self._history.call(History.next_notification)
        if due is None:
            return LOOK_S
        return min(max((due - self._clock.now()).total_seconds(), SHORTEST_LOOK_S), LOOK_S)

    async def _sync(self) -> None:
        names, told = await asyncio.to_thread(self._files.read)
        if told is not None:
            await self._history.call(History.sync_notify, told, names)

    async def _forget(self) -> None:
        now = self._clock.monotonic()
        if self._forgot_at is None or now - self._forgot_at > _FORGET_EVERY_S:
            self._forgot_at = now
            await self._history.call(History.forget_notifications, self._clock.now() - KEPT)

    # Sending

    async def _attend(self, channel: str) -> None:
        try:
            async with self._free:
                await self._try(self._send_all(channel))
        finally:
            self._busy.discard(channel)
            self._awake.set()

    async def _send_all(self, channel: str) -> None:
        now = self._clock.now()
        claimed = await self._history.call(History.claim_notifications, channel, now, CLAIM_S)
        if not claimed:
            return
        settings = await asyncio.to_thread(self._project.settings)
        items = [
            Item(
                claimed=one,
                facts=await self._facts(one) if index < words.TOLD_WHOLE else RunFacts(),
            )
            for index, one in enumerate(claimed)
        ]
        message = words.compose(self._project.paths.root.name, items, self._links(settings))
        crashpoint("notify.before-send")
        error = await self._deliver(channel, settings, message, _key_of(claimed))
        crashpoint("notify.after-send")
        if error is not None:
            logger.warning("The channel %s could not be told: %s", channel, error)
        await self._note(channel, [one.id for one in claimed], error)

    async def _deliver(
        self, channel: str, settings: Settings, message: Message, key: str
    ) -> str | None:
        found = settings.notify.get(channel)
        if found is None:
            return (
                f"headrace.yaml names no channel {channel!r} under `notify:` that is without"
                " errors: `headrace check` says what is wrong."
            )
        errand = Errand(
            channel=channel,
            url=found.url,
            private=found.private,
            message=message,
            key=key,
            parent=os.getpid(),
            secrets=settings.secrets,
        )
        return (await self._send(errand)).error

    async def _note(self, channel: str, ids: Sequence[int], error: str | None) -> None:
        """Record what came of it: without a record it would be sent once more."""
        for tries_left in reversed(range(_TAKEN_TRIES)):
            now = self._clock.now()
            try:
                await self._history.call(History.note_sending, channel, ids, now, error)
            except Unavailable:
                if not tries_left:
                    raise
            else:
                self._log.publish(NotificationsChanged())
                return

    async def _facts(self, claimed: Claimed) -> RunFacts:
        """Gather what is known of a run: its trigger, the block that failed, the end of its log."""
        run = claimed.telling.run
        if run is None:
            return RunFacts()
        try:
            record = await self._history.call(History.run, run)
        except NotFound:
            return RunFacts()
        failed = next((block for block in record.blocks if block.state == "failed"), None)
        if claimed.telling.event != "failure" or failed is None:
            return RunFacts(trigger=record.trigger)
        log = await asyncio.to_thread(self._log_tail, run, failed.name)
        return RunFacts(trigger=record.trigger, block=failed.name, log_tail=log)

    def _log_tail(self, run: str, block: str) -> str:
        files = (self._project.paths.logs / run).glob(f"{block}.*.log")
        newest = max(files, key=lambda file: (len(file.name), file.name), default=None)
        if newest is None:
            return ""
        try:
            with newest.open("rb") as opened:
                size = opened.seek(0, os.SEEK_END)
                opened.seek(max(0, size - _LOG_BYTES))
                return words.tail(opened.read(_LOG_BYTES).decode("utf-8", "replace"))
        except OSError:
            return ""

    def _links(self, settings: Settings) -> str:
        """Return where the server is reached: as headrace.yaml says, or as it knows itself."""
        if settings.public_url is not None:
            return settings.public_url
        try:
            described = msgspec.json.decode(
                self._project.paths.server_file.read_bytes(), type=dict[str, Any]
            )
        except (OSError, msgspec.DecodeError):
            return "http://127.0.0.1:8765"
        return str(described.get("url", "")).rstrip("/")

    # Asked for

    async def test(self, channel: str) -> str | None:
        """Send a test message now; return why it failed. Raises NotFound."""
        settings = await asyncio.to_thread(self._project.settings)
        if channel not in settings.notify:
            raise NotFound(
                f"headrace.yaml names no channel {channel[:64]!r}.", kind="channel", name=channel
            )
        links = self._links(settings)
        message = words.test_message(self._project.paths.root.name, channel, links)
        now = self._clock.now()
        async with self._free:
            error = await self._deliver(channel, settings, message, f"test-{now.timestamp():.0f}")
        await self._note(channel, (), error)
        return error

    async def overview(self, limit: int = 50) -> Notifications:
        """Return all channels with how they do, and the newest notifications."""
        settings = await asyncio.to_thread(self._project.settings)
        own = await asyncio.to_thread(_NotifyFiles(self._project).own)
        states = await self._history.call(History.channel_states)
        newest = await self._history.call(History.notifications, limit)
        told = {name: effective_notify(notify, settings.notify) for name, notify in own.items()}
        problems = [
            problem
            for name, notify in own.items()
            for problem in unknown_channels(name, notify, settings.notify)
        ]
        problems += [one for one in settings.problems if one.code != "plain-password"]
        return Notifications(
            channels=[
                _channel_table(channel, told, states.get(channel.name))
                for channel in settings.notify.values()
            ],
            notifications=newest,
            told={
                name: notify
                for name, notify in told.items()
                if any(notify.channels(event) for event in NOTIFY_EVENTS)
            },
            problems=[f"{one.file}:{one.line}: {one.message}" for one in problems],
        )


def _channel_table(channel: Channel, told: dict[str, Notify], state: Any) -> ChannelTable:
    missing = [name for name in channel.variables if not os.environ.get(name)]
    table = ChannelTable(
        name=channel.name,
        service=channel.service,
        events=list(channel.events),
        pipelines=sorted(
            name
            for name, notify in told.items()
            if any(channel.name in notify.channels(event) for event in NOTIFY_EVENTS)
        ),
        problem=None
        if not missing
        else f"The environment variable {missing[0]} is not set: start the server with it.",
    )
    if state is None:
        return table
    return msgspec.structs.replace(
        table,
        sent_at=state.sent_at,
        error=state.error,
        error_at=state.error_at,
        waiting=state.waiting,
    )


def _key_of(claimed: Sequence[Claimed]) -> str:
    """Name a message by its first notification: the same when it is sent once more."""
    first = claimed[0]
    return f"headrace-{first.pipeline}-{first.telling.event}-{first.telling.incident}".replace(
        " ", "-"
    )


class _NotifyFiles:
    """Who is told of what, by the files; they are read again when they changed."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._seen: dict[str, Stamp | None] = {}
        self._own: dict[str, Notify | None] = {}

    def read(self) -> tuple[list[str], dict[str, Notify] | None]:
        """Return the names of all pipelines, and what is told of those that can be read.

        The latter is None when no file changed.
        """
        project = self._project
        names = project.list_pipelines()
        stamps = {name: stamp_of(project.paths.pipelines / name / PIPELINE_FILE) for name in names}
        stamps[""] = stamp_of(project.paths.settings)
        if stamps == self._seen:
            return names, None
        settings = project.settings()
        if any(problem.severity == "error" for problem in settings.problems) and self._seen:
            return names, None  # half of a file that is being written says nothing
        if not settings.notify:  # nobody can be told: most projects need not be read for that
            self._seen, self._own = stamps, {}
            return names, dict.fromkeys(names, Notify())
        for name in names:
            if stamps[name] != self._seen.get(name) or name not in self._own:
                self._read(name)
        self._seen = stamps
        own = {name: self._own[name] for name in names if name in self._own}
        return names, {n: effective_notify(notify, settings.notify) for n, notify in own.items()}

    def own(self) -> dict[str, Notify | None]:
        """Return what pipelines say themselves, without those that cannot be read."""
        for name in self._project.list_pipelines():
            self._read(name)
        return self._own

    def _read(self, name: str) -> None:
        try:
            text = (self._project.paths.pipelines / name / PIPELINE_FILE).read_bytes()
            if b"notify" not in text:  # a pipeline is slow to parse, and most do not say it
                self._own[name] = None
                return
            pipeline = self._project.read_pipeline(name)
        except (HeadraceError, OSError) as error:
            logger.warning("Who is told of %s cannot be read: %s", name, error)
            return
        if not pipeline.is_whole:
            logger.warning("Who is told of %s stays as it was: its file has errors", name)
            return
        self._own[name] = pipeline.notify

"""The websocket: commands up, events and replies down."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any

import msgspec
from tornado.iostream import StreamClosedError
from tornado.websocket import WebSocketClosedError, WebSocketHandler

from headrace.core.errors import Forbidden, HeadraceError, InvalidInput, Unavailable
from headrace.protocol import commands as cmd
from headrace.protocol.events import Event, SessionEnded, SnapshotTaken
from headrace.protocol.replies import Accepted, Refused
from headrace.protocol.tables import ErrorBody
from headrace.server.base import SecureHandler
from headrace.server.errors import body_of, body_of_status
from headrace.server.feed import Feed
from headrace.server.identity import TokenIdentity
from headrace.server.strict import read_json_aside
from headrace.session.log import EventLog

logger = logging.getLogger(__name__)

_IN_FLIGHT = 256
_MESSAGE_LIMIT_BYTES = 16 * 1024 * 1024
_LOGGED_OUT = 4401
"""The code of the close frame when somebody logged out, after HTTP's 401."""
_UNORDERED = (
    cmd.CancelRun,
    cmd.Complete,
    cmd.Inspect,
    cmd.FormatSource,
    cmd.ShowLineage,
    cmd.ShowImpact,
    cmd.TranslateSource,
    cmd.RestartWorker,
)
"""Commands that need not wait for those sent before them."""


class _Req(msgspec.Struct):
    """The caller's number, out of a message that is otherwise no command."""

    req: str = ""


class EventSocket(WebSocketHandler, SecureHandler):
    """One client. Nothing that it sends, or fails to read, touches another one."""

    async def get(self, *args: Any, **kwargs: Any) -> None:
        """Shake hands; refuse plain requests in the one error shape."""
        if self.request.headers.get("Upgrade", "").lower() != "websocket":
            raise InvalidInput("Only a websocket can be opened here.")
        await super().get(*args, **kwargs)

    def check_origin(self, origin: str) -> bool:  # pyright: ignore[reportIncompatibleMethodOverride] its two bases name it differently
        """Let only pages of this very origin in, whatever else the request carries."""
        return self.is_own_origin(origin)

    def check_source(self) -> None:
        """Require an Origin of everyone who has no token in the header."""
        super().check_source()
        if self.request.headers.get("Origin") is None and not self.token_authenticated:
            raise Forbidden("A websocket needs an Origin.")

    def get_compression_options(self) -> dict[str, Any] | None:
        """Compress nothing: no bombs, no memory per client."""
        return None

    async def open(self, *_: str, **__: str) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Begin; nothing is sent before a session is opened."""
        self.set_nodelay(True)
        self._feed = Feed(self._write, self._cut)
        self._followed: dict[str, Callable[[], None]] = {}
        self._order: dict[str, asyncio.Lock] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._logged_out = False
        self._let_go = self._hold_login()

    def _hold_login(self) -> Callable[[], None] | None:
        """End with the login that opened this socket."""
        identity = self.identity_provider
        if not isinstance(identity, TokenIdentity) or self.token_authenticated:
            return None
        login = identity.login_of(self)
        if login is None:  # logged out while the hands were shaken
            self._log_out()
            return None
        return identity.logins_of(self).hold(login, self._log_out)

    def _log_out(self) -> None:
        """Hang up; what still comes in, until the other side has heard of it, is not looked at."""
        self._logged_out = True
        self._feed.close()
        self.close(_LOGGED_OUT, "logged out")

    async def on_message(self, message: str | bytes) -> None:  # pyright: ignore[reportIncompatibleMethodOverride] Tornado awaits it before it reads on
        """Take a command; carry it out beside others, in order within its pipeline."""
        if self._logged_out:
            return
        try:
            command: cmd.Command = await read_json_aside(
                message, cmd.AnyCommand, limit=_MESSAGE_LIMIT_BYTES
            )
        except HeadraceError as error:
            self._feed.reply(Refused(req=_req_of(message), error=body_of(error)))
            return
        if len(self._tasks) >= _IN_FLIGHT:
            error = Unavailable("Too many commands at once.")
            self._feed.reply(Refused(req=command.req, error=body_of(error)))
            return
        task = asyncio.create_task(self._answer(command))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def on_close(self) -> None:
        """Leave every session; commands that were taken are carried out."""
        if not hasattr(self, "_feed"):
            return
        self._feed.close()
        if self._let_go is not None:
            self._let_go()
        for leave in self._followed.values():
            leave()
        self._followed.clear()

    async def _answer(self, command: cmd.Command) -> None:
        refused: ErrorBody | None = None
        result: Any = None
        try:
            await self.runtime.ready()
            if isinstance(command, _UNORDERED):
                result = await self.runtime.sessions.handle(command)
            else:
                async with self._order.setdefault(command.pipeline, asyncio.Lock()):
                    result = await self._carry_out(command)
        except HeadraceError as error:
            refused = body_of(error)
        except Exception:
            logger.exception("%s failed", type(command).__name__)
            refused = body_of_status(500)
        if refused is not None:
            self._feed.reply(Refused(req=command.req, error=refused))
        else:
            self._feed.reply(Accepted(req=command.req, result=result))

    async def _carry_out(self, command: cmd.Command) -> Any:
        match command:
            case cmd.OpenSession():
                await self._follow(command)
                return None
            case cmd.CloseSession():
                self._leave(command.pipeline)
                return None
            case _:
                return await self.runtime.sessions.handle(command)

    async def _follow(self, command: cmd.OpenSession) -> None:
        log, snapshot = await self._log_of(command.pipeline)
        if self.ws_connection is None:
            return
        self._leave(command.pipeline)
        self._feed.follow(command.pipeline, snapshot)
        missed = None if command.after is None else log.after(command.after, command.epoch)
        if missed is None:
            self._feed.resync(command.pipeline)
        else:
            for event in missed:
                self._feed.event(event)
        self._followed[command.pipeline] = log.subscribe(self._hear)

    async def _log_of(self, pipeline: str) -> tuple[EventLog, Callable[[], SnapshotTaken]]:
        sessions = self.runtime.sessions
        if not pipeline:
            return sessions.log, sessions.project_snapshot
        session = await sessions.open(pipeline)
        session.attend()
        return session.log, session.snapshot

    def _hear(self, event: Event) -> None:
        self._feed.event(event)
        if isinstance(event, SessionEnded):
            self._followed.pop(event.pipeline, lambda: None)()

    def _leave(self, pipeline: str) -> None:
        leave = self._followed.pop(pipeline, None)
        if leave is not None:
            leave()
            self._feed.leave(pipeline)

    async def _write(self, batch: bytes) -> None:
        try:
            await self.write_message(batch)
        except (WebSocketClosedError, StreamClosedError):
            self._feed.close()

    def _cut(self) -> None:
        """Drop a client that does not read: a close frame would never reach it."""
        if self.ws_connection is not None:
            self.ws_connection._abort()  # pyright: ignore[reportPrivateUsage] # noqa: SLF001 Tornado has no public way


def _req_of(message: str | bytes) -> str:
    try:
        return msgspec.json.decode(message, type=_Req).req
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return ""

"""Calls of service processes: the server's side."""

from __future__ import annotations

import asyncio
import importlib
import itertools
from typing import Any

from headrace.core import errors
from headrace.core.errors import HeadraceError, Unavailable
from headrace.workers.launcher import Child, Launcher
from headrace.workers.service import SERVICES
from headrace.workers.wire import Abandon, Request, decode_response, encode

_ERRORS: dict[str, type[HeadraceError]] = {
    kind.code: kind
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, HeadraceError)
}


class _Died(Unavailable):
    """The process ended by itself while it was asked."""


class ServiceHere:
    """A service in this process, for commands that end soon: no other has to start for it."""

    def __init__(self, name: str) -> None:
        self._name = name

    async def call(self, method: str, /, *, timeout_s: float = 60.0, **arguments: Any) -> Any:
        """Call a method in a thread, and return its result as plain values.

        Raises the HeadraceError that the method raised; Unavailable when it took longer.
        """

        def answer() -> Any:
            return importlib.import_module(SERVICES[self._name]).METHODS[method](**arguments)

        try:
            async with asyncio.timeout(timeout_s):
                return await asyncio.to_thread(answer)
        except TimeoutError:
            raise Unavailable(f"{method} took longer than {timeout_s:g} s.") from None

    def move_to(self, launcher: Launcher) -> None:
        """Stay here."""

    def close(self) -> None:
        """Do nothing: it ends with the process."""


class ServiceClient:
    """One service process: started on the first call, again after a death, ended when idle."""

    def __init__(self, name: str, launcher: Launcher, *, idle_s: float) -> None:
        self._name = name
        self._launcher = launcher
        self._idle_s = idle_s
        self._child: Child | None = None
        self._numbers = itertools.count(1)
        self._calls: dict[int, asyncio.Future[Any]] = {}
        self._idle_timer: asyncio.TimerHandle | None = None
        self._closed = False

    async def call(self, method: str, /, *, timeout_s: float = 60.0, **arguments: Any) -> Any:
        """Call a method and return its result as plain values.

        When the process dies meanwhile, another one is asked, once: no method does harm twice.
        A call that is cancelled is abandoned there too.
        Raises the HeadraceError that the method raised; Unavailable when the process died again,
        could not start, or took longer than `timeout_s`; it is then replaced for the next call.
        """
        try:
            return await self._call(method, timeout_s, arguments)
        except _Died:
            return await self._call(method, timeout_s, arguments)

    async def _call(self, method: str, timeout_s: float, arguments: dict[str, Any]) -> Any:
        if self._closed:
            raise Unavailable(f"The {self._name} service is closed.")
        loop = asyncio.get_running_loop()
        if self._idle_timer is not None:
            self._idle_timer.cancel()
            self._idle_timer = None
        child = self._child or self._start()
        number = next(self._numbers)
        future: asyncio.Future[Any] = loop.create_future()
        self._calls[number] = future
        child.send(encode(Request(number=number, method=method, arguments=arguments)))
        try:
            async with asyncio.timeout(timeout_s):
                return await future
        except TimeoutError:
            if self._child is child:
                self._dispose()
                self._fail_calls(f"{method} took too long")
            raise Unavailable(
                f"{self._name}.{method} took longer than {timeout_s:g} s.", method=method
            ) from None
        except asyncio.CancelledError:
            child.send(encode(Abandon(number=number)))
            raise
        finally:
            self._calls.pop(number, None)
            if not self._calls and not self._closed:
                self._idle_timer = loop.call_later(self._idle_s, self._dispose)

    @property
    def is_running(self) -> bool:
        """True while there is a process."""
        return self._child is not None

    def move_to(self, launcher: Launcher) -> None:
        """Start the next process from another template; one that is asked nothing ends now."""
        self._launcher = launcher
        if not self._calls:
            self._dispose()

    def close(self) -> None:
        """End the process; open calls fail with Unavailable."""
        self._closed = True
        self._dispose()
        self._fail_calls()

    def _start(self) -> Child:
        child = self._launcher.fork(f"service:{self._name}")
        child.on_message = self._received
        child.on_exit = lambda status, reason: self._ended(child, status, reason)
        self._child = child
        return child

    def _dispose(self) -> None:
        if self._idle_timer is not None:
            self._idle_timer.cancel()
            self._idle_timer = None
        child, self._child = self._child, None
        if child is not None:
            child.kill()

    def _received(self, message: bytes) -> None:
        response = decode_response(message)
        future = self._calls.get(response.number)
        if future is None or future.done():
            return
        if response.code:
            kind = _ERRORS.get(response.code, HeadraceError)
            future.set_exception(kind(response.message, **response.details))
        else:
            future.set_result(response.result)

    def _ended(self, child: Child, status: int | None, reason: str) -> None:
        if self._child is child:
            self._child = None
            self._fail_calls(reason or f"exit status {status}", _Died)

    def _fail_calls(self, why: str = "closed", kind: type[Unavailable] = Unavailable) -> None:
        for future in list(self._calls.values()):
            if not future.done():
                future.set_exception(
                    kind(f"The {self._name} service ended ({why}).", service=self._name)
                )

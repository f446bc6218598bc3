"""A service process: answers calls of plain functions.

One after another, or, when the module says `AT_ONCE`, so many at a time. Before the first one its
`prepare` is called, if it has one. A function that takes a `stop` hears by it that nobody waits for
its answer any more.
"""

from __future__ import annotations

import functools
import importlib
import inspect
import signal
import socket
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

from headrace.core.errors import HeadraceError
from headrace.store.stopping import Stop
from headrace.workers.wire import (
    Request,
    Response,
    ServiceRequest,
    Settings,
    decode_service_request,
    encode,
    frame,
    read_frame,
)

SERVICES = {
    "data": "headrace.store.service",
    "analysis": "headrace.analysis.service",
    "probe": "headrace.workers.probing",
}
"""Name → module with METHODS: name → function. An argument `folder` is the store's by default."""

Method = Callable[..., Any]


def main(name: str, channel: socket.socket, settings: Settings) -> None:
    """Answer calls until the channel ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    module = importlib.import_module(SERVICES[name])
    getattr(module, "prepare", lambda: None)()
    methods = {
        name: _with_folder(method, settings.store_folder) for name, method in module.METHODS.items()
    }
    calls = _Calls(methods, channel, getattr(module, "AT_ONCE", 1))
    while (message := read_frame(channel)) is not None:
        calls.take(decode_service_request(message))


class _Calls:
    """The calls under way."""

    def __init__(self, methods: Mapping[str, Method], channel: socket.socket, at_once: int) -> None:
        self._methods = methods
        self._channel = channel
        self._threads = ThreadPoolExecutor(at_once, "call") if at_once > 1 else None
        self._lock = threading.Lock()
        self._stops: dict[int, Stop] = {}

    def take(self, message: ServiceRequest) -> None:
        """Answer a call, now or in a thread; or let one go."""
        if not isinstance(message, Request):
            stop = self._stops.get(message.number)
            if stop is not None:
                stop.wish()
            return
        self._stops[message.number] = stop = Stop()
        if self._threads is None:
            self._answer(message, stop)
        else:
            self._threads.submit(self._answer, message, stop)

    def _answer(self, request: Request, stop: Stop) -> None:
        answer = frame(encode(_respond(self._methods, request, stop)))
        del self._stops[request.number]
        with self._lock, suppress(OSError):  # the server is gone, and this process with it
            self._channel.sendall(answer)


def _with_folder(method: Method, folder: str) -> Method:
    if "folder" not in inspect.signature(method).parameters:
        return method
    return functools.partial(method, folder=folder)


def _respond(methods: Mapping[str, Method], request: Request, stop: Stop) -> Response:
    method = methods.get(request.method)
    if method is None:
        return Response(
            number=request.number, code="not-found", message=f"No method {request.method!r}."
        )
    arguments = request.arguments
    if "stop" in inspect.signature(method).parameters:
        arguments = {**arguments, "stop": stop}
    try:
        return Response(number=request.number, result=method(**arguments))
    except HeadraceError as error:
        return Response(
            number=request.number, code=error.code, message=error.message, details=error.details
        )
    except Exception as error:  # noqa: BLE001 - a fault in one call must not end the service
        return Response(
            number=request.number, code="error", message=f"{type(error).__name__}: {error}"
        )

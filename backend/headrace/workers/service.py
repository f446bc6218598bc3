"""A service process: answers calls of plain functions, one after another."""

from __future__ import annotations

import functools
import importlib
import inspect
import signal
import socket
from collections.abc import Callable, Mapping
from typing import Any

from headrace.core.errors import HeadraceError
from headrace.workers.wire import (
    Request,
    Response,
    Settings,
    decode_request,
    encode,
    frame,
    read_frame,
)

SERVICES = {"data": "headrace.store.service", "analysis": "headrace.analysis.service"}
"""Name → module with METHODS: name → function. An argument `folder` is the store's by default."""


def main(name: str, channel: socket.socket, settings: Settings) -> None:
    """Answer calls until the channel ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    module = importlib.import_module(SERVICES[name])
    methods = {
        name: _with_folder(method, settings.store_folder) for name, method in module.METHODS.items()
    }
    while (message := read_frame(channel)) is not None:
        request = decode_request(message)
        channel.sendall(frame(encode(_respond(methods, request))))


def _with_folder(method: Callable[..., Any], folder: str) -> Callable[..., Any]:
    if "folder" not in inspect.signature(method).parameters:
        return method
    return functools.partial(method, folder=folder)


def _respond(methods: Mapping[str, Callable[..., Any]], request: Request) -> Response:
    method = methods.get(request.method)
    if method is None:
        return Response(
            number=request.number, code="not-found", message=f"No method {request.method!r}."
        )
    try:
        return Response(number=request.number, result=method(**request.arguments))
    except HeadraceError as error:
        return Response(
            number=request.number, code=error.code, message=error.message, details=error.details
        )
    except Exception as error:  # noqa: BLE001 - a fault in one call must not end the service
        return Response(
            number=request.number, code="error", message=f"{type(error).__name__}: {error}"
        )

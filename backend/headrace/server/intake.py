"""Bodies that are too large: thrown away as they come in, and refused like any other request.

Tornado alone would hang up with a bare 400. Here such a request still gets its handler, which first
looks at who asks and then answers 413 in the one error shape.
"""

from __future__ import annotations

from collections.abc import Awaitable
from weakref import WeakSet

from tornado import httputil
from tornado.httpserver import HTTPServer

from headrace.server.strict import BODY_LIMIT_BYTES

DRAINED_BYTES = 64 * 1024 * 1024
"""A body up to this size is read to its end, so that clients that write first hear the answer."""
ENDLESS_BYTES = 1 << 40
"""What Tornado itself may let pass: how much that is, is decided here."""

_dropped: WeakSet[httputil.HTTPConnection] = WeakSet()


def was_dropped(request: httputil.HTTPServerRequest) -> bool:
    """Return whether the body of a request was too large, and was thrown away."""
    return request.connection in _dropped


class BoundedServer(HTTPServer):
    """Never holds more of a body than the limit."""

    def start_request(
        self, server_conn: object, request_conn: httputil.HTTPConnection
    ) -> httputil.HTTPMessageDelegate:
        """Put the measuring in front of the application."""
        return _Intake(super().start_request(server_conn, request_conn), request_conn)


class _Intake(httputil.HTTPMessageDelegate):
    def __init__(
        self, inner: httputil.HTTPMessageDelegate, connection: httputil.HTTPConnection
    ) -> None:
        self._inner = inner
        self._connection = connection
        self._size = 0
        self._answered = False

    def headers_received(
        self,
        start_line: httputil.RequestStartLine | httputil.ResponseStartLine,
        headers: httputil.HTTPHeaders,
    ) -> Awaitable[None] | None:
        received = self._inner.headers_received(start_line, headers)
        self._judge(_length(headers))
        return received

    def data_received(self, chunk: bytes) -> Awaitable[None] | None:
        self._size += len(chunk)
        self._judge(self._size)
        return None if self._connection in _dropped else self._inner.data_received(chunk)

    def _judge(self, size: int) -> None:
        if size > BODY_LIMIT_BYTES:
            _dropped.add(self._connection)
        if size > DRAINED_BYTES and not self._answered:
            self._answered = True
            self._inner.finish()  # Tornado hangs up once that is answered

    def finish(self) -> None:
        if not self._answered:
            self._inner.finish()

    def on_connection_close(self) -> None:
        self._inner.on_connection_close()


def _length(headers: httputil.HTTPHeaders) -> int:
    text = headers.get("Content-Length", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else 0

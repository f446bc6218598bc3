"""Where notifications arrive: a mail server and a web server of our own, on this machine."""

from __future__ import annotations

import email
import email.policy
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.controller import Controller


class Mailbox:
    """Takes every mail."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.raw: list[bytes] = []
        self.port = 0

    async def handle_DATA(  # noqa: N802 aiosmtpd asks for it by this name
        self, _server: Any, _session: Any, envelope: Any
    ) -> str:
        self.raw.append(envelope.original_content)
        self.mails.append(
            email.message_from_bytes(envelope.original_content, policy=email.policy.default)
        )
        return "250 taken"

    def texts(self) -> list[str]:
        """Return subject and text of every mail."""
        found: list[str] = []
        for mail in self.mails:
            body = mail.get_body(("plain", "html"))
            assert body is not None
            found.append(f"{mail['subject']}\n{body.get_content()}")
        return found


@contextmanager
def mail_server() -> Iterator[Mailbox]:
    box = Mailbox()
    with socket.socket() as free:  # the controller wants to know its port before
        free.bind(("127.0.0.1", 0))
        box.port = free.getsockname()[1]
    controller = Controller(box, hostname="127.0.0.1", port=box.port)
    controller.start()
    try:
        yield box
    finally:
        controller.stop()


class Hook:
    """Takes every request; `answer` is the status that it answers with."""

    def __init__(self) -> None:
        self.answer = 200
        self.location = ""
        self.requests: list[tuple[dict[str, str], Any]] = []
        self.paths: list[str] = []
        self.port = 0
        self.refused = 0

    @property
    def messages(self) -> list[dict[str, Any]]:
        return [body for _, body in self.requests]


@contextmanager
def web_hook() -> Iterator[Hook]:
    hook = Hook()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            content = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            hook.paths.append(self.path)
            if hook.answer < 300:
                kind = self.headers.get("Content-Type", "")
                body = json.loads(content) if "json" in kind else content
                hook.requests.append((dict(self.headers), body))
            else:
                hook.refused += 1
            self.send_response(hook.answer)
            if hook.location:
                self.send_header("Location", hook.location)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    hook.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield hook
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

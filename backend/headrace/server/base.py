"""What every handler has: identity, Host, Origin and XSRF checks, headers, one error shape.

Deny by default: `prepare` lets nobody pass whom Jupyter Server's identity provider does not know,
unless the handler says `public = True`, which `routes.PUBLIC` lists and a test walks.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Awaitable, Callable, Coroutine
from datetime import datetime
from http import HTTPStatus
from types import TracebackType
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple, cast
from urllib.parse import urlencode, urlsplit

import msgspec
from jupyter_server.base.handlers import JupyterHandler
from tornado import web

from headrace.core.errors import Forbidden, HeadraceError, InvalidInput, TooLarge
from headrace.core.ids import check_address, check_name, check_run_id
from headrace.protocol.tables import ErrorBody
from headrace.server.errors import (
    MethodNotAllowed,
    Unauthenticated,
    UnsupportedMediaType,
    body_of,
    body_of_status,
    encode_error,
    status_of,
)
from headrace.server.intake import was_dropped
from headrace.server.strict import BODY_LIMIT_BYTES, read_json_aside

if TYPE_CHECKING:
    from headrace.server.runtime import Runtime

PAGE_POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; frame-src 'self'; connect-src 'self'; object-src 'none'; "
    "base-uri 'none'; frame-ancestors 'self'; form-action 'self'"
)
_Moment = Annotated[datetime, msgspec.Meta(tz=True)]
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def _check_trigger_name(text: str) -> str:
    if not 0 < len(text) <= 100 or not text.isprintable():
        raise InvalidInput("The name of a trigger has 1 to 100 characters.", field="trigger")
    return text


def _check_connection_name(text: str) -> str:
    if not 0 < len(text) <= 100 or not text.isprintable():
        raise InvalidInput("The name of a connection has 1 to 100 characters.", field="connection")
    return text


_PARAMETER_CHECKS: dict[str, Callable[[str], str]] = {
    "pipeline": lambda text: check_name(text, "pipeline"),
    "block": check_name,
    "trigger": _check_trigger_name,
    "connection": _check_connection_name,
    "run": check_run_id,
    "webhook": check_run_id,
    "backfill": check_run_id,
    "address": check_address,
}


class Operation(NamedTuple):
    """What the route table and `openapi.json` know of one method of one address."""

    summary: str
    body: Any = None
    returns: Any = None
    status: int = 200
    query: tuple[str, ...] = ()
    media: tuple[str, ...] = ()
    """Types of an answer that is no JSON, or that can also be something else."""
    headers: tuple[str, ...] = ()
    """Request headers that it looks at, beside those of every request."""
    also: tuple[int, ...] = ()
    """Statuses that the same answer can have."""


Method = Callable[..., Coroutine[Any, Any, None]]


def operation(
    summary: str,
    *,
    body: Any = None,
    returns: Any = None,
    status: int = 200,
    query: tuple[str, ...] = (),
    media: tuple[str, ...] = (),
    headers: tuple[str, ...] = (),
    also: tuple[int, ...] = (),
) -> Callable[[Callable[..., Awaitable[Any]]], Method]:
    """Make an HTTP method of a function that takes the decoded body and returns the answer.

    A function that has sent its answer itself returns None and says `returns=None`.
    """

    def decorate(function: Callable[..., Awaitable[Any]]) -> Method:
        @functools.wraps(function)
        async def method(self: ApiHandler, **parameters: str) -> None:
            if body is not None:
                answer = await function(self, await self.read_body(body), **parameters)
            else:
                answer = await function(self, **parameters)
            if not self._finished:  # pyright: ignore[reportPrivateUsage]
                self.reply(answer, status)

        method.operation = Operation(  # pyright: ignore[reportFunctionMemberAccess, reportAttributeAccessIssue]
            summary, body, returns, status, query, media, headers, also
        )
        return method

    return decorate


RETRY_AFTER_S = 5
"""When a client that was answered 503 may try again."""


class SecureHandler(JupyterHandler):
    """The checks that all of HTTP and the websocket share."""

    public = False
    """True: no identity is needed. Only for handlers that `routes.PUBLIC` lists."""
    is_page = False
    """True: an unknown visitor is sent to the login page, instead of being refused."""
    needs_xsrf = True

    @property
    def runtime(self) -> Runtime:
        """The project's services; Unavailable (503) while they are still being opened."""
        return cast("Runtime", self.settings["headrace_runtime"])

    @property
    def root(self) -> str:
        """Path that the app is mounted at, with a slash at both ends."""
        return cast("str", self.settings["headrace_root"])

    # Headers

    @property
    def content_security_policy(self) -> str:
        return PAGE_POLICY

    def set_default_headers(self) -> None:
        """Set the headers that every answer carries, errors included."""
        self.clear_header("Server")
        self.set_header("Content-Security-Policy", self.content_security_policy)
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Referrer-Policy", "no-referrer")
        self.set_header("Cross-Origin-Opener-Policy", "same-origin")
        self.set_header("Cross-Origin-Resource-Policy", "same-origin")
        self.set_header("Cache-Control", "no-store")

    def set_cors_headers(self) -> None:
        """Set none: no other origin may read an answer, not even with a token."""

    # Who asks, and from where

    async def prepare(self, **_: Any) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Refuse whoever may not pass, before anything of the request is looked at."""
        if not self.check_host():
            self.current_user = self._jupyter_current_user = None
            raise Forbidden(f"This server does not answer to the name {self.request.host[:80]!r}.")
        user = self.identity_provider.get_user(self)
        if inspect.isawaitable(user):
            user = await user
        self.current_user = self._jupyter_current_user = user
        self.check_source()
        if user is None and not self.public:
            if self.is_page and self.request.method in ("GET", "HEAD"):
                self.redirect(self._login_url(), status=302)
                return
            raise Unauthenticated("Log in first, or send the header `Authorization: token …`.")
        if user is not None and not self.public:
            await self._check_authorized(user)
            self.settings["headrace_begin"]()
        if was_dropped(self.request):
            limit = BODY_LIMIT_BYTES
            raise TooLarge(
                f"The body is larger than {limit // 1024 // 1024} MB.", limit_bytes=limit
            )
        for name, text in self.path_kwargs.items():
            check = _PARAMETER_CHECKS.get(name)
            if check is not None:
                check(text)

    def check_host(self) -> bool:
        """Let names pass that were allowed at the start, and what Jupyter Server takes as local."""
        host = urlsplit(f"//{self.request.host}").netloc.rpartition(":")[0] or self.request.host
        allowed = cast("tuple[str, ...]", self.settings.get("headrace_allowed_hosts", ()))
        return host in allowed or self.request.host in allowed or super().check_host()

    def check_source(self) -> None:
        """Refuse what a page of another origin sent.

        The Origin is compared even when a token came along: a token in the hands of a foreign page
        is a stolen one. Raises Forbidden and UnsupportedMediaType.
        """
        origin = self.request.headers.get("Origin")
        if origin is not None and not self.is_own_origin(origin):
            raise Forbidden("This came from a page of another origin.")
        site = self.request.headers.get("Sec-Fetch-Site")
        is_link = self.is_page and self.request.method in ("GET", "HEAD")
        if not is_link and site not in (None, "same-origin", "none"):
            raise Forbidden("This came from a page of another site.")
        if self.request.method in _SAFE_METHODS:
            return
        if self.request.body and self._content_type() != "application/json":
            raise UnsupportedMediaType("Send JSON, as Content-Type: application/json.")
        if self.needs_xsrf and self.current_user is not None and not self.token_authenticated:
            try:
                web.RequestHandler.check_xsrf_cookie(self)
            except web.HTTPError:
                raise Forbidden("The header X-XSRFToken is missing or wrong.") from None

    def is_own_origin(self, origin: str) -> bool:
        """Return whether `origin` is exactly the one that this request was sent to."""
        return origin == f"{self.request.protocol}://{self.request.host}"

    def check_xsrf_cookie(self) -> None:
        """Do nothing here: Tornado calls it before the caller is known; `prepare` checks."""

    def _content_type(self) -> str:
        return self.request.headers.get("Content-Type", "").partition(";")[0].strip().lower()

    def _login_url(self) -> str:
        if self.settings.get("headrace_standalone"):
            return f"{self.root}login?{urlencode({'next': self.request.uri or self.root})}"
        return f"{self.get_login_url()}?{urlencode({'next': self.request.uri or self.root})}"

    async def _check_authorized(self, user: Any) -> None:
        action = "read" if self.request.method in _SAFE_METHODS else "write"
        allowed = self.authorizer.is_authorized(self, user, action, "headrace")
        if inspect.isawaitable(allowed):
            allowed = await allowed
        if not allowed:
            raise Forbidden("This user may not do that.")

    # Errors

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Answer in the one error shape."""
        error = kwargs.get("exc_info", (None, None, None))[1]
        body: ErrorBody
        if isinstance(error, HeadraceError):
            body = body_of(error)
            status_code = status_of(error)
        else:
            body = body_of_status(status_code)
        self.set_status(status_code, _phrase(status_code))
        self.set_header("Content-Type", "application/json")
        self.set_header("Cache-Control", "no-store")
        if status_code in (429, 503):
            self.set_header("Retry-After", str(RETRY_AFTER_S))
        self.finish(encode_error(body))

    def log_exception(
        self,
        typ: type[BaseException] | None,
        value: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        """Log faults of ours with their traceback, refusals not at all."""
        if isinstance(value, HeadraceError) and status_of(value) < 500:
            return
        super().log_exception(typ, value, tb)

    def _handle_request_exception(self, e: BaseException) -> None:
        if isinstance(e, HeadraceError) and not self._finished:
            self.send_error(status_of(e), exc_info=(type(e), e, e.__traceback__))
            return
        super()._handle_request_exception(e)  # pyright: ignore[reportAttributeAccessIssue]

    def _refuse_method(self, *_: str, **__: str) -> None:
        raise MethodNotAllowed(f"{self.request.method} is not possible here.")

    head = get = post = put = patch = delete = options = _refuse_method  # pyright: ignore[reportAssignmentType, reportIncompatibleMethodOverride]


class ApiHandler(SecureHandler):
    """Base of the REST handlers: JSON in, JSON out."""

    async def head(self, **parameters: str) -> None:
        """Answer as to GET; Tornado leaves the body out."""
        await cast("Callable[..., Awaitable[None]]", self.get)(**parameters)

    async def read_body(self, kind: Any) -> Any:
        """Decode the body strictly, none as `{}`; InvalidInput says what is wrong and where."""
        return await read_json_aside(self.request.body or b"{}", kind)

    def reply(self, value: Any, status: int = 200) -> None:
        """Answer with `value` as JSON; None with no content."""
        if value is None:
            self.set_status(204)
            self.finish()
            return
        self.set_status(status)
        self.set_header("Content-Type", "application/json")
        self.finish(msgspec.json.encode(value))

    # Query

    def text(self, name: str) -> str | None:
        """Return a query parameter, None when it is absent or empty."""
        return self.get_query_argument(name, "") or None

    def one_of(self, name: str, known: tuple[str, ...]) -> str | None:
        """Return a query parameter that is one of some words; None when it is absent."""
        text = self.text(name)
        if text is not None and text not in known:
            raise InvalidInput(f"{name} must be one of {', '.join(known)}.", field=name)
        return text

    def moment(self, name: str) -> datetime | None:
        """Return a query parameter as an aware moment; None when it is absent."""
        text = self.text(name)
        if text is None:
            return None
        try:
            return msgspec.convert(text, _Moment)
        except msgspec.ValidationError:
            raise InvalidInput(
                f"{name} must be a moment with its zone, such as 2026-03-01T06:00:00Z.", field=name
            ) from None

    def integer(self, name: str, default: int, *, least: int = 0, most: int = 2**53) -> int:
        """Return a query parameter as an integer in [least, most]; raise InvalidInput."""
        text = self.text(name)
        if text is None:
            return default
        if not text.lstrip("-").isascii() or not text.lstrip("-").isdigit() or len(text) > 16:
            raise InvalidInput(f"{name} must be a whole number.", field=name)
        number = int(text)
        if not least <= number <= most:
            raise InvalidInput(f"{name} must be from {least} to {most}.", field=name)
        return number


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Error"

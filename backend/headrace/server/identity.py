"""Jupyter Server's token identity with its loose defaults closed; for our own command."""

from __future__ import annotations

import hmac
from typing import Any, cast

import msgspec
from jupyter_server.auth.identity import IdentityProvider, User
from tornado import web

from headrace.server.logins import Logins, new_login

_IDLE_DAYS = 0.5
"""A browser that was away for 12 hours logs in again; each page load starts the time anew."""
_USER = User("owner", "Owner", "Owner", "O")


class _Login(msgspec.Struct):
    """What a login's cookie holds."""

    login: str


class TokenIdentity(IdentityProvider):
    """One owner, known by a token in the header or by a cookie that a login set.

    A token in a URL is never looked at: URLs end in logs and histories.
    """

    cookie_options = {"samesite": "Strict", "expires_days": _IDLE_DAYS}  # pyright: ignore[reportAssignmentType, reportUnannotatedClassAttribute] # noqa: RUF012 a trait's default
    get_secure_cookie_kwargs = {"max_age_days": _IDLE_DAYS}  # pyright: ignore[reportAssignmentType, reportUnannotatedClassAttribute] # noqa: RUF012 a trait's default

    def get_token(self, handler: web.RequestHandler) -> str | None:
        """Return the token of the Authorization header."""
        found = self.auth_header_pat.match(handler.request.headers.get("Authorization", ""))
        return found.group(2) if found else None

    async def get_user_token(self, handler: web.RequestHandler) -> User | None:
        """Return the owner when the header's token is right."""
        return _USER if self.is_token(self.get_token(handler)) else None

    def is_token(self, text: str | None) -> bool:
        """Compare in constant time; an empty token never counts."""
        token = str(self.token)
        return bool(token and text) and hmac.compare_digest(
            token.encode(), (text or "").encode("utf-8", "replace")
        )

    async def _get_user(self, handler: web.RequestHandler) -> User | None:
        user = await self.get_user_token(handler)
        if user is not None:
            handler._token_authenticated = True  # type: ignore[attr-defined] # noqa: SLF001 as the base class does
            return user
        return None if self.login_of(handler) is None else _USER

    def login_of(self, handler: web.RequestHandler) -> str | None:
        """Return the login that the request's cookie names, None when there is none or it ended."""
        cookie = handler.get_secure_cookie(self.get_cookie_name(handler), max_age_days=_IDLE_DAYS)
        try:
            login = msgspec.json.decode(cookie or b"", type=_Login).login
        except msgspec.DecodeError:
            return None
        return None if self.logins_of(handler).is_over(login) else login

    def logins_of(self, handler: web.RequestHandler) -> Logins:
        """Return the logins of this server."""
        return cast("Logins", handler.settings["headrace_logins"])

    def log_in(self, handler: web.RequestHandler) -> None:
        """Set the cookie that stands for the token, or renew the time that it lasts."""
        login = self.login_of(handler) or new_login()
        self.set_login_cookie(handler, User(login))

    def user_to_cookie(self, user: User) -> str:
        """Name the login, by which it can be ended before the cookie is."""
        return msgspec.json.encode(_Login(user.username)).decode()

    async def log_out(self, handler: web.RequestHandler) -> None:
        """End the login of the request: its cookie, everywhere, and its websockets."""
        login = self.login_of(handler)
        if login is not None:
            await self.logins_of(handler).end(login)
        self.clear_login_cookie(handler)

    def get_cookie_name(self, handler: web.RequestHandler) -> str:
        """Name the cookie after the port: cookies of one host are shared by all its ports."""
        return f"headrace-{handler.request.host.rpartition(':')[2]}".replace("]", "")

    def get_handlers(self) -> list[Any]:
        """Give none: the login page is a route of ours."""
        return []

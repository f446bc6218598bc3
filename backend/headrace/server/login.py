"""Login by a static page whose script trades the fragment's token for a cookie; and logout."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from msgspec import Struct

from headrace.core.errors import Forbidden, NotFound
from headrace.server.base import ApiHandler, operation
from headrace.server.identity import TokenIdentity

_PAGES = Path(__file__).parent / "pages"
_FILES = {
    "": ("login.html", "text/html; charset=utf-8"),
    "js": ("login.js", "text/javascript; charset=utf-8"),
    "css": ("login.css", "text/css; charset=utf-8"),
}


class Login(Struct, frozen=True, forbid_unknown_fields=True):
    """What the login page sends."""

    token: str


@cache
def _page(kind: str) -> bytes:
    return (_PAGES / _FILES[kind][0]).read_bytes()


class LoginHandler(ApiHandler):
    """Public: shows the page, and lets in who knows the token."""

    public = True
    is_page = True
    needs_xsrf = False  # the token in the body is what no foreign page can know

    @operation("The login page, its script and its style", query=("file",))
    async def get(self) -> None:
        kind = self.get_query_argument("file", "")
        if kind not in _FILES:
            raise NotFound("There is no such file.")
        self.set_header("Content-Type", _FILES[kind][1])
        self.finish(_page(kind))

    @operation("Trade the token for a cookie", body=Login)
    async def post(self, login: Login) -> None:
        identity = self.identity_provider
        if not isinstance(identity, TokenIdentity) or not identity.is_token(login.token):
            raise Forbidden("That is not the token of this server.")
        identity.log_in(self)
        _ = self.xsrf_token  # sets the cookie of that name


class LogoutHandler(ApiHandler):
    """Ends the login of a browser."""

    @operation("End this login: its cookie and its websockets")
    async def post(self) -> None:
        identity = self.identity_provider
        if not isinstance(identity, TokenIdentity):
            raise NotFound("Logging out is up to the server around Headrace.")
        await identity.log_out(self)


__all__ = ["Login", "LoginHandler", "LogoutHandler"]

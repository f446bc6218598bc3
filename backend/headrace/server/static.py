"""The frontend's files: hashed assets for everyone, the page itself for those who logged in."""

from __future__ import annotations

import asyncio
import contextlib
import html
import mimetypes
from functools import cache
from pathlib import Path
from typing import Any

import headrace
from headrace.core.errors import InvalidInput, NotFound
from headrace.core.paths import beneath
from headrace.server.base import ApiHandler, SecureHandler, operation
from headrace.server.identity import TokenIdentity

_HOME_META = '<meta name="headrace-base" content="/"'


def static_folder() -> Path:
    """Return where the built frontend is."""
    return Path(headrace.__file__).parent / "static"


@cache
def _read(path: Path, _changed_ns: int) -> bytes:
    return path.read_bytes()


def read_static(relative: str) -> bytes:
    """Return a file of the build; NotFound for whatever is not one."""
    folder = static_folder()
    try:
        path = beneath(folder, relative)
        return _read(path, path.stat().st_mtime_ns)
    except (InvalidInput, OSError, ValueError):
        raise NotFound("There is no such file.") from None


def _read_asset(name: str, *, packed: bool) -> tuple[bytes, bool]:
    """Return an asset, compressed if wanted and there, and whether it is."""
    if packed:
        with contextlib.suppress(NotFound):
            return read_static(f"assets/{name}.gz"), True
    return read_static(f"assets/{name}"), False


class AssetHandler(ApiHandler):
    """Public: files whose names hold a hash of their content."""

    public = True

    @operation("A file of the frontend")
    async def get(self, name: str) -> None:
        packed = "gzip" in self.request.headers.get("Accept-Encoding", "")
        content, is_packed = await asyncio.to_thread(_read_asset, name, packed=packed)
        if is_packed:
            self.set_header("Content-Encoding", "gzip")
        kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
        self.set_header("Content-Type", kind)
        self.set_header("Cache-Control", "public, max-age=31536000, immutable")
        self.set_header("Vary", "Accept-Encoding")
        self.finish(content)


class IconHandler(ApiHandler):
    """Public: the icon."""

    public = True

    @operation("The icon")
    async def get(self) -> None:
        self.set_header("Content-Type", "image/svg+xml")
        self.set_header("Cache-Control", "public, max-age=86400")
        self.finish(await asyncio.to_thread(read_static, "assets/headrace.svg"))


class PageHandler(ApiHandler):
    """The app's one page, whatever of its addresses was opened."""

    is_page = True

    async def prepare(self, **_: Any) -> None:
        """Show that there is nothing where an address has a name that nothing can have."""
        try:
            await super().prepare()
        except InvalidInput:
            self.set_status(404)
            await send_page(self)

    @operation("The app")
    async def get(self, **_place: str) -> None:
        await send_page(self)


class MissingHandler(SecureHandler):
    """Whatever no route names: 404 for those who are known, a refusal for others.

    Who opens such an address in a browser gets the app, which says so in its own words.
    """

    async def prepare(self, **_: Any) -> None:
        """Check the caller first, so that strangers cannot tell what exists."""
        await super().prepare()
        if not self._is_opened():
            raise NotFound("There is nothing at this address.", path=self.request.path[:200])
        self.set_status(404)
        await send_page(self)

    def _is_opened(self) -> bool:
        """Tell whether a browser wants to show this address; API and files are never shown."""
        below = self.request.path.removeprefix(self.root)
        return (
            self.request.method in ("GET", "HEAD")
            and "text/html" in self.request.headers.get("Accept", "")
            and not below.startswith(("api/", "assets/"))
        )


async def send_page(handler: SecureHandler) -> None:
    """Answer with the app, and renew the time that the login of its browser lasts."""
    text = _page(await asyncio.to_thread(read_static, "index.html"), handler.root)
    identity = handler.identity_provider
    if isinstance(identity, TokenIdentity) and not handler.token_authenticated:
        identity.log_in(handler)
    _ = handler.xsrf_token  # sets the cookie that the page sends back as a header
    handler.set_header("Content-Type", "text/html; charset=utf-8")
    handler.finish(text)


@cache
def _page(content: bytes, root: str) -> str:
    text = content.decode("utf-8")
    prefix = html.escape(root)
    text = text.replace(_HOME_META, _HOME_META.replace('"/"', f'"{prefix}"'))
    return text.replace('"/assets/', f'"{prefix}assets/')

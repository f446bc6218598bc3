"""Every address of the server, once: handlers, `openapi.json` and the walk test are made of it."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from headrace.server.base import MissingHandler, SecureHandler
from headrace.server.login import LoginHandler
from headrace.server.openapi import OpenApiHandler
from headrace.server.static import AssetHandler, IconHandler, PageHandler
from headrace.server.status import StatusHandler


class Route(NamedTuple):
    """An address below the root, with `{name}` for its parts, and what answers there."""

    path: str
    handler: type[SecureHandler]


PUBLIC = ("login", "assets/{name}", "favicon.svg")
"""All that answers without an identity."""

API: tuple[Route, ...] = (
    Route("api/status", StatusHandler),
    Route("api/openapi.json", OpenApiHandler),
)

PAGES: tuple[Route, ...] = (
    Route("login", LoginHandler),
    Route("assets/{name}", AssetHandler),
    Route("favicon.svg", IconHandler),
    Route("", PageHandler),
    Route("p/{pipeline}", PageHandler),
    Route("p/{pipeline}/runs/{run}", PageHandler),
    Route("runs", PageHandler),
    Route("runs/{run}", PageHandler),
    Route("schedules", PageHandler),
    Route("settings", PageHandler),
)

ROUTES = (*API, *PAGES)

_PART = re.compile(r"\{(\w+)\}")


def build_handlers(root: str) -> list[tuple[Any, ...]]:
    """Return Tornado's handlers below `root`, which ends with a slash."""
    handlers: list[tuple[Any, ...]] = [
        (root + pattern_of(route.path), route.handler) for route in ROUTES
    ]
    handlers.append((root + r"(?:.*)", MissingHandler))
    if root != "/":
        handlers.append((root.rstrip("/"), MissingHandler))
    return handlers


def pattern_of(path: str) -> str:
    """Return the regular expression of a path: each part in braces is one segment."""
    pieces = _PART.split(path)
    return "".join(
        rf"(?P<{piece}>[^/]+)" if index % 2 else re.escape(piece)
        for index, piece in enumerate(pieces)
    )

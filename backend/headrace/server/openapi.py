"""`openapi.json`, made of the route table and the structs that handlers decode and encode."""

from __future__ import annotations

import asyncio
import re
from functools import cache
from importlib.metadata import version
from typing import Any

import msgspec

from headrace.protocol.tables import ErrorBody
from headrace.server.base import ApiHandler, Operation, SecureHandler, operation

EVENTS = "api/events"
METHODS = ("get", "post", "put", "patch", "delete")
Routes = tuple[tuple[str, type[SecureHandler]], ...]
"""Addresses below the root and what answers there."""
_REFERENCE = "#/components/schemas/{name}"


def operations_of(handler: type[SecureHandler]) -> dict[str, Operation]:
    """Return the methods that a handler answers, with what is known of each."""
    found: dict[str, Operation] = {}
    for method in METHODS:
        known = getattr(getattr(handler, method), "operation", None)
        if known is not None:
            found[method] = known
    return found


@cache
def document(api: Routes, root: str = "/") -> bytes:
    """Return the OpenAPI 3.1 document of `api` as JSON; `root` is where the app is mounted."""
    types: list[Any] = [ErrorBody]
    for _, handler in api:
        for known in operations_of(handler).values():
            types += [kind for kind in (known.body, known.returns) if kind is not None]
    schemas, components = msgspec.json.schema_components(types, ref_template=_REFERENCE)
    by_type = list(zip(types, schemas, strict=True))

    def schema_of(kind: Any) -> Any:
        return next(schema for other, schema in by_type if other is kind or other == kind)

    paths: dict[str, Any] = {f"/{EVENTS}": {"get": _websocket()}}
    for path, handler in api:
        for method, known in operations_of(handler).items():
            paths.setdefault(f"/{path}", {})[method] = _described(method, path, known, schema_of)
    return msgspec.json.encode(
        {
            "openapi": "3.1.0",
            "info": {"title": "Headrace", "version": version("headrace")},
            "servers": [{"url": root.rstrip("/") or "/"}],
            "security": [{"token": []}],
            "paths": paths,
            "components": {
                "schemas": components,
                "securitySchemes": {
                    "token": {"type": "apiKey", "in": "header", "name": "Authorization"}
                },
                "responses": {"Error": _json(_ERROR, "What was refused, and why")},
            },
        }
    )


_ERROR = {
    "type": "object",
    "properties": {"error": {"$ref": _REFERENCE.format(name="ErrorBody")}},
    "required": ["error"],
}


def _described(method: str, path: str, known: Operation, schema_of: Any) -> dict[str, Any]:
    parts = re.findall(r"\{(\w+)\}", path)
    places = (("path", parts), ("query", known.query), ("header", known.headers))
    described: dict[str, Any] = {
        "operationId": _identifier(method, path),
        "summary": known.summary,
        "parameters": [
            {"name": name, "in": place, "required": place == "path", "schema": _TEXT}
            for place, names in places
            for name in names
        ],
        "responses": _answers(known, schema_of)
        | _refusals(
            changes=method != "get", named=bool(parts), asked=bool(known.query or known.body)
        ),
    }
    if known.body is not None:
        content = {"application/json": {"schema": schema_of(known.body)}}
        described["requestBody"] = {"required": True, "content": content}
        described["responses"] |= {"413": _REFUSED, "415": _REFUSED}
    return described


def _identifier(method: str, path: str) -> str:
    words = re.sub(r"\W+", "_", path.removeprefix("api/")).strip("_")
    return f"{method}_{words}"


def _answers(known: Operation, schema_of: Any) -> dict[str, Any]:
    """Describe what comes when all is well."""
    content: dict[str, Any] = {kind: {} for kind in known.media}
    if known.returns is not None:
        content["application/json"] = {"schema": schema_of(known.returns)}
    if not content:
        return {"204": {"description": known.summary}}
    answer = {"description": known.summary, "content": content}
    return {str(status): answer for status in (known.status, *known.also)}


def _refusals(*, changes: bool, named: bool, asked: bool) -> dict[str, Any]:
    """Describe the refusals that an operation is likely to give; any other has the same shape."""
    statuses = ["401", "403", "503"]
    statuses += ["400"] if named or asked else []
    statuses += ["404"] if named else []
    statuses += ["409", "507"] if changes else []
    return dict.fromkeys(sorted(statuses), _REFUSED) | {"default": _REFUSED}


def _websocket() -> dict[str, Any]:
    return {
        "operationId": "get_events",
        "summary": "Websocket: commands up, replies and events down, one JSON text a frame",
        "parameters": [],
        "responses": {
            "101": {"description": "The websocket is open"},
            **_refusals(changes=False, named=False, asked=True),
        },
    }


_REFUSED = {"$ref": "#/components/responses/Error"}
_TEXT = {"type": "string"}


def _json(schema: Any, words: str) -> dict[str, Any]:
    return {"description": words, "content": {"application/json": {"schema": schema}}}


class OpenApiHandler(ApiHandler):
    """The whole API, for tools."""

    def initialize(self, api: Routes) -> None:
        """Take the table of routes, which names this handler too."""
        self._api = api

    @operation("This document", returns=dict[str, Any])
    async def get(self) -> None:
        self.set_header("Content-Type", "application/json")
        self.finish(await asyncio.to_thread(document, self._api, self.root))

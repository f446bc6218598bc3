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

METHODS = ("get", "post", "put", "patch", "delete")
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
def document() -> bytes:
    """Return the OpenAPI 3.1 document as JSON."""
    from headrace.server.routes import API

    types: list[Any] = [ErrorBody]
    for route in API:
        for known in operations_of(route.handler).values():
            types += [kind for kind in (known.body, known.returns) if kind is not None]
    schemas, components = msgspec.json.schema_components(types, ref_template=_REFERENCE)
    by_type = list(zip(types, schemas, strict=True))

    def schema_of(kind: Any) -> Any:
        return next(schema for other, schema in by_type if other is kind or other == kind)

    paths: dict[str, Any] = {}
    for route in API:
        parts = re.findall(r"\{(\w+)\}", route.path)
        for method, known in operations_of(route.handler).items():
            paths.setdefault(f"/{route.path}", {})[method] = _described(known, parts, schema_of)
    return msgspec.json.encode(
        {
            "openapi": "3.1.0",
            "info": {"title": "Headrace", "version": version("headrace")},
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


def _described(known: Operation, parts: list[str], schema_of: Any) -> dict[str, Any]:
    answer: dict[str, Any] = {"description": known.summary}
    if known.returns is not None:
        answer = _json(schema_of(known.returns), known.summary)
    status = known.status if known.returns is not None or known.status != 200 else "2XX"
    described: dict[str, Any] = {
        "summary": known.summary,
        "parameters": [
            *({"name": part, "in": "path", "required": True, "schema": _TEXT} for part in parts),
            *({"name": name, "in": "query", "schema": _TEXT} for name in known.query),
        ],
        "responses": {str(status): answer, "default": {"$ref": "#/components/responses/Error"}},
    }
    if known.body is not None:
        content = {"application/json": {"schema": schema_of(known.body)}}
        described["requestBody"] = {"required": True, "content": content}
    return described


_TEXT = {"type": "string"}


def _json(schema: Any, words: str) -> dict[str, Any]:
    return {"description": words, "content": {"application/json": {"schema": schema}}}


class OpenApiHandler(ApiHandler):
    """The whole API, for tools."""

    @operation("This document")
    async def get(self) -> None:
        self.set_header("Content-Type", "application/json")
        self.finish(await asyncio.to_thread(document))

"""The description of the API is whole: every route, every method, every body and answer."""

from __future__ import annotations

import json
import re

import jsonschema
import pytest

from headrace.server.base import SecureHandler
from headrace.server.openapi import METHODS, document, operations_of
from headrace.server.routes import API
from headrace.server.socket import EventSocket

DOCUMENT = json.loads(document(API))
OPERATIONS = [
    (path, method, described)
    for path, methods in DOCUMENT["paths"].items()
    for method, described in methods.items()
]
IDS = [f"{method} {path}" for path, method, _ in OPERATIONS]


def answered_by(handler):
    """The methods that a handler answers, whether it says so or not."""
    return {m for m in METHODS if getattr(handler, m) is not SecureHandler._refuse_method}


def schemas_in(node):
    if isinstance(node, dict):
        if "schema" in node:
            yield node["schema"]
        for value in node.values():
            yield from schemas_in(value)
    elif isinstance(node, list):
        for value in node:
            yield from schemas_in(value)


@pytest.mark.parametrize("route", API, ids=lambda route: route.path)
def test_every_route_is_described_with_every_method_that_it_answers(route):
    described = set(DOCUMENT["paths"].get(f"/{route.path}", {}))
    assert described == answered_by(route.handler)
    if route.handler is not EventSocket:
        assert set(operations_of(route.handler)) == answered_by(route.handler)


def test_nothing_is_described_that_does_not_exist():
    assert set(DOCUMENT["paths"]) == {f"/{route.path}" for route in API}


@pytest.mark.parametrize(("path", "method", "described"), OPERATIONS, ids=IDS)
def test_each_operation_names_its_parts_answers_and_refusals(path, method, described):
    parts = [p["name"] for p in described["parameters"] if p["in"] == "path"]
    assert parts == re.findall(r"\{(\w+)\}", path)
    responses = described["responses"]
    good = [status for status in responses if status[0] in "12"]
    assert good
    for status in good:
        assert status in ("101", "204") or responses[status]["content"], status
    assert {"401", "403", "503", "default"} <= set(responses)
    assert ("requestBody" in described) == ("413" in responses) == ("415" in responses)
    if parts:
        assert {"400", "404"} <= set(responses)
    assert described["summary"]


def test_operations_have_names_of_their_own():
    names = [described["operationId"] for _, _, described in OPERATIONS]
    assert len(names) == len(set(names))
    assert all(re.fullmatch(r"[a-z][a-z0-9_]*", name) for name in names)


def test_every_schema_is_one_and_every_reference_leads_somewhere():
    known = DOCUMENT["components"]["schemas"]
    for schema in [*known.values(), *schemas_in(DOCUMENT["paths"])]:
        jsonschema.Draft202012Validator.check_schema(schema)
    for name in re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(DOCUMENT)):
        assert name in known


def test_the_error_shape_is_that_of_the_contract():
    shape = DOCUMENT["components"]["responses"]["Error"]["content"]["application/json"]["schema"]
    assert shape["required"] == ["error"]
    assert set(DOCUMENT["components"]["schemas"]["ErrorBody"]["properties"]) == {
        "code",
        "message",
        "details",
    }

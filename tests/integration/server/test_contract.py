"""What the server really answers, on every route, is what `openapi.json` says of it."""

from __future__ import annotations

import json
import re
import time
from urllib.parse import quote

import jsonschema
import pytest

TRIGGER = {"name": "nightly", "cron": "0 6 * * *", "timezone": "Europe/Berlin"}


class Checked:
    """A server whose every answer is held against its own description."""

    def __init__(self, server):
        self.server = server
        self.document = server.get("openapi.json").json()
        self.seen = set()

    def __call__(self, method, template, *, query="", body=None, headers=None, **parts):
        path = template.format(**parts)
        answer = self.server.client.request(
            method, f"{self.server.url}{path}{query}", json=body, headers=headers
        )
        described = self.document["paths"][template][method.lower()]
        self.seen.add((method, template))
        status = str(answer.status_code)
        assert status in described["responses"], (method, path, status, answer.text[:500])
        response = described["responses"][status]
        if "$ref" in response:
            response = self.document["components"]["responses"][response["$ref"].rpartition("/")[2]]
        self._check(answer, response.get("content", {}))
        return answer

    def _check(self, answer, content):
        if not content:
            assert answer.content == b""
            return
        kind = answer.headers["Content-Type"].partition(";")[0]
        kinds = {known.partition(";")[0]: shape for known, shape in content.items()}
        assert kind in kinds or "*/*" in kinds, (kind, list(kinds))
        schema = kinds.get(kind, {}).get("schema")
        if schema is not None:
            whole = {**schema, "components": self.document["components"]}
            jsonschema.Draft202012Validator(whole).validate(json.loads(answer.content))


@pytest.fixture(scope="module")
def checked(running):
    return Checked(running)


@pytest.fixture
def finished(checked):
    """The record of a run with an output and a display."""
    id_ = checked(
        "POST", "/api/pipelines/{pipeline}/runs", body={"parameters": {}}, pipeline="hello",
        headers={"Idempotency-Key": "contract"},
    ).json()["id"]  # fmt: skip
    limit = time.monotonic() + 30
    while True:
        record = checked("GET", "/api/runs/{run}", run=id_).json()
        if record["state"] not in ("queued", "running"):
            assert record["state"] == "succeeded"
            return record
        assert time.monotonic() < limit
        time.sleep(0.02)


def read_everything(call, record):
    address = next(
        b["address"] for b in record["blocks"] if (b["output"] or {}).get("kind") == "table"
    )
    for path in ("status", "openapi.json", "pipelines", "triggers", "library", "timezones"):
        assert call("GET", f"/api/{path}").status_code == 200
    call("GET", "/api/runs", query="?limit=1")
    call("GET", "/api/pipelines/{pipeline}", pipeline="hello")
    call("GET", "/api/runs/{run}/blocks/{block}/log", run=record["id"], block="counts")
    call("GET", "/api/runs/{run}/notebook", run=record["id"])
    call("GET", "/api/runs/{run}/code", run=record["id"])
    for accept in ("application/json", "application/vnd.apache.arrow.stream"):
        rows = call(
            "GET", "/api/outputs/{address}/rows", address=address, query="?limit=2", headers={"Accept": accept}
        )  # fmt: skip
        assert rows.headers["Content-Type"] == accept
    columns = call("GET", "/api/outputs/{address}/columns", address=address).json()
    assert [set(column) for column in columns] == [{"name", "type"}] * len(columns) != []
    name = quote(json.dumps([columns[0]["name"]]))
    cell = call("GET", "/api/outputs/{address}/cell", address=address, query=f"?column={name}")
    assert int(cell.headers["X-Total-Bytes"]) == len(cell.content) > 0
    call("GET", "/api/outputs/{address}/profile", address=address)
    chart = quote(json.dumps({"kind": "bar", "x": columns[0]["name"]}))
    drawn = call("GET", "/api/outputs/{address}/chart", address=address, query=f"?chart={chart}")
    assert drawn.json()["x"]["title"] == columns[0]["name"]
    for form in ("csv", "parquet"):
        call("GET", "/api/outputs/{address}/export", address=address, query=f"?format={form}")


def change_everything(call, record):
    new = "/api/pipelines/{pipeline}"
    assert call("POST", "/api/pipelines", body={"name": "made", "title": "Made"}).status_code == 201
    assert call("POST", "/api/pipelines", body={"name": "made"}).status_code == 409
    call("PATCH", new, body={"title": "Other"}, pipeline="made")
    added = call("POST", new + "/blocks", body={"name": "load", "kind": "loader"}, pipeline="made")
    assert added.status_code == 201
    source = call("GET", new + "/blocks/{block}/source", pipeline="made", block="load").json()
    for match, status in ((source["hash"], 200), ("0", 409)):
        saved = call(
            "PUT", new + "/blocks/{block}/source", pipeline="made", block="load",
            body={"text": source["text"] + "\n# more\n"}, headers={"If-Match": f'"{match}"'},
        )  # fmt: skip
        assert saved.status_code == status, saved.text
    call("POST", new + "/commands", pipeline="made", body={"op": "undo", "req": "1"})
    call("DELETE", new + "/blocks/{block}", pipeline="made", block="load")
    assert call("POST", new + "/triggers", pipeline="made", body=TRIGGER).status_code == 201
    fill_everything(call)
    connect_everything(call)
    call("GET", new + "/triggers", pipeline="made")
    code = "/versions/{version}"
    assert (
        call("POST", new + "/publish", body={"message": "m"}, pipeline="made").json()["number"] == 1
    )
    assert call("POST", new + "/publish", body={"version": "x"}, pipeline="made").status_code == 409
    call("GET", new + "/versions", pipeline="made")
    call("GET", new + code, pipeline="made", version="1")
    call("POST", new + code + "/restore", pipeline="made", version="1")
    call("GET", "/api/pipelines")
    told = call("GET", "/api/notifications").json()
    assert told == {"channels": [], "notifications": [], "told": {}, "problems": []}
    test = call("POST", "/api/channels/{channel}/test", channel="nobody")
    assert test.status_code == 404
    one = new + "/triggers/{trigger}"
    call("PATCH", one, pipeline="made", trigger="nightly", body={"active": False})
    call("DELETE", one, pipeline="made", trigger="nightly")
    call("POST", "/api/triggers/preview", body={"cron": "30 2 * * *", "timezone": "Europe/Berlin"})
    call("POST", "/api/triggers/preview", body={"cron": "nonsense"})
    call("POST", "/api/runs/{run}/cancel", run=record["id"])
    again = call("POST", "/api/runs/{run}/retry", run=record["id"])
    assert again.status_code == 201
    assert call("DELETE", new, query="?cancel=true", pipeline="made").status_code == 204
    assert call("POST", "/api/logout").status_code == 204


def connect_everything(call):
    """A connection from its form to its end."""
    all_, one = "/api/connections", "/api/connections/{connection}"
    form = {"kind": "duckdb", "database": "none.duckdb"}
    body = {"name": "archive", "form": form}
    assert call("POST", all_, body=body).status_code == 201
    assert call("POST", all_, body=body).status_code == 409
    changed = call("PUT", one, connection="archive", body={"form": {**form, "kind": "sqlite"}})
    assert changed.json()["form"]["kind"] == "sqlite"
    tested = call("POST", one + "/test", connection="archive", body={}).json()
    assert "unable to open" in tested["error"]
    assert len(call("GET", all_).json()["connections"]) == 1
    assert call("DELETE", one, connection="archive", query="?forget=false").status_code == 204


def fill_everything(call):
    """A backfill of two days of the trigger, from its plan to its end."""
    of_pipeline, one = "/api/pipelines/{pipeline}/backfills", "/api/backfills/{backfill}"
    asked = {"trigger": "nightly", "from": "2026-03-01", "to": "2026-03-02", "parallel": 2}
    ticks = call(
        "GET", "/api/pipelines/{pipeline}/triggers/{trigger}/ticks", pipeline="made",
        trigger="nightly", query="?from=2026-03-01&to=2026-03-02",
    )  # fmt: skip
    assert ticks.json()["counts"] == {"missing": 2}
    plan = call("POST", of_pipeline + "/plan", pipeline="made", body=asked)
    assert (plan.status_code, plan.json()["total"]) == (200, 2)
    made = call("POST", of_pipeline, pipeline="made", body=asked)
    assert made.status_code == 201
    assert call("POST", of_pipeline, pipeline="made", body=asked).status_code in (400, 409)
    known = {"backfill": made.json()["id"]}
    assert call("GET", of_pipeline, pipeline="made").json()["backfills"][0]["total"] == 2
    call("GET", "/api/backfills", query="?pipeline=made&limit=1")
    for act, status in (("pause", {200, 409}), ("resume", {200, 409}), ("cancel", {200, 409})):
        assert call("POST", f"{one}/{act}", **known).status_code in status
    assert call("GET", one, **known).json()["state"] in ("cancelled", "finished")
    call("GET", "/api/runs", query=f"?backfill={known['backfill']}")


def refuse_everything(call, document):
    """Each operation on things that are not there, without a token, and with a body of nonsense."""
    names = {
        "pipeline": "nope",
        "block": "nope",
        "trigger": "nope",
        "run": "0" * 20,
        "address": "0" * 32,
        "version": "9",
        "webhook": "0" * 20,
        "channel": "nope",
        "connection": "nope",
        "backfill": "0" * 20,
    }
    for path, methods in document["paths"].items():
        for method, described in methods.items():
            parts = {name: names[name] for name in re.findall(r"\{(\w+)\}", path)}
            if "requestBody" in described:
                assert call(method.upper(), path, body=[1], **parts).status_code == 400
            if parts:
                answer = call(method.upper(), path, body=None, **parts)
                assert answer.status_code in (400, 404), (method, path, answer.text)
            refused = call(method.upper(), path, headers={"Authorization": "token x"}, **parts)
            assert refused.status_code in (401, 403)


def test_every_route_answers_as_it_is_described(checked, finished):
    read_everything(checked, finished)
    change_everything(checked, finished)
    refuse_everything(checked, checked.document)
    described = {
        (m.upper(), p) for p, methods in checked.document["paths"].items() for m in methods
    }
    assert described == checked.seen


def test_a_display_answers_as_it_is_described(checked):
    missing = checked("GET", "/api/outputs/{address}/display", address="0" * 32)
    assert missing.status_code == 404

"""A pipeline through the server: run it, look at it, edit it, hear of it."""

from __future__ import annotations

import json


def test_a_run_gives_rows_profile_log_and_notebook(running):
    record = running.run("hello")
    assert record["state"] == "succeeded", record
    address = record["blocks"][1]["address"]
    rows = running.get(f"outputs/{address}/rows?limit=3", headers={"Accept": "application/json"})
    assert rows.status_code == 200, rows.text
    assert rows.headers["X-Total-Rows"] == "10"
    assert "immutable" in rows.headers["Cache-Control"]
    for path in (f"outputs/{address}/profile", f"outputs/{address}/export?format=csv"):
        assert running.get(path).status_code == 200
    assert running.get(f"runs/{record['id']}/blocks/counts/log").status_code == 200
    assert running.get("runs").json()["runs"][0]["id"] == record["id"]


def test_an_idempotency_key_gives_one_run(running):
    ids = {
        running.post("pipelines/hello/runs", headers={"Idempotency-Key": "once"}).json()["id"]
        for _ in range(3)
    }
    assert len(ids) == 1


def test_a_source_is_saved_only_on_its_own_hash(running):
    path = "pipelines/hello/blocks/counts/source"
    before = running.get(path).json()
    wrong = running.put(path, {"text": "x"}, headers={"If-Match": '"0"'})
    assert wrong.status_code == 409
    assert wrong.json()["error"]["details"]["yours"] == "x"
    saved = running.put(
        path, {"text": before["text"] + "# more\n"}, headers={"If-Match": f'"{before["hash"]}"'}
    )
    assert saved.status_code == 200, saved.text
    assert saved.json()["text"].endswith("# more\n")


def test_the_stream_gives_a_snapshot_and_refuses_nonsense(running):
    with running.ws() as line, running.ws() as other:
        line.send("nonsense")
        assert json.loads(line.recv(timeout=30))["op"] == "refused"
        line.send('{"op":"no-such","pipeline":"hello","req":"1"}')
        refused = json.loads(line.recv(timeout=30))
        assert (refused["op"], refused["req"]) == ("refused", "1")
        other.send('{"op":"open-session","pipeline":"hello","req":"2"}')
        seen = []
        while not any(m["op"] == "accepted" for m in seen):
            frame = json.loads(other.recv(timeout=30))
            seen += frame if isinstance(frame, list) else [frame]
        assert seen[0]["op"] == "snapshot-taken"

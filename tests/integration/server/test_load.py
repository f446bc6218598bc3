"""Heavy requests, each of which would hold a careless event loop: the fixture of all tests here
fails them when a callback takes over 50 ms."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

BLOCKS = 300
LOADER = "from headrace import loader\n\n\n@loader\ndef b0():\n    return 1\n"
STEP = "from headrace import transformer\n\n\n@transformer\ndef b{0}(b{1}):\n    return b{1}\n"


@pytest.fixture(scope="module")
def large(tmp_path_factory, harness):
    """A chain of 300 blocks, and 200 small pipelines beside it."""
    project = tmp_path_factory.mktemp("large") / "p"
    chain = project / "pipelines" / "chain"
    chain.mkdir(parents=True)
    lines = ["blocks:"]
    for n in range(BLOCKS):
        (chain / f"b{n}.py").write_text(LOADER if n == 0 else STEP.format(n, n - 1))
        kind, tail = ("transformer", f", upstream: [b{n - 1}]") if n else ("loader", "")
        lines.append(f"  - {{name: b{n}, kind: {kind}, file: b{n}.py{tail}}}")
    (chain / "pipeline.yaml").write_text("\n".join(lines) + "\n")
    for n in range(200):
        small = project / "pipelines" / f"small{n}"
        small.mkdir()
        (small / "pipeline.yaml").write_text("blocks:\n  - {name: b0, kind: loader, file: b0.py}\n")
        (small / "b0.py").write_text(LOADER)
    with harness.Server(project) as server:
        server.wait_ready()
        yield server


def test_many_pipelines_are_listed(large):
    assert len(large.get("pipelines").json()["pipelines"]) == 201


def test_a_long_chain_is_opened_and_run(large):
    assert len(large.get("pipelines/chain").json()["blocks"]) == BLOCKS
    record = large.run("chain", timeout_s=60)
    assert record["state"] == "succeeded"
    assert len(record["blocks"]) == BLOCKS
    assert large.get(f"runs/{record['id']}").status_code == 200


def test_a_large_source_is_saved(large):
    path = "pipelines/small0/blocks/b0/source"
    text = LOADER + "# " + "x" * 78 + "\n"
    text += ("# " + "x" * 78 + "\n") * 10_000
    before = large.get(path).json()
    saved = large.put(path, {"text": text}, headers={"If-Match": f'"{before["hash"]}"'})
    assert saved.status_code == 200, saved.text
    with large.ws() as line:
        command = {"op": "save-source", "pipeline": "small0", "block": "b0", "req": "1"}
        line.send(json.dumps({**command, "text": LOADER, "base": saved.json()["hash"]}))
        assert json.loads(line.recv(timeout=30))["op"] == "accepted"


def test_a_large_body_of_nonsense_is_refused(large):
    body = b'{"name": [' + b'{"a": 1},' * 500_000 + b"1]}"
    answer = large.client.post(
        f"{large.api}/pipelines", content=body, headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == 400


def test_many_ask_at_once(large):
    paths = [
        "pipelines",
        "status",
        "runs",
        "triggers",
        "library",
        "pipelines/chain",
        "openapi.json",
    ] * 6
    with ThreadPoolExecutor(12) as crowd:
        statuses = list(crowd.map(lambda path: large.get(path).status_code, paths))
    assert set(statuses) == {200}

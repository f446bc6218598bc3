"""SQL that is too long, too deep, or takes too long to be read: an error, and a server that goes on."""

from __future__ import annotations

from pathlib import Path

import pytest

YAML = "blocks:\n  - {name: q, kind: transformer, file: q.sql}\n"


@pytest.fixture(scope="module")
def pipeline(server) -> str:
    folder = Path(server.project) / "pipelines" / "hard"
    folder.mkdir()
    (folder / "pipeline.yaml").write_text(YAML)
    (folder / "q.sql").write_text("select 1 as one\n")
    return "hard"


def save(server, pipeline: str, text: str):
    path = f"pipelines/{pipeline}/blocks/q/source"
    given = server.get(path)
    assert given.status_code == 200, given.text
    headers = {"If-Match": f'"{given.json()["hash"]}"'}
    return server.put(path, {"text": text}, headers=headers, timeout=60)


def told(server, pipeline: str) -> list[str]:
    answer = server.get(f"pipelines/{pipeline}", timeout=60)
    return [found["message"] for found in answer.json()["diagnostics"]]


def test_a_source_of_five_megabytes_is_refused(server, pipeline) -> None:
    answer = save(server, pipeline, f"select '{'x' * 5_000_000}' as x")
    assert 400 <= answer.status_code < 500, answer.text
    assert "larger than 1 MB" in answer.json()["error"]["message"]
    assert server.get(f"pipelines/{pipeline}/blocks/q/source").json()["text"] == "select 1 as one\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("select " + "(" * 10_000 + "1" + ")" * 10_000, "nested too deeply"),
        (f"select 1 in ({', '.join(['(1 + 2) * 3'] * 70_000)})", "longer than 2 s to read"),
    ],
    ids=["deep", "long"],
)
def test_what_cannot_be_read_is_an_error_at_its_block(server, pipeline, text, message) -> None:
    assert save(server, pipeline, text).status_code == 200
    (said,) = told(server, pipeline)
    assert message in said
    assert save(server, pipeline, "select 1 as one\n").status_code == 200
    assert told(server, pipeline) == []

"""What Prometheus reads of a server that ran something."""

from __future__ import annotations

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

FAILING = "from headrace import loader\n\n\n@loader\ndef b():\n    assert False\n"
WORKING = "from headrace import loader\n\n\n@loader\ndef b():\n    return 1\n"


@pytest.fixture
def values(fresh):
    """The value of a metric with labels, as Prometheus itself would read it; 0 when it is not there."""

    def read(name, **labels):
        answer = fresh.get("metrics")
        assert answer.headers["content-type"].startswith("text/plain")
        return next(
            (
                sample.value
                for family in text_string_to_metric_families(answer.text)
                for sample in family.samples
                if sample.name == name and labels.items() <= sample.labels.items()
            ),
            0,
        )

    return read


def add(server, name, source):
    folder = server.project / "pipelines" / name
    folder.mkdir()
    (folder / "b.py").write_text(source)
    (folder / "pipeline.yaml").write_text("blocks:\n  - {name: b, kind: loader, file: b.py}\n")


def test_runs_and_blocks_are_counted_by_how_they_ended(fresh, values):
    add(fresh, "works", WORKING)
    add(fresh, "fails", FAILING)
    fresh.wait_ready()
    for name in ("works", "works", "fails"):
        fresh.run(name)
    assert values("headrace_runs_total", pipeline="works", origin="api", state="succeeded") == 2
    assert values("headrace_runs_total", pipeline="fails", origin="api", state="failed") == 1
    assert values("headrace_blocks_total", state="succeeded") == 2
    assert values("headrace_blocks_total", state="failed") == 1
    assert values("headrace_run_seconds_count", pipeline="works") == 2
    assert values("headrace_run_wait_seconds_count", pipeline="fails") == 1
    assert values("headrace_live_runs", state="running") == 0
    assert values("headrace_sessions") == 2
    assert values("headrace_workers_bytes") > 10**6


def test_a_stranger_reads_nothing(fresh):
    assert httpx.get(f"{fresh.api}/metrics").status_code in {401, 403}

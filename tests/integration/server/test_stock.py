"""The same extension in a stock Jupyter Server: below `/headrace/`, as closed as in our own."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time

import httpx
import pytest
from tests.integration.server.examples import example
from tests.jupyter import end

from headrace.server.routes import PUBLIC, ROUTES

TOKEN = {"Authorization": "token sesame"}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="module")
def stock(tmp_path_factory):
    root = tmp_path_factory.mktemp("stock")
    (root / "pipelines").mkdir()
    port = free_port()
    own = {f"JUPYTER_{kind}_DIR": str(root / f".{kind}") for kind in ("RUNTIME", "CONFIG", "DATA")}
    log = root / "server.log"
    with log.open("wb") as file:
        server = subprocess.Popen(
            [
                sys.executable, "-m", "jupyter_server", "--no-browser", "--allow-root", f"--port={port}",
                f"--ServerApp.root_dir={root}", "--IdentityProvider.token=sesame",
                "--ServerApp.port_retries=0", "--ServerApp.jpserver_extensions={'headrace.server': True}",
            ],
            env={**os.environ, **own}, cwd=root, stdin=subprocess.DEVNULL, stdout=file, stderr=file,
        )  # fmt: skip
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}") as client:
            limit = time.monotonic() + 40
            while not is_ready(client):
                assert server.poll() is None, log.read_text()
                assert time.monotonic() < limit, log.read_text()
                time.sleep(0.1)
            client.root = root
            yield client
    finally:
        end(server)


def is_ready(client):
    try:
        answer = client.get("/headrace/api/status", headers=TOKEN)
    except httpx.TransportError:
        return False
    return answer.status_code == 200 and answer.json()["state"] == "ready"


def test_strangers_get_nothing_but_the_public_routes(stock):
    for route in ROUTES:
        path = example(route.path)
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
            for headers in ({}, {"Authorization": "token wrong"}):
                stock.cookies.clear()  # Jupyter answers a token with a cookie
                answer = stock.request(method, f"/headrace/{path}", headers=headers)
                if route.path in PUBLIC:
                    assert answer.status_code in (200, 400, 404, 405), (method, path)
                else:
                    assert answer.status_code in (401, 403, 302), (method, path, answer.status_code)


def test_with_the_servers_own_token_it_works(stock):
    assert stock.get("/headrace/api/pipelines", headers=TOKEN).json() == {"pipelines": []}
    made = stock.post("/headrace/api/pipelines", json={"name": "made"}, headers=TOKEN)
    assert made.status_code == 201
    assert (stock.root / "pipelines" / "made" / "pipeline.yaml").exists()


def test_the_page_knows_where_it_is(stock):
    page = stock.get("/headrace/", headers=TOKEN)
    assert 'content="/headrace/"' in page.text
    assert '"/assets/' not in page.text


def test_the_description_of_the_api_says_where_it_is(stock):
    described = stock.get("/headrace/api/openapi.json", headers=TOKEN).json()
    assert described["servers"] == [{"url": "/headrace"}]
    assert "/api/status" in described["paths"]


def test_foreign_pages_and_hosts_are_refused(stock):
    for foreign in ({"Origin": "https://evil.example"}, {"Host": "evil.example"}):
        for method in ("GET", "POST"):
            answer = stock.request(method, "/headrace/api/pipelines", headers={**TOKEN, **foreign})
            assert answer.status_code == 403


def test_what_is_not_there_has_the_one_error_shape_and_logout_is_the_servers(stock):
    missing = stock.get("/headrace/api/nothing", headers=TOKEN)
    assert (missing.status_code, missing.json()["error"]["code"]) == (404, "not-found")
    refused = stock.post("/headrace/api/logout", headers=TOKEN)
    assert refused.status_code == 404

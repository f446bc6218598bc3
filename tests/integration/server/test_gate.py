"""Who gets in: every route, every method, HTTP and websocket, by Host, Origin and credentials."""

from __future__ import annotations

import base64
import json
import os
import socket
import stat
import subprocess

import httpx
import pytest
from tests.integration.server.examples import example

from headrace.server.routes import PUBLIC, ROUTES

LITERAL_PUBLIC = ("login", "assets/{name}", "favicon.svg")


def raw(port: int, head: str) -> tuple[int, str]:
    """Send lines as they are; return status and head of the answer."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as line:
        line.sendall(head.replace("\n", "\r\n").encode() + b"\r\n\r\n")
        answer = line.recv(65536).decode("latin-1")
    return int(answer.split(" ")[1]), answer


def shake(port: int, *headers: str, host: str | None = None) -> int:
    key = base64.b64encode(os.urandom(16)).decode()
    lines = [
        "GET /api/events HTTP/1.1", f"Host: {host or f'127.0.0.1:{port}'}", "Upgrade: websocket",
        "Connection: Upgrade", f"Sec-WebSocket-Key: {key}", "Sec-WebSocket-Version: 13", *headers,
    ]  # fmt: skip
    return raw(port, "\n".join(lines))[0]


@pytest.fixture
def browser(server):
    """A client that logged in by the cookie."""
    with httpx.Client(base_url=server.url) as client:
        answer = client.post("/login", json={"token": server.token})
        assert answer.status_code == 204, answer.text
        yield client


def test_the_public_list_is_the_literal_one():
    assert PUBLIC == LITERAL_PUBLIC
    assert {route.path for route in ROUTES if route.handler.public} == set(LITERAL_PUBLIC)


@pytest.mark.parametrize("credentials", ["", "token wrong", "token", "Bearer x", "Basic abc"])
def test_a_wrong_token_is_no_token(server, credentials):
    answer = httpx.get(f"{server.api}/status", headers={"Authorization": credentials})
    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == "unauthenticated"


def test_a_token_in_the_url_is_not_looked_at(server):
    assert httpx.get(f"{server.api}/status?token={server.token}").status_code == 401


HOSTS = {
    "127.0.0.1:{port}": 200, "localhost:{port}": 200, "[::1]:{port}": 200, "127.0.0.1": 200,
    "evil.example:{port}": 403, "127.0.0.1.nip.io:{port}": 403, "localhost.:{port}": 403,
    "0.0.0.0:{port}": 403, "localhost.evil.com:{port}": 403, "2130706433:{port}": 403,
    "evil@127.0.0.1:{port}": 403,
}  # fmt: skip


@pytest.mark.parametrize(("host", "status"), HOSTS.items())
def test_only_local_names_are_answered_to(server, host, status):
    host = host.format(port=server.port)
    token = f"Authorization: token {server.token}"
    found, _ = raw(server.port, f"GET /api/status HTTP/1.1\nHost: {host}\n{token}")
    assert found in ((status,) if status == 200 else (400, 403))
    shaken = shake(server.port, token, host=host)
    assert shaken == 101 if status == 200 else shaken in (400, 403)


ORIGINS = [
    "https://evil", "null", "http://localhost:1", "http://127.0.0.1.evil.com", "http://127.0.0.1:1",
    "http://evil@127.0.0.1:{port}", "https://127.0.0.1:{port}", "HTTP://127.0.0.1:{port}.evil.com", "",
]  # fmt: skip


@pytest.mark.parametrize("origin", ORIGINS)
def test_a_foreign_origin_is_refused_even_with_the_token(server, origin):
    origin = origin.format(port=server.port)
    headers = {"Origin": origin}
    assert server.get("status", headers=headers).status_code == 403
    assert server.post("pipelines", {"name": "x"}, headers=headers).status_code == 403
    token = f"Authorization: token {server.token}"
    assert shake(server.port, token, f"Origin: {origin}") == 403


def test_the_websocket_needs_an_origin_or_the_header_token(server, browser):
    cookie = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    assert shake(server.port, f"Authorization: token {server.token}") == 101
    assert shake(server.port, f"Cookie: {cookie}", f"Origin: {server.url}") == 101
    assert shake(server.port, f"Cookie: {cookie}") == 403
    assert shake(server.port, f"Cookie: {cookie}", "Origin: https://evil") == 403


def test_a_cookie_alone_changes_nothing(browser):
    xsrf = {"X-XSRFToken": browser.cookies["_xsrf"]}
    for headers, kind, status in [
        ({}, "application/json", 403),
        ({"X-XSRFToken": "wrong"}, "application/json", 403),
        (xsrf, "text/plain", 415),
        (xsrf, "multipart/form-data; boundary=x", 400),
        ({**xsrf, "Sec-Fetch-Site": "cross-site"}, "application/json", 403),
        ({**xsrf, "Sec-Fetch-Site": "same-site"}, "application/json", 403),
    ]:
        answer = browser.post(
            "/api/triggers/preview", content="{}", headers={**headers, "Content-Type": kind}
        )
        assert answer.status_code == status, (headers, kind)


def test_cookies_are_strict_and_of_this_port(server):
    answer = httpx.post(f"{server.url}/login", json={"token": server.token})
    cookies = answer.headers.get_list("set-cookie")
    (login,) = [cookie for cookie in cookies if cookie.startswith(f"headrace-{server.port}=")]
    assert "HttpOnly" in login
    assert all("SameSite=Strict" in cookie for cookie in cookies)


def test_a_login_with_another_token_sets_nothing(server):
    answer = httpx.post(f"{server.url}/login", json={"token": "x"})
    assert answer.status_code == 403
    assert not any("headrace-" in c for c in answer.headers.get_list("set-cookie"))


WANTED = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
}


@pytest.mark.parametrize("path", [route.path for route in ROUTES] + ["nothing/here"])
def test_every_answer_carries_the_security_headers(server, path):
    for headers in ({}, {"Authorization": f"token {server.token}"}):
        answer = httpx.get(f"{server.url}/{example(path)}", headers=headers)
        for name, value in WANTED.items():
            assert answer.headers.get(name) == value, (path, name)
        policy = answer.headers["Content-Security-Policy"]
        assert "object-src 'none'" in policy or policy.startswith("sandbox")
        assert "Server" not in answer.headers
        assert "Access-Control-Allow-Origin" not in answer.headers
        if path.startswith("api/"):
            assert answer.headers["Cache-Control"] == "no-store"


BAD_BODIES = {
    "empty": b"", "truncated": b'{"name":', "twice": b'{"name":"a","name":"b"}', "nan": b'{"name":NaN}',
    "deep": b"[" * 200_000, "digits": b'{"name":' + b"9" * 5000 + b"}", "trailing": b'{"name":"a"} x',
    "utf16": '{"name":"a"}'.encode("utf-16"), "surrogate": b'{"name":"\\ud800"}', "list": b"[]",
    "unknown": b'{"name":"a","nam":1}', "type": b'{"name":1}', "name": b'{"name":"../x"}',
}  # fmt: skip


@pytest.mark.parametrize("kind", BAD_BODIES)
def test_a_bad_body_is_refused_in_the_one_shape(server, kind):
    answer = server.client.post(
        f"{server.api}/triggers/preview" if kind != "name" else f"{server.api}/pipelines",
        content=BAD_BODIES[kind],
        headers={"Content-Type": "application/json"},
    )
    assert answer.status_code in ((400, 503) if kind == "name" else (400,))
    assert set(answer.json()) == {"error"}
    assert set(answer.json()["error"]) == {"code", "message", "details"}


@pytest.mark.parametrize(
    "text", ["..", ".", "a%2Fb", "CON", "-rf", "%E2%80%AEabc", "%00", "%ff", "a" * 5000]
)
def test_no_id_leads_anywhere(server, text):
    for path in ("pipelines/{}", "runs/{}", "outputs/{}/display", "runs/{}/blocks/x/log"):
        answer = raw(server.port, f"DELETE /api/{path.format(text)} HTTP/1.1\nHost: 127.0.0.1:{server.port}\nAuthorization: token {server.token}")  # fmt: skip
        assert 400 <= answer[0] < 500


def test_an_unknown_method_is_405_in_the_one_shape(server):
    answer = server.put("status", {})
    assert answer.status_code == 405
    assert answer.json()["error"]["code"] == "method-not-allowed"


TOO_LARGE = 10 * 1024 * 1024 + 1


@pytest.mark.parametrize("size", [TOO_LARGE, 70 * 1024 * 1024])
@pytest.mark.parametrize("chunked", [False, True])
def test_too_large_a_body_is_refused_in_the_one_shape(server, size, chunked):
    def pieces():
        for start in range(0, size, 1 << 20):
            yield b" " * min(1 << 20, size - start)

    answer = server.client.post(
        f"{server.api}/pipelines",
        content=pieces() if chunked else b" " * size,
        headers={"Content-Type": "application/json"},
    )
    assert answer.status_code == 413
    assert answer.json()["error"]["code"] == "too-large"
    assert answer.json()["error"]["details"] == {"limit_bytes": TOO_LARGE - 1}
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_the_size_of_a_body_tells_a_stranger_nothing(server):
    answer = httpx.post(
        f"{server.api}/pipelines",
        content=b" " * TOO_LARGE,
        headers={"Content-Type": "application/json"},
    )
    assert answer.status_code == 401


def test_a_large_body_takes_no_memory(server):
    def pieces():
        for _ in range(60):
            yield b" " * (1 << 20)

    before = server.get("status").json()["peak_rss_bytes"]
    for _ in range(3):
        server.client.post(
            f"{server.api}/pipelines",
            content=pieces(),
            headers={"Content-Type": "application/json"},
        )
    assert server.get("status").json()["peak_rss_bytes"] - before < 40 * 1024 * 1024


def test_the_token_file_is_private_and_goes_at_the_end(fresh):
    described = json.loads(fresh.state_file.read_text())
    assert set(described) == {"url", "api", "token", "pid"}
    assert stat.S_IMODE(fresh.state_file.stat().st_mode) == 0o600
    assert stat.S_IMODE((fresh.project / ".headrace" / "cookie-secret").stat().st_mode) == 0o600
    assert fresh.stop() == 0
    assert not fresh.state_file.exists()


def test_the_state_folder_is_private(fresh):
    assert stat.S_IMODE((fresh.project / ".headrace").stat().st_mode) == 0o700


def test_the_token_is_in_no_log(fresh):
    fresh.wait_ready()
    with httpx.Client(base_url=fresh.url) as client:
        client.post("/login", json={"token": fresh.token})
        client.get(f"/api/status?token={fresh.token}")
        client.get(f"/?token={fresh.token}")
        client.post("/login", json={"token": f"{fresh.token}x", "extra": 1})
    assert fresh.stop() == 0
    private = {fresh.project / ".headrace" / "server.json"}
    files = [f for f in fresh.project.rglob("*") if f.is_file() and f not in private]
    for file in [fresh.log_file, *files]:
        assert fresh.token.encode() not in file.read_bytes(), file


def test_a_second_server_names_the_first_and_exits_with_3(fresh, harness):
    second = subprocess.run(
        [*harness.headrace_command(), "start", str(fresh.project), "--port", "0"],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert second.returncode == 3
    assert fresh.url in second.stderr
    assert fresh.token not in second.stderr
    assert fresh.get("status").status_code == 200


def test_a_killed_server_leaves_no_lock(fresh):
    fresh.kill9()
    fresh.restart()
    assert fresh.get("status").status_code == 200


def test_a_host_that_others_reach_needs_its_names(tmp_path, harness):
    refused = subprocess.run(
        [*harness.headrace_command(), "start", str(tmp_path), "--host", "0.0.0.0"],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert refused.returncode == 2
    assert "--allowed-host" in refused.stderr

"""The whole route table of the running server, walked with every wrong kind of credentials."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import socket
import subprocess
import sys
import time
from itertools import product
from pathlib import Path

import httpx
import pytest
from tests.integration.server.examples import EXAMPLES
from tornado.web import create_signed_value

PUBLIC = {r"/login$", r"/assets/(?P<name>[^/]+)$", r"/favicon\.svg$"}
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
CHANGING = ("POST", "PUT", "PATCH", "DELETE")
REST = "/(?:.*)$"
OF_JUPYTER = (
    "api", "api/contents", "api/contents/x", "api/kernels", "api/kernelspecs", "api/sessions", "api/terminals",
    "api/config/x", "api/me", "api/events/subscribe", "api/shutdown", "api/security/csp-report", "api/nbconvert",
    "api/spec.yaml", "terminals/websocket/1", "files/x", "tree", "lab", "logout", "static/x", "custom/x",
    "metrics", "nbconvert/html/x", "kernelspecs/x", "view/x", "gateway", "health", "ready", "configs",
)  # fmt: skip
ODD = (
    "login/", "login/x", "LOGIN", "assets/", "assets/a/b", "favicon.svg/x", "api/status/", "api//status", "..;/",
    "%2e%2e/", "api/pipelines/health", "api/pipelines/login", "p/favicon.svg", "x%0ay", ".well-known/x",
)  # fmt: skip


@pytest.fixture(scope="session")
def table(tmp_path_factory):
    done = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("table.py")), str(tmp_path_factory.mktemp("t"))],
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    return json.loads(done.stdout)


@pytest.fixture(scope="session")
def addresses(table):
    """Pattern → addresses that it answers."""
    found = {}
    for rule in table["rules"]:
        pattern = rule["pattern"]
        if pattern == REST:
            found[pattern] = [f"/{path}" for path in (*OF_JUPYTER, *ODD)]
            continue
        filled = re.sub(r"\(\?P<(\w+)>\[\^/\]\+\)", lambda part: EXAMPLES[part.group(1)], pattern)
        address = filled.removesuffix("$").replace("\\", "")
        assert re.fullmatch(pattern, address), pattern
        found[pattern] = [address]
    return found


@pytest.fixture(scope="session")
def private(addresses):
    return [a for pattern, some in addresses.items() if pattern not in PUBLIC for a in some]


@pytest.fixture(scope="module")
def stranger(server):
    with httpx.Client(base_url=server.url) as client:
        yield client


def cookie_of(server, *, age_s: float = 0.0, secret: bytes | None = None) -> str:
    """Sign a cookie as the server would have done `age_s` ago."""
    if secret is None:
        key = (server.project / ".headrace" / "cookie-secret").read_bytes()
        secret = hmac.new(key, digestmod=hashlib.sha256).digest()
    name = f"headrace-{server.port}"
    then = time.time() - age_s
    value = create_signed_value(secret, name, '{"login":"0123456789abcdef"}', clock=lambda: then)
    return f"{name}={value.decode()}"


def assert_refused(answer: httpx.Response, what: object) -> None:
    assert answer.status_code in (302, 401, 403), (what, answer.status_code)
    if answer.status_code == 302:
        assert answer.headers["Location"].startswith("/login?next=%2F"), what
    elif answer.request.method != "HEAD":
        assert set(answer.json()["error"]) == {"code", "message", "details"}, what


def test_every_route_is_one_of_ours(table):
    assert table["extensions"] == ["headrace.server"]
    for rule in table["rules"]:
        assert rule["handler"].startswith("headrace.server."), rule["handler"]
        assert "headrace.server.base.SecureHandler" in rule["bases"], rule["handler"]
    assert {rule["pattern"] for rule in table["rules"] if rule["public"]} == PUBLIC
    assert table["rules"][-1]["pattern"] == REST


WRONG = {
    "nothing": {},
    "another token": {"Authorization": "token wrong"},
    "an empty token": {"Authorization": "token"},
    "basic": {"Authorization": "Basic b3duZXI6eA=="},
    "an expired cookie": lambda server: {"Cookie": cookie_of(server, age_s=13 * 3600)},
    "a forged cookie": lambda server: {"Cookie": cookie_of(server, secret=b"guessed")},
}


def test_the_cookie_of_this_test_is_a_good_one_while_it_is_young(server, stranger):
    good = stranger.get("/api/status", headers={"Cookie": cookie_of(server, age_s=11 * 3600)})
    assert good.status_code == 200


@pytest.mark.parametrize("kind", WRONG)
def test_only_the_three_public_routes_answer(server, stranger, private, kind):
    headers = WRONG[kind] if isinstance(WRONG[kind], dict) else WRONG[kind](server)
    for address, method in product(private, METHODS):
        answer = stranger.request(method, address, headers=headers)
        assert_refused(answer, (method, address))


def test_a_token_in_the_query_opens_nothing(server, stranger, private):
    for address in private:
        assert_refused(stranger.get(f"{address}?token={server.token}"), address)


def test_the_public_routes_change_nothing_and_never_fail(stranger, addresses):
    for pattern, method in product(PUBLIC, METHODS):
        (address,) = addresses[pattern]
        answer = stranger.request(method, address)
        allowed = {200, 404} if method in ("GET", "HEAD") else {400, 405}
        assert answer.status_code in allowed, (method, address, answer.status_code)


def test_a_cookie_without_the_xsrf_header_changes_nothing(server, stranger, addresses):
    cookie = cookie_of(server)
    for pattern, some in addresses.items():
        if pattern in PUBLIC:
            continue
        for address, method in product(some, CHANGING):
            for headers in ({}, {"X-XSRFToken": "2|a|b|1"}, {"Sec-Fetch-Site": "cross-site"}):
                answer = stranger.request(method, address, headers={"Cookie": cookie, **headers})
                assert answer.status_code == 403, (method, address, headers, answer.status_code)


@pytest.mark.parametrize(
    "foreign",
    [
        {"Host": "evil.example"},
        {"Host": "127.0.0.1.nip.io"},
        {"Host": "localhost.evil.com:80"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost:1"},
        {"Sec-Fetch-Site": "cross-site"},
    ],
    ids=str,
)
def test_nothing_answers_a_foreign_page_even_with_the_token(server, stranger, addresses, foreign):
    headers = {"Authorization": f"token {server.token}", **foreign}
    for some in addresses.values():
        for address, method in product(some[:3], ("GET", "POST")):
            answer = stranger.request(method, address, headers=headers)
            if "Sec-Fetch-Site" in foreign and answer.status_code in (200, 404):
                assert method == "GET", address
                assert not address.startswith(("/api", "/assets", "/favicon")), address
                continue  # a link on another page may lead here
            assert answer.status_code in (403, 405), (method, address, answer.status_code)


def shake(server, address: str, *headers: str, host: str | None = None) -> int:
    lines = [
        f"GET {address} HTTP/1.1", f"Host: {host or f'127.0.0.1:{server.port}'}", "Upgrade: websocket",
        "Connection: Upgrade", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version: 13",
        *headers, "", "",
    ]  # fmt: skip
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as line:
        line.sendall("\r\n".join(lines).encode())
        return int(line.recv(4096).split(b" ")[1])


def test_no_address_opens_a_websocket_to_a_stranger(server, addresses):
    own = f"Origin: {server.url}"
    expired = f"Cookie: {cookie_of(server, age_s=13 * 3600)}"
    for some in addresses.values():
        for address, extra in product(some, ([], [expired], ["Authorization: token wrong"])):
            status = shake(server, address, own, *extra)
            assert status != 101, address
            if address.startswith("/api/"):
                assert status in (401, 403), address


def test_the_websocket_opens_to_no_foreign_page(server):
    good = f"Cookie: {cookie_of(server)}"
    assert shake(server, "/api/events", good, f"Origin: {server.url}") == 101
    for origin in ("https://evil.example", "null", "http://localhost:1", f"{server.url}.evil.com"):
        assert shake(server, "/api/events", good, f"Origin: {origin}") == 403, origin
    assert shake(server, "/api/events", good) == 403
    for host in ("evil.example", f"127.0.0.1.nip.io:{server.port}"):
        assert shake(server, "/api/events", good, f"Origin: http://{host}", host=host) == 403, host


@pytest.mark.parametrize("target", ["*", "http://evil.example/", "x", "//evil.example/api/status"])
def test_odd_request_targets_are_refused_like_any_other(server, target):
    for method in ("GET", "OPTIONS"):
        head = f"{method} {target} HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n\r\n"
        with socket.create_connection(("127.0.0.1", server.port), timeout=30) as line:
            line.sendall(head.encode())
            answer = line.recv(65536)
        assert int(answer.split(b" ")[1]) in (302, 400, 401, 403), (method, target, answer[:80])


def test_the_secret_behind_cookies_is_random(server):
    raw = (server.project / ".headrace" / "cookie-secret").read_bytes()
    assert len(base64.decodebytes(raw)) >= 32


BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.mark.parametrize("path", ["nowhere", "p/etl/x/y", "apis", "runs/1"])
def test_a_browser_that_is_known_is_shown_that_there_is_nothing(server, stranger, path):
    assert_refused(stranger.get(f"/{path}", headers=BROWSER), path)
    known = {"Cookie": cookie_of(server)}
    shown = stranger.get(f"/{path}", headers=BROWSER | known)
    stranger.cookies.clear()  # showing the page renews the login
    assert shown.status_code == 404
    assert shown.headers["Content-Type"].startswith("text/html")
    assert 'name="headrace-base"' in shown.text
    plain = stranger.get(f"/{path}", headers=known)
    assert (plain.status_code, plain.json()["error"]["code"]) == (404, "not-found")


@pytest.mark.parametrize("path", ["p/queue", "p/No", "p/etl/runs/1"])
def test_an_address_with_a_name_that_nothing_can_have_is_shown_as_missing(server, stranger, path):
    shown = stranger.get(f"/{path}", headers={"Cookie": cookie_of(server)})
    stranger.cookies.clear()
    assert shown.status_code == 404
    assert 'name="headrace-base"' in shown.text


@pytest.mark.parametrize("path", ["api/nothing", "assets/none.js", "assets/a/b"])
def test_what_is_never_shown_is_missing_in_the_one_error_shape(server, stranger, path):
    answer = stranger.get(f"/{path}", headers=BROWSER | {"Cookie": cookie_of(server)})
    assert answer.status_code == 404
    assert set(answer.json()["error"]) == {"code", "message", "details"}


def test_nothing_is_shown_to_who_would_change_it(server, stranger):
    token = {"Authorization": f"token {server.token}"}
    answer = stranger.post("/nowhere", headers=BROWSER | token)
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not-found")

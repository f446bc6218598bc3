"""Logging out ends a login everywhere: the cookie, its copies, and the websockets that it opened."""

from __future__ import annotations

import httpx
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

STATUS = "/api/status"


@pytest.fixture
def browsers(fresh):
    """Two browsers, each with a login of its own."""
    fresh.wait_ready()
    with httpx.Client(base_url=fresh.url) as one, httpx.Client(base_url=fresh.url) as other:
        for browser in (one, other):
            assert browser.post("/login", json={"token": fresh.token}).status_code == 204
        yield one, other


def socket_of(server, browser):
    cookie = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    return connect(
        server.api.replace("http", "ws", 1) + "/events",
        additional_headers={"Cookie": cookie},
        origin=server.url,
        proxy=None,
    )


def log_out(browser):
    return browser.post("/api/logout", headers={"X-XSRFToken": browser.cookies["_xsrf"]})


def test_logout_closes_the_websockets_of_that_login_alone(fresh, browsers):
    one, other = browsers
    with socket_of(fresh, one) as mine, socket_of(fresh, one) as second, socket_of(fresh, other) as theirs:  # fmt: skip
        assert log_out(one).status_code == 204
        for socket in (mine, second):
            with pytest.raises(ConnectionClosed) as closed:
                socket.recv(timeout=30)
            assert closed.value.rcvd.code == 4401
        theirs.send('{"op":"open-session","pipeline":"","req":"1"}')
        assert "snapshot-taken" in theirs.recv(timeout=30)


def test_a_copy_of_the_cookie_is_worth_nothing_after_logout_even_after_a_restart(fresh, browsers):
    one, other = browsers
    copied = dict(one.cookies)
    assert log_out(one).status_code == 204
    assert not [name for name in one.cookies if name.startswith("headrace-")]
    again = {"Cookie": "; ".join(f"{name}={value}" for name, value in copied.items())}
    assert httpx.get(f"{fresh.url}{STATUS}", headers=again).status_code == 401
    fresh.restart()
    assert httpx.get(f"{fresh.url}{STATUS}", headers=again).status_code == 401
    assert other.get(STATUS).status_code == 200


def test_logout_needs_the_xsrf_header(browsers):
    one, _ = browsers
    assert one.post("/api/logout").status_code == 403
    assert one.get(STATUS).status_code == 200


def test_opening_the_page_again_keeps_the_login(fresh, browsers):
    one, _ = browsers
    with socket_of(fresh, one) as mine:
        one.get("/")
        assert log_out(one).status_code == 204
        with pytest.raises(ConnectionClosed):
            mine.recv(timeout=30)

"""Where a message may go, what its URL becomes, and what nobody may read."""

from __future__ import annotations

import subprocess
import sys

import pytest

from headrace.core.secret_values import masked_values
from headrace.notifications.errand import Errand, Message
from headrace.notifications.sending import NotSent, reach_of, url_of

MESSAGE = Message(title="t", text="x", kind="info")


def errand(url: str) -> Errand:
    return Errand(channel="team", url=url, private=False, message=MESSAGE, key="k", parent=1)


@pytest.mark.parametrize(
    ("address", "reach"),
    [
        ("93.184.216.34", "public"),
        ("2606:2800:220:1:248:1893:25c8:1946", "public"),
        ("127.0.0.1", "private"),
        ("::1", "private"),
        ("10.1.2.3", "private"),
        ("192.168.0.1", "private"),
        ("172.16.9.9", "private"),
        ("100.64.0.1", "private"),
        ("fd00::1", "private"),
        ("::ffff:10.0.0.1", "private"),
        ("::ffff:169.254.169.254", "never"),
        ("64:ff9b::a9fe:a9fe", "never"),
        ("2002:7f00:1::", "private"),
        ("169.254.169.254", "never"),
        ("fe80::1%eth0", "never"),
        ("0.0.0.0", "never"),
        ("::", "never"),
        ("224.0.0.1", "never"),
        ("not an address", "never"),
    ],
)
def test_an_address_is_everybodys_or_private_or_never(address: str, reach: str) -> None:
    assert reach_of(address) == reach


def test_secrets_are_quoted_into_their_place() -> None:
    url = url_of(errand("mailtos://me:${PASS}@host/${TOKEN}"), {"PASS": "a@b/c d", "TOKEN": "t"})
    assert url == "mailtos://me:a%40b%2Fc%20d@host/t"


def test_a_variable_may_be_the_whole_url() -> None:
    url = "https://hooks.slack.com/services/a/b/c"
    assert url_of(errand("${TEAM_URL}"), {"TEAM_URL": url}) == url


def test_a_variable_that_is_not_set_is_named() -> None:
    with pytest.raises(NotSent, match="needs the environment variable TOKEN"):
        url_of(errand("slack://${TOKEN}"), {"TOKEN": ""})


def test_no_form_of_a_secret_is_left() -> None:
    secret = "s3cr3t /canary"
    text = f"{secret} s3cr3t%20%2Fcanary s3cr3t%20/canary s3cr3t+%2Fcanary czNjcjN0IC9jYW5hcnk= abc"
    assert masked_values(text, [secret, "abc"]) == "*** *** *** *** *** abc"


CONNECT = """
import socket, sys
from headrace.notifications.sending import guard
refused = guard(private=sys.argv[1] == "private")
listening = socket.create_server(("127.0.0.1", 0))
try:
    socket.create_connection(listening.getsockname()).close()
except OSError:
    print(refused[0])
else:
    print("connected")
"""


@pytest.mark.parametrize(
    ("private", "said"),
    [("public", "127.0.0.1 is an address of a private network."), ("private", "connected")],
)
def test_connections_are_judged_by_the_address_that_was_resolved(private: str, said: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", CONNECT, private], capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith(said)


NAMED = """
import socket, sys
from headrace.notifications.sending import guard
refused = guard(private=False)
listening = socket.create_server(("127.0.0.1", 0))
port = listening.getsockname()[1]
answers = iter(["93.184.216.34", "127.0.0.1"])  # a name that is looked at twice
real = socket.getaddrinfo
socket.getaddrinfo = lambda host, *rest, **more: real(next(answers) if host == "twice" else host, *rest, **more)
if sys.argv[1] == "twice":
    socket.getaddrinfo("twice", port)
try:
    socket.create_connection((sys.argv[1], port), timeout=5).close()
except OSError:
    print(refused)
"""


@pytest.mark.parametrize("host", ["0x7f000001", "127.1", "2130706433", "localhost", "twice"])
def test_no_way_of_writing_an_address_leads_to_this_machine(host: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", NAMED, host], capture_output=True, text=True, check=True
    )
    assert "is an address of a private network" in done.stdout

from __future__ import annotations

import stat

from headrace.server.logins import KEPT_S, Logins, new_login


async def test_a_login_that_ended_stays_ended_over_a_restart(tmp_path):
    file = tmp_path / "logouts.json"
    logins = Logins(file)
    await logins.end("mine")
    for known in (logins, Logins(file)):
        assert known.is_over("mine")
        assert not known.is_over("yours")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


async def test_what_a_login_opened_is_closed_once(tmp_path):
    logins = Logins(tmp_path / "logouts.json")
    closed: list[str] = []
    logins.hold("mine", lambda: closed.append("first"))
    let_go = logins.hold("mine", lambda: closed.append("left before"))
    logins.hold("yours", lambda: closed.append("yours"))
    let_go()
    await logins.end("mine")
    await logins.end("mine")
    assert closed == ["first"]


async def test_closing_may_let_go_of_itself(tmp_path):
    logins = Logins(tmp_path / "logouts.json")
    letting: list = []
    letting.append(logins.hold("mine", lambda: letting[0]()))
    await logins.end("mine")
    assert logins.is_over("mine")


async def test_logins_older_than_any_cookie_are_forgotten(tmp_path):
    now = [1000.0]
    file = tmp_path / "logouts.json"
    logins = Logins(file, now=lambda: now[0])
    await logins.end("old")
    now[0] += KEPT_S
    await logins.end("new")
    assert not Logins(file).is_over("old")
    assert Logins(file).is_over("new")


async def test_a_damaged_file_ends_nothing(tmp_path):
    file = tmp_path / "logouts.json"
    file.write_text("{")
    assert not Logins(file).is_over("mine")


def test_logins_have_names_of_their_own():
    assert len({new_login() for _ in range(1000)}) == 1000

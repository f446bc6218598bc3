"""What a typed password may become on its way: bytes of JSON, and nothing to look at."""

from __future__ import annotations

import msgspec

from headrace.protocol.connections import ConnectionTest, NewPassword


def test_a_password_shows_in_no_print_of_what_holds_it() -> None:
    text = b'{"form": null, "password": {"value": "hunter22", "place": "keyring"}}'
    test = msgspec.json.decode(text, type=ConnectionTest)
    assert test.password == NewPassword(value="hunter22", place="keyring")
    assert "hunter22" not in f"{test!r}{test.password!s}"
    assert "keyring" in repr(test)

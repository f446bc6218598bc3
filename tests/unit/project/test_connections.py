"""URLs as forms and back, and edits of `connections:` that leave all else as it is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.core.errors import Conflict, HeadraceError, InvalidInput, NotFound
from headrace.project.connection_urls import form_of, hides_password, url_of
from headrace.project.edit_connections import (
    add_connection,
    change_connection,
    remove_connection,
)
from headrace.project.settings import read_settings
from headrace.protocol.connections import ConnectionForm

URLS = [
    "postgresql://reader:${PASSWORD}@db.example:5432/warehouse",
    "postgresql://reader@db.example/warehouse?sslmode=require",
    "postgresql://${USER}:${PASSWORD}@[::1]:5432/warehouse",
    "mysql://m%C3%BCller%40home:${PASSWORD}@db/shop",
    "mariadb://db/shop",
    "sqlite:///data/archive.db",
    "sqlite:////absolute/archive.db",
    "duckdb:///data/warehouse.duckdb",
]


@pytest.mark.parametrize("url", URLS)
def test_a_url_becomes_a_form_and_the_same_url_again(url: str) -> None:
    form = form_of(url)
    assert form.kind != "other"
    assert url_of(form) == url


@pytest.mark.parametrize(
    "url",
    [
        "oracle://reader:${PASSWORD}@db/x",
        "postgresql+asyncpg://reader:${PASSWORD}@db/x",
        "postgresql://rea der@db/x",
        "postgresql://reader:${ONE}${TWO}@db/x",
        "postgresql://db/x#fragment",
        "sqlite://",
    ],
)
def test_what_a_form_cannot_say_exactly_stays_a_url(url: str) -> None:
    assert form_of(url).kind == "other"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("oracle://reader:hunter22@db/x", "oracle://reader:@db/x"),
        ("oracle://reader:hunter22${A}@db/x", "oracle://reader:@db/x"),
        ("mysql://reader:hunter22@db/x?pwd=a", "mysql://reader:@db/x?pwd="),
        ("oracle://db/x?user=me&password=hunter22&a=b", "oracle://db/x?user=me&password=&a=b"),
        ("mysql://reader:${A}@db/x?Token=hunter22", "mysql://reader:${A}@db/x?Token="),
    ],
)
def test_a_password_that_stands_in_a_url_is_never_in_the_form(url: str, shown: str) -> None:
    assert hides_password(url)
    assert form_of(url) == ConnectionForm(kind="other", url=shown)


def test_the_fields_of_a_url_with_a_password_in_it_can_be_edited() -> None:
    wanted = ConnectionForm(kind="postgresql", host="db", port=1, database="x", user="reader")
    assert form_of("postgresql://reader:hunter22@db:1/x") == wanted


@given(st.text(max_size=40), st.text(max_size=40), st.sampled_from(["postgresql", "mariadb"]))
def test_whatever_user_there_is_comes_back_or_is_refused(user: str, database: str, kind) -> None:
    form = ConnectionForm(kind=kind, host="db", database=database, user=user, secret="A")
    try:
        url = url_of(form)
    except InvalidInput:
        return
    assert form_of(url) == form


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({"kind": "postgresql", "database": "x"}, "form.host"),
        ({"kind": "postgresql", "host": "db"}, "form.database"),
        ({"kind": "postgresql", "host": "db/x", "database": "x"}, "form.host"),
        ({"kind": "postgresql", "host": "db", "database": "x y"}, "form.database"),
        ({"kind": "postgresql", "host": "db", "database": "x", "port": 0}, "form.port"),
        ({"kind": "postgresql", "host": "db", "database": "x", "secret": "A"}, "form.user"),
        (
            {"kind": "mysql", "host": "db", "database": "x", "user": "u", "secret": "A-B"},
            "form.secret",
        ),
        ({"kind": "sqlite"}, "form.database"),
        ({"kind": "other", "url": "no url"}, "form.url"),
        ({"kind": "other", "url": "oracle://a:hunter22@db/x"}, "form.url"),
        (
            {"kind": "mysql", "host": "db", "database": "x", "options": "password=hunter22"},
            "form.options",
        ),
    ],
)
def test_a_form_that_makes_no_url_is_refused_by_its_field(form: dict, field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        url_of(ConnectionForm(**form))
    assert refused.value.details["field"] == field
    assert "hunter22" not in refused.value.message


TEXT = """# What this project is made of

secrets: [API_TOKEN]   # from the vault
connections:
  # read replica, never the primary
  warehouse: postgresql://reader:${WAREHOUSE_PASSWORD}@db.example/warehouse   # ask the team

  # kept for the auditors
  archive: {url: "sqlite:///data/archive.db", note: old}
  shop:
    url: mariadb://db/shop
    owner: sales
retention: {age: 30d}
"""
URL = "postgresql://reader:${NEW_PASSWORD}@db.example:6432/warehouse"


def test_a_new_connection_comes_last_and_all_else_stays() -> None:
    added = add_connection(TEXT, "lake", URL)
    line = f"  lake: {URL}\n"
    assert added == TEXT.replace("retention:", f"{line}retention:")


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("warehouse", "postgresql://reader:${WAREHOUSE_PASSWORD}@db.example/warehouse", URL),
        ("archive", '"sqlite:///data/archive.db"', f'"{URL}"'),
        ("shop", "mariadb://db/shop", f'"{URL}"'),
    ],
)
def test_a_change_touches_the_url_alone(name: str, old: str, new: str) -> None:
    assert change_connection(TEXT, name, URL) == TEXT.replace(old, new)


@pytest.mark.parametrize(
    ("name", "gone"),
    [
        ("warehouse", TEXT[TEXT.index("  # read") : TEXT.index("\n  # kept")]),
        ("archive", TEXT[TEXT.index("  # kept") : TEXT.index("  shop:")]),
        ("shop", TEXT[TEXT.index("  shop:") : TEXT.index("retention:")]),
    ],
)
def test_a_removed_connection_takes_its_own_comments_along(name: str, gone: str) -> None:
    assert remove_connection(TEXT, name) == TEXT.replace(gone, "")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", f"connections:\n  lake: {URL}\n"),
        ("# nothing yet\n", f"# nothing yet\nconnections:\n  lake: {URL}\n"),
        ("preload: [polars]", f"preload: [polars]\nconnections:\n  lake: {URL}"),
        ("connections:\npreload: [x]\n", f"connections:\n  lake: {URL}\npreload: [x]\n"),
        ("connections: {}\n", f"connections:\n  lake: {URL}\n"),
        (
            "connections: {a: 'sqlite:///a'}\n",
            f"connections: {{a: 'sqlite:///a', lake: \"{URL}\"}}\n",
        ),
        ("preload: [x]\r\n", f"preload: [x]\r\nconnections:\r\n  lake: {URL}\r\n"),
    ],
)
def test_the_first_connection_finds_its_place(text: str, wanted: str) -> None:
    added = add_connection(text, "lake", URL)
    assert added == wanted
    assert read_settings(added).connections["lake"] == {"url": URL}
    assert "lake" not in read_settings(remove_connection(added, "lake")).connections


def test_the_last_connection_takes_the_key_along() -> None:
    assert remove_connection("a: 1\nconnections:\n  b: sqlite:///b\nc: 2\n", "b") == "a: 1\nc: 2\n"


@pytest.mark.parametrize(
    ("edit", "error"),
    [
        (lambda text: add_connection(text, "shop", URL), Conflict),
        (lambda text: change_connection(text, "lake", URL), NotFound),
        (lambda text: remove_connection(text, "lake"), NotFound),
        (lambda _: remove_connection("", "lake"), NotFound),
        (lambda _: add_connection("connections: [a]\n", "lake", URL), InvalidInput),
        (lambda _: add_connection("a: [\n", "lake", URL), InvalidInput),
    ],
)
def test_what_cannot_be_edited_is_refused(edit, error: type[HeadraceError]) -> None:
    with pytest.raises(error):
        edit(TEXT)

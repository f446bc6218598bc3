"""Connections over a whole server: set up, tried, mended, used; and their passwords nowhere."""

from __future__ import annotations

import base64
import json
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import product
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
import pymysql
import pytest
from tests.acceptance.harness import Server
from tests.mariadb import PASSWORD, mariadb
from tests.postgres import postgres
from websockets.sync.client import ClientConnection

MARKER = "M4rker/of:a p@ssw%rd"
WRONG = "Wr0ng/m4rker"
FORMS = [
    form
    for word in (MARKER, WRONG, PASSWORD)
    for form in (
        word,
        quote(word, safe=""),
        json.dumps(word)[1:-1],
        base64.b64encode(word.encode()).decode().rstrip("="),
    )
]
SETTINGS = """# Databases of the team
notebooks: out/{run}.ipynb   # for the auditors
secrets: [WAREHOUSE_PASSWORD, SHOP_PASSWORD]
"""


@pytest.fixture(scope="module")
def places() -> Iterator[dict[str, Any]]:
    """Form by name of a PostgreSQL and a MariaDB, whose users have passwords."""
    with postgres() as first, mariadb() as second:
        with psycopg.connect(f"postgresql://{first}", autocommit=True) as server:
            server.execute(f"create user guarded password '{MARKER}'")
            server.execute("create table flights as select i as id from generate_series(1, 5) i")
            server.execute("grant all on flights to guarded")
        place, _, database = second.partition("/")
        port = int(place.partition(":")[2])
        with pymysql.connect(
            host="127.0.0.1", port=port, user="tester", password=PASSWORD, database=database
        ) as other:
            other.cursor().execute("create table flights as select seq as id from seq_1_to_5")
            other.commit()
        own = int(first.partition(":")[2].partition("/")[0])
        shared = {"host": "127.0.0.1", "options": "", "url": ""}
        yield {
            "warehouse": {
                **shared,
                "kind": "postgresql",
                "port": own,
                "database": "postgres",
                "user": "guarded",
                "secret": "WAREHOUSE_PASSWORD",
            },
            "shop": {
                **shared,
                "kind": "mariadb",
                "port": port,
                "database": "test",
                "user": "tester",
                "secret": "SHOP_PASSWORD",
            },
        }


RIGHT = {"warehouse": MARKER, "shop": PASSWORD}


def pipeline(project: Path, name: str, blocks: dict[str, tuple[str, str]]) -> None:
    """Write a pipeline: file name → (entry in YAML, text)."""
    folder = project / "pipelines" / name
    folder.mkdir(parents=True)
    entries = "".join(f"  - {{{entry}, file: {file}}}\n" for file, (entry, _) in blocks.items())
    (folder / "pipeline.yaml").write_text(f"title: {name}\nblocks:\n{entries}")
    for file, (_, text) in blocks.items():
        (folder / file).write_text(text)


@contextmanager
def served(project: Path) -> Iterator[Server]:
    keys = {"XDG_CONFIG_HOME": str(project.parent / "config")}
    with Server(project, env=keys) as server:
        server.wait_ready()
        yield server


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    (folder / "pipelines").mkdir(parents=True)
    (folder / "headrace.yaml").write_text(SETTINGS)
    return folder


def password(value: str) -> dict[str, str]:
    return {"value": value, "place": "file"}


@pytest.mark.parametrize("name", ["warehouse", "shop"])
def test_a_wrong_password_is_told_and_mended(
    project: Path, places: dict[str, Any], name: str
) -> None:
    pipeline(
        project,
        "reads",
        {
            "flights.sql": (
                f"name: flights, kind: loader, connection: {name}",
                "select id from flights",
            )
        },
    )
    form = places[name]
    with served(project) as server:
        made = server.post("connections", {"name": name, "form": form, "password": password(WRONG)})
        assert made.status_code == 201, made.text
        assert made.json()["secrets"] == [{"name": form["secret"], "place": "file"}]
        assert made.json()["used_by"] == ["reads"]
        tested = server.post(f"connections/{name}/test").json()
        assert f"The connection '{name}' cannot be opened" in tested["error"]
        tried = f"tried: {form['user']} at 127.0.0.1:{form['port']}/{form['database']}"
        assert f"{tried}, with {form['secret']} from the encrypted file" in tested["error"]
        assert "type the password again in Settings" in tested["hint"]
        failed = server.run("reads")
        (block,) = failed["blocks"]
        assert block["failure"]["type"] == "CannotConnect"
        assert block["failure"]["hint"] == tested["hint"]

        typed = {"form": form, "password": password(RIGHT[name])}
        tested = server.post(f"connections/{name}/test", typed).json()
        assert tested["error"] is None, tested
        assert tested["product"] in ("PostgreSQL", "MariaDB")
        still = server.post(f"connections/{name}/test").json()
        assert still["error"] is not None  # what was only tried is not kept
        assert server.put(f"connections/{name}", typed).status_code == 200
        assert server.post(f"connections/{name}/test").json()["error"] is None
        done = server.run("reads")
        assert (done["state"], done["blocks"][0]["rows"]) == ("succeeded", 5)

        text = (project / "headrace.yaml").read_text()
        assert text.startswith(SETTINGS)
        assert f"${{{form['secret']}}}@127.0.0.1" in text
        assert server.delete(f"connections/{name}?forget=true").status_code == 204
        assert (project / "headrace.yaml").read_text() == SETTINGS
        assert server.get("connections").json()["connections"] == []


KEYRING = """
import json, os

FILE = os.environ["KEYRING_OF_TEST"]


class errors:
    class KeyringError(Exception):
        pass


def _kept():
    return json.load(open(FILE)) if os.path.exists(FILE) else {}


def get_password(service, name):
    return _kept().get(name)


def set_password(service, name, value):
    json.dump(_kept() | {name: value}, open(FILE, "w"))


def delete_password(service, name):
    kept = _kept()
    del kept[name]
    json.dump(kept, open(FILE, "w"))
"""


def test_a_password_may_come_from_the_keyring_or_the_environment(
    project: Path, places: dict[str, Any], tmp_path: Path
) -> None:
    (tmp_path / "modules").mkdir()
    (tmp_path / "modules" / "keyring.py").write_text(KEYRING)
    kept = tmp_path / "keyring.json"
    environment = {
        "XDG_CONFIG_HOME": str(tmp_path / "config"),
        "PYTHONPATH": str(tmp_path / "modules"),
        "KEYRING_OF_TEST": str(kept),
        "SET_BEFORE": MARKER,
    }
    form = places["warehouse"]
    with Server(project, env=environment) as server:
        server.wait_ready()
        assert server.get("connections").json()["keyring"] is True
        typed = {"value": MARKER, "place": "keyring"}
        made = server.post("connections", {"name": "ring", "form": form, "password": typed})
        assert made.json()["secrets"] == [{"name": "WAREHOUSE_PASSWORD", "place": "keyring"}]
        assert server.post("connections/ring/test").json()["error"] is None
        assert server.delete("connections/ring?forget=true").status_code == 204
        # `secrets:` still asks for it.
        assert json.loads(kept.read_text()) == {"WAREHOUSE_PASSWORD": MARKER}

        form = form | {"secret": "SET_BEFORE"}
        refused = server.post("connections", {"name": "set", "form": form, "password": typed})
        assert refused.status_code == 400
        assert "environment variable SET_BEFORE gives this password already" in refused.text
        assert "SET_BEFORE" not in (project / "headrace.yaml").read_text()
        assert server.post("connections", {"name": "set", "form": form}).status_code == 201
        assert server.post("connections/set/test").json()["error"] is None
        wrong = form | {"user": "nobody_here"}
        tested = server.post("connections/set/test", {"form": wrong}).json()
        assert "with SET_BEFORE from the environment" in tested["error"]
        assert "environment variable SET_BEFORE gives the password" in tested["hint"]


BAD_INPUT = [
    ({"name": "1x"}, "name"),
    ({"form": {"kind": "postgresql", "host": "", "database": "x"}}, "form.host"),
    ({"form": {"kind": "postgresql", "host": "h", "database": "x", "port": 0}}, "form.port"),
    ({"form": {"kind": "nosuch"}}, "form.kind"),
    ({"form": {"kind": "other", "url": f"oracle://a:{WRONG}@h/x"}}, "form.url"),
    ({"password": {"value": "", "place": "file"}}, "password.value"),
    ({"password": {"value": MARKER, "place": "paper"}}, "password.place"),
    ({"password": {"value": [MARKER], "place": "file"}}, "password.value"),
    ({"colour": "red"}, ""),
]


def test_what_is_no_connection_is_refused_by_its_field(
    project: Path, places: dict[str, Any]
) -> None:
    good = {"name": "warehouse", "form": places["warehouse"], "password": password(WRONG)}
    with served(project) as server:
        for wrong, field in BAD_INPUT:
            refused = server.post("connections", good | wrong)
            assert refused.status_code == 400, (wrong, refused.text)
            error = refused.json()["error"]
            assert error["details"].get("field", "") == field, (wrong, error)
            assert not any(form in refused.text for form in FORMS), refused.text
        assert server.put("connections/warehouse", {"form": good["form"]}).status_code == 404
        assert server.delete("connections/warehouse").status_code == 404
        assert server.post("connections/warehouse/test").status_code == 404
        assert server.post("connections", good).status_code == 201
        assert server.post("connections", good).status_code == 409
        (project / "headrace.yaml").write_text("connections: [\n")
        broken = server.get("connections").json()
        assert (broken["connections"], len(broken["problems"])) == ([], 1)
        assert server.put("connections/warehouse", {"form": good["form"]}).status_code == 400
    assert (project / "headrace.yaml").read_text() == "connections: [\n"


def test_a_test_ends_after_its_time_and_when_nobody_waits_for_it(project: Path) -> None:
    """The database takes the call and says nothing."""
    with socket.socket() as silent, served(project) as server:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        form = {
            "kind": "postgresql",
            "host": "127.0.0.1",
            "port": silent.getsockname()[1],
            "database": "x",
            "options": "connect_timeout=600",
        }
        body = json.dumps({"form": form, "limit_s": 300})
        head = (
            f"POST /api/connections/x/test HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n"
            f"Authorization: token {server.token}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        with socket.create_connection(("127.0.0.1", server.port)) as caller:
            caller.sendall((head + body).encode())
            called, _ = silent.accept()
            called.settimeout(60)
            assert called.recv(1024)  # it asks for encryption, and waits
            (process,) = [one for one in children(server.pid) if holds(one, called)]
        with called:
            assert called.recv(1024) == b""
        deadline = time.monotonic() + 60
        while process in children(server.pid):
            assert time.monotonic() < deadline
            time.sleep(0.01)
        tested = server.post("connections/x/test", {"form": form, "limit_s": 0.5}).json()
        assert tested["error"] == "The connection 'x' gave no answer within 0.5 s."


def children(pid: int) -> list[int]:
    """All processes below one."""
    found: list[int] = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
            if parent == pid:
                found += [int(entry.name), *children(int(entry.name))]
    return found


def holds(pid: int, called: socket.socket) -> bool:
    """Tell whether a process has the other end of a connection."""
    port = called.getpeername()[1]
    inodes = {
        line.split()[9]
        for line in Path("/proc/net/tcp").read_text().splitlines()[1:]
        if line.split()[1].endswith(f":{port:04X}")
    }
    try:
        links = [str(one.readlink()) for one in Path(f"/proc/{pid}/fd").iterdir()]
    except OSError:
        return False
    return any(f"socket:[{inode}]" in links for inode in inodes)


PRINTS = """import base64
from headrace import exporter


@exporter
def tells(context):
    word = context.secrets["WAREHOUSE_PASSWORD"]
    print("it is", word, base64.b64encode(word.encode()).decode())
    print("m" * 300, flush=True)
    raise ValueError(f"not {word}")
"""
BLOCKS = {
    "{name}.sql": "kind: loader, connection: {name}",
    "{name}_wrong.sql": "kind: loader, connection: {name}",
    "{name}_refused.sql": "kind: loader, connection: {name}_refused",
    "{name}_nowhere.sql": "kind: loader, connection: {name}_nowhere",
    "{name}_writes.sql": "kind: exporter, connection: {name}, writes: true",
}
STATEMENTS = {
    "{name}.sql": "select id from flights",
    "{name}_wrong.sql": "select nothing_such from flights",
    "{name}_refused.sql": "select 1 as one",
    "{name}_nowhere.sql": "select 1 as one",
    "{name}_writes.sql": "insert into flights (id) select 7",
}


def set_up(server: Server, places: dict[str, Any]) -> Iterator[str]:
    """Make three connections to each database: a good one, one refused, one to nowhere."""
    for name, form in places.items():
        user = "guarded" if name == "shop" else "nobody_here"
        refused = form | {"user": user, "secret": f"{name}_refused".upper()}
        for body in (
            {"name": name, "form": form, "password": password(RIGHT[name])},
            {"name": f"{name}_refused", "form": refused, "password": password(WRONG)},
            {"name": f"{name}_nowhere", "form": form | {"port": 1}},
        ):
            yield server.post("connections", body).text
            yield server.post(f"connections/{body['name']}/test").text


def runs_of(server: Server, events: ClientConnection) -> Iterator[str]:
    """Run the pipeline as a schedule does and as the editor does; yield all that is told."""
    events.send(json.dumps({"op": "open-session", "pipeline": "all", "req": "1"}))
    server.run("all", timeout_s=120)
    names = [block["name"] for block in server.get("pipelines/all").json()["blocks"]]
    run = {"op": "run-blocks", "pipeline": "all", "req": "2", "blocks": names, "force": True}
    events.send(json.dumps(run))
    ended = 0
    while ended < 2:
        message = events.recv(timeout=120)
        assert isinstance(message, str)
        yield message
        ended += '"op":"run-finished"' in message


def answers_of(server: Server, record: dict[str, Any]) -> Iterator[str]:
    """Yield what the server answers to all questions about a run."""
    place = f"runs/{record['id']}"
    logs = [f"{place}/blocks/{block['name']}/log" for block in record["blocks"]]
    for path in (place, f"{place}/code", f"{place}/notebook", *logs):
        answer = server.get(path)
        assert answer.status_code == 200, (path, answer.text)
        yield answer.text


def test_a_password_is_nowhere_whatever_happens(project: Path, places: dict[str, Any]) -> None:
    """Rows, writes, errors of statements, refusals, prints: then everything is searched for it."""
    blocks = {"tells.py": ("name: tells, kind: exporter", PRINTS)}
    for name, file in product(places, BLOCKS):
        stem, entry = file.format(name=name), BLOCKS[file].format(name=name)
        text = STATEMENTS[file].format(name=name)
        blocks[stem] = (f"name: {stem.partition('.')[0]}, {entry}", text)
    pipeline(project, "all", blocks)
    with served(project) as server, server.ws() as events:
        seen = [*set_up(server, places), *runs_of(server, events)]
        listed = server.get("runs").json()["runs"]
        assert len(listed) == 2
        for one in listed:
            record = server.get(f"runs/{one['id']}").json()
            ends = {block["name"]: block["state"] for block in record["blocks"]}
            for name in places:
                assert ends[name] == ends[f"{name}_writes"] == "succeeded", record
                for broken in ("wrong", "refused", "nowhere"):
                    assert ends[f"{name}_{broken}"] == "failed", record
            seen += answers_of(server, record)
            said = server.get(f"runs/{one['id']}/blocks/tells/log").text
            assert f"it is {'*' * len(MARKER)} " in said
        for path in ("connections", "status", "runs", "pipelines", "pipelines/all", "metrics"):
            seen.append(server.get(path).text)
        seen.append(server.get("pipelines/all/export?to=notebook").text)
    files = [one for one in project.parent.rglob("*") if one.is_file()]
    assert {".db", ".log", ".enc", ".yaml", ".ipynb"} <= {one.suffix for one in files}
    for form in FORMS:
        assert [one[:200] for one in seen if form in one] == [], form
        assert [one for one in files if form.encode() in one.read_bytes()] == [], form

"""`headrace secrets`: values go in and never come out."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from headrace.core.errors import InvalidInput, Unavailable
from headrace.core.secret_sources import SecretSources, keep_in_keyring
from headrace.core.secret_values import Secrets


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return {**os.environ, "XDG_CONFIG_HOME": str(tmp_path / "config")}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    (folder / "pipelines").mkdir(parents=True)
    (folder / "headrace.yaml").write_text(
        "secrets: [TOKEN, PATH]\nconnections: {db: 'postgresql://a:${DB_PASSWORD}@h/x'}\n"
    )
    return folder


def secrets(
    project: Path, environment: dict[str, str], *arguments: str, given: str = ""
) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "headrace.cli.main", "secrets", *arguments]
    return subprocess.run(
        [*command, "-C", str(project)],
        input=given,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_value_is_kept_encrypted_and_listed_by_name_only(
    project: Path, environment: dict[str, str]
) -> None:
    done = secrets(project, environment, "set", "DB_PASSWORD", given="s3cret value\n")
    assert done.stdout == "DB_PASSWORD is kept.\n", done.stderr
    file = project / ".headrace" / "secrets.enc"
    key = Path(environment["XDG_CONFIG_HOME"]) / "headrace" / "secrets.key"
    for path in (file, key):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert b"s3cret" not in file.read_bytes()
    assert b"DB_PASSWORD" not in file.read_bytes()
    said = json.loads(secrets(project, environment, "list", "--json").stdout)
    assert said == {"TOKEN": None, "PATH": "environment", "DB_PASSWORD": "file"}
    assert SecretSources(project / ".headrace", environment)["DB_PASSWORD"] == "s3cret value"
    secrets(project, environment, "remove", "DB_PASSWORD")
    assert "DB_PASSWORD  nowhere" in secrets(project, environment, "list").stdout


def test_what_is_no_name_or_no_value_is_refused(project: Path, environment: dict[str, str]) -> None:
    assert secrets(project, environment, "set", "A-B", given="x\n").returncode == 1
    assert "no secret" in secrets(project, environment, "set", "A", given="\n").stderr


def test_the_environment_goes_first_then_the_file(tmp_path: Path) -> None:
    given = {"XDG_CONFIG_HOME": str(tmp_path), "BOTH": "of the environment"}
    sources = SecretSources(tmp_path / "state", given)
    sources.file.set("BOTH", "of the file")
    sources.file.set("ONE", "of the file")
    assert (sources["BOTH"], sources["ONE"]) == ("of the environment", "of the file")
    assert (sources.place("BOTH"), sources.place("ONE"), sources.place("NO")) == (
        "environment",
        "file",
        None,
    )
    assert set(Secrets(["BOTH", "ONE", "NO"], sources)) == {"BOTH", "ONE"}
    assert Secrets(["ONE"], sources).masked("it is of the file.") == "it is ***."


def test_a_file_without_its_key_says_so_and_breaks_nothing_else(tmp_path: Path) -> None:
    SecretSources(tmp_path, {"XDG_CONFIG_HOME": str(tmp_path / "one")}).file.set("A", "value")
    moved = SecretSources(tmp_path, {"XDG_CONFIG_HOME": str(tmp_path / "two"), "B": "b"})
    with pytest.raises(Unavailable, match="its key is not in HEADRACE_SECRETS_KEY"):
        moved["A"]
    other = SecretSources(tmp_path, {"HEADRACE_SECRETS_KEY": "A" * 43 + "="})
    with pytest.raises(Unavailable, match="another key than HEADRACE_SECRETS_KEY"):
        other["A"]
    assert moved["B"] == "b"
    assert Secrets(["A", "B"], moved).masked("bbbb") == "bbbb"


def test_the_keyring_is_asked_last(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    kept: dict[tuple[str, str], str] = {}

    class KeyringError(Exception):
        pass

    class Ring:
        errors = SimpleNamespace(KeyringError=KeyringError)

        def get_password(self, service: str, name: str) -> str | None:
            if name == "LOCKED":
                raise KeyringError
            return kept.get((service, name))

        def set_password(self, service: str, name: str, value: str) -> None:
            kept[service, name] = value

        def delete_password(self, service: str, name: str) -> None:
            del kept[service, name]

    ring: Any = Ring()
    monkeypatch.setitem(sys.modules, "keyring", ring)
    sources = SecretSources(tmp_path, {"XDG_CONFIG_HOME": str(tmp_path)})
    keep_in_keyring("A", "of the keyring")
    assert (sources["A"], sources.place("A"), sources.place("LOCKED")) == (
        "of the keyring",
        "keyring",
        None,
    )
    keep_in_keyring("A", None)
    keep_in_keyring("A", None)
    assert sources.place("A") is None
    monkeypatch.setitem(sys.modules, "keyring", None)
    with pytest.raises(InvalidInput, match=r"headrace\[keyring\]"):
        keep_in_keyring("A", "x")

"""`headrace secrets`: keeps values that connections and blocks get by name, and shows none."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

import click

from headrace.cli.project import json_option, paths_of, print_json, project_option

if TYPE_CHECKING:
    from headrace.core.secret_sources import SecretSources

_NAME = re.compile(r"[A-Za-z_]\w*")
_keyring = click.option("--keyring", is_flag=True, help="In the system's keyring, not in the file.")


@click.group("secrets", short_help="Keep passwords out of files.")
def command() -> None:
    """Keep the values of secrets in `.headrace/secrets.enc`, encrypted, or in the keyring."""


@command.command("set", short_help="Keep a value.")
@click.argument("name")
@project_option
@_keyring
def set_value(name: str, *, folder: str, keyring: bool) -> None:
    """Keep the value of NAME. It is asked for, or read from standard input."""
    from headrace.core.errors import InvalidInput

    if not _NAME.fullmatch(name):
        raise InvalidInput(f"{name[:40]!r} is no name: letters, digits and _ only.", field="name")
    asked: str = click.prompt(name, hide_input=True) if sys.stdin.isatty() else sys.stdin.readline()
    value = asked.rstrip("\r\n")
    if not value:
        raise InvalidInput("An empty value is no secret.", field="value")
    _keep(folder, name, value, in_keyring=keyring)
    click.echo(f"{name} is kept.")


@command.command("remove", short_help="Forget a value.")
@click.argument("name")
@project_option
@_keyring
def remove(name: str, *, folder: str, keyring: bool) -> None:
    """Forget the value of NAME."""
    _keep(folder, name, None, in_keyring=keyring)
    click.echo(f"{name} is forgotten.")


@command.command("list", short_help="List the names that are asked for, and where they are.")
@project_option
@json_option
def list_names(*, folder: str, as_json: bool) -> None:
    """List the names that headrace.yaml asks for and those of the file, and where values are."""
    from headrace.project.connections import secrets_in, url_in
    from headrace.project.files import Project

    paths = paths_of(folder)
    settings = Project(paths).settings()
    urls = [url_in(declared) or "" for declared in settings.connections.values()]
    asked = [*settings.secrets, *(name for url in urls for name in secrets_in(url))]
    sources = _sources(folder)
    names = dict.fromkeys((*asked, *sources.file.read()))
    found = {name: sources.place(name) for name in names}
    if as_json:
        print_json(found)
        return
    for name, place in found.items():
        click.echo(f"{name}  {place or 'nowhere'}")


def _sources(folder: str) -> SecretSources:
    from headrace.core.secret_sources import SecretSources

    return SecretSources(paths_of(folder).state)


def _keep(folder: str, name: str, value: str | None, *, in_keyring: bool) -> None:
    from headrace.core.secret_sources import keep_in_keyring

    if in_keyring:
        keep_in_keyring(name, value)
        return
    paths = paths_of(folder)
    paths.make_state()
    _sources(folder).file.set(name, value)

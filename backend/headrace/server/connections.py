"""Connections over REST: they live in headrace.yaml, their passwords in none of our answers."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from headrace.core.errors import InvalidInput, NotFound, Unavailable
from headrace.core.secret_sources import SecretSources, has_keyring, keep_in_keyring
from headrace.project.connection_urls import NAME, form_of, hides_password, url_of
from headrace.project.connections import secrets_in, url_in
from headrace.project.edit_connections import (
    add_connection,
    change_connection,
    remove_connection,
)
from headrace.protocol.connections import (
    ConnectionChange,
    ConnectionForm,
    Connections,
    ConnectionTable,
    ConnectionTest,
    ConnectionTested,
    NewConnection,
    NewPassword,
    SecretTable,
)
from headrace.server.base import ApiHandler, operation

if TYPE_CHECKING:
    from headrace.project.files import Project

_LONGEST_TEST_S = 300.0
_LONGEST_PASSWORD = 10_000


class _OfConnections(ApiHandler):
    """What the handlers of connections share."""

    @property
    def _project(self) -> Project:
        return self.runtime.project

    @property
    def _sources(self) -> SecretSources:
        return SecretSources(self.runtime.paths.state)

    def _all(self) -> Connections:
        settings, sources = self._project.settings(), self._sources
        used = self._project.pipelines_by_connection()
        return Connections(
            connections=[
                _table(name, declared, sources, used.get(name, []))
                for name, declared in settings.connections.items()
            ],
            keyring=has_keyring(),
            problems=[
                f"headrace.yaml, line {problem.line}: {problem.message}"
                for problem in settings.problems
                if problem.severity == "error"
            ],
        )

    def _table(self, name: str) -> ConnectionTable:
        table = next((one for one in self._all().connections if one.name == name), None)
        if table is None:
            raise _unknown(name)
        return table

    def _keep(self, form: ConnectionForm, password: NewPassword | None) -> None:
        """Keep the value of the form's secret."""
        if password is None:
            return
        _check_password(form, password)
        if self._sources.place(form.secret) == "environment":
            raise InvalidInput(
                f"The environment variable {form.secret} gives this password already, and wins over"
                " what is kept here: give the secret another name, or leave the password empty.",
                field="password",
            )
        if password.place == "keyring":
            keep_in_keyring(form.secret, password.value)
        else:
            self.runtime.paths.make_state()
            self._sources.file.set(form.secret, password.value)


class ConnectionsHandler(_OfConnections):
    """All connections of the project."""

    @operation("List the connections of headrace.yaml", returns=Connections)
    async def get(self) -> Connections:
        await self.runtime.ready()
        return await asyncio.to_thread(self._all)

    @operation(
        "Add a connection to headrace.yaml", body=NewConnection, returns=ConnectionTable, status=201
    )
    async def post(self, new: NewConnection) -> ConnectionTable:
        await self.runtime.ready()
        table = await asyncio.to_thread(self._add, new)
        self.runtime.sessions.tell_settings_changed()
        return table

    def _add(self, new: NewConnection) -> ConnectionTable:
        if not NAME.fullmatch(new.name):
            raise InvalidInput(
                "A connection is named by a letter and up to 63 letters, digits, _ or -.",
                field="name",
            )
        url = url_of(new.form)

        def edit(text: str) -> str:
            edited = add_connection(text, new.name, url)
            self._keep(new.form, new.password)
            return edited

        self._project.change_settings(edit)
        return self._table(new.name)


class ConnectionHandler(_OfConnections):
    """One connection."""

    @operation(
        "Change a connection in headrace.yaml", body=ConnectionChange, returns=ConnectionTable
    )
    async def put(self, change: ConnectionChange, connection: str) -> ConnectionTable:
        await self.runtime.ready()
        table = await asyncio.to_thread(self._change, connection, change)
        self.runtime.sessions.tell_settings_changed()
        return table

    def _change(self, name: str, change: ConnectionChange) -> ConnectionTable:
        url = url_of(change.form)

        def edit(text: str) -> str:
            edited = change_connection(text, name, url)
            self._keep(change.form, change.password)
            return edited

        self._project.change_settings(edit)
        return self._table(name)

    @operation(
        "Take a connection out of headrace.yaml; `forget=true` forgets its secrets too",
        query=("forget",),
        status=204,
    )
    async def delete(self, connection: str) -> None:
        await self.runtime.ready()
        forget = self.one_of("forget", ("true", "false")) == "true"
        await asyncio.to_thread(self._remove, connection, forget=forget)
        self.runtime.sessions.tell_settings_changed()

    def _remove(self, name: str, *, forget: bool) -> None:
        before = self._project.settings().connections.get(name)
        self._project.change_settings(lambda text: remove_connection(text, name))
        if forget:
            self._forget(secrets_in(url_in(before) or ""))

    def _forget(self, names: list[str]) -> None:
        """Forget the values of secrets that nothing in headrace.yaml asks for any more."""
        settings, sources = self._project.settings(), self._sources
        urls = (url_in(declared) or "" for declared in settings.connections.values())
        asked = {*settings.secrets, *(name for url in urls for name in secrets_in(url))}
        for name in names:
            place = sources.place(name) if name not in asked else None
            if place == "file":
                sources.file.set(name, None)
            elif place == "keyring":
                keep_in_keyring(name, None)


class ConnectionTestHandler(_OfConnections):
    """Tries a connection."""

    _work: asyncio.Future[ConnectionTested] | None = None

    @operation(
        "Open a connection, as it is declared or as a form says, and ask it something",
        body=ConnectionTest,
        returns=ConnectionTested,
    )
    async def post(self, test: ConnectionTest, connection: str) -> Any:
        await self.runtime.ready()
        self._work = asyncio.ensure_future(self._try(connection, test))
        with contextlib.suppress(asyncio.CancelledError):  # nobody waits for it any more
            return await self._work
        return None

    def on_connection_close(self) -> None:
        """End a test for a caller who went away."""
        if self._work is not None:
            self._work.cancel()

    async def _try(self, name: str, test: ConnectionTest) -> ConnectionTested:
        if not 0 < test.limit_s <= _LONGEST_TEST_S:
            raise InvalidInput(f"A test takes up to {_LONGEST_TEST_S:g} s.", field="limit_s")
        settings = await asyncio.to_thread(self._project.settings)
        typed: dict[str, str] = {}
        if test.form is not None:
            declared: Mapping[str, Any] | None = {"url": url_of(test.form)}
            if test.password is not None:
                _check_password(test.form, test.password)
                typed = {test.form.secret: test.password.value}
        else:
            declared = settings.connections.get(name)
        if declared is None:
            raise _unknown(name)
        with self.runtime.pool.aside("probe") as service:
            try:
                answer = await service.call(
                    "probe",
                    timeout_s=test.limit_s,
                    root=str(self.runtime.paths.root),
                    name=name,
                    declared=dict(declared),
                    typed=typed,
                )
            except Unavailable as error:
                if "method" not in error.details:  # it was not about the time
                    raise
                return ConnectionTested(
                    error=f"The connection {name!r} gave no answer within {test.limit_s:g} s.",
                    hint="A firewall may be between, or the machine is off.",
                    seconds=test.limit_s,
                )
        return msgspec.convert(answer, ConnectionTested)


def _check_password(form: ConnectionForm, password: NewPassword) -> None:
    if not form.secret:
        raise InvalidInput("Name the secret that keeps the password.", field="form.secret")
    if not 0 < len(password.value) <= _LONGEST_PASSWORD or "\0" in password.value:
        raise InvalidInput(
            f"A password has 1 to {_LONGEST_PASSWORD:,} characters.", field="password.value"
        )


def _unknown(name: str) -> NotFound:
    return NotFound(f"headrace.yaml declares no connection {name!r}.", kind="connection", name=name)


def _table(
    name: str, declared: Mapping[str, Any], sources: SecretSources, used_by: list[str]
) -> ConnectionTable:
    url = url_in(declared) or ""
    secrets = [SecretTable(name=one, place=sources.place(one)) for one in secrets_in(url)]
    return ConnectionTable(
        name=name,
        form=form_of(url),
        secrets=secrets,
        used_by=used_by,
        plain_password=hides_password(url),
    )

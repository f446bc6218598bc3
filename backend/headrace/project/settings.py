"""headrace.yaml: connections, environment, retention, defaults. Pure; the file is optional."""

from __future__ import annotations

from typing import Any

from msgspec import Struct, field

from headrace.project.connections import has_plain_password, url_in
from headrace.project.durations import parse_duration, parse_memory
from headrace.project.fields import Fields, Problems
from headrace.project.notifications import Channel, read_channels
from headrace.project.pipeline import Problem
from headrace.project.yaml_nodes import Node, YamlError, plain_value, read_nodes

MAX_PARALLEL = 1024


class Retention(Struct, frozen=True, kw_only=True):
    """How long outputs stay that nothing needs, and how large the store may grow."""

    age_s: float | None = None
    size_bytes: int | None = None
    runs: int | None = None
    """How many finished runs of each pipeline keep their outputs."""
    history_s: float | None = None
    """How long finished runs stay in the history, with their logs; None: for ever."""


class Defaults(Struct, frozen=True, kw_only=True):
    """What blocks get that do not say otherwise."""

    retries: int = 0
    timeout_s: float | None = None
    memory_bytes: int | None = None
    parallel: int | None = None
    """Blocks that one run may execute at a time; None: as many as cores."""


class Settings(Struct, frozen=True, kw_only=True):
    """All of headrace.yaml. `problems` lists what could not be taken as meant."""

    connections: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])
    """By name; a connection written as one string is `{"url": …}`."""
    environment: str | None = None
    """Path of an interpreter or of a virtual environment; None: the server's own."""
    preload: tuple[str, ...] = ()
    """Modules that the template process imports ahead."""
    secrets: tuple[str, ...] = ()
    """Environment variables that blocks get as `context.secrets`."""
    retention: Retention = Retention()
    defaults: Defaults = Defaults()
    max_parallel: int | None = None
    """Blocks of all runs together that execute at a time."""
    pools: dict[str, int] = field(default_factory=dict[str, int])
    """Slots by name of the pool: so many blocks that say `pool:` execute at a time."""
    executor: str = "local"
    executor_address: str | None = None
    history: str | None = None
    """URL of the history database; None: `.headrace/headrace.db`."""
    notebooks: str | None = None
    """Where finished runs are written as executed notebooks; None: nowhere."""
    notify: dict[str, Channel] = field(default_factory=dict[str, Channel])
    """Channels to people, by name."""
    public_url: str | None = None
    """Where people reach this server: links in notifications begin with it."""
    problems: tuple[Problem, ...] = ()


def read_settings(text: str, file: str = "headrace.yaml") -> Settings:
    """Return what `text` says; keys it does not know are left alone."""
    problems = Problems(file, text)
    try:
        top = Node("map", 0, 0) if says_nothing(text) else read_nodes(text)
    except YamlError as error:
        broken = Problem(file=file, line=error.line, column=error.column, message=error.message)
        return Settings(problems=(broken,))
    if top.empty:
        return Settings()
    if top.kind != "map":
        problems.add(top, "The file must be a map such as `environment: .venv`.")
        return Settings(problems=tuple(problems.found))
    fields = Fields(top, problems)
    return Settings(
        connections=_connections(fields),
        environment=fields.text("environment"),
        preload=tuple(word for word, _ in fields.texts("preload")),
        secrets=tuple(word for word, _ in fields.texts("secrets")),
        retention=_retention(fields),
        defaults=_defaults(fields),
        max_parallel=fields.integer("max_parallel", minimum=1, maximum=MAX_PARALLEL),
        pools=_pools(fields),
        executor=fields.one_of("executor", ("local", "dask")) or "local",
        executor_address=fields.text("executor_address"),
        history=fields.text("history"),
        notebooks=fields.text("notebooks"),
        notify=read_channels(fields),
        public_url=_public_url(fields),
        problems=tuple(problems.found),
    )


def says_nothing(text: str) -> bool:
    """Tell whether there are only blank lines and comments."""
    return all(line.strip()[:1] in ("", "#") for line in text.splitlines())


def _public_url(fields: Fields) -> str | None:
    url = fields.text("public_url")
    if url is not None and not url.startswith(("http://", "https://")):
        fields.wrong(
            fields.node_of("public_url"), "`public_url:` must begin with http:// or https://."
        )
        return None
    return None if url is None else url.rstrip("/")


def _section(fields: Fields, key: str) -> Fields:
    node = fields.node_of(key)
    if node is not None and node.kind != "map":
        fields.wrong(node, f"`{key}:` must be a map.")
        node = None
    return Fields(node or Node("map", 0, 0), fields.problems)


def _connections(fields: Fields) -> dict[str, dict[str, Any]]:
    section = _section(fields, "connections")
    found: dict[str, dict[str, Any]] = {}
    for key, node in section.node.pairs:
        if node.kind == "scalar" and not node.empty:
            found[key.text] = {"url": node.text}
            _look_for_password(section, node, node.text)
            continue
        try:
            value = plain_value(node)
        except YamlError as error:
            section.wrong(node, error.message)
            continue
        if isinstance(value, dict):
            found[key.text] = value
            _look_for_password(section, node, url_in(value) or "")
        else:
            section.wrong(node, f"Connection {key.text[:64]!r} must be a URL or a map.")
    return found


def _look_for_password(section: Fields, node: Node, url: str) -> None:
    if has_plain_password(url):
        section.problems.add(
            node,
            "A password stands here for everybody who reads this file: write ${NAME} instead, and"
            " keep it by `headrace secrets set NAME`.",
            code="plain-password",
            severity="warning",
        )


def _pools(fields: Fields) -> dict[str, int]:
    section = _section(fields, "pools")
    found: dict[str, int] = {}
    for key, _ in section.node.pairs:
        slots = section.integer(key.text, minimum=1, maximum=MAX_PARALLEL)
        if slots is not None:
            found[key.text] = slots
    return found


def _retention(fields: Fields) -> Retention:
    section = _section(fields, "retention")
    return Retention(
        age_s=section.parsed("age", lambda text: parse_duration(text, "age")),
        size_bytes=section.parsed("size", lambda text: parse_memory(text, "size")),
        runs=section.integer("runs", minimum=1, maximum=1_000_000),
        history_s=section.parsed("history", lambda text: parse_duration(text, "history")),
    )


def _defaults(fields: Fields) -> Defaults:
    section = _section(fields, "defaults")
    return Defaults(
        retries=section.integer("retries", minimum=0, maximum=100) or 0,
        timeout_s=section.parsed("timeout", lambda text: parse_duration(text, "timeout")),
        memory_bytes=section.parsed("memory", parse_memory),
        parallel=section.integer("parallel", minimum=1, maximum=MAX_PARALLEL),
    )

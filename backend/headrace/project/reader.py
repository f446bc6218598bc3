"""The text of pipeline.yaml → a Pipeline. Pure; bad content becomes problems, no exception."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar, cast

from msgspec.structs import replace

from headrace.core.cycles import find_cycle
from headrace.core.errors import InvalidInput
from headrace.core.ids import NAME_RULE, check_name
from headrace.project.checks import read_checks
from headrace.project.contracts import read_contract
from headrace.project.durations import check_cache, parse_duration, parse_memory, parse_poke
from headrace.project.fields import Fields, Problems
from headrace.project.languages import language_of
from headrace.project.notifications import read_notify
from headrace.project.parameters import PARAMETER_TYPES, check_value
from headrace.project.pipeline import (
    TRIGGER_KINDS,
    Block,
    Pipeline,
    Problem,
    TriggerSpec,
    kinds_of,
    usual_overlap,
)
from headrace.project.settings import MAX_PARALLEL
from headrace.project.watermarks import read_incremental
from headrace.project.yaml_nodes import Node, YamlError, plain_value, read_nodes, scalar_value
from headrace.protocol.tables import Kind, Parameter, ParameterType
from headrace.protocol.watermarks import Incremental

KINDS = ("loader", "transformer", "exporter", "sensor", "markdown")
MOST_CATCHUP = 1000
"""The highest `catchup_limit`."""
CATCHUPS = ("none", "latest", "all")
OVERLAPS = ("skip", "queue_one", "queue_all", "cancel_previous", "allow")
ISOLATIONS = ("block", "run")
MAX_RETRIES = 100
MAX_PRIORITY = 1000
_RESERVED = "context"
T = TypeVar("T")


def read_pipeline(name: str, text: str, file: str = "pipeline.yaml") -> Pipeline:
    """Return what `text` says; whatever cannot be taken as meant is in `problems`.

    `file` is what problems call the file. Entries that cannot be named are left out of `blocks`,
    as are upstream names that do not exist.
    """
    problems = Problems(file, text)
    try:
        top = read_nodes(text)
    except YamlError as error:
        return broken_pipeline(name, file, error.message, error.line, error.column)
    if top.empty:
        return broken_pipeline(name, file, "The file is empty: add `title:` and `blocks:`.", 1, 0)
    if top.kind != "map":
        return broken_pipeline(
            name, file, "The file must be a map with `title:` and `blocks:`.", 1, 0
        )
    fields = Fields(top, problems)
    blocks = _read_blocks(fields, problems)
    return Pipeline(
        name=name,
        title=fields.text("title") or name,
        parameters=_read_parameters(fields, problems),
        blocks=blocks,
        triggers=_read_triggers(fields, problems),
        max_parallel=fields.integer("max_parallel", minimum=1, maximum=MAX_PARALLEL),
        notify=read_notify(fields),
        problems=tuple(sorted(problems.found, key=lambda found: (found.line, found.column))),
    )


def broken_pipeline(name: str, file: str, message: str, line: int, column: int) -> Pipeline:
    """Return a pipeline without blocks whose one problem is `message`."""
    problem = Problem(file=file, line=line, column=column, message=message)
    return Pipeline(name=name, title=name, problems=(problem,))


def _entries(fields: Fields, key: str) -> list[Node]:
    node = fields.node_of(key)
    if node is None:
        return []
    if node.kind != "list":
        fields.wrong(node, f"`{key}:` must be a list: begin each entry with `- `.")
        return []
    return node.items


def _read_blocks(fields: Fields, problems: Problems) -> tuple[Block, ...]:
    found: dict[str, tuple[Block, Fields]] = {}
    for node in _entries(fields, "blocks"):
        entry = _named_entry(node, problems, "block", found)
        if entry is None:
            continue
        block = _read_block(entry)
        if block is not None:
            found[block.name] = (block, entry)
    _check_edges(found, problems)
    return tuple(_with_known_upstream(block, found) for block, _ in found.values())


def _named_entry(node: Node, problems: Problems, what: str, taken: dict[str, Any]) -> Fields | None:
    """Return the fields of an entry with a valid, free name; note what is wrong else."""
    if node.kind != "map":
        problems.add(node, f"A {what} must be a map such as {{name: …}}.")
        return None
    name_node = node.get("name")
    if name_node is None or name_node.kind != "scalar" or name_node.empty:
        problems.add(node, f"This {what} has no name: add `name:`.")
        return None
    name = name_node.text
    if what == "block":
        try:
            check_name(name)
        except InvalidInput as error:
            problems.add(name_node, error.message, block=name[:64])
            return None
    if name in taken:
        problems.add(
            name_node, f"There are two {what}s named {name!r}: rename one of them.", block=name
        )
        return None
    return Fields(node, problems, name if what == "block" else "")


def _read_block(entry: Fields) -> Block | None:
    name = entry.block
    kind = entry.one_of("kind", KINDS)
    if kind is None:
        if entry.node_of("kind") is None:
            entry.wrong(
                None, f"Block {name!r} has no kind: add `kind:`, one of {', '.join(KINDS)}."
            )
        return None
    file, shared = entry.text("file"), entry.text("block")
    if file is None and shared is None:
        entry.wrong(None, f"Block {name!r} names no source: add `file:` or `block:`.")
    elif file is not None and shared is not None:
        entry.wrong(
            entry.node_of("block"), f"Block {name!r} has both `file:` and `block:`: keep one."
        )
        shared = None
    language = language_of(file) if file is not None else None
    if file is not None and language is None:
        entry.wrong(entry.node_of("file"), f"{file!r} must end in .py, .sql, .ipynb or .md.")
    _check_sensor(entry, kind)
    return Block(
        name=name,
        kind=cast("Kind", kind),
        file=file,
        block=shared,
        language=language or ("markdown" if kind == "markdown" else "python"),
        upstream=tuple(dict.fromkeys(word for word, _ in entry.texts("upstream"))),
        inputs={key: str(value) for key, value in entry.values("inputs").items()},
        settings=entry.values("with"),
        retries=entry.integer("retries", minimum=0, maximum=MAX_RETRIES),
        backoff_s=_or(entry.parsed("backoff", lambda text: parse_duration(text, "backoff")), 1.0),
        retry_on=tuple(dict.fromkeys(word for word, _ in entry.texts("retry_on"))),
        timeout_s=entry.parsed("timeout", lambda text: parse_duration(text, "timeout")),
        memory_bytes=entry.parsed("memory", parse_memory),
        cache=entry.parsed("cache", check_cache),
        connection=entry.text("connection"),
        kernel=_of_notebook(entry, language, "kernel", entry.text("kernel")),
        results=_of_notebook(entry, language, "results", _results(entry)) or (),
        writes=entry.flag("writes") or False,
        isolation=entry.one_of("isolation", ISOLATIONS),
        pool=entry.text("pool"),
        priority=entry.integer("priority", minimum=-MAX_PRIORITY, maximum=MAX_PRIORITY) or 0,
        poke_s=entry.parsed("poke", parse_poke),
        soft_fail=entry.flag("soft_fail") or False,
        checks=read_checks(entry),
        contract=_of_output(entry, kind, "contract", read_contract(entry)),
        incremental=_incremental(entry, kind),
        line=entry.problems.lines.place(entry.node.start)[0],
    )


def _of_notebook(entry: Fields, language: str | None, key: str, value: Any) -> Any:
    """Return the value of a key that only notebooks have; note it elsewhere."""
    node = entry.node_of(key)
    if node is not None and language not in (None, "notebook"):
        entry.wrong(node, f"`{key}:` is for notebooks: remove it, or name an .ipynb as `file:`.")
        return None
    return value


def _incremental(entry: Fields, kind: str) -> Incremental | None:
    found = read_incremental(entry, kind)
    if found is not None and (entry.text("file") or "").endswith(".ipynb"):
        entry.wrong(
            entry.node_of("incremental"), "`incremental:` is for Python and SQL, not notebooks."
        )
        return None
    if found is not None and entry.flag("writes"):
        entry.wrong(
            entry.node_of("incremental"), "`incremental:` is for reads: this block `writes:`."
        )
        return None
    return found


def _of_output(entry: Fields, kind: str, key: str, value: T) -> T | None:
    """Return the value of a key that only blocks with tables have; note it elsewhere."""
    if value is not None and kind in ("markdown", "sensor"):
        entry.wrong(entry.node_of(key), f"`{key}:` is of a table, and a {kind} gives none.")
        return None
    return value


def _results(entry: Fields) -> tuple[str, ...]:
    found: list[str] = []
    for word, node in entry.texts("results"):
        if word.isidentifier():
            found.append(word)
        else:
            entry.wrong(node, f"{word[:64]!r} is no name of a variable.")
    return tuple(dict.fromkeys(found))


def _check_sensor(entry: Fields, kind: str) -> None:
    """Note keys of sensors where they mean nothing."""
    for key in ("poke", "soft_fail"):
        node = entry.node_of(key)
        if node is not None and kind != "sensor":
            entry.wrong(node, f"`{key}:` is for sensors: remove it, or make this a `kind: sensor`.")
        elif node is not None and key == "soft_fail" and entry.node_of("poke") is None:
            entry.wrong(node, "`soft_fail:` is for a sensor that waits: add `poke: 30s`.")


def _or(value: float | None, default: float) -> float:
    return default if value is None else value


def _check_edges(found: dict[str, tuple[Block, Fields]], problems: Problems) -> None:
    edges: dict[str, list[str]] = {}
    for name, (block, entry) in found.items():
        edges[name] = []
        for upstream, node in entry.texts("upstream"):
            if upstream == name:
                entry.wrong(node, f"Block {name!r} cannot be its own upstream: remove it.")
            elif upstream not in found:
                entry.wrong(node, f"There is no block {upstream!r}: remove it, or add the block.")
            else:
                edges[name].append(upstream)
        for argument, upstream in block.inputs.items():
            if upstream not in block.upstream:
                entry.wrong(
                    entry.node_of("inputs"),
                    f"`inputs:` gives {argument!r} the block {upstream!r}, which is not upstream:"
                    " add it to `upstream:`.",
                )
    cycle = find_cycle(edges)
    if cycle is not None:
        _, entry = found[cycle[-1]]
        problems.add(
            entry.node_of("upstream"),
            f"These blocks wait for one another: {_arrows(cycle)}. Remove one of these edges.",
            block=cycle[-1],
            code="cycle",
        )


def _arrows(path: Sequence[str]) -> str:
    if len(path) > 20:
        path = [*path[:10], "…", *path[-9:]]
    return " → ".join(path)


def _with_known_upstream(block: Block, found: dict[str, Any]) -> Block:
    known = tuple(name for name in block.upstream if name in found and name != block.name)
    if len(known) == len(block.upstream):
        return block
    import msgspec

    return msgspec.structs.replace(block, upstream=known)


def _read_parameters(fields: Fields, problems: Problems) -> tuple[Parameter, ...]:
    node = fields.node_of("parameters")
    if node is None:
        return ()
    if node.kind != "map":
        problems.add(node, "`parameters:` must be a map such as {month: {type: integer}}.")
        return ()
    found: list[Parameter] = []
    for key, value in node.pairs:
        parameter = _read_parameter(key, value, problems)
        if parameter is not None:
            found.append(parameter)
    return tuple(found)


def _read_parameter(key: Node, value: Node, problems: Problems) -> Parameter | None:
    name = key.text
    if not NAME_RULE.fullmatch(name) or name == _RESERVED:
        problems.add(key, f"{name[:64]!r} cannot name a parameter: choose another name.")
        return None
    if value.kind != "map":
        return _short_parameter(name, value, problems)
    entry = Fields(value, problems)
    kind = entry.one_of("type", PARAMETER_TYPES)
    if kind is None and entry.node_of("type") is not None:
        return None
    default_node = entry.node_of("default")
    kind = cast("ParameterType", kind or _guess_type(default_node))
    choices = entry.node_of("choices")
    parameter = Parameter(
        name=name,
        type=kind,
        required=_required(value, entry),
        minimum=entry.number("minimum", minimum=-1e300, maximum=1e300),
        maximum=entry.number("maximum", minimum=-1e300, maximum=1e300),
        choices=_choices(choices, kind, problems) if choices is not None else None,
        description=entry.text("description") or "",
        multiple=entry.flag("multiple") or False,
    )
    if default_node is None:
        return parameter
    return _with_default(parameter, default_node, problems)


def _required(value: Node, entry: Fields) -> bool:
    """A parameter without `default:` has to be given, unless it says `required: false`."""
    stated = entry.flag("required")
    return value.get("default") is None if stated is None else stated


def _short_parameter(name: str, value: Node, problems: Problems) -> Parameter | None:
    """Read `month: 1`, a parameter whose type is that of its default."""
    parameter = Parameter(name=name, type=_guess_type(value), multiple=value.kind == "list")
    return parameter if value.empty else _with_default(parameter, value, problems)


def _guess_type(node: Node | None) -> ParameterType:
    if node is not None and node.kind == "list" and node.items:
        node = node.items[0]
    if node is None:
        return "string"
    if node.kind != "scalar":
        return "json"
    value = scalar_value(node)
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int):
        return "integer"
    return "number" if isinstance(value, float) else "string"


def _with_default(parameter: Parameter, node: Node, problems: Problems) -> Parameter | None:
    import msgspec

    try:
        default = check_value(parameter, _typed(node, parameter.type))
    except (InvalidInput, YamlError) as error:
        problems.add(node, f"The default does not fit: {error.message}")
        return None
    return msgspec.structs.replace(parameter, default=default)


def _typed(node: Node, kind: ParameterType) -> Any:
    """Return the value of a node; for text-like types a scalar counts as it is written."""
    if kind in ("string", "date", "datetime"):
        if node.kind == "scalar":
            return node.text
        if node.kind == "list":
            return [_typed(item, kind) for item in node.items]
    return plain_value(node)


def _choices(node: Node, kind: ParameterType, problems: Problems) -> list[Any] | None:
    if node.kind != "list":
        problems.add(node, "`choices:` must be a list.")
        return None
    return [_typed(item, kind) for item in node.items]


def _read_triggers(fields: Fields, problems: Problems) -> tuple[TriggerSpec, ...]:
    found: dict[str, TriggerSpec] = {}
    for node in _entries(fields, "triggers"):
        entry = _named_entry(node, problems, "trigger", found)
        if entry is None:
            continue
        trigger = _read_trigger(entry)
        if trigger is not None:
            found[trigger.name] = trigger
    return tuple(found.values())


def _span(entry: Fields, key: str) -> str | None:
    """Return a span of time as it is written."""

    def checked(text: str) -> str:
        parse_duration(text, key)
        return text

    return entry.parsed(key, checked)


def _read_trigger(entry: Fields) -> TriggerSpec | None:
    name = entry.text("name") or ""
    active = entry.flag("active")
    limit = entry.number("catchup_limit", minimum=1, maximum=MOST_CATCHUP)
    trigger = TriggerSpec(
        name=name,
        cron=entry.text("cron"),
        every=entry.text("every"),
        at=entry.text("at"),
        webhook=entry.flag("webhook") or False,
        files=entry.text("files"),
        after=entry.text("after"),
        changed=entry.text("changed"),
        timezone=entry.text("timezone") or "UTC",
        start=entry.text("start"),
        end=entry.text("end"),
        jitter=entry.text("jitter"),
        catchup=entry.one_of("catchup", CATCHUPS) or "latest",
        catchup_window=entry.text("catchup_window"),
        catchup_limit=None if limit is None else int(limit),
        overlap=entry.one_of("overlap", OVERLAPS) or "",
        timeout=_span(entry, "timeout"),
        retries=entry.integer("retries", minimum=0, maximum=MAX_RETRIES),
        backoff=_span(entry, "backoff"),
        parameters=entry.values("parameters"),
        active=True if active is None else active,
        line=entry.problems.lines.place(entry.node.start)[0],
    )
    if len(kinds_of(trigger)) != 1:
        words = ", ".join(f"`{kind}:`" for kind in TRIGGER_KINDS)
        entry.wrong(None, f"Trigger {name[:64]!r} needs one of {words}.")
        return None
    return trigger if trigger.overlap else replace(trigger, overlap=usual_overlap(trigger))

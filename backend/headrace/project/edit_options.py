"""Edits of what blocks and pipelines say of themselves: settings, limits, title, parameters."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import Any

import msgspec

from headrace.core.errors import InvalidInput
from headrace.core.ids import NAME_RULE
from headrace.project.durations import check_cache, parse_duration, parse_memory, parse_poke
from headrace.project.edit_plan import Plan
from headrace.project.languages import SUFFIXES
from headrace.project.parameters import check_value
from headrace.project.pipeline import Block
from headrace.project.reader import ISOLATIONS, MAX_PRIORITY, MAX_RETRIES
from headrace.project.settings import MAX_PARALLEL
from headrace.project.templates import template
from headrace.project.yaml_nodes import Node
from headrace.project.yaml_write import flow, quoted
from headrace.protocol.commands import ConfigureBlock, ConfigurePipeline
from headrace.protocol.tables import Kind, Language, Parameter

_FAILURE = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*")
"""A failure by name: an exception, with its module or without, or a kind such as `timeout`."""


def configure_block(plan: Plan, command: ConfigureBlock) -> None:
    """Set what the command gives; "" and 0 take a key out again."""
    block = plan.block(command.block)
    entry = plan.entry(block.name)
    if command.settings is not None and command.settings != block.settings:
        plan.yaml.update_map(entry, "with", dict(command.settings))
    if command.cache is not None:
        _set_text(plan, entry, "cache", command.cache and check_cache(command.cache))
    if command.connection is not None:
        _set_text(plan, entry, "connection", command.connection)
    if command.writes is not None:
        _set_flag(plan, entry, "writes", on=command.writes)
    if command.incremental is not None:
        _configure_incremental(plan, entry, command)
    _configure_limits(plan, entry, command)
    _configure_retries(plan, entry, command)
    _configure_slots(plan, entry, command)
    if command.kind in (None, "sensor"):
        _configure_waiting(plan, entry, command)
    if command.kind is not None or command.language is not None:
        _change_form(plan, block, entry, command.kind or block.kind, command.language)


def _configure_incremental(plan: Plan, entry: Node, command: ConfigureBlock) -> None:
    """Set the column by which a loader takes only what is new, and where it starts."""
    incremental = command.incremental
    if incremental is None or not incremental.column:
        plan.yaml.remove_pair(entry, "incremental")
        return
    kind = command.kind or plan.block(command.block).kind
    if kind != "loader":
        raise InvalidInput(f"Only loaders are incremental, not a {kind}.", field="incremental")
    written: Any = incremental.column
    if incremental.start is not None:
        written = {"column": incremental.column, "start": incremental.start}
    plan.yaml.set_pair(entry, "incremental", flow(written))


def _configure_limits(plan: Plan, entry: Node, command: ConfigureBlock) -> None:
    """Set how long an attempt may take, and how much memory."""
    if command.timeout is not None:
        if command.timeout:
            parse_duration(command.timeout, "timeout")
        _set_text(plan, entry, "timeout", command.timeout)
    if command.memory is not None:
        if command.memory:
            parse_memory(command.memory)
        _set_text(plan, entry, "memory", command.memory)


def _configure_retries(plan: Plan, entry: Node, command: ConfigureBlock) -> None:
    """Set how often a block is tried again, how soon, and after which failures."""
    if command.retries is not None:
        if not 0 <= command.retries <= MAX_RETRIES:
            raise InvalidInput(f"retries must be from 0 to {MAX_RETRIES}.", field="retries")
        _set_number(plan, entry, "retries", command.retries)
    if command.backoff is not None:
        if command.backoff:
            parse_duration(command.backoff, "backoff")
        _set_text(plan, entry, "backoff", command.backoff)
    if command.retry_on is not None:
        for name in command.retry_on:
            if not _FAILURE.fullmatch(name):
                raise InvalidInput(
                    f"{name[:40]!r} is no failure: name an exception, such as OSError, or timeout,"
                    " memory, died or check.",
                    field="retry_on",
                )
        if command.retry_on:
            plan.yaml.set_pair(entry, "retry_on", flow(command.retry_on))
        else:
            plan.yaml.remove_pair(entry, "retry_on")


def _configure_slots(plan: Plan, entry: Node, command: ConfigureBlock) -> None:
    """Set which slot and which process a block gets."""
    if command.pool is not None:
        _set_text(plan, entry, "pool", command.pool)
    if command.priority is not None:
        if abs(command.priority) > MAX_PRIORITY:
            raise InvalidInput(
                f"priority must be from -{MAX_PRIORITY} to {MAX_PRIORITY}.", field="priority"
            )
        _set_number(plan, entry, "priority", command.priority)
    if command.isolation is not None:
        if command.isolation and command.isolation not in ISOLATIONS:
            raise InvalidInput(
                f"isolation must be one of {', '.join(ISOLATIONS)}.", field="isolation"
            )
        _set_text(plan, entry, "isolation", command.isolation)


def _configure_waiting(plan: Plan, entry: Node, command: ConfigureBlock) -> None:
    """Set how a sensor waits; other kinds of blocks do not."""
    if command.poke is not None:
        if command.poke:
            parse_poke(command.poke)
        _set_text(plan, entry, "poke", command.poke)
    if command.soft_fail:
        plan.yaml.set_pair(entry, "soft_fail", "true")
    elif command.soft_fail is not None:
        plan.yaml.remove_pair(entry, "soft_fail")


def _set_text(plan: Plan, entry: Node, key: str, text: str) -> None:
    if text:
        plan.yaml.set_pair(entry, key, text if text.isdecimal() else quoted(text))
    else:
        plan.yaml.remove_pair(entry, key)


def _set_flag(plan: Plan, entry: Node, key: str, *, on: bool) -> None:
    if on:
        plan.yaml.set_pair(entry, key, "true")
    else:
        plan.yaml.remove_pair(entry, key)


def _set_number(plan: Plan, entry: Node, key: str, number: int) -> None:
    if number:
        plan.yaml.set_pair(entry, key, str(number))
    else:
        plan.yaml.remove_pair(entry, key)


def _change_form(
    plan: Plan, block: Block, entry: Node, kind: Kind, language: Language | None
) -> None:
    """Change kind and language: the decorator and the file's suffix go along.

    A text that is still the template of old becomes that of new; any other text is kept.
    """
    language = "markdown" if kind == "markdown" else language or block.language
    if language == "markdown":
        kind = "markdown"
    elif kind == "markdown":
        kind = "transformer"
    if (kind, language) == (block.kind, block.language):
        return
    source = plan.own_source(block.name)
    if source is None or block.file is None:
        raise InvalidInput(
            f"The source of {block.name!r} is shared or missing: its kind cannot change here.",
            field="kind",
        )
    untouched = template(block.kind, block.language, block.name, block.upstream)
    if source.text == untouched or not source.text.strip():
        text = template(kind, language, block.name, block.upstream)
    elif language == "python":
        text = _redecorate(source.text, block.kind, kind)
    else:
        text = source.text
    plan.write(source, text)
    plan.yaml.set_pair(entry, "kind", kind)
    if kind != "sensor":
        for key in ("poke", "soft_fail"):
            plan.yaml.remove_pair(entry, key)
    file = PurePosixPath(block.file).with_suffix(SUFFIXES[language]).as_posix()
    if file != block.file:
        plan.yaml.set_pair(entry, "file", quoted(file))
        plan.move_file(block.name, f"{plan.folder}/{file}")


def _redecorate(text: str, old: Kind, new: Kind) -> str:
    """Replace `@loader` by `@transformer`, and the name in the line that imports it."""
    text = re.sub(rf"^@{old}\b", f"@{new}", text, flags=re.MULTILINE)
    return re.sub(
        rf"^(from headrace import .*?)\b{old}\b", rf"\g<1>{new}", text, flags=re.MULTILINE
    )


def configure_pipeline(plan: Plan, command: ConfigurePipeline) -> None:
    """Set title, declared parameters and limit."""
    if command.title is not None and command.title != plan.pipeline.title:
        title = command.title.strip()
        if not title or len(title) > 200:
            raise InvalidInput("The title must have 1 to 200 characters.", field="title")
        plan.yaml.set_pair(plan.yaml.top, "title", quoted(title), before=_first_key(plan))
    if command.max_parallel is not None:
        if not 0 <= command.max_parallel <= MAX_PARALLEL:
            raise InvalidInput(
                f"max_parallel must be from 0 to {MAX_PARALLEL}.", field="max_parallel"
            )
        if command.max_parallel:
            plan.yaml.set_pair(
                plan.yaml.top, "max_parallel", str(command.max_parallel), before="blocks"
            )
        else:
            plan.yaml.remove_pair(plan.yaml.top, "max_parallel")
    if command.parameters is not None:
        _set_parameters(plan, command.parameters)


def _first_key(plan: Plan) -> str | None:
    return plan.yaml.top.pairs[0][0].text if plan.yaml.top.pairs else None


def _set_parameters(plan: Plan, parameters: list[Parameter]) -> None:
    wanted = {parameter.name: parameter for parameter in parameters}
    if len(wanted) < len(parameters):
        raise InvalidInput("Two parameters have the same name.", field="parameters")
    for parameter in parameters:
        _check(parameter)
    current = {parameter.name: parameter for parameter in plan.pipeline.parameters}
    if wanted != current or list(wanted) != list(current):
        _write_parameters(plan, wanted, current)


def _write_parameters(
    plan: Plan, wanted: dict[str, Parameter], current: dict[str, Parameter]
) -> None:
    yaml, node = plan.yaml, plan.yaml.top.get("parameters")
    if not wanted:
        if len(yaml.top.pairs) > 1:
            yaml.remove_pair(yaml.top, "parameters")
        elif node is not None:
            yaml.set_pair(yaml.top, "parameters", "{}")
        return
    written = {
        name: _as_it_was(plan, node, name) if parameter == current.get(name) else _flow(parameter)
        for name, parameter in wanted.items()
    }
    if node is None or node.kind != "map" or node.flow or node.alias or not node.pairs:
        inner = ", ".join(f"{name}: {text}" for name, text in written.items())
        yaml.set_pair(yaml.top, "parameters", "{" + inner + "}", before="blocks")
        return
    there = [name.text for name, _ in node.pairs]
    kept = [name for name in wanted if name in there]
    if there[0] not in wanted or kept != [name for name in there if name in wanted]:
        indent = " " * yaml.column(node.pairs[0][0].start)
        lines = f"{yaml.eol}{indent}".join(f"{name}: {text}" for name, text in written.items())
        last = yaml.text[node.end - 1] == "\n"
        yaml.replace(node.start, node.end, lines + (yaml.eol if last else ""))
        return
    for name in there:
        if name not in wanted:
            yaml.remove_pair(node, name)
    for name, text in written.items():
        if name not in there or wanted[name] != current.get(name):
            yaml.set_pair(node, name, text)


def _as_it_was(plan: Plan, node: Node | None, name: str) -> str:
    value = node.get(name) if node is not None else None
    if value is None or (value.kind != "scalar" and not value.flow):
        return _flow(next(one for one in plan.pipeline.parameters if one.name == name))
    return plan.yaml.written(value)


def _check(parameter: Parameter) -> None:
    if not NAME_RULE.fullmatch(parameter.name) or parameter.name == "context":
        raise InvalidInput(
            f"{parameter.name[:64]!r} cannot name a parameter: use lower-case letters, digits and"
            " underscores.",
            field="parameters",
        )
    if parameter.default is not None:
        check_value(parameter, parameter.default)


def _flow(parameter: Parameter) -> str:
    """Write a parameter: its type, and what is not as usual."""
    usual = Parameter(name=parameter.name)
    fields = msgspec.structs.asdict(parameter)
    written = {"type": parameter.type}
    if parameter.default is not None or not parameter.required:
        written["default"] = flow(parameter.default)
        if parameter.required:
            written["required"] = "true"
    for key in ("minimum", "maximum", "choices", "description", "multiple"):
        value = fields[key]
        if value != getattr(usual, key):
            if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
                value = int(value)
            written[key] = flow(value)
    return "{" + ", ".join(f"{key}: {text}" for key, text in written.items()) + "}"

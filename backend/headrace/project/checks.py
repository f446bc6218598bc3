"""`checks:` of a block in pipeline.yaml: what its output must be like."""

from __future__ import annotations

from typing import Any, cast

from headrace.core.errors import InvalidInput
from headrace.project.fields import Fields
from headrace.project.yaml_nodes import Node, YamlError, plain_value
from headrace.protocol.tables import Expectation

SEVERITIES = ("fail", "warn")
_EXAMPLE = "{column: day, not_null: true}"


def read_checks(entry: Fields) -> tuple[Expectation, ...]:
    """Read the list; what is not as it should be is noted and left out."""
    node = entry.node_of("checks")
    if node is None:
        return ()
    if node.kind != "list":
        entry.wrong(node, f"`checks:` must be a list of maps such as {_EXAMPLE}.")
        return ()
    return tuple(found for item in node.items if (found := _read_check(entry, item)) is not None)


def _read_check(entry: Fields, node: Node) -> Expectation | None:
    if node.kind != "map":
        entry.wrong(node, f"An entry of `checks:` is a map such as {_EXAMPLE}.")
        return None
    fields = Fields(node, entry.problems, entry.block)
    before = len(entry.problems.found)
    severity = fields.one_of("severity", SEVERITIES) or "fail"
    try:
        bounds = {key: _value(fields, key) for key in ("minimum", "maximum")}
        choices = _value(fields, "choices")
        expectation = Expectation(
            column=fields.text("column") or "",
            not_null=fields.flag("not_null") or False,
            unique=fields.flag("unique") or False,
            choices=None if choices is None else _listed(choices),
            schema=_texts(fields),
            severity=cast("Any", severity),
            **bounds,
        )
        check_expectation(expectation)
    except (InvalidInput, YamlError) as error:
        entry.wrong(node, error.message)
        return None
    return expectation if len(entry.problems.found) == before else None


def _value(fields: Fields, key: str) -> Any:
    node = fields.node_of(key)
    if node is None:
        return None
    value = plain_value(node)
    # A date is text to us, as everywhere in pipeline.yaml.
    plain = value is None or isinstance(value, bool | int | float | str | list)
    return value if plain else node.text


def _listed(choices: Any) -> list[Any]:
    if not isinstance(choices, list):
        raise InvalidInput("`choices:` must be a list of values.", field="checks")
    items = cast("list[Any]", choices)
    if not all(isinstance(item, bool | int | float | str) for item in items):
        raise InvalidInput("`choices:` are texts, numbers or booleans.", field="checks")
    return items


def _texts(fields: Fields) -> dict[str, str] | None:
    if fields.node_of("schema") is None:
        return None
    return {str(name): str(kind) for name, kind in fields.values("schema").items()}


def check_expectation(expectation: Expectation) -> None:
    """Raise InvalidInput unless it says one thing, of a column or of the schema."""
    said = [
        expectation.not_null,
        expectation.unique,
        expectation.minimum is not None or expectation.maximum is not None,
        expectation.choices is not None,
        expectation.schema is not None,
    ]
    if sum(said) != 1:
        raise InvalidInput(
            "A check says one of not_null, unique, minimum and maximum, choices, schema.",
            field="checks",
        )
    if (expectation.schema is None) != bool(expectation.column):
        raise InvalidInput(
            "A check names its `column:`; only one of the schema names none.", field="checks"
        )
    for bound in (expectation.minimum, expectation.maximum):
        if isinstance(bound, bool):
            raise InvalidInput("A bound is a number, a date or a moment.", field="checks")

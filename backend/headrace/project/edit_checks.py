"""The edit that writes a check: into the code of a block, or into its entry of pipeline.yaml."""

from __future__ import annotations

from typing import Any, cast

import msgspec

from headrace.core.errors import InvalidInput
from headrace.project.checks import check_expectation
from headrace.project.edit_plan import Plan
from headrace.project.yaml_write import flow
from headrace.protocol.commands import AddCheck
from headrace.protocol.tables import Expectation


def add_check(plan: Plan, command: AddCheck) -> None:
    """Write a check into the block's own Python file, else into its entry of pipeline.yaml."""
    block = plan.block(command.block)
    expectation = command.expectation
    check_expectation(expectation)
    if block.kind == "markdown":
        raise InvalidInput(f"{block.name!r} is text: it has no output to check.", field="block")
    source = plan.own_source(block.name)
    if block.language == "python" and source is not None:
        text = plan.code.add_check(source.text, expectation, command.type_name)
        if text == source.text:
            raise InvalidInput(
                f"This check is in the code of {block.name!r} already, or the code cannot be"
                " read as it is.",
                field="expectation",
            )
        plan.write(source, text)
        return
    if expectation in block.checks:
        raise InvalidInput(f"{block.name!r} has this check already.", field="expectation")
    plan.yaml.add_item(plan.entry(block.name), "checks", flow(_written(expectation)))


def _written(expectation: Expectation) -> dict[str, Any]:
    """Return what of an expectation is said, in the order of its words."""
    return cast("dict[str, Any]", msgspec.to_builtins(expectation))

"""The edit that writes or removes the contract of a block: always in its entry of pipeline.yaml."""

from __future__ import annotations

from typing import Any

from headrace.core.errors import InvalidInput
from headrace.project.contracts import check_contract
from headrace.project.edit_plan import Plan
from headrace.project.yaml_write import flow
from headrace.protocol.commands import SetContract


def set_contract(plan: Plan, command: SetContract) -> None:
    """Write the contract as given, in place of the one before it; None takes it out."""
    block = plan.block(command.block)
    contract = command.contract
    if contract is None:
        if block.contract is None:
            raise InvalidInput(f"{block.name!r} has no contract.", field="contract")
        plan.yaml.remove_pair(plan.entry(block.name), "contract")
        return
    if block.kind in ("markdown", "sensor"):
        raise InvalidInput(f"A {block.kind} gives no table to have a contract of.", field="block")
    check_contract(contract)
    written: dict[str, Any] = {"columns": contract.columns}
    if contract.extra_columns:
        written["extra_columns"] = True
    plan.yaml.set_pair(plan.entry(block.name), "contract", flow(written))

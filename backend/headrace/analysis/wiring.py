"""What drawing and deleting an edge means for a Python block: its `inputs:` and its arguments."""

from __future__ import annotations

from msgspec.structs import replace

from headrace.analysis.binding import bind, free_arguments
from headrace.analysis.signature import Signature
from headrace.project.edit_plan import Wiring
from headrace.project.pipeline import Block, Pipeline


def connected(
    pipeline: Pipeline, block: Block, signature: Signature, upstream: str, *, own: bool
) -> Wiring:
    """Tell how a block takes one more upstream.

    Nothing changes when an argument takes it by name or as the only upstream. A free data argument
    gets it by an entry in `inputs:`. Only when there is none does `own` code get an argument.

    An argument that took the only upstream so far keeps it by an entry in `inputs:`, beside one for
    the new upstream: so `disconnected` knows a mapping that came with the second edge.
    """
    if signature.function is None:
        return Wiring(inputs=dict(block.inputs), argument=False)
    parameters = {parameter.name for parameter in pipeline.parameters}
    before = _taken(block, signature, parameters)
    after = replace(block, upstream=(*block.upstream, upstream))
    now = _taken(after, signature, parameters)
    lost = {argument: name for argument, name in before.items() if argument not in now}
    after = replace(after, inputs={**block.inputs, **lost})
    now = _taken(after, signature, parameters)
    if upstream in now.values() or signature.takes_all:
        return Wiring(inputs=_beside(after.inputs, lost, upstream), argument=False)
    # An argument with the name of another block waits for that one; a shared block knows none.
    others = {entry.name for entry in pipeline.blocks} if own else set[str]()
    free = [
        argument.name
        for argument in free_arguments(after, signature, now, parameters)
        if argument.takes_data and argument.name not in others
    ]
    if free:
        return Wiring(inputs={**after.inputs, free[0]: upstream}, argument=False)
    inputs = _beside(after.inputs, lost, upstream) if own else after.inputs
    return Wiring(inputs=inputs, argument=own)


def _beside(inputs: dict[str, str], lost: dict[str, str], upstream: str) -> dict[str, str]:
    return {**inputs, upstream: upstream} if lost else inputs


def disconnected(
    pipeline: Pipeline, block: Block, signature: Signature, upstream: str
) -> dict[str, str]:
    """Return the `inputs:` of a block that loses an upstream.

    A mapping that came with this edge, and says no more than the rule of the only upstream, goes.
    """
    rest = {argument: name for argument, name in block.inputs.items() if name != upstream}
    if signature.function is None or not rest:
        return rest
    parameters = {parameter.name for parameter in pipeline.parameters}
    is_used = upstream in _taken(block, signature, parameters).values()
    if is_used and block.inputs.get(upstream) != upstream:
        return rest
    left = [argument for argument in signature.arguments if argument.name != upstream]
    signature = replace(signature, arguments=left)
    kept = tuple(name for name in block.upstream if name != upstream)
    after = replace(block, upstream=kept, inputs=rest)
    now = _taken(after, signature, parameters)
    needed = {argument: name for argument, name in rest.items() if now.get(argument) != name}
    is_same = _taken(replace(after, inputs=needed), signature, parameters) == now
    return needed if is_same else rest


def _taken(block: Block, signature: Signature, parameters: set[str]) -> dict[str, str]:
    bindings = bind(block, signature, parameters)
    return {b.argument: b.name for b in bindings if b.source == "upstream" and b.argument != "**"}

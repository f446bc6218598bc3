"""Which upstream, setting or parameter each argument of a block's function takes."""

from __future__ import annotations

from collections.abc import Collection, Container
from typing import Literal

from headrace.analysis.signature import Argument, Signature
from headrace.project.pipeline import Block
from headrace.protocol.bindings import Binding

RESERVED = "context"
_Value = Literal["setting", "parameter", "default"]


def bind(block: Block, signature: Signature, parameters: Collection[str]) -> list[Binding]:
    """Bind arguments in the order of the design; an argument that nothing gives is left out."""
    taken = _by_inputs(block, signature)
    names = {argument.name for argument in signature.arguments}
    taken |= {name: name for name in block.upstream if name in names and name not in taken}
    if len(block.upstream) == 1 and not taken:
        free = free_arguments(block, signature, taken, parameters)
        # Data comes before values: with nothing else free, it takes what a value would have got.
        free = free or [a for a in signature.arguments if a.required and a.name != RESERVED]
        if len(free) == 1:
            taken[free[0].name] = block.upstream[0]
    found = [Binding(argument=name, source="upstream", name=up) for name, up in taken.items()]
    if RESERVED in names:
        found.append(Binding(argument=RESERVED, source="context"))
    for argument in signature.arguments:
        value = _value(block, argument, parameters)
        if value is not None and argument.name not in {*taken, RESERVED}:
            name = "" if value == "default" else argument.name
            found.append(Binding(argument=argument.name, source=value, name=name))
    if signature.takes_all:
        found.append(Binding(argument="**", source="upstream"))
    return found


def _by_inputs(block: Block, signature: Signature) -> dict[str, str]:
    names = {argument.name for argument in signature.arguments} - {RESERVED}
    return {
        argument: upstream
        for argument, upstream in block.inputs.items()
        if upstream in block.upstream and (argument in names or signature.takes_all)
    }


def _value(block: Block, argument: Argument, parameters: Collection[str]) -> _Value | None:
    if argument.name in block.settings:
        return "setting"
    if argument.name in parameters:
        return "parameter"
    return None if argument.required else "default"


def free_arguments(
    block: Block, signature: Signature, taken: Container[str], parameters: Collection[str]
) -> list[Argument]:
    """Return the required arguments that nothing gives yet.

    Those that wait for data hide typed settings without a value: a transformer could not take its
    data before all of its settings are given otherwise.
    """
    given = {*block.settings, *parameters, RESERVED}
    required = [a for a in signature.arguments if a.required and a.name not in taken]
    free = [a for a in required if a.name not in given]
    return [a for a in free if a.takes_data] or free

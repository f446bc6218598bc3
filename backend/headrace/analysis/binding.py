"""Which upstream, setting or parameter each argument of a block's function takes."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from headrace.analysis.signature import Argument, Signature
from headrace.core.cycles import cycle_if_connected
from headrace.project.pipeline import Block
from headrace.protocol import commands as cmd
from headrace.protocol.bindings import Binding
from headrace.protocol.replies import Diagnostic, Fix

RESERVED = "context"


def bind(block: Block, signature: Signature, parameters: Collection[str]) -> list[Binding]:
    """Bind arguments in the order of the design; an argument that nothing gives is left out."""
    bound: dict[str, Binding] = {}

    def take(argument: str, source: str, name: str = "") -> None:
        bound[argument] = Binding(argument=argument, source=source, name=name)  # pyright: ignore[reportArgumentType]

    names = [argument.name for argument in signature.arguments]
    if RESERVED in names:
        take(RESERVED, "context")
    for argument, upstream in block.inputs.items():
        known = argument in names or signature.takes_all
        if known and upstream in block.upstream and argument not in bound:
            take(argument, "upstream", upstream)
    for name in names:
        if name not in bound and name in block.upstream:
            take(name, "upstream", name)
    _bind_only(block, signature, bound, parameters)
    for argument in signature.arguments:
        name = argument.name
        if name in bound:
            continue
        if name in block.settings:
            take(name, "setting", name)
        elif name in parameters:
            take(name, "parameter", name)
        elif not argument.required:
            take(name, "default")
    if signature.takes_all:
        take("**", "upstream")
    return list(bound.values())


def _bind_only(
    block: Block, signature: Signature, bound: dict[str, Binding], parameters: Collection[str]
) -> None:
    """Give the only upstream to the only required argument that is free.

    A required argument that a setting or parameter names is not free: a transformer with required
    settings could not take its data otherwise.
    """
    if len(block.upstream) != 1 or any(b.source == "upstream" for b in bound.values()):
        return
    given = {*block.settings, *parameters}
    free = [a.name for a in signature.arguments if a.required and a.name not in bound]
    free = [name for name in free if name not in given] or free
    if len(free) == 1:
        bound[free[0]] = Binding(argument=free[0], source="upstream", name=block.upstream[0])


def binding_diagnostics(
    pipeline: str,
    block: Block,
    signature: Signature,
    bindings: Sequence[Binding],
    blocks: Mapping[str, Sequence[str]],
    file: str,
) -> list[Diagnostic]:
    """Tell of arguments without a source, upstreams without use, and a decorator of other kind."""
    found: list[Diagnostic] = []
    bound = {binding.argument for binding in bindings}
    for argument in signature.arguments:
        if argument.name not in bound:
            found.append(_unbound(pipeline, block, argument, blocks, file))
    reached = {b.name for b in bindings if b.source == "upstream"}
    for upstream in () if signature.takes_all else block.upstream:
        if upstream not in reached:
            found.append(unused_upstream(pipeline, block.name, upstream, file, signature.line))
    if signature.kind and signature.kind != block.kind:
        found.append(
            Diagnostic(
                block=block.name,
                severity="warning",
                code="other-kind",
                message=f"The code says @{signature.kind}, the pipeline says {block.kind}.",
                file=file,
                line=signature.line,
                column=signature.column,
            )
        )
    return found


def _unbound(
    pipeline: str,
    block: Block,
    argument: Argument,
    blocks: Mapping[str, Sequence[str]],
    file: str,
) -> Diagnostic:
    name = argument.name
    fixes: list[Fix] = []
    hint = "give it a value in the block's settings, or a default"
    if name in blocks and cycle_if_connected(blocks, name, block.name) is None:
        command = cmd.Connect(pipeline=pipeline, upstream=name, downstream=block.name)
        fixes.append(Fix(title=f"Connect {name}", command=command))
        hint = f"connect the block {name}"
    else:
        settings = {**block.settings, name: argument.form.default}
        command = cmd.ConfigureBlock(pipeline=pipeline, block=block.name, settings=settings)
        fixes.append(Fix(title=f"Add the setting {name}", command=command))
    return Diagnostic(
        block=block.name,
        severity="error",
        code="unbound-argument",
        message=f"Nothing gives the argument {name!r}: {hint}.",
        file=file,
        line=argument.line,
        column=argument.column,
        end_line=argument.line,
        end_column=argument.end_column,
        fixes=fixes,
    )


def unused_upstream(
    pipeline: str, block: str, upstream: str, file: str, line: int = 1, *, addable: bool = True
) -> Diagnostic:
    """Tell of an upstream block whose output reaches nothing in the code."""
    leave = cmd.Disconnect(pipeline=pipeline, upstream=upstream, downstream=block)
    fixes = [Fix(title=f"Disconnect {upstream}", command=leave)]
    if addable:
        add = cmd.Connect(pipeline=pipeline, upstream=upstream, downstream=block)
        fixes.insert(0, Fix(title=f"Add the argument {upstream}", command=add))
    return Diagnostic(
        block=block,
        severity="warning",
        code="unused-upstream",
        message=f"The output of {upstream!r} is not used here.",
        file=file,
        line=line,
        fixes=fixes,
    )

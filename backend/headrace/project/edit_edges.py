"""Edits that concern the edges: connect, disconnect, rename, delete."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath

from headrace.core.cycles import cycle_if_connected
from headrace.core.errors import CycleError, InvalidInput
from headrace.core.ids import check_name
from headrace.project.edit_plan import Plan
from headrace.project.pipeline import Block
from headrace.project.templates import template
from headrace.project.yaml_nodes import Node
from headrace.project.yaml_write import quoted
from headrace.protocol.commands import Connect, DeleteBlocks, Disconnect, RenameBlock


def connect(plan: Plan, command: Connect) -> None:
    """Draw an edge; raise CycleError with the path that it would close."""
    above, below = plan.block(command.upstream), plan.block(command.downstream)
    if above.name == below.name:
        raise CycleError(
            f"Block {above.name!r} cannot be its own upstream.", path=[above.name, above.name]
        )
    if above.name in below.upstream:
        raise InvalidInput(
            f"{above.name!r} is upstream of {below.name!r} already.", field="upstream"
        )
    for block in (above, below):
        if block.language == "markdown":
            raise InvalidInput(f"{block.name!r} is a note: it takes and gives no data.")
    edges = {block.name: block.upstream for block in plan.pipeline.blocks}
    cycle = cycle_if_connected(edges, above.name, below.name)
    if cycle is not None:
        raise CycleError(f"These would wait for one another: {' → '.join(cycle)}.", path=cycle)
    plan.yaml.add_word(plan.entry(below.name), "upstream", above.name)
    _bring_into_code(plan, below, above.name)


def _bring_into_code(plan: Plan, block: Block, upstream: str) -> None:
    """Let the code take the new upstream: by its template, by `inputs:`, or by an argument."""
    source = plan.own_source(block.name)
    now = [*block.upstream, upstream]
    if source is not None and _is_template(source.text, block, block.upstream):
        plan.write(source, template(block.kind, block.language, block.name, now))
        return
    text = plan.files.sources.get(block.name)
    if block.language != "python" or text is None or text.missing:
        return
    wiring = plan.code.connected(plan.pipeline, block, text.text, upstream, own=source is not None)
    if wiring.inputs != block.inputs:
        plan.yaml.update_map(plan.entry(block.name), "inputs", dict(wiring.inputs))
    if source is not None and wiring.argument:
        plan.write(source, plan.code.add_argument(source.text, upstream))


def _is_template(text: str, block: Block, upstream: Sequence[str]) -> bool:
    return text == template(block.kind, block.language, block.name, upstream)


def disconnect(plan: Plan, command: Disconnect) -> None:
    """Remove an edge, also one to a block that does not exist.

    With `remove_argument` it is the reverse of `connect`: an argument with the upstream's name goes
    from the code; one that `inputs:` mapped stays, for it was there before.
    """
    entry = plan.entry(command.downstream)
    upstream = entry.get("upstream")
    items = [] if upstream is None else upstream.items or [upstream]
    if command.upstream not in [item.text for item in items]:
        raise InvalidInput(
            f"{command.upstream!r} is not upstream of {command.downstream!r}.", field="upstream"
        )
    plan.yaml.remove_words(entry, "upstream", {command.upstream})
    block = plan.pipeline.block(command.downstream)
    if block is not None:
        _take_from_code(plan, block, entry, command)


def _take_from_code(plan: Plan, block: Block, entry: Node, command: Disconnect) -> None:
    gone, text = command.upstream, plan.files.sources.get(block.name)
    if block.language != "python" or text is None or text.missing:
        _forget_inputs(plan, block.name, entry, {gone})
    else:
        rest = plan.code.disconnected(plan.pipeline, block, text.text, gone)
        if rest != block.inputs:
            plan.yaml.update_map(entry, "inputs", dict(rest))
    source = plan.own_source(block.name)
    if source is None:
        return
    left = [name for name in block.upstream if name != gone]
    if _is_template(source.text, block, block.upstream) and (
        command.remove_argument or block.language == "sql"
    ):
        plan.write(source, template(block.kind, block.language, block.name, left))
        return
    others = {arg: name for arg, name in block.inputs.items() if (arg, name) != (gone, gone)}
    is_mapped = gone in {*others, *others.values()}
    if command.remove_argument and block.language == "python" and not is_mapped:
        plan.write(source, plan.code.remove_argument(source.text, gone))


def _forget_inputs(plan: Plan, name: str, entry: Node, gone: set[str]) -> None:
    """Take out the `inputs:` that name a block which is upstream no more."""
    block = plan.pipeline.block(name)
    if block is None or not gone & set(block.inputs.values()):
        return
    rest = {argument: above for argument, above in block.inputs.items() if above not in gone}
    plan.yaml.update_map(entry, "inputs", dict(rest))


def delete_blocks(plan: Plan, command: DeleteBlocks) -> None:
    """Delete blocks, their files where no one else uses them, and the edges at them."""
    gone = set(command.blocks)
    indexes = {plan.index(name) for name in gone}
    surviving = {block.file for block in plan.pipeline.blocks if block.name not in gone}
    for name in gone:
        block, source = plan.pipeline.block(name), plan.files.sources.get(name)
        if block is None or source is None or block.file is None or block.file in surviving:
            continue
        if not source.missing and source.writable and not plan.is_unreadable(name):
            plan.delete(source)
    for index, entry in enumerate(plan.blocks.nodes):
        if index in indexes or entry.kind != "map":
            continue
        plan.yaml.remove_words(entry, "upstream", gone)
        name = entry.get("name")
        if name is not None:
            _forget_inputs(plan, name.text, entry, gone)
    plan.blocks.remove(indexes)


def rename_block(plan: Plan, command: RenameBlock) -> None:
    """Rename a block: entry, file, function, and wherever other blocks name it."""
    block = plan.block(command.block)
    old, new = block.name, check_name(command.name)
    if new == old:
        return
    plan.check_free(new)
    entry = plan.entry(old)
    plan.yaml.set_pair(entry, "name", quoted(new))
    _rename_own_file(plan, block, entry, new)
    for below in plan.pipeline.blocks:
        if old in below.upstream:
            _rename_upstream(plan, below, old, new)


def _rename_own_file(plan: Plan, block: Block, entry: Node, new: str) -> None:
    source = plan.own_source(block.name)
    if source is None or block.file is None:
        return
    if block.language == "python":
        plan.write(source, plan.code.rename_function(source.text, block.name, new))
    file = PurePosixPath(block.file)
    if file.stem == block.name:
        file = file.with_name(new + file.suffix)
        plan.yaml.set_pair(entry, "file", quoted(file.as_posix()))
        plan.move_file(block.name, f"{plan.folder}/{file.as_posix()}")


def _rename_upstream(plan: Plan, below: Block, old: str, new: str) -> None:
    entry = plan.entry(below.name)
    plan.yaml.rename_word(entry, "upstream", old, new)
    if old in below.inputs.values():
        inputs = {arg: new if above == old else above for arg, above in below.inputs.items()}
        plan.yaml.update_map(entry, "inputs", dict(inputs))
        return
    source, text = plan.own_source(below.name), plan.files.sources[below.name].text
    if source is not None:
        renamed = plan.code.rename_upstream(text, below.language, old, new)
        plan.write(source, renamed)
        if renamed != text:
            return
    if plan.code.names_upstream(text, below.language, old):
        # The code belongs to others as well, or would mean something else: it is told where to
        # look.
        plan.yaml.update_map(entry, "inputs", {**below.inputs, old: new})

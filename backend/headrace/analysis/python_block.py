"""The analysis of a Python block: its bindings, its form, and what is wrong with its wiring."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec.structs import replace

from headrace.analysis.argument_edits import add_argument, remove_argument
from headrace.analysis.binding import bind
from headrace.analysis.code_edits import mark_function
from headrace.analysis.contract import tell_of_contract
from headrace.analysis.diagnostics import Teller, at, nearest
from headrace.analysis.environment import versions
from headrace.analysis.fingerprint import python_fingerprint
from headrace.analysis.python_columns import unknown_subscripts
from headrace.analysis.renames import rename_argument
from headrace.analysis.result import BlockAnalysis
from headrace.analysis.signature import ROLES, Argument, Signature, Trouble, read_signature
from headrace.analysis.surroundings import Around
from headrace.project.pipeline import Block, Source
from headrace.project.templates import template
from headrace.protocol import commands as cmd
from headrace.protocol.bindings import Binding
from headrace.protocol.replies import Diagnostic, Fix
from headrace.protocol.tables import Kind, Parameter

_OFFERED_CHOICES = 4
_NAMED = 8
_KINDS: tuple[Kind, ...] = ("loader", "transformer", "exporter", "sensor")
_EMPTY: dict[str, Any] = {"string": "", "integer": 0, "number": 0, "boolean": False, "json": {}}


def analyse_python(
    around: Around, block: Block, source: Source
) -> tuple[BlockAnalysis, list[Diagnostic]]:
    """Analyse one block."""
    teller = Teller(around, block, source)
    signature = read_signature(source.text)
    for trouble in signature.troubles:
        teller.tell(trouble, _marking(teller) if trouble.code == "no-function" else ())
    bindings: list[Binding] = []
    if signature.function is not None:
        bindings = bind(block, signature, around.parameters)
        _tell_of_wiring(teller, signature, bindings)
        _tell_of_columns(teller, bindings)
        tell_of_contract(teller, around.recorded.get(block.name), written=False)
    package = "" if source.path.startswith("/") else _package(source.path)
    code = python_fingerprint(source.text, around.read_module, package)
    problem = teller.problem
    found = BlockAnalysis(
        name=block.name,
        fingerprint=code.code,
        modules=code.modules,
        files=around.files(block, code.texts),
        versions=versions(code.libraries),
        context=code.context if any(b.source == "context" for b in bindings) else [],
        bindings=bindings,
        form=_form(around, block, signature, bindings),
        description=signature.description,
        function=signature.function,
        runnable=problem is None,
        problem=problem,
        arguments=[argument.name for argument in signature.arguments],
    )
    return found, teller.told


def _tell_of_columns(teller: Teller, bindings: Sequence[Binding]) -> None:
    """Tell of columns that the contract of an upstream block does not have."""
    around = teller.around
    promised = {
        binding.argument: [column.name for column in around.columns[binding.name]]
        for binding in bindings
        if binding.source == "upstream" and binding.name in around.under_contract
    }
    blocks = {binding.argument: binding.name for binding in bindings}
    for argument, place in unknown_subscripts(teller.source.text, promised):
        near = nearest(place.name, promised[argument])
        hint = f"did you mean {near!r}?" if near else f"it has {_listed(promised[argument])}."
        message = f"There is no column {place.name!r} in the contract of {blocks[argument]}: {hint}"
        trouble = Trouble(
            code="unknown-column",
            message=message,
            severity="warning",  # the object may have been made another before
            instead=f'"{near}"' if near and '"' not in near else "",
        )
        teller.tell(at(place, trouble))


def _listed(names: Sequence[str]) -> str:
    rest = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {rest} more" if rest > 0 else "")


def _package(path: str) -> str:
    return path.rpartition("/")[0].replace("/", ".")


def _form(
    around: Around, block: Block, signature: Signature, bindings: Sequence[Binding]
) -> list[Parameter]:
    """Return the typed settings: every argument that takes neither data nor the context."""
    sources = {binding.argument: binding.source for binding in bindings}
    found: list[Parameter] = []
    for argument in signature.arguments:
        source = sources.get(argument.name)
        if source in {"upstream", "context"} or (source is None and argument.takes_data):
            continue
        given = around.parameters.get(argument.name) if source == "parameter" else None
        found.append(argument.form if given is None else _inherited(argument.form, given))
    return found


def _inherited(form: Parameter, given: Parameter) -> Parameter:
    """Return the setting of an argument that a parameter gives: it may be left out."""
    untyped = form.required and form.type == "json"
    return replace(
        form,
        type=given.type if untyped else form.type,
        multiple=given.multiple if untyped else form.multiple,
        default=given.default,
        required=False,
        minimum=form.minimum if form.minimum is not None else given.minimum,
        maximum=form.maximum if form.maximum is not None else given.maximum,
        choices=form.choices or given.choices,
        description=form.description or given.description,
    )


def _marking(teller: Teller) -> list[Fix]:
    """Return the fix of a source without a block function: mark one, or add one."""
    block, text = teller.block, teller.source.text
    marked = mark_function(text, block.kind, block.name)
    if marked is not None:
        return teller.rewrite(f"Mark the function with @{block.kind}", marked)
    start = template(block.kind, "python", block.name, block.upstream)
    lead = f"{text.rstrip()}\n\n" if text.strip() else ""
    return teller.rewrite("Add a function", lead + start)


def _tell_of_wiring(teller: Teller, signature: Signature, bindings: Sequence[Binding]) -> None:
    """Tell of arguments without a source, upstreams without use, unknown names, another kind."""
    block = teller.block
    bound = {binding.argument for binding in bindings}
    reached = {b.name for b in bindings if b.source == "upstream"}
    unused = [up for up in block.upstream if up not in reached and not signature.takes_all]
    for argument in signature.arguments:
        if argument.name not in bound:
            _tell_of_unbound(teller, argument, unused)
    for upstream in unused:
        added = add_argument(teller.source.text, upstream)
        fixes = teller.rewrite(f"Add the argument {upstream}", added)
        teller.unused(upstream, signature.line, fixes)
    if not signature.takes_all:
        names = [argument.name for argument in signature.arguments]
        teller.unknown_settings(names)
        _tell_of_inputs(teller, names)
    if signature.kind and signature.kind != block.kind:
        _tell_of_kind(teller, signature)


def _tell_of_unbound(teller: Teller, argument: Argument, unused: Sequence[str]) -> None:
    name, block = argument.name, teller.block
    code, fixes = "unbound-argument", teller.around.connect(name, block.name)
    if fixes:
        message = f"Nothing gives the argument {name!r}: connect the block {name}."
    elif argument.takes_data:
        for upstream in unused[:_OFFERED_CHOICES]:
            renamed = rename_argument(teller.source.text, name, upstream)
            fixes += teller.rewrite(f"Rename it to {upstream}", renamed)
        fixes.append(teller.configure(f"Add the setting {name}", {**block.settings, name: None}))
        removed = remove_argument(teller.source.text, name)
        fixes += teller.rewrite(f"Remove the argument {name}", removed)
        hint = "connect a block, give it a value in the block's settings, or a default"
        message = f"Nothing gives the argument {name!r}: {hint}."
    else:
        code, fixes = "missing-setting", _values(teller, argument.form)
        message = f"The setting {name!r} has no value: give it one, or a default in the code."
    teller.tell(
        Trouble(
            code=code,
            message=message,
            line=argument.line,
            column=argument.column,
            end_column=argument.end_column,
        ),
        fixes,
    )


def _values(teller: Teller, form: Parameter) -> list[Fix]:
    """Return a fix for each choice of a setting, or one that puts an empty value there."""
    settings = teller.block.settings
    if form.choices and not form.multiple:
        return [
            teller.configure(f"Set {form.name} to {choice}", {**settings, form.name: choice})
            for choice in form.choices[:_OFFERED_CHOICES]
        ]
    empty = [] if form.multiple else _EMPTY.get(form.type)
    if form.minimum is not None and form.type in {"integer", "number"}:
        empty = int(form.minimum) if form.type == "integer" else form.minimum
    return [teller.configure(f"Add the setting {form.name}", {**settings, form.name: empty})]


def _tell_of_inputs(teller: Teller, names: Sequence[str]) -> None:
    for name in teller.block.inputs:
        if name not in names:
            near = nearest(name, names)
            hint = f"did you mean {near!r}?" if near else "the function has none of that name."
            message = f"`inputs:` names the argument {name!r}: {hint}"
            trouble = Trouble(code="unknown-input", message=message, severity="warning")
            teller.tell(trouble)


def _tell_of_kind(teller: Teller, signature: Signature) -> None:
    kind = _KINDS[ROLES.index(signature.kind)]
    command = cmd.ConfigureBlock(
        pipeline=teller.around.pipeline, block=teller.block.name, kind=kind
    )
    trouble = Trouble(
        code="other-kind",
        message=f"The code says @{kind}, the pipeline says {teller.block.kind}.",
        line=signature.line,
        column=signature.column,
        severity="warning",
    )
    teller.tell(trouble, [Fix(title=f"Make it a {kind}", command=command)])

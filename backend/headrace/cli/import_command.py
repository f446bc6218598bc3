"""`headrace import`: a notebook, or what `headrace export` wrote, as a pipeline."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click
from msgspec import structs

from headrace.cli.project import json_option, print_json, project_option
from headrace.core.errors import Conflict, InvalidInput, NotFound, TooLarge
from headrace.core.paths import ProjectPaths

if TYPE_CHECKING:
    from headrace.protocol.imports import ImportPlan, ImportProof

UNPROVEN = 4
LIMIT_BYTES = 256 * 1024**2


@click.command("import", short_help="Make a pipeline of a notebook, and prove it.")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--name", help="The pipeline's name; that of the file by default.")
@click.option("--order", type=click.Choice(["position", "execution"]), help="Order of the cells.")
@click.option("--no-proof", is_flag=True, help="Run nothing of the notebook.")
@click.option("--dry-run", is_flag=True, help="Say how it would be cut; run and write nothing.")
@project_option
@json_option
def command(
    file: Path,
    *,
    name: str | None,
    order: str | None,
    no_proof: bool,
    dry_run: bool,
    folder: str,
    as_json: bool,
) -> None:
    """Make a pipeline of FILE, a notebook or an exported script.

    Runs the notebook and the pipeline in copies of the project and compares them. Exits with 0 when
    both give the same, with 4 when that is not proven; the pipeline is made in both cases.
    """
    from headrace.notebooks.importing.asking import name_of_file, plan_import
    from headrace.project.files import Project
    from headrace.protocol.imports import ImportChoices

    paths = ProjectPaths.of(folder)
    text = _read(file)
    choices = ImportChoices(name=name, order=order)  # pyright: ignore[reportArgumentType]
    own = name or name_of_file(file.name)
    plan = asyncio.run(plan_import(text, own, choices))
    if not dry_run and (paths.pipeline(plan.name)).exists():
        raise Conflict(
            f"There is a pipeline {plan.name!r} already: choose another with --name.",
            kind="pipeline",
            name=plan.name,
        )
    proof = None if dry_run else _proof(text, file, plan, paths, no_proof=no_proof)
    plan = plan if proof is None else proof.plan
    if not dry_run:
        Project(paths).add_pipeline(plan.name, plan.files, plan.shared_blocks)
    if as_json:
        print_json({"plan": plan, "proof": proof, "proven": proof is not None and proof.proven})
    else:
        _tell(plan, proof, made=not dry_run)
    sys.exit(0 if dry_run or (proof is not None and proof.proven) else UNPROVEN)


def _proof(
    text: str, file: Path, plan: ImportPlan, paths: ProjectPaths, *, no_proof: bool
) -> ImportProof | None:
    from headrace.notebooks.importing.asking import prove_import
    from headrace.protocol.imports import ImportProof

    if plan.exported:
        return ImportProof(proven=True, plan=plan, blocks=[])
    if no_proof:
        return None
    here = file.resolve().parent
    inside = here.is_relative_to(paths.root.resolve())
    place = here.relative_to(paths.root.resolve()).as_posix() if inside else "."
    choices = structs.replace(plan.choices, name=plan.name)
    return asyncio.run(prove_import(text, plan.name, choices, paths.root, place))


def _read(file: Path) -> str:
    try:
        if file.stat().st_size > LIMIT_BYTES:
            raise TooLarge(
                f"{file.name!r} is larger than {LIMIT_BYTES // 1024**2} MB: clear its outputs.",
                limit_bytes=LIMIT_BYTES,
            )
        return file.read_bytes().decode("utf-8-sig")
    except FileNotFoundError as error:
        raise NotFound(f"There is no file {str(file)!r}.", kind="file") from error
    except UnicodeDecodeError as error:
        raise InvalidInput(f"{file.name!r} is not UTF-8 (byte {error.start}).") from error
    except OSError as error:
        raise InvalidInput(f"{file.name!r} cannot be read: {error.strerror}.") from error


def _tell(plan: ImportPlan, proof: ImportProof | None, *, made: bool) -> None:
    """Say what became of each cell, what the proof found, and where the pipeline is."""
    for note in plan.notes:
        click.echo(note)
    for cell in () if plan.exported else plan.cells:
        where = f" {cell.block}" if cell.block else ""
        click.echo(f"cell {cell.number}: {cell.fate}{where}")
        for note in cell.notes:
            click.echo(f"    {note}")
    for block in plan.blocks:
        for why in block.why:
            click.echo(f"block {block.name}: cells {', '.join(map(str, block.cells))}: {why}")
    for one in (*proof.blocks, *proof.files) if proof is not None else ():
        words = "same result" if one.state == "same" else one.state
        click.echo(f"{one.block}: {words}{f' ({one.detail})' if one.detail else ''}")
    for reason in proof.reasons if proof is not None else ():
        click.echo(f"Not proven: {reason}", err=True)
    if proof is None and made:
        click.echo("Not proven: nothing of the notebook was run.", err=True)
    if made:
        click.echo(f"Made pipelines/{plan.name} with {len(plan.blocks)} blocks.")

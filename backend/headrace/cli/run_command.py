"""`headrace run`: a pipeline without a server."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import sys
from typing import TYPE_CHECKING, Any

import click

from headrace.cli.diagnosis import tell
from headrace.cli.project import json_option, paths_of, print_json, project_option

if TYPE_CHECKING:
    from headrace.core.paths import ProjectPaths
    from headrace.protocol.events import Event, SnapshotTaken
    from headrace.protocol.tables import RunRecord
    from headrace.session.run import RunRequest


@click.command("run", short_help="Run a pipeline without a server.")
@click.argument("pipeline")
@project_option
@click.option("-p", "--parameter", "given", multiple=True, metavar="NAME=VALUE")
@click.option("--until", metavar="BLOCK", help="This block and what it needs.")
@click.option("--force", is_flag=True, help="Take nothing from the store.")
@json_option
def command(
    pipeline: str,
    *,
    folder: str,
    given: tuple[str, ...],
    until: str | None,
    force: bool,
    as_json: bool,
) -> None:
    """Run PIPELINE. Exits with 0 only when it succeeded."""
    from headrace.session.run import RunRequest

    request = RunRequest(
        origin="cli",
        parameters=_parameters(given),
        blocks=[until] if until else None,
        force=force,
    )
    record = asyncio.run(_run(paths_of(folder), pipeline, request))
    words = f"{record.state} in {record.seconds or 0:.2f} s"
    click.echo(f"{pipeline}: {words}" + (f": {record.reason}" if record.reason else ""), err=True)
    if as_json:
        print_json(record)
    sys.exit(0 if record.state == "succeeded" else 1)


def _parameters(given: tuple[str, ...]) -> dict[str, Any]:
    """Read NAME=VALUE; a value that is JSON is taken as such, anything else as text."""
    values: dict[str, Any] = {}
    for entry in given:
        name, equals, text = entry.partition("=")
        if not equals or not name:
            raise click.UsageError(f"{entry!r} is not of the form NAME=VALUE.")
        try:
            values[name] = json.loads(text)
        except ValueError:
            values[name] = text
    return values


async def _run(paths: ProjectPaths, pipeline: str, request: RunRequest) -> RunRecord:
    from headrace.core.errors import InvalidInput
    from headrace.protocol.commands import CancelRun
    from headrace.server.runtime import Runtime

    runtime = Runtime(paths)
    loop = asyncio.get_running_loop()
    try:
        await runtime.open(serve=False)
        session = await runtime.sessions.open(pipeline)
        leave = session.log.subscribe(_tell)
        try:
            run = await session.start_run(request)
        except InvalidInput:
            _tell_errors(session.snapshot())
            raise
        ending: set[asyncio.Task[Any]] = set()

        def stop() -> None:
            click.echo("Stopping …", err=True)
            ending.add(asyncio.create_task(session.handle(CancelRun(pipeline=pipeline, run=run))))

        for number in (signal.SIGINT, signal.SIGTERM):
            with contextlib.suppress(NotImplementedError):
                loop.add_signal_handler(number, stop)
        record = await session.finished(run)
        leave()
        return record
    finally:
        await runtime.close()


def _tell_errors(snapshot: SnapshotTaken) -> None:
    """Say where the errors are that may keep the pipeline from running."""
    for diagnostic in snapshot.state.diagnostics if snapshot.state else ():
        if diagnostic.severity == "error":
            tell(snapshot.pipeline, diagnostic, err=True)


def _tell(event: Event) -> None:
    """Print a line for each block that starts or ends."""
    from headrace.protocol import events as ev

    match event:
        case ev.BlockStarted():
            click.echo(f"  {event.block} …", err=True)
        case ev.BlockFinished():
            click.echo(f"  {event.block}: {click.style('done', fg='green')}", err=True)
        case ev.BlockFailed():
            click.echo(f"  {event.block}: {click.style('failed', fg='red')}", err=True)
            click.echo(f"    {event.failure.type}: {event.failure.message}", err=True)
        case _:
            pass

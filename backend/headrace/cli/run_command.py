"""`headrace run`: a pipeline without a server."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import sys
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import click

from headrace.cli.diagnosis import tell
from headrace.cli.project import json_option, paths_of, print_json, project_option

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from headrace.cli.live import View
    from headrace.core.paths import ProjectPaths
    from headrace.protocol.events import SnapshotTaken
    from headrace.protocol.tables import RunRecord, Scope
    from headrace.session.run import RunRequest
    from headrace.session.session import Session


@click.command("run", short_help="Run a pipeline without a server.")
@click.argument("pipeline")
@project_option
@click.option("-p", "--parameter", "given", multiple=True, metavar="NAME=VALUE")
@click.option("--until", metavar="BLOCK", help="This block and what it needs.")
@click.option("--only", metavar="BLOCK", help="This block alone, on the outputs that are there.")
@click.option("--from", "start", metavar="BLOCK", help="This block and all that is below it.")
@click.option("--stale", is_flag=True, help="Only what is not fresh.")
@click.option("--retry", metavar="RUN", help="Repeat this run; what succeeded in it is kept.")
@click.option("--force", is_flag=True, help="Take nothing from the store.")
@click.option("--dry-run", is_flag=True, help="Say what would run, and run nothing.")
@json_option
def command(
    pipeline: str,
    *,
    folder: str,
    given: tuple[str, ...],
    as_json: bool,
    **said: Any,
) -> None:
    """Run PIPELINE. Exits with 0 only when it succeeded."""
    wish = _Wish(parameters=_parameters(given), **said)
    stops = _Stops()
    try:
        record = asyncio.run(_run(paths_of(folder), pipeline, wish, stops))
    except asyncio.CancelledError:
        click.echo("Stopped before the run began.", err=True)
        sys.exit(stops.exit_code)
    if isinstance(record, list):
        _tell_plan(record, as_json=as_json)
        return
    from headrace.cli.live import printable

    words = f"{record.state} in {record.seconds or 0:.2f} s"
    words += f": {printable(record.reason)}" if record.reason else ""
    click.echo(f"{pipeline}: {words}", err=True)
    if as_json:
        print_json(record)
    sys.exit(0 if record.state == "succeeded" else stops.exit_code)


@dataclass
class _Stops:
    """The signal to stop that came first, and what the next one does."""

    first: signal.Signals | None = None
    act: Callable[[], object] | None = None

    def listen(self, leave: Callable[[], object]) -> None:
        """Take signals from now on."""
        self.act = leave
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            with contextlib.suppress(NotImplementedError):
                loop.add_signal_handler(number, self._take, number)

    def hold(self) -> None:
        """Only note what comes: the run is being recorded, and must not be left half begun."""
        self.act = None

    def turn_to(self, act: Callable[[], object]) -> None:
        """Let signals do this, the one that was noted meanwhile too."""
        self.act = act
        if self.first is not None:
            act()

    def _take(self, number: signal.Signals) -> None:
        self.first = self.first or number
        if self.act is not None:
            self.act()

    @property
    def exit_code(self) -> int:
        """What a shell expects of a command that a signal ended; 1 without one."""
        return 1 if self.first is None else 128 + self.first


@dataclass(frozen=True)
class _Wish:
    """What the options say."""

    parameters: dict[str, Any]
    until: str | None
    only: str | None
    start: str | None
    stale: bool
    retry: str | None
    force: bool
    dry_run: bool

    def scope(self) -> tuple[Scope, str | None]:
        """Return which blocks the run is of, and the block that this starts from."""
        scopes: list[tuple[Scope, str | None, bool]] = [
            ("until", self.until, self.until is not None),
            ("only", self.only, self.only is not None),
            ("from", self.start, self.start is not None),
            ("stale", None, self.stale),
        ]
        chosen: list[tuple[Scope, str | None]] = [
            (scope, block) for scope, block, given in scopes if given
        ]
        if len(chosen) > 1:
            first, second = chosen[0][0], chosen[1][0]
            raise click.UsageError(f"--{first} and --{second} say different things: give one.")
        return chosen[0] if chosen else ("until", None)

    async def request(self, session: Session) -> RunRequest:
        """Make the request that they mean."""
        from headrace.session.run import RunRequest

        scope, block = self.scope()
        if self.retry is not None:
            if self.parameters or (scope != "from" and (scope, block) != ("until", None)):
                raise click.UsageError("--retry takes none of -p, --until, --only and --stale.")
            request = await session.retry_request(self.retry, self.start)
            return replace(request, force=self.force)
        return RunRequest(
            origin="cli",
            parameters=self.parameters,
            blocks=None if block is None else [block],
            scope=scope,
            force=self.force,
        )


def _tell_plan(blocks: list[str], *, as_json: bool) -> None:
    if as_json:
        print_json({"id": None, "blocks": blocks})
    else:
        click.echo("\n".join(blocks) if blocks else "Nothing.")


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


async def _run(
    paths: ProjectPaths, pipeline: str, wish: _Wish, stops: _Stops
) -> RunRecord | list[str]:
    """Run what is wished, and return its record; of a dry run, what it would be of."""
    from headrace.core.errors import InvalidInput
    from headrace.protocol.commands import CancelRun
    from headrace.server.runtime import Runtime

    runtime = Runtime(paths)
    this = asyncio.current_task()
    assert this is not None
    stops.listen(this.cancel)
    try:
        await runtime.open(serve=False)
        session = await runtime.sessions.open(pipeline)
        request = await wish.request(session)
        if wish.dry_run:
            return await session.plan_run(request)
        with _watched(session) as view:
            stops.hold()
            try:
                run = await session.start_run(request)
            except InvalidInput:
                _tell_errors(session.snapshot())
                raise
            ending: list[asyncio.Task[Any]] = []

            def stop() -> None:
                if ending:
                    view.say("Killing what still runs …")
                    runtime.pool.kill(run)
                    return
                by_key = stops.first is signal.SIGINT
                again = "Ctrl+C again kills them" if by_key else "a second signal kills them"
                view.say(f"Stopping the blocks that run ({again}) …")
                command = CancelRun(pipeline=pipeline, run=run)
                ending.append(asyncio.create_task(session.handle(command)))

            stops.turn_to(stop)
            record = await session.finished(run)
            stops.hold()
            await runtime.written()
            return record
    finally:
        await runtime.close()


@contextlib.contextmanager
def _watched(session: Session) -> Generator[View]:
    """Tell of what happens in a session, on standard error."""
    from headrace.cli.live import view_of

    view = view_of(sys.stderr)
    leave = session.log.subscribe(view.hear)
    try:
        yield view
    finally:
        leave()
        view.close()


def _tell_errors(snapshot: SnapshotTaken) -> None:
    """Say where the errors are that may keep the pipeline from running."""
    for diagnostic in snapshot.state.diagnostics if snapshot.state else ():
        if diagnostic.severity == "error":
            tell(snapshot.pipeline, diagnostic, err=True)

"""The command `headrace`. Each command imports what it needs when it runs: `--help` is instant."""

from __future__ import annotations

import importlib
import signal
import sys
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from headrace.core.errors import HeadraceError

_COMMANDS = {
    "start": "Serve a project in the browser.",
    "init": "Make a new project with an example pipeline.",
    "run": "Run a pipeline without a server.",
    "publish": "Let triggers run a pipeline as it is now.",
    "check": "Look for problems without running anything.",
    "export": "Write a pipeline as a notebook or a script.",
    "import": "Make a pipeline of a notebook, and prove it.",
    "runs": "List past runs.",
    "triggers": "List what starts runs.",
    "backfill": "Run the past ticks of a trigger.",
    "backfills": "List backfills; pause, resume or cancel one.",
    "watermarks": "Show how far incremental loads have come; set that anew.",
    "secrets": "Keep passwords out of files.",
    "store": "Show how much room outputs take.",
}


class _LazyGroup(click.Group):
    """Knows its commands by name and line of help, and imports one only to run it."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module = importlib.import_module(f"headrace.cli.{cmd_name}_command")
        return module.command

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:  # click would make a plain 1 of it
            click.echo("\nAborted!", err=True)
            ctx.exit(128 + signal.SIGINT)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="headrace", prog_name="headrace")
def headrace() -> None:
    """Write blocks, see their data, connect them, schedule them."""


def main(arguments: list[str] | None = None) -> Any:
    """Run the command line; exits with 2 for wrong usage, 130 for Ctrl+C, 1 for what went wrong."""
    from headrace.core.errors import HeadraceError

    given = sys.argv[1:] if arguments is None else arguments
    try:
        headrace.main(args=arguments, prog_name="headrace")
    except HeadraceError as error:
        click.echo(f"Error: {error.message}", err=True)
        if "--json" in given:
            _print_error(error)
        sys.exit(1)


def _print_error(error: HeadraceError) -> None:
    """Answer programs in the one error shape, as the HTTP API does."""
    import msgspec

    described = {"code": error.code, "message": error.message, "details": error.details}
    click.echo(msgspec.json.encode({"error": described}, enc_hook=str))


if __name__ == "__main__":
    main()

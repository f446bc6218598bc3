"""`headrace start`."""

from __future__ import annotations

import ipaddress
import os
import secrets
import sys
from urllib.parse import quote

import click

from headrace.core.durable import write_durable
from headrace.core.paths import ProjectPaths
from headrace.server.diskspace import DiskSpace
from headrace.server.lock import ProjectLock

_LOCKED_EXIT_CODE = 3


@click.command("start", short_help="Serve a project in the browser.")
@click.argument("project", default=".")
@click.option("--port", type=click.IntRange(0, 65535), help="0 takes any free port.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--allowed-host",
    "allowed_hosts",
    multiple=True,
    help="A name that browsers may use for this server; needed for a --host that others can reach.",
)
@click.option("--open", "opened", metavar="PIPELINE", help="Begin in this pipeline's editor.")
@click.option("--no-browser", is_flag=True, help="Do not open a browser.")
@click.option("--no-scheduler", is_flag=True, help="Let no trigger fire.")
def command(
    project: str,
    *,
    port: int | None,
    host: str,
    allowed_hosts: tuple[str, ...],
    opened: str | None,
    no_browser: bool,
    no_scheduler: bool,
) -> None:
    """Serve PROJECT, a folder, in the browser."""
    if not _is_loopback(host) and not allowed_hosts:
        raise click.UsageError(
            f"Others can reach {host}. If you want that, name what they call this machine with"
            " --allowed-host."
        )
    paths = ProjectPaths.of(project)
    paths.make_state()
    DiskSpace(paths).make_way_if_full()
    lock = ProjectLock(paths)
    # `headrace run` has it for the moment in which it finishes what a crash cut off.
    if not lock.take(wait_s=0.3):
        holder = lock.holder()
        click.echo(f"This project is open already{f': {holder}' if holder else ''}.", err=True)
        sys.exit(_LOCKED_EXIT_CODE)
    try:
        _serve(
            paths,
            host,
            port,
            allowed_hosts,
            page=f"/p/{quote(opened)}" if opened else "/",
            browser=not no_browser,
            schedule=not no_scheduler,
        )
    except OSError as error:
        click.echo(f"Error: cannot listen on {host}: {error.strerror or error}.", err=True)
        sys.exit(1)
    finally:
        paths.server_file.unlink(missing_ok=True)
        lock.release()


def _serve(
    paths: ProjectPaths,
    host: str,
    port: int | None,
    allowed_hosts: tuple[str, ...],
    *,
    page: str,
    browser: bool,
    schedule: bool,
) -> None:
    from headrace.core.slim import skip_slow_imports

    skip_slow_imports()
    import msgspec

    from headrace.server.app import make_server

    token = secrets.token_urlsafe(32)

    def listening(chosen: int) -> None:
        name = f"[{host}]" if ":" in host else host
        url = f"http://{name}:{chosen}"
        described = {"url": url, "api": f"{url}/api", "token": token, "pid": os.getpid()}
        write_durable(paths.server_file, msgspec.json.encode(described), mode=0o600)
        entry = f"{url}{page}#token={token}"
        if not sys.stdout.isatty():  # it ends in a log, where no token may ever be
            click.echo(f"Headrace serves {paths.root.name}: {url} (token in {paths.server_file})")
            return
        click.echo(f"Headrace serves {paths.root.name}: {entry}")
        if browser:
            click.launch(entry)

    make_server(
        paths,
        ip=host,
        port=port,
        token=token,
        allowed_hosts=allowed_hosts,
        schedule=schedule,
        on_listening=listening,
    ).start()


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False

"""The Jupyter Server extension, and the slim Jupyter Server that our own command starts."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Callable
from typing import Any

from jupyter_server.extension.application import ExtensionApp
from jupyter_server.serverapp import ServerApp
from tornado import netutil, web

from headrace.core.paths import ProjectPaths
from headrace.server.identity import TokenIdentity
from headrace.server.intake import ENDLESS_BYTES, BoundedServer
from headrace.server.logins import Logins
from headrace.server.metrics import Metrics
from headrace.server.routes import build_handlers
from headrace.server.runtime import Runtime
from headrace.server.static import MissingHandler
from headrace.server.status import LoopLag
from headrace.server.strict import BODY_LIMIT_BYTES
from headrace.server.webhooks import Limits

logger = logging.getLogger(__name__)

DEFAULT_PORT = 8765
_TRIED_PORTS = 50
_SLOW_CLIENT_S = 30
_OPENING_S = 10.0
"""How long the end of a server waits for what is about to be opened."""
_HEADER_LIMIT_BYTES = 32 * 1024
SOCKET_MESSAGE_LIMIT_BYTES = 16 * 1024 * 1024


class HeadraceExtension(ExtensionApp):
    """All of Headrace as an extension: at `/` in our own server, at `/headrace/` in a stock one.

    A stock server loads it wherever Headrace is installed. In a folder that is no project, nothing
    is made and started before somebody opens the app there.
    """

    name = "headrace"  # pyright: ignore[reportAssignmentType]
    load_other_extensions = False
    extension_url = "/headrace/"

    paths: ProjectPaths | None = None
    """The project; None: the Jupyter Server's root folder."""
    schedule = True
    allowed_hosts: tuple[str, ...] = ()

    @classmethod
    def get_extension_package(cls) -> str:
        """Return the package that names the extension point."""
        return "headrace.server"

    def initialize_settings(self) -> None:
        """Make the runtime; it is opened once the socket listens."""
        app: Any = self.serverapp
        standalone = isinstance(app, SlimServerApp)
        paths = self.paths or ProjectPaths.of(app.root_dir)
        self.runtime = Runtime(paths)
        self.lag = LoopLag()
        self.metrics = Metrics()
        base = app.base_url
        self.settings.update(
            headrace_runtime=self.runtime,
            headrace_root=base if standalone else f"{base}headrace/",
            headrace_standalone=standalone,
            headrace_allowed_hosts=self.allowed_hosts,
            headrace_lag=self.lag,
            headrace_metrics=self.metrics,
            headrace_webhook_limits=Limits(self.runtime.clock.monotonic),
            headrace_logins=Logins(paths.state / "logouts.json"),
            websocket_max_message_size=SOCKET_MESSAGE_LIMIT_BYTES,
        )
        self._opening: asyncio.Task[None] | None = None
        self.settings["headrace_begin"] = self.begin
        if standalone or is_project(paths):
            app.io_loop.add_callback(self.begin)

    def initialize_handlers(self) -> None:
        """Take our routes from the one table of them."""
        standalone = isinstance(self.serverapp, SlimServerApp)
        self.handlers.extend(build_handlers("/" if standalone else "/headrace/"))

    def begin(self) -> None:
        """Open the project, unless that has begun; call it on the running loop."""
        if self._opening is None:
            self._opening = asyncio.create_task(self._open(), name="open the project")

    async def _open(self) -> None:
        self.lag.start()
        try:
            await self.runtime.open(schedule=self.schedule)
            self.metrics.follow(self.runtime.sessions.log)
        except Exception:
            logger.exception("The project could not be opened")

    async def stop_extension(self) -> None:
        """Close the project's services; within seconds."""
        if self._opening is not None:
            self.lag.stop()
            # What is half open cannot be closed: the other half would be opened behind our back.
            _, late = await asyncio.wait([self._opening], timeout=_OPENING_S)
            if late:
                self._opening.cancel()
                await asyncio.wait(late, timeout=_OPENING_S)
            await self.runtime.close()


def is_project(paths: ProjectPaths) -> bool:
    """Tell whether a folder is a project, by its `pipelines/` or headrace.yaml."""
    return paths.pipelines.is_dir() or paths.settings.is_file()


class SlimServerApp(ServerApp):
    """A Jupyter Server of which only identity, token and cookies are left.

    No kernels, contents, terminals or templates: none of their routes exist.
    """

    ports: tuple[int, ...] = (DEFAULT_PORT,)
    on_listening: Callable[[int], None] | None = None

    def init_event_logger(self) -> None:
        """Emit no Jupyter events."""

    def init_configurables(self) -> None:
        """Make the identity provider and the authorizer alone."""
        self.identity_provider = self.identity_provider_class(parent=self, log=self.log)
        self.authorizer = self.authorizer_class(
            parent=self, log=self.log, identity_provider=self.identity_provider
        )

    def init_metrics(self) -> None:
        """Count nothing for Prometheus here."""

    def init_mime_overrides(self) -> None:
        """Name types in our own handlers."""

    def init_webapp(self) -> None:
        """Make an application without any route of Jupyter's."""
        self.web_app: web.Application = web.Application(
            [],
            base_url=self.base_url,
            login_url=f"{self.base_url}login",
            cookie_secret=self.cookie_secret,
            xsrf_cookies=True,
            xsrf_cookie_kwargs={"path": self.base_url, "samesite": "Strict"},
            allow_unauthenticated_access=False,
            allow_remote_access=False,
            local_hostnames=["localhost"],
            identity_provider=self.identity_provider,
            authorizer=self.authorizer,
            serverapp=self,
            log_function=_log_request,
            default_handler_class=MissingHandler,
            config=self.config,
        )
        self.identity_provider.validate_security(self, ssl_options=None)

    def init_signal(self) -> None:
        """Stop at once, without asking, on SIGINT and SIGTERM."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._signal_stop)

    def _signal_stop(self, sig: Any, frame: Any) -> None:
        if not self._stopping:
            self.stop(from_signal=True)

    def init_httpserver(self) -> None:
        """Listen on the first free port of `ports`."""
        self._http_server: Any = BoundedServer(
            self.web_app,
            max_body_size=ENDLESS_BYTES,
            max_buffer_size=BODY_LIMIT_BYTES + 64 * 1024,
            max_header_size=_HEADER_LIMIT_BYTES,
            body_timeout=_SLOW_CLIENT_S,
            idle_connection_timeout=_SLOW_CLIENT_S,
        )
        problem: OSError | None = None
        for port in self.ports:
            try:
                sockets = netutil.bind_sockets(port, self.ip)
            except OSError as error:
                problem = error
                continue
            self.port = sockets[0].getsockname()[1]
            self._http_server.add_sockets(sockets)
            return
        raise problem or OSError("no port to listen on")

    def start_app(self) -> None:
        """Say where the server is, and nothing else."""
        if self.on_listening is not None:
            self.on_listening(self.port)

    async def _cleanup(self) -> None:
        await self.cleanup_extensions()
        self.http_server.stop()

    async def cleanup_extensions(self) -> None:
        """Call the extension's own end, without a word."""
        await self.extension_manager.stop_all_extensions()


def make_server(
    paths: ProjectPaths,
    *,
    ip: str,
    port: int | None,
    token: str,
    allowed_hosts: tuple[str, ...] = (),
    schedule: bool = True,
    on_listening: Callable[[int], None],
) -> SlimServerApp:
    """Return a server that listens; its `start` serves until a signal.

    `port` None tries the default one and those after it, 0 takes any; raises OSError when the port
    is taken.
    """
    tried = tuple(range(DEFAULT_PORT, DEFAULT_PORT + _TRIED_PORTS)) if port is None else (port,)
    HeadraceExtension.paths = paths
    HeadraceExtension.schedule = schedule
    HeadraceExtension.allowed_hosts = allowed_hosts
    HeadraceExtension.serverapp_class = SlimServerApp
    SlimServerApp.ports = tried
    SlimServerApp.on_listening = staticmethod(on_listening)  # pyright: ignore[reportAttributeAccessIssue]
    from traitlets.config import Config

    config = Config()
    config.IdentityProvider.token = token
    config.ServerApp.identity_provider_class = TokenIdentity
    config.ServerApp.cookie_secret_file = str(paths.state / "cookie-secret")
    config.ServerApp.root_dir = str(paths.root)
    config.ServerApp.ip = ip
    config.ServerApp.open_browser = False
    config.ServerApp.terminals_enabled = False
    config.ServerApp.log_level = logging.WARNING
    server = HeadraceExtension.initialize_server(argv=[], config=config)
    assert isinstance(server, SlimServerApp)
    return server


def _log_request(handler: web.RequestHandler) -> None:
    """Log what went wrong on our side; never a query, it may hold what is nobody's business."""
    status = handler.get_status()
    level = logging.ERROR if status >= 500 and status != 503 else logging.DEBUG
    logger.log(level, "%d %s %s", status, handler.request.method, handler.request.path)

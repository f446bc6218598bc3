"""Every address of the server, once: handlers, `openapi.json` and the walk test are made of it."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from headrace.server.backfills import (
    BackfillHandler,
    BackfillPlanHandler,
    BackfillsHandler,
    BackfillsOfPipelineHandler,
    CancelBackfillHandler,
    PastTicksHandler,
    PauseBackfillHandler,
    ResumeBackfillHandler,
)
from headrace.server.base import SecureHandler
from headrace.server.charts import ChartHandler
from headrace.server.comparisons import (
    ChangedRowsHandler,
    CompareHandler,
    PastResultsHandler,
)
from headrace.server.connections import (
    ConnectionHandler,
    ConnectionsHandler,
    ConnectionTestHandler,
)
from headrace.server.displays import DisplayHandler
from headrace.server.imports import (
    ImportedPipelinesHandler,
    ImportPlanHandler,
    ImportProofHandler,
)
from headrace.server.library import LibraryHandler
from headrace.server.login import LoginHandler, LogoutHandler
from headrace.server.metrics import MetricsHandler
from headrace.server.notifications import ChannelTestHandler, NotificationsHandler
from headrace.server.openapi import OpenApiHandler
from headrace.server.outputs import (
    CellHandler,
    ColumnsHandler,
    ExportHandler,
    ProfileHandler,
    RowsHandler,
    StatisticsHandler,
)
from headrace.server.pipelines import (
    BlockHandler,
    BlocksHandler,
    CommandsHandler,
    ExportPipelineHandler,
    LineageHandler,
    PipelineHandler,
    PipelinesHandler,
    SourceHandler,
)
from headrace.server.runs import (
    CancelHandler,
    LogHandler,
    MatrixHandler,
    NotebookHandler,
    RetryHandler,
    RunHandler,
    RunsHandler,
    RunsOfPipelineHandler,
)
from headrace.server.socket import EventSocket
from headrace.server.static import AssetHandler, IconHandler, MissingHandler, PageHandler
from headrace.server.status import StatusHandler
from headrace.server.triggers import (
    PreviewHandler,
    TimezonesHandler,
    TriggerHandler,
    TriggersHandler,
    TriggersOfPipelineHandler,
)
from headrace.server.versions import (
    PublishHandler,
    RestoreHandler,
    RunCodeHandler,
    VersionHandler,
    VersionsHandler,
)
from headrace.server.watermarks import WatermarkHandler, WatermarksHandler
from headrace.server.webhooks import FireHandler, SecretHandler


class Route(NamedTuple):
    """An address below the root, with `{name}` for its parts, and what answers there."""

    path: str
    handler: type[SecureHandler]


PUBLIC = ("login", "assets/{name}", "favicon.svg")
"""All that answers without an identity."""

API: tuple[Route, ...] = (
    Route("api/status", StatusHandler),
    Route("api/metrics", MetricsHandler),
    Route("api/openapi.json", OpenApiHandler),
    Route("api/events", EventSocket),
    Route("api/pipelines", PipelinesHandler),
    Route("api/pipelines/{pipeline}", PipelineHandler),
    Route("api/pipelines/{pipeline}/blocks", BlocksHandler),
    Route("api/pipelines/{pipeline}/blocks/{block}", BlockHandler),
    Route("api/pipelines/{pipeline}/blocks/{block}/source", SourceHandler),
    Route("api/pipelines/{pipeline}/blocks/{block}/results", PastResultsHandler),
    Route("api/pipelines/{pipeline}/commands", CommandsHandler),
    Route("api/pipelines/{pipeline}/export", ExportPipelineHandler),
    Route("api/pipelines/{pipeline}/lineage", LineageHandler),
    Route("api/pipelines/{pipeline}/runs", RunsOfPipelineHandler),
    Route("api/pipelines/{pipeline}/publish", PublishHandler),
    Route("api/pipelines/{pipeline}/versions", VersionsHandler),
    Route("api/pipelines/{pipeline}/versions/{version}", VersionHandler),
    Route("api/pipelines/{pipeline}/versions/{version}/restore", RestoreHandler),
    Route("api/pipelines/{pipeline}/runs/matrix", MatrixHandler),
    Route("api/pipelines/{pipeline}/triggers", TriggersOfPipelineHandler),
    Route("api/pipelines/{pipeline}/triggers/{trigger}", TriggerHandler),
    Route("api/pipelines/{pipeline}/triggers/{trigger}/secret", SecretHandler),
    Route("api/pipelines/{pipeline}/triggers/{trigger}/ticks", PastTicksHandler),
    Route("api/pipelines/{pipeline}/watermarks", WatermarksHandler),
    Route("api/pipelines/{pipeline}/watermarks/{block}", WatermarkHandler),
    Route("api/pipelines/{pipeline}/backfills", BackfillsOfPipelineHandler),
    Route("api/pipelines/{pipeline}/backfills/plan", BackfillPlanHandler),
    Route("api/backfills", BackfillsHandler),
    Route("api/backfills/{backfill}", BackfillHandler),
    Route("api/backfills/{backfill}/pause", PauseBackfillHandler),
    Route("api/backfills/{backfill}/resume", ResumeBackfillHandler),
    Route("api/backfills/{backfill}/cancel", CancelBackfillHandler),
    Route("api/imports/plan", ImportPlanHandler),
    Route("api/imports/proof", ImportProofHandler),
    Route("api/imports/pipelines", ImportedPipelinesHandler),
    Route("api/runs", RunsHandler),
    Route("api/runs/{run}", RunHandler),
    Route("api/runs/{run}/code", RunCodeHandler),
    Route("api/runs/{run}/cancel", CancelHandler),
    Route("api/runs/{run}/retry", RetryHandler),
    Route("api/runs/{run}/blocks/{block}/log", LogHandler),
    Route("api/runs/{run}/notebook", NotebookHandler),
    Route("api/outputs/{address}/rows", RowsHandler),
    Route("api/outputs/{address}/cell", CellHandler),
    Route("api/outputs/{address}/columns", ColumnsHandler),
    Route("api/outputs/{address}/profile", ProfileHandler),
    Route("api/outputs/{address}/compare", CompareHandler),
    Route("api/outputs/{address}/compare/rows", ChangedRowsHandler),
    Route("api/outputs/{address}/statistics", StatisticsHandler),
    Route("api/outputs/{address}/chart", ChartHandler),
    Route("api/outputs/{address}/export", ExportHandler),
    Route("api/outputs/{address}/display", DisplayHandler),
    Route("api/triggers", TriggersHandler),
    Route("api/triggers/preview", PreviewHandler),
    Route("api/triggers/{webhook}/fire", FireHandler),
    Route("api/notifications", NotificationsHandler),
    Route("api/channels/{channel}/test", ChannelTestHandler),
    Route("api/connections", ConnectionsHandler),
    Route("api/connections/{connection}", ConnectionHandler),
    Route("api/connections/{connection}/test", ConnectionTestHandler),
    Route("api/library", LibraryHandler),
    Route("api/timezones", TimezonesHandler),
    Route("api/logout", LogoutHandler),
)

PAGES: tuple[Route, ...] = (
    Route("login", LoginHandler),
    Route("assets/{name}", AssetHandler),
    Route("favicon.svg", IconHandler),
    Route("", PageHandler),
    Route("p/{pipeline}", PageHandler),
    Route("p/{pipeline}/runs/{run}", PageHandler),
    Route("p/{pipeline}/backfill", PageHandler),
    Route("import", PageHandler),
    Route("runs", PageHandler),
    Route("schedules", PageHandler),
    Route("settings", PageHandler),
)

ROUTES = (*API, *PAGES)

_PART = re.compile(r"\{(\w+)\}")


def build_handlers(root: str) -> list[tuple[Any, ...]]:
    """Return Tornado's handlers below `root`, which ends with a slash."""
    handlers: list[tuple[Any, ...]] = [
        (root + pattern_of(route.path), route.handler, _given(route.handler)) for route in ROUTES
    ]
    handlers.append((root + r"(?:.*)", MissingHandler))
    if root != "/":
        handlers.append((root.rstrip("/"), MissingHandler))
    return handlers


def _given(handler: type[SecureHandler]) -> dict[str, Any]:
    """Return what a handler is initialized with: the one that describes all gets them all."""
    return {"api": API} if handler is OpenApiHandler else {}


def pattern_of(path: str) -> str:
    """Return the regular expression of a path: each part in braces is one segment."""
    pieces = _PART.split(path)
    return "".join(
        rf"(?P<{piece}>[^/]+)" if index % 2 else re.escape(piece)
        for index, piece in enumerate(pieces)
    )

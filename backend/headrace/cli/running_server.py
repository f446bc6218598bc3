"""A server that has the project open, as another command of the same user can ask it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Any

import msgspec
from tornado.httpclient import AsyncHTTPClient, HTTPRequest, HTTPResponse

from headrace.core.errors import HeadraceError, InvalidInput, Unavailable
from headrace.core.paths import ProjectPaths
from headrace.notebooks.gathering import SHOWN_ROWS
from headrace.project.files import PIPELINE_FILE, Project
from headrace.project.pipeline import PipelineFiles
from headrace.protocol.tables import FINAL_RUN_STATES, BlockRun, RunRecord

_LEAST_WAIT_S, _MOST_WAIT_S = 0.01, 0.25
"""Between two looks at a run; the longer it takes, the longer they are apart."""
_ANSWER_S = 60.0
_ALIVE_S = 2.0


@dataclass(frozen=True)
class RunningServer:
    """The API of a server at `api`, and the token for it."""

    api: str
    token: str

    async def start(self, pipeline: str, parameters: dict[str, Any]) -> str:
        """Start a run and return its id; raise InvalidInput for values that it does not take."""
        answer = await self._ask(f"pipelines/{pipeline}/runs", {"parameters": parameters})
        return str(json.loads(answer)["id"])

    async def records(self, run: str) -> AsyncGenerator[RunRecord]:
        """Give the run as it goes on; the last one is that of its end."""
        wait = _LEAST_WAIT_S
        while True:
            record = msgspec.json.decode(await self._ask(f"runs/{run}"), type=RunRecord)
            yield record
            if record.state in FINAL_RUN_STATES:
                return
            await asyncio.sleep(wait)
            wait = min(_MOST_WAIT_S, wait * 1.3)

    async def cancel(self, run: str) -> None:
        """Stop a run, and wait until it is over."""
        await self._ask(f"runs/{run}/cancel", {})
        async for _ in self.records(run):
            pass

    async def first_rows(self, block: BlockRun) -> dict[str, Any]:
        """Return the first rows of a block's table as JSON; {} when it has none."""
        if block.output is None or block.output.kind != "table":
            return {}
        path = f"outputs/{block.output.address}/rows?limit={SHOWN_ROWS}"
        try:
            return json.loads(await self._ask(path))
        except HeadraceError:
            return {}

    async def is_alive(self) -> bool:
        """Tell whether it answers, and has its project open."""
        try:
            answer = await self._ask("status", timeout_s=_ALIVE_S)
        except HeadraceError:
            return False
        return json.loads(answer).get("state") == "ready"

    async def _ask(self, path: str, body: Any = None, timeout_s: float = _ANSWER_S) -> bytes:
        request = HTTPRequest(
            f"{self.api}/{path}",
            method="GET" if body is None else "POST",
            headers={
                "Authorization": f"token {self.token}",
                "Accept": "application/json",
                "Content-Type": "application/json",
            },
            body=None if body is None else msgspec.json.encode(body),
            request_timeout=timeout_s,
        )
        try:
            answer: HTTPResponse = await AsyncHTTPClient().fetch(request, raise_error=False)
        except OSError as error:
            raise Unavailable(f"The server of the project does not answer: {error}.") from error
        if answer.code >= 400:
            raise _refusal(answer)
        return answer.body


def _refusal(answer: HTTPResponse) -> HeadraceError:
    try:
        message = str(json.loads(answer.body)["error"]["message"])
    except (ValueError, KeyError, TypeError):
        message = f"The server of the project answered {answer.code}."
    return InvalidInput(message) if 400 <= answer.code < 500 else Unavailable(message)


async def serving(paths: ProjectPaths, files: PipelineFiles) -> RunningServer | None:
    """Return the server of a project when it lives and has this very pipeline."""
    try:
        said = json.loads(paths.server_file.read_bytes())
        server = RunningServer(str(said["api"]), str(said["token"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None
    if not (paths.pipeline(files.pipeline.name) / PIPELINE_FILE).is_file():
        return None
    there = await asyncio.to_thread(Project(paths).read, files.pipeline.name)
    if there.text != files.text or _texts(there) != _texts(files):
        return None
    return server if await server.is_alive() else None


def _texts(files: PipelineFiles) -> dict[str, str]:
    return {name: source.text for name, source in files.sources.items()}

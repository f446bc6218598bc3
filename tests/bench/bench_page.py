"""The first load of the editor: bytes over the wire, requests, and time until it can be used."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from tests.acceptance.harness import Server
from tests.bench import projects
from tests.bench.browser import page_of
from tests.bench.figures import Figure

KB_TARGET, REQUESTS_TARGET, USABLE_TARGET_S = 400, 12, 0.7
_SETTLED_MS = 1000
_SCRIPT = """
addEventListener("DOMContentLoaded", () => {
  window.usable = new Promise((resolve) => {
    const look = () => {
      if (document.querySelector("[data-testid=block-echo] .cm-content") === null) return;
      requestAnimationFrame(() => setTimeout(() => resolve(performance.now())));
      watching.disconnect();
    };
    const watching = new MutationObserver(look);
    watching.observe(document, { subtree: true, childList: true });
    look();
  });
});
"""


def measure(rounds: int) -> list[Figure]:
    """An empty browser cache each time; everything that the page asked for until it was at rest."""
    kilobytes: list[float] = []
    requests: list[float] = []
    usable: list[float] = []
    by_kind: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        project = projects.empty(Path(folder) / "p")
        projects.add_echo(project)
        with Server(project) as server:
            server.wait_ready()
            for _ in range(min(rounds, 7)):
                with page_of(server, _SCRIPT) as page:
                    line = page.context.new_cdp_session(page)
                    line.send("Network.enable")
                    line.send("Network.clearBrowserCache")
                    kinds: dict[str, str] = {}
                    sizes: dict[str, float] = {}
                    line.on("Network.responseReceived", lambda e, k=kinds: _note_kind(e, k))
                    line.on("Network.loadingFinished", lambda e, s=sizes: _note_size(e, s))
                    page.goto(f"{server.url}/p/echo", wait_until="commit")
                    page.wait_for_load_state("domcontentloaded")
                    usable.append(page.evaluate("usable") / 1000)
                    page.wait_for_timeout(_SETTLED_MS)
                    kilobytes.append(sum(sizes.values()) / 1000)
                    requests.append(len(kinds))
                    by_kind = _sums(kinds, sizes)
    return [
        Figure("first load of the editor, bytes", "kB", kilobytes, KB_TARGET, parts=by_kind),
        Figure("first load of the editor, requests", "", requests, REQUESTS_TARGET),
        Figure("first load until its code can be edited", "s", usable, USABLE_TARGET_S),
    ]


def _note_kind(event: dict[str, Any], kinds: dict[str, str]) -> None:
    path = event["response"]["url"].split("/", 3)[-1]
    kinds[event["requestId"]] = f"{event['type']} {path}"


def _note_size(event: dict[str, Any], sizes: dict[str, float]) -> None:
    sizes[event["requestId"]] = event["encodedDataLength"]


def _sums(kinds: dict[str, str], sizes: dict[str, float]) -> dict[str, float]:
    named = {name: sizes.get(request, 0.0) / 1000 for request, name in kinds.items()}
    return dict(sorted(named.items(), key=lambda entry: -entry[1]))

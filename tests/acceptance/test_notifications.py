"""People hear of failures, recoveries, lateness and first successes: once, in words, from a real server."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from headrace.runs.notifications import BACKOFF_S

from .harness import Server
from .history import keep_history
from .plant import until
from .receivers import Hook, Mailbox, mail_server, web_hook

CANARY = "s3cr3t canary/42"
OWN_SECRET = "block-s3cr3t-canary"
FAST = {"HEADRACE_GATHER_S": "0.5"}
CODE = """\
import os
from pathlib import Path

from headrace import exporter


@exporter
def say(n: int = 0):
    print("\\x1b[31mlooking for {state}\\x1b[0m", os.environ["OWN_SECRET"])
    assert Path({state!r}).read_text() == "good", f"the source is bad: {{os.environ['OWN_SECRET']}}"
"""


class Place:
    """A project whose pipelines fail while its file `state` says so."""

    def __init__(self, folder: Path, history: str) -> None:
        self.folder = folder
        self.history = history
        self.state = folder / "state.txt"
        folder.mkdir()
        self.settings("")

    def settings(self, text: str) -> None:
        (self.folder / "headrace.yaml").write_text(text)
        keep_history(self.folder, self.history)

    def says(self, state: str) -> None:
        self.state.write_text(state)

    def pipeline(self, name: str, more: str) -> None:
        folder = self.folder / "pipelines" / name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "say.py").write_text(CODE.format(state=str(self.state)))
        (folder / "pipeline.yaml").write_text(
            "parameters:\n  n: {type: integer, default: 0}\n"
            f"blocks:\n  - {{name: say, kind: exporter, file: say.py}}\n{more}"
        )


@pytest.fixture
def place(tmp_path: Path, history_url: str) -> Place:
    return Place(tmp_path / "project", history_url)


@pytest.fixture
def hook() -> Iterator[Hook]:
    with web_hook() as opened:
        yield opened


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with mail_server() as opened:
        yield opened


@pytest.fixture
def serve(place: Place) -> Iterator[Callable[..., Server]]:
    servers: list[Server] = []

    def start(*, options: tuple[str, ...] = ("--no-scheduler",), **env: str) -> Server:
        own = {"OWN_SECRET": OWN_SECRET, "HOOK_TOKEN": CANARY, **FAST}
        servers.append(Server(place.folder, options=options, env=own | env))
        servers[0].wait_ready()
        return servers[0]

    yield start
    for server in servers:
        server.close()


def to_hook(hook: Hook, more: str = "") -> str:
    return (
        "secrets: [OWN_SECRET]\nnotify:\n"
        f'  team: {{url: "json://127.0.0.1:{hook.port}/${{HOOK_TOKEN}}", private: true{more}}}\n'
    )


ALL = "notify: {failure: [team], recovery: [team], first_success: [team]}\n"


def told(hook: Hook, number: int) -> list[dict[str, Any]]:
    until(lambda: len(hook.requests) >= number, f"{number} messages", 60)
    return hook.messages


def quiet(server: Server, hook: Hook) -> int:
    """Wait until nothing waits to be sent; return how many messages came."""

    def done() -> bool:
        listed = server.get("notifications").json()["notifications"]
        return all(one["state"] != "waiting" for one in listed)

    until(done, "everything sent", 60)
    return len(hook.requests)


def test_an_incident_is_told_once_at_its_beginning_and_once_at_its_end(
    place: Place, hook: Hook, serve: Callable[..., Server]
) -> None:
    place.settings(to_hook(hook))
    place.pipeline("flights", ALL)
    place.says("bad")
    server = serve()
    first = server.run("flights")
    [failure] = told(hook, 1)
    assert failure["title"] == "[project] flights failed"
    assert failure["type"] == "failure"
    assert "Block: say" in failure["message"]
    assert "the source is bad" in failure["message"]
    assert f"{server.url}/p/flights/runs/{first['id']}" in failure["message"]
    assert "looking for" in failure["message"], "the end of the log is there"
    assert "\x1b" not in failure["message"], "without colours of terminals"
    for _ in range(3):
        server.run("flights")
    place.says("good")
    server.run("flights")
    messages = told(hook, 2)
    title = "[project] flights recovered, flights succeeded for the first time"
    assert messages[1]["title"] == title
    assert "4 failed meanwhile" in messages[1]["message"]
    server.run("flights")
    assert quiet(server, hook) == 2, "a run that does as the one before is no news"


def test_nobody_reads_a_secret(
    place: Place, hook: Hook, mailbox: Mailbox, serve: Callable[..., Server]
) -> None:
    place.settings(
        to_hook(hook) + "  mail:\n    private: true\n    url: "
        f'"mailto://127.0.0.1:{mailbox.port}?smtp=127.0.0.1&from=a@headrace.test&to=b@headrace.test"\n'
    )
    place.pipeline("flights", "notify: {failure: [team, mail]}\n")
    place.says("bad")
    server = serve()
    server.run("flights")
    [message] = told(hook, 1)
    until(lambda: len(mailbox.mails) == 1, "the mail", 60)
    [mail] = mailbox.texts()
    assert mail.startswith("[project] flights failed\n")
    assert "the source is bad: ***" in mail
    assert "the source is bad: ***" in message["message"]
    assert hook.paths == ["/s3cr3t%20canary%2F42"], "the service itself gets its secret"
    seen = json.dumps(message) + mail + mailbox.raw[0].decode()
    seen += server.get("notifications").text + server.log_file.read_text()
    seen += "".join(path.read_text("utf-8", "replace") for path in [place.folder / "headrace.yaml"])
    for secret in (CANARY, "s3cr3t%20canary", OWN_SECRET):
        assert secret not in seen


def test_fifty_failures_are_one_message(
    place: Place, hook: Hook, serve: Callable[..., Server]
) -> None:
    place.settings(to_hook(hook, ", events: [failure]"))
    for number in range(10):
        place.pipeline(f"p{number}", "")
    place.says("bad")
    server = serve(HEADRACE_GATHER_S="4")
    started = [
        server.post(f"pipelines/p{number}/runs", {"parameters": {"n": turn}}).json()["id"]
        for turn in range(5)
        for number in range(10)
    ]

    def over() -> bool:
        listed = server.get("runs?state=failed&limit=100").json()["runs"]
        return {run["id"] for run in listed} >= set(started)

    until(over, "fifty failures", 90)
    told(hook, 1)
    assert quiet(server, hook) <= 2, "more than one only when the machine took seconds for it"
    listed = server.get("notifications").json()["notifications"]
    assert len(listed) == 10, "one for each pipeline, not for each run"
    if len(hook.requests) == 1:
        assert hook.messages[0]["title"] == "[project] 10 pipelines failed"
        for number in range(10):
            assert f"p{number} failed" in hook.messages[0]["message"]


def test_a_tick_that_is_not_over_in_time_is_told_while_it_still_runs(
    place: Place, hook: Hook, serve: Callable[..., Server]
) -> None:
    place.settings(to_hook(hook))
    place.pipeline(
        "slow",
        "notify: {late: [team], recovery: [team], late_after: 2s}\n"
        "triggers:\n  - {name: often, every: 1s, overlap: skip}\n",
    )
    place.says("good")
    file = place.folder / "pipelines" / "slow" / "say.py"
    file.write_text(
        "import time\nfrom pathlib import Path\n\nfrom headrace import exporter\n\n\n@exporter\n"
        f"def say():\n    while not Path({str(place.folder / 'go')!r}).exists():\n        time.sleep(0.05)\n"
    )
    server = serve(options=())
    [late] = told(hook, 1)
    assert late["title"] == "[project] slow is late"
    assert late["type"] == "warning"
    assert "Tick of often" in late["message"]
    assert server.get("runs?state=running").json()["runs"], "it is told before the run is over"
    (place.folder / "go").write_text("")
    messages = told(hook, 2)
    assert messages[1]["title"] == "[project] slow recovered"


def test_a_channel_that_is_dead_says_so_slows_no_run_and_gets_it_later(
    place: Place, hook: Hook, serve: Callable[..., Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    place.settings(to_hook(hook))
    place.pipeline("flights", ALL)
    place.says("bad")
    hook.answer = 500
    server = serve()
    server.run("flights")
    until(lambda: hook.refused >= 1, "a refusal", 60)
    until(lambda: _channel(server)["error"] is not None, "the error", 60)
    channel = _channel(server)
    assert channel["waiting"] == 1
    assert CANARY not in channel["error"]
    began = time.monotonic()
    server.run("flights")
    assert time.monotonic() - began < BACKOFF_S[0] / 2, "runs do not wait for channels"
    hook.answer = 200
    [message] = told(hook, 1)
    assert message["title"] == "[project] flights failed 2 times", "as it is when it is sent"
    until(lambda: _channel(server)["error"] is None, "a good channel", 60)


def _channel(server: Server) -> dict[str, Any]:
    [channel] = server.get("notifications").json()["channels"]
    return channel


POINTS = {
    "notify.before-send": (0, 1),
    "notify.after-send": (1, 2),
    "notify.before-commit": (1, 2),
    "notify.after-commit": (1, 1),
}
"""Where a server dies → messages that came before, and in all."""


@pytest.mark.parametrize("point", POINTS)
def test_a_crash_loses_no_message(
    place: Place, hook: Hook, serve: Callable[..., Server], point: str
) -> None:
    place.settings(to_hook(hook))
    place.pipeline("flights", ALL)
    place.says("bad")
    server = serve(HEADRACE_CRASH=point, HEADRACE_CLAIM_S="3")
    server.post("pipelines/flights/runs", {})
    server.wait_dead()
    before, in_all = POINTS[point]
    assert len(hook.requests) == before
    server.env["HEADRACE_CRASH"] = ""
    server.start()
    server.wait_ready()
    told(hook, 1)
    assert quiet(server, hook) == in_all
    keys = {headers["Idempotency-Key"] for headers, _ in hook.requests}
    assert len(keys) == 1, "whoever gets it twice can see that it is the same"
    assert len(server.get("notifications").json()["notifications"]) == 1


def test_a_test_message_says_what_came_of_it(
    place: Place, hook: Hook, serve: Callable[..., Server]
) -> None:
    place.settings(
        to_hook(hook)
        + f'  public: "json://127.0.0.1:{hook.port}/x"\n'
        + '  cloud: {url: "json://169.254.169.254/latest", private: true}\n'
        + "  unset: ${NO_SUCH_VARIABLE}\n"
    )
    server = serve()
    assert server.post("channels/team/test").json() == {"error": None}
    assert hook.messages[0]["title"] == "[project] Test of the channel team"
    said = {
        name: server.post(f"channels/{name}/test").json()["error"]
        for name in ("public", "cloud", "unset")
    }
    assert "127.0.0.1 is an address of a private network" in said["public"]
    assert "private: true" in said["public"]
    assert "169.254.169.254" in said["cloud"]
    assert "NO_SUCH_VARIABLE" in said["unset"]
    assert len(hook.requests) == 1
    assert server.post("channels/nobody/test").status_code == 404
    channels = {one["name"]: one for one in server.get("notifications").json()["channels"]}
    assert channels["team"]["sent_at"] is not None
    assert channels["public"]["error"] == said["public"]
    assert "NO_SUCH_VARIABLE" in channels["unset"]["problem"]
    assert "url" not in channels["team"]


def test_a_redirect_leads_nowhere_else(
    place: Place, hook: Hook, serve: Callable[..., Server]
) -> None:
    place.settings(to_hook(hook))
    hook.answer, hook.location = 307, "http://169.254.169.254/latest/meta-data"
    server = serve()
    error = server.post("channels/team/test").json()["error"]
    assert "169.254.169.254 is an address that nobody is told at" in error


def test_a_tick_that_succeeds_when_it_is_tried_again_is_no_failure(
    place: Place, hook: Hook, serve: Callable[..., Server]
) -> None:
    place.settings(to_hook(hook))
    place.pipeline(
        "shaky",
        f"{ALL}triggers:\n  - {{name: often, every: 1s, overlap: skip, retries: 3, backoff: 100ms}}\n",
    )
    tried = place.folder / "tried"
    (place.folder / "pipelines" / "shaky" / "say.py").write_text(
        "from pathlib import Path\n\nfrom headrace import exporter\n\n\n@exporter\ndef say():\n"
        f"    tried = Path({str(tried)!r})\n    if not tried.exists():\n        tried.touch()\n"
        "        raise ValueError('once')\n"
    )
    server = serve(options=())
    [message] = told(hook, 1)
    assert message["title"] == "[project] shaky succeeded for the first time"
    assert tried.exists()
    failed = server.get("runs?state=failed").json()["runs"]
    assert len(failed) == 1, "its first try failed"

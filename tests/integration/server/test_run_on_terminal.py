"""`headrace run` on a terminal: drawn anew, as wide as it is, stopped by Ctrl+C."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import signal
import struct
import subprocess
import termios
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

LOADER = "from headrace import loader\n\n\n@loader\ndef {}:\n{}"
STEPS = LOADER.format(
    "steps(context)",
    "    import time\n"
    "    for n in range(8):\n"
    "        context.progress(n, 8)\n"
    "        time.sleep(0.05)\n"
    "    return [{'n': 1}, {'n': 2}]\n",
)
BARS = LOADER.format(
    "bars()",
    "    import time\n"
    "    from tqdm import tqdm\n"
    "    for _ in tqdm(range(10), mininterval=0.01):\n"
    "        time.sleep(0.05)\n",
)
LAST = (
    "from headrace import transformer\n\n\n@transformer\ndef last(steps):\n    return len(steps)\n"
)
FAILS = LOADER.format("fails()", "    raise ValueError('\\x1b[2Jwhy')\n")
WAITS = LOADER.format("waits()", "    import time\n    time.sleep(60)\n")
DEAF = LOADER.format(
    "deaf()",
    "    import signal, time\n"
    "    for number in (signal.SIGINT, signal.SIGTERM):\n"
    "        signal.signal(number, signal.SIG_IGN)\n"
    "    print('ready', flush=True)\n"
    "    while True:\n"
    "        time.sleep(1)\n",
)


def project_of(folder: Path, **sources: str) -> Path:
    """A pipeline `p` of loaders, and of `last` after `steps`."""
    pipeline = folder / "pipelines" / "p"
    pipeline.mkdir(parents=True)
    lines = ["blocks:"]
    for name, source in sources.items():
        (pipeline / f"{name}.py").write_text(source)
        kind = "transformer, upstream: [steps]" if name == "last" else "loader"
        lines.append(f"  - {{name: {name}, kind: {kind}, file: {name}.py}}")
    (pipeline / "pipeline.yaml").write_text("\n".join(lines) + "\n")
    return folder


class Terminal:
    """A terminal with a command in it; what it wrote, and what would be on the screen."""

    def __init__(self, command: list[str], *, columns: int = 80, **environment: str) -> None:
        self._main, side = pty.openpty()
        fcntl.ioctl(side, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        self.written = ""
        self.process = subprocess.Popen(
            command,
            stdin=side, stdout=subprocess.DEVNULL, stderr=side, start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
            env={**os.environ, "TERM": "xterm", "PYTHONIOENCODING": "utf-8", **environment},
        )  # fmt: skip
        os.close(side)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        raw = b""
        while True:
            try:
                raw += os.read(self._main, 65536)
            except OSError:  # the other side is closed
                return
            self.written = raw.decode(errors="replace")

    def press_ctrl_c(self) -> None:
        os.write(self._main, b"\x03")

    def until(self, found: Callable[[], bool], limit_s: float = 60) -> None:
        ending = time.monotonic() + limit_s
        while not found():
            assert time.monotonic() < ending, self.written
            time.sleep(0.01)

    def exit_code(self) -> int:
        code = self.process.wait(30)
        self._reader.join(5)
        os.close(self._main)
        return code

    @property
    def screen(self) -> list[str]:
        """The lines that are left on the screen, without colours."""
        lines, row, column = [""], 0, 0
        for part in re.split(r"(\x1b\[[?0-9;]*[A-Za-z]|\r\n|\r)", self.written):
            if part == "\r\n":
                row, column = row + 1, 0
                lines += [""] * (row == len(lines))
            elif up := re.fullmatch(r"\x1b\[(\d+)A", part):
                row -= int(up[1])
                assert row >= 0, "drawn above what was there"
            elif part in ("\x1b[K", "\x1b[J"):
                lines[row] = lines[row][:column]
                if part.endswith("J"):
                    del lines[row + 1 :]
            elif part == "\r":
                column = 0
            elif not part.startswith("\x1b"):
                lines[row] = lines[row][:column] + part + lines[row][column + len(part) :]
                column += len(part)
        return [line for line in lines if line]


@pytest.fixture
def terminal(tmp_path, harness):
    """Make a terminal that runs the pipeline."""
    opened: list[Terminal] = []

    def open_terminal(*arguments: str, columns: int = 80, env=None, **sources: str) -> Terminal:
        project = project_of(tmp_path / "project", **sources)
        command = [*harness.headrace_command(), "run", "p", "-C", str(project), *arguments]
        opened.append(Terminal(command, columns=columns, **(env or {})))
        return opened[-1]

    yield open_terminal
    for one in opened:
        if one.process.poll() is None:
            one.process.kill()
            one.process.wait()


def test_what_runs_is_drawn_anew_and_what_ended_stays(terminal):
    shown = terminal(steps=STEPS, last=LAST)
    assert shown.exit_code() == 0
    assert re.search(r"steps +0\.\d\d s  ━+─* +\d / 8", shown.written)
    assert "\x1b[32m✓\x1b[0m steps" in shown.written
    first, second, summary = shown.screen
    assert re.fullmatch(r"✓ steps  done in 0\.\d\d s", first), shown.screen
    assert re.fullmatch(r"✓ last  done in 0\.\d\d s", second)
    assert re.fullmatch(r"p: succeeded in \d\.\d\d s", summary)
    assert shown.written.rindex("\x1b[?25h") > shown.written.rindex("\x1b[?25l")


def test_a_bar_of_tqdm_is_drawn_as_progress(terminal):
    shown = terminal(bars=BARS)
    assert shown.exit_code() == 0
    assert re.search(r"━─* +\d+ / 10", shown.written)


def test_a_failure_is_told_with_what_it_says_and_cannot_command_the_terminal(terminal):
    shown = terminal(fails=FAILS)
    assert shown.exit_code() == 1
    assert "ValueError: \ufffd[2Jwhy" in shown.written
    assert "\x1b[2J" not in shown.written


def test_there_are_no_colours_with_no_color_and_no_line_wider_than_the_terminal(terminal):
    shown = terminal(steps=STEPS, columns=24, env={"NO_COLOR": "1"})
    assert shown.exit_code() == 0
    assert not re.search(r"\x1b\[\d*m", shown.written)
    drawn = re.findall(r"^([⠀-⣿].*?)\x1b\[K", shown.written.replace("\x1b[?7l", "\n"), re.MULTILINE)
    assert drawn
    assert max(len(line) for line in drawn) <= 23


def test_ctrl_c_stops_the_blocks(terminal):
    shown = terminal(waits=WAITS)
    shown.until(lambda: "waits" in shown.written)
    shown.press_ctrl_c()
    assert shown.exit_code() == 130
    assert "Stopping the blocks" in shown.written
    assert "■" in shown.written
    assert "p: cancelled" in shown.written
    assert "Traceback" not in shown.written


def test_a_second_ctrl_c_kills_what_does_not_stop(terminal, tmp_path):
    shown = terminal(deaf=DEAF)
    logs = tmp_path / "project" / ".headrace" / "logs"
    shown.until(lambda: any(log.stat().st_size for log in logs.glob("*/deaf.1.log")))
    shown.press_ctrl_c()
    shown.until(lambda: "stopping …" in shown.written)
    began = time.monotonic()
    shown.press_ctrl_c()
    assert shown.exit_code() == 130
    assert time.monotonic() - began < 4, "a stage of stopping alone takes five seconds"
    assert "Killing what still runs" in shown.written


def test_elsewhere_there_are_plain_lines_and_json_is_the_last_one(tmp_path, harness):
    project = project_of(tmp_path / "project", steps=STEPS, last=LAST)
    command = [*harness.headrace_command(), "run", "p", "-C", str(project), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert "\x1b" not in done.stderr
    assert re.search(r"^  steps …\n  steps: done in 0\.\d\d s", done.stderr, re.MULTILINE)
    assert json.loads(done.stdout.splitlines()[-1])["state"] == "succeeded"


def test_results_are_shared_with_the_server(tmp_path, harness):
    project = project_of(tmp_path / "project", steps=STEPS, last=LAST)
    with harness.Server(project) as server:
        server.wait_ready()
        server.run("p")
        command = [*harness.headrace_command(), "run", "p", "-C", str(project)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert "  last: cached\n" in done.stderr


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["ctrl-c", "terminate"]
)
def test_a_signal_ends_a_run_by_its_record_and_its_exit_code(tmp_path, harness, number, code):
    project = project_of(tmp_path / "project", waits=WAITS)
    with _begun(harness, project, "--json") as line:
        assert line.stderr.readline() == "  waits …\n"
        line.send_signal(number)
        printed, told = line.communicate(timeout=60)
    assert line.returncode == code
    assert json.loads(printed.splitlines()[-1])["state"] == "cancelled"
    assert "waits: stopped" in told
    assert "Traceback" not in told
    assert _runs(harness, project) == ["cancelled"]


def _begun(harness, project, *arguments):
    return subprocess.Popen(
        [*harness.headrace_command(), "run", "p", "-C", str(project), *arguments],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def _runs(harness, project):
    command = [*harness.headrace_command(), "runs", "-C", str(project), "--json"]
    listed = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    return [run["state"] for run in json.loads(listed.stdout)["runs"]]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_before_the_run_begins_leaves_nothing_behind(tmp_path, harness, number):
    project = project_of(tmp_path / "project", waits=WAITS)
    with _begun(harness, project) as line:
        # The database is there once the project is being opened.
        _until(lambda: (project / ".headrace" / "headrace.db").exists())
        line.send_signal(number)
        told = line.communicate(timeout=60)[1]
    assert line.returncode == 128 + number, told
    if told != "Stopped before the run began.\n":
        assert "waits: stopped" in told, "it was quicker than the signal"
    assert set(_runs(harness, project)) <= {"cancelled"}


def _until(found):
    ending = time.monotonic() + 60
    while not found():
        assert time.monotonic() < ending
        time.sleep(0.001)


def test_on_a_terminal_json_is_printed_beside_what_is_drawn(tmp_path, harness):
    project = project_of(tmp_path / "project", fails=FAILS)
    drawn, side = pty.openpty()
    command = [*harness.headrace_command(), "run", "p", "-C", str(project), "--json"]
    env = {**os.environ, "TERM": "xterm"}
    done = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=side, text=True, env=env, check=False
    )
    os.close(side)
    shown = os.read(drawn, 65536).decode()
    os.close(drawn)
    assert done.returncode == 1
    (line,) = done.stdout.splitlines()
    assert json.loads(line)["blocks"][0]["state"] == "failed"
    assert "\x1b[" in shown


def test_a_run_beside_a_server_is_stopped_alone_and_seen_by_it(tmp_path, harness):
    project = project_of(tmp_path / "project", waits=WAITS, steps=STEPS, last=LAST)
    with harness.Server(project) as server:
        server.wait_ready()
        with _begun(harness, project) as line:
            told = ""
            while "last: done" not in told:
                told += line.stderr.readline()
            (run,) = server.get("runs", params={"state": "running"}).json()["runs"]
            line.send_signal(signal.SIGINT)
            line.communicate(timeout=60)
        assert line.returncode == 130
        record = server.get(f"runs/{run['id']}").json()
        assert record["state"] == "cancelled"
        states = {block["name"]: block["state"] for block in record["blocks"]}
        assert states == {"waits": "cancelled", "steps": "succeeded", "last": "succeeded"}
        again = server.run("p", blocks=["last"])
        assert again["blocks"][1]["cache"].startswith("hit: "), "what it had done is not done again"

"""What `headrace run` tells of a run as it goes: drawn anew on a terminal, lines elsewhere."""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, TextIO

from headrace.protocol import events as ev

if TYPE_CHECKING:
    from headrace.protocol.tables import Output

_REDRAW_S = 0.1
_REPORT_S = 10.0
"""How often a line tells how far a block is, where nothing can be drawn anew."""
_NAME_WIDTH = 28
_BAR_WIDTH = 16
_SGR = {"succeeded": "32", "cached": "35", "failed": "31", "faint": "2", "running": "36"}
_STAGES = {
    "interrupt": "stopping …",
    "terminate": "did not stop: terminating …",
    "kill": "did not end: killing …",
}


class View(Protocol):
    """Tells of a run to somebody who watches."""

    def hear(self, event: ev.Event) -> None:
        """Take an event of the run's session."""

    def say(self, text: str) -> None:
        """Tell a line that is no event."""

    def close(self) -> None:
        """Leave the terminal as it was."""


def view_of(stream: TextIO) -> View:
    """Return the view that fits: drawn anew where that can be seen, lines for files and pipes."""
    if stream.isatty() and os.environ.get("TERM", "") not in ("", "dumb"):
        return Drawing(stream)
    return Lines(stream)


@dataclass
class _Running:
    """A block that runs."""

    name: str
    since: float
    """Monotonic seconds."""
    progress: tuple[float, float | None] | None = None
    stage: str = ""
    told: float = 0.0
    """When its progress was last told in a line."""


@dataclass
class _Story:
    """What is known of the run: the blocks that run, and what has become of the others."""

    tell: Callable[[str, str, str], None]
    """Called with the tone, the block and the words of each thing that happened."""
    running: dict[str, _Running] = field(default_factory=dict[str, _Running])
    blocks: int = 0
    over: int = 0

    def hear(self, event: ev.Event) -> None:
        match event:
            case ev.RunQueued():
                self.blocks = len(event.blocks)
            case ev.BlockStarted() if event.pokes and event.block in self.running:
                self.running[event.block].stage = "asked again …"
            case ev.BlockWaiting():
                waiting = self.running.setdefault(
                    event.block, _Running(event.block, time.monotonic())
                )
                waiting.stage = f"waiting: poke at {event.poke_at.astimezone():%H:%M:%S}"
                if event.pokes == 1:
                    until = f"{event.give_up_at.astimezone():%Y-%m-%d %H:%M:%S}"
                    self.tell("waiting", event.block, f"not ready; waits until {until} at most")
            case ev.BlockStarted():
                now = time.monotonic()
                self.running[event.block] = _Running(event.block, now, told=now)
                self.tell("started", event.block, "…")
            case ev.ProgressMade() if event.block in self.running:
                self.running[event.block].progress = (event.done, event.total)
            case ev.StopAdvanced():
                if event.block in self.running:
                    self.running[event.block].stage = _STAGES.get(event.stage, event.stage)
                self.tell("stage", event.block, _STAGES.get(event.stage, event.stage))
            case _:
                self._hear_end(event)

    def _hear_end(self, event: ev.Event) -> None:
        match event:
            case ev.BlockFinished():
                self._end(event.block)
                done = f"done in {span(event.seconds)}" if event.state != "cached" else "cached"
                self.tell(event.state, event.block, done + _rows(event.output))
            case ev.BlockFailed():
                self.running.pop(event.block, None)
                self.over += event.retry_at is None
                again = "; it is tried again" if event.retry_at is not None else ""
                words = f"failed after {span(event.seconds)}{again}\n{event.failure.words}"
                self.tell("failed", event.block, words)
            case ev.BlocksSkipped():
                for name in event.blocks:
                    self._end(name)
                    self.tell("skipped", name, f"skipped: {event.because}")
            case ev.BlocksCancelled():
                for name in event.blocks:
                    began = name in self.running
                    self._end(name)
                    self.tell("cancelled", name, "stopped" if began else "not started")
            case _:
                pass

    def _end(self, name: str) -> None:
        self.running.pop(name, None)
        self.over += 1


class Lines:
    """A line for each thing that happens, and now and then for how far a block is."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._story = _Story(self._tell)

    def hear(self, event: ev.Event) -> None:
        """Take an event of the run's session."""
        self._story.hear(event)
        block = self._story.running.get(event.block) if isinstance(event, ev.ProgressMade) else None
        now = time.monotonic()
        if block is not None and now - block.told >= _REPORT_S:
            block.told = now
            self._tell("", block.name, _progress_words(block, now))

    def say(self, text: str) -> None:
        """Tell a line that is no event."""
        self._stream.write(f"{text}\n")
        self._stream.flush()

    def close(self) -> None:
        """There is nothing to put back."""

    def _tell(self, tone: str, block: str, words: str) -> None:
        head, *more = printable(words).split("\n")
        between = " " if tone == "started" else ": "
        self.say("\n".join([f"  {block}{between}{head}", *(f"    {line}" for line in more)]))


class Drawing:
    """A line for each block that runs, drawn anew; those that ended stay above."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._story = _Story(self._tell)
        self._since = time.monotonic()
        self._said: list[str] = []
        self._drawn = 0
        self._timer: asyncio.TimerHandle | None = None
        self._colours = not os.environ.get("NO_COLOR")
        is_wide = (stream.encoding or "").lower().replace("-", "") in ("utf8", "utf16")
        self._spinner = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏" if is_wide else "|/-\\"
        self._bar = ("━", "─") if is_wide else ("#", ".")
        self._signs = dict(
            zip(
                ("succeeded", "cached", "failed", "skipped", "cancelled"),
                "✓=✗–■" if is_wide else "+=!-x",
                strict=True,
            )
        )

    def hear(self, event: ev.Event) -> None:
        """Take an event of the run's session."""
        self._story.hear(event)
        self._soon()

    def say(self, text: str) -> None:
        """Tell a line that is no event."""
        self._said += text.split("\n")
        self._soon()

    def close(self) -> None:
        """Draw the end, and show the cursor again."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._story.running.clear()
        self._draw(is_last=True)

    def _tell(self, tone: str, block: str, words: str) -> None:
        if tone not in self._signs:
            return  # what runs has its own line
        head, *more = printable(words).split("\n")
        sign = self._painted(self._signs[tone], tone)
        self._said.append(f"{sign} {block}  {self._painted(head, 'faint')}")
        self._said += [f"    {line}" for line in more]

    def _soon(self) -> None:
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(
                _REDRAW_S if self._drawn else 0.0, self._redraw
            )

    def _redraw(self) -> None:
        self._timer = None
        self._draw()
        if self._story.running:
            self._soon()

    def _draw(self, *, is_last: bool = False) -> None:
        """Write everything at once, over what was there: nothing flickers."""
        columns, rows = self._size()
        live = [] if is_last else self._live(columns - 1, max(1, rows - 2))
        up = f"\x1b[{self._drawn}A" if self._drawn else ""
        # Lines as wide as the terminal must not wrap, or the next drawing would begin too low.
        lines = [f"{line}\x1b[K\n" for line in self._said]
        lines += ["\x1b[?7l", *(f"{line}\x1b[K\n" for line in live), "\x1b[?7h"]
        cursor = "\x1b[?25h" if is_last else "\x1b[?25l"
        self._said = []
        self._drawn = len(live)
        with contextlib.suppress(OSError):  # the terminal is gone: the run goes on
            self._stream.write(f"\x1b[?2026h{cursor}{up}\r{''.join(lines)}\x1b[J\x1b[?2026l")
            self._stream.flush()

    def _live(self, columns: int, rows: int) -> list[str]:
        now = time.monotonic()
        running = list(self._story.running.values())
        if not running:
            return []
        shown = running if len(running) <= rows else running[: rows - 1]
        wide = min(_NAME_WIDTH, max(width(block.name) for block in shown))
        lines = [self._line(block, now, wide, columns) for block in shown]
        rest = len(running) - len(shown)
        story = self._story
        words = f"{story.over} of {story.blocks} blocks · {span(now - self._since)}"
        if rest:
            words += f" · {rest} more running"
        return [*lines, self._painted(fitted(f"  {words}", columns), "faint")]

    def _line(self, block: _Running, now: float, wide: int, columns: int) -> str:
        elapsed = now - block.since
        turn = self._spinner[int(now / _REDRAW_S) % len(self._spinner)]
        name = fitted(block.name, wide)
        head = f"{name}{' ' * (wide - width(name))}  {span(elapsed):>6}"
        words = block.stage or _progress_words(block, now)
        bar = ""
        done, total = block.progress or (0.0, None)
        if total and not block.stage and columns >= wide + _BAR_WIDTH + 24:
            filled = round(_BAR_WIDTH * min(1.0, max(0.0, done / total)))
            bar = f"  {self._bar[0] * filled}{self._bar[1] * (_BAR_WIDTH - filled)}"
        line = fitted(f"{turn} {head}{bar}  {words}".rstrip(), columns)
        return self._painted(line[:1], "running") + line[1:]

    def _size(self) -> tuple[int, int]:
        with contextlib.suppress(OSError, ValueError):
            size = os.get_terminal_size(self._stream.fileno())
            if size.columns and size.lines:
                return size.columns, size.lines
        return 80, 24

    def _painted(self, text: str, tone: str) -> str:
        code = _SGR.get(tone, "")
        return f"\x1b[{code}m{text}\x1b[0m" if code and self._colours else text


def _progress_words(block: _Running, now: float) -> str:
    if block.progress is None:
        return ""
    return progress_words(*block.progress, now - block.since)


def progress_words(done: float, total: float | None, seconds: float) -> str:
    """Say done and total, the rate, and the time that is left: `4 / 9 · 2/s · 2.5 s left`."""
    words = [f"{done:,.10g}" if total is None else f"{done:,.10g} / {total:,.10g}"]
    if seconds >= 1 and done > 0:
        rate = done / seconds
        words.append(f"{rate:,.0f}/s" if rate >= 10 else f"{rate:.2g}/s")
        if total is not None and total > done:
            words.append(f"{span((total - done) / rate)} left")
    return " · ".join(words)


def span(seconds: float) -> str:
    """Say a length of time: `0.21 s`, `38 s`, `6 m 10 s`, `2 h 5 m`."""
    if seconds < 9.95:
        return f"{seconds:.2f} s" if seconds < 1 else f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} m {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} m"


def width(text: str) -> int:
    """Return how many columns of a terminal a text takes."""
    return sum(
        0 if unicodedata.combining(sign) else 2 if unicodedata.east_asian_width(sign) in "WF" else 1
        for sign in text
    )


def fitted(text: str, columns: int) -> str:
    """Shorten a text to so many columns, with … at its end."""
    if width(text) <= columns:
        return text
    while text and width(text) > columns - 1:
        text = text[:-1]
    return f"{text}…" if columns > 0 else ""


def printable(text: str) -> str:
    """Take out what would command a terminal: messages hold whatever a block put in them."""
    return "".join(
        sign if sign in "\n\t" or unicodedata.category(sign) not in ("Cc", "Cs") else "\ufffd"
        for sign in text
    )


def _rows(output: Output) -> str:
    if output.rows is None:
        return ""
    return f", {output.rows:,} row" + ("" if output.rows == 1 else "s")

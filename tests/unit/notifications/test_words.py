"""What a message says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from headrace.notifications.words import Item, RunFacts, compose, one_line, tail
from headrace.runs.incidents import Claimed, Telling

SIX = datetime(2026, 3, 2, 6, tzinfo=UTC)
LINKS = "https://headrace.example.org"


def item(
    pipeline: str = "flights",
    event: Any = "failure",
    failures: int = 1,
    facts: RunFacts | None = None,
    **telling: Any,
) -> Item:
    said = Telling(**({"event": event, "incident": "i", "at": SIX, "run": "r1"} | telling))
    return Item(
        claimed=Claimed(
            id=1, channel="team", pipeline=pipeline, telling=said, attempts=1, failures=failures
        ),
        facts=facts or RunFacts(),
    )


def test_a_failure_says_what_where_why_and_how_the_log_ends() -> None:
    facts = RunFacts(trigger="nightly", block="late", log_tail="reading\nKeyError")
    message = compose(
        "shop", [item(reason="KeyError: 'carrier'", logical_time=SIX, facts=facts)], LINKS
    )
    assert message.title == "[shop] flights failed"
    assert message.kind == "failure"
    assert message.text == (
        "flights failed at 2026-03-02 06:00:00 UTC.\n"
        "Tick of nightly: 2026-03-02 06:00:00 UTC\n"
        "Block: late\n"
        "Reason: KeyError: 'carrier'\n"
        "https://headrace.example.org/p/flights/runs/r1\n\n"
        "The end of its log:\nreading\nKeyError"
    )


def test_a_recovery_says_how_long_it_was_and_how_much_failed() -> None:
    since = SIX - timedelta(days=1, hours=2)
    message = compose("shop", [item(event="recovery", since=since, failures=0)], LINKS)
    assert message.kind == "success"
    assert "flights recovered at 2026-03-02 06:00:00 UTC, after 1 d 2 h." in message.text


def test_many_are_one_message_with_a_line_for_each() -> None:
    items = [item(f"p{number}", reason="no\nroute") for number in range(60)]
    items.append(item("slow", "late", run=None))
    message = compose("shop", items, LINKS)
    assert message.title == "[shop] 60 pipelines failed, slow is late"
    assert message.text.count("Reason: ") == 5, "the first are told whole"
    assert "- p6 failed: no route https://headrace.example.org/p/p6/runs/r1" in message.text
    assert message.text.endswith("… and 6 more: https://headrace.example.org/runs")


def test_how_often_it_failed_is_said() -> None:
    assert compose("shop", [item(failures=50)], LINKS).title == "[shop] flights failed 50 times"


def test_a_title_is_one_line_whatever_a_project_is_called() -> None:
    assert "\n" not in compose("shop\r\nBcc: all@example.org", [item()], LINKS).title
    assert len(one_line("x" * 900)) == 200


def test_a_log_ends_without_colours_and_is_short() -> None:
    text = (
        "".join(f"\x1b[3{n % 8}mline {n}\x1b[0m\r\n" for n in range(100))
        + "\x1b]0;title\x07end\n\n"
    )
    assert tail(text).splitlines()[0] == "line 81"
    assert tail(text).splitlines()[-1] == "end"
    assert "\x1b" not in tail(text)
    assert len(tail("y" * 100_000)) <= 3000

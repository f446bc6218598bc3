"""pipeline.yaml is read as it is meant; what is wrong is a problem with its place, never a crash."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.project.pipeline import Pipeline
from headrace.project.reader import read_pipeline
from headrace.project.yaml_nodes import YamlError, plain_value, read_nodes
from headrace.protocol.tables import Parameter

EXAMPLE = """\
title: Late flights
parameters:
  month: {type: integer, default: 1, minimum: 1, maximum: 12}
  day: {type: date, default: 2026-01-31}
  who: {type: string, required: false}
  key: {type: string}
blocks:
  - {name: flights, kind: loader, file: flights.py, cache: 1h}
  - {name: weather, kind: loader, block: loaders/read_csv, with: {path: data/weather.csv}, pool: disk, priority: -5, isolation: block}
  - {name: late_by_carrier, kind: transformer, file: late_by_carrier.sql, upstream: [flights], connection: warehouse}
  - {name: report, kind: exporter, file: report.py, upstream: [late_by_carrier, weather], retries: 3, timeout: 10m, inputs: {df: weather}, memory: 2GB}
  - {name: words, kind: markdown, file: words.md}
max_parallel: 3
triggers:
  - {name: nightly, cron: "0 6 * * *", timezone: Europe/Berlin, catchup: all, overlap: queue_one, active: false}
newer: {things: [stay]}
"""


def read(text: str) -> Pipeline:
    return read_pipeline("p", text)


def test_the_example_of_the_documentation_is_read_whole() -> None:
    pipeline = read(EXAMPLE)
    assert pipeline.problems == ()
    assert pipeline.title == "Late flights"
    assert pipeline.parameters == (
        Parameter(name="month", type="integer", default=1, minimum=1, maximum=12),
        Parameter(name="day", type="date", default="2026-01-31"),
        Parameter(name="who"),
        Parameter(name="key", required=True),
    )
    flights, weather, late, report, words = pipeline.blocks
    assert (flights.file, flights.cache, flights.language, flights.line) == (
        "flights.py",
        "1h",
        "python",
        8,
    )
    assert (weather.block, weather.settings) == ("loaders/read_csv", {"path": "data/weather.csv"})
    assert (weather.pool, weather.priority, weather.isolation) == ("disk", -5, "block")
    assert (flights.pool, flights.priority, pipeline.max_parallel) == (None, 0, 3)
    assert (late.language, late.upstream, late.connection) == ("sql", ("flights",), "warehouse")
    assert (report.retries, report.timeout_s, report.memory_bytes) == (3, 600, 2_000_000_000)
    assert report.inputs == {"df": "weather"}
    assert words.language == "markdown"
    trigger = pipeline.triggers[0]
    assert (trigger.cron, trigger.timezone, trigger.catchup, trigger.overlap, trigger.active) == (
        "0 6 * * *",
        "Europe/Berlin",
        "all",
        "queue_one",
        False,
    )


def block(entry: str) -> str:
    return "blocks:\n- {name: a1, kind: loader, file: a1.py}\n- " + entry + "\n"


@pytest.mark.parametrize(
    ("text", "line", "column", "words"),
    [
        ("", 1, 0, "empty"),
        ("# nothing\n", 1, 0, "empty"),
        ("null\n", 1, 0, "empty"),
        ("- a\n", 1, 0, "must be a map"),
        ("hello\n", 1, 0, "must be a map"),
        ("title: x\n\tblocks: []\n", 2, 0, "tab"),
        ("title: x\n<<<<<<< HEAD\nblocks: []\n=======\n>>>>>>> b\n", 2, 0, "conflict"),
        ("title: [a\n", 2, 0, "ends in the middle"),
        ("title: x\ntitle: y\n", 2, 0, "twice"),
        ("title: !!python/object/apply:os.system [x]\n", 1, 7, "tag"),
        ("title: !mine x\n", 1, 7, "not allowed"),
        ("title: *x\n", 1, 7, "anchor"),
        ("title: x\n---\ntitle: y\n", 2, 0, "one document"),
        ("title: \x07\n", 1, 7, "cannot stand in YAML"),
        ("? [a]\n: b\n", 1, 2, "plain word"),
        ("title: " + "[" * 60 + "]" * 60, 1, 46, "deep"),
        ("blocks: 3\n", 1, 8, "must be a list"),
        ("title: [a]\n", 1, 7, "must be text"),
        ("blocks: [x]\n", 1, 9, "must be a map"),
        (block("{kind: loader, file: x.py}"), 3, 2, "no name"),
        (block("{name: a1, kind: loader, file: x.py}"), 3, 9, "two blocks named 'a1'"),
        (block("{name: No, kind: loader, file: x.py}"), 3, 9, "lower-case"),
        (block("{name: 1.10, kind: loader, file: x.py}"), 3, 9, "'1.10'"),
        (block("{name: 12:30:45, kind: loader, file: x.py}"), 3, 9, "'12:30:45'"),
        (block("{name: class, kind: loader, file: x.py}"), 3, 9, "word of Python"),
        (block("{name: json, kind: loader, file: x.py}"), 3, 9, "standard library"),
        (block("{name: b1, file: x.py}"), 3, 2, "no kind"),
        (block("{name: b1, kind: pump, file: x.py}"), 3, 19, "one of loader"),
        (block("{name: b1, kind: loader}"), 3, 2, "names no source"),
        (block("{name: b1, kind: loader, file: x.py, block: a/b}"), 3, 46, "both"),
        (block("{name: b1, kind: loader, file: x.exe}"), 3, 33, "must end in"),
        (
            block("{name: b1, kind: loader, file: x.py, upstream: [ghost]}"),
            3,
            50,
            "no block 'ghost'",
        ),
        (block("{name: b1, kind: loader, file: x.py, upstream: b1}"), 3, 49, "its own upstream"),
        (block("{name: b1, kind: loader, file: x.py, upstream: {a1: 1}}"), 3, 49, "a list"),
        (block("{name: b1, kind: loader, file: x.py, upstream: [[a1]]}"), 3, 49, "list of names"),
        (block("{name: b1, kind: loader, file: x.py, inputs: {x: a1}}"), 3, 47, "not upstream"),
        (block("{name: b1, kind: loader, file: x.py, inputs: 3}"), 3, 47, "must be a map"),
        (
            block("{name: b1, kind: loader, file: x.py, with: {n: [9223372036854775808]}}"),
            3,
            45,
            "64 bits",
        ),
        ("parameters: {n: -9223372036854775809}\nblocks: []\n", 1, 16, "64 bits"),
        (block("{name: b1, kind: loader, file: x.py, retries: 1.5}"), 3, 48, "whole number"),
        (block("{name: b1, kind: loader, file: x.py, retries: -1}"), 3, 48, "from 0 to 100"),
        (block("{name: b1, kind: loader, file: x.py, retries: many}"), 3, 48, "a number"),
        (block("{name: b1, kind: loader, file: x.py, timeout: soon}"), 3, 48, "not a duration"),
        (block("{name: b1, kind: loader, file: x.py, memory: much}"), 3, 47, "memory"),
        (block("{name: b1, kind: loader, file: x.py, cache: no}"), 3, 46, "not a duration"),
        (block("{name: b1, kind: sensor, file: x.py, poke: 50ms}"), 3, 45, "at least 100ms"),
        (block("{name: b1, kind: sensor, file: x.py, poke: soon}"), 3, 45, "not a duration"),
        (block("{name: b1, kind: loader, file: x.py, poke: 30s}"), 3, 45, "is for sensors"),
        (block("{name: b1, kind: sensor, file: x.py, soft_fail: true}"), 3, 50, "add `poke: 30s`"),
        (
            block("{name: b1, kind: sensor, file: x.py, poke: 1s, soft_fail: 1}"),
            3,
            60,
            "true or false",
        ),
        ("parameters: [a]\n", 1, 12, "must be a map"),
        ("parameters: {context: 1}\n", 1, 13, "cannot name a parameter"),
        ("parameters: {a: {type: int}}\n", 1, 23, "one of integer"),
        ("parameters: {a: {type: integer, default: x}}\n", 1, 41, "whole number"),
        ("parameters: {a: {type: integer, default: 9, maximum: 3}}\n", 1, 41, "at most 3"),
        ("parameters: {a: {type: date, default: 2026-02-30}}\n", 1, 38, "a date"),
        ("parameters: {a: {choices: x}}\n", 1, 26, "a list"),
        ("parameters: {a: {multiple: maybe}}\n", 1, 27, "true or false"),
        ("triggers: [{name: t}]\n", 1, 11, "one of `cron:`, `every:`"),
        ("triggers: [{name: t, every: 1h}, {name: t, every: 1h}]\n", 1, 40, "two triggers"),
        ("triggers: [{name: t, every: 1h, overlap: x}]\n", 1, 41, "one of skip"),
        ("triggers: [{name: t, every: 1h, timeout: soon}]\n", 1, 41, "not a duration"),
        ("triggers: [{name: t, every: 1h, backoff: 0s}]\n", 1, 41, "more than 0"),
        ("triggers: [{name: t, every: 1h, retries: 101}]\n", 1, 41, "from 0 to 100"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(
    text: str, line: int, column: int, words: str
) -> None:
    problems = read(text).problems
    assert len(problems) == 1, problems
    assert words in problems[0].message
    assert (problems[0].line, problems[0].column) == (line, column)
    assert problems[0].file == "pipeline.yaml"


def test_a_bad_entry_leaves_the_others_alone() -> None:
    pipeline = read(
        block("{name: b1, kind: pump, file: x.py}")
        + "- {name: c1, kind: exporter, file: c1.py, upstream: [a1, ghost]}\n"
    )
    assert [found.name for found in pipeline.blocks] == ["a1", "c1"]
    assert pipeline.blocks[1].upstream == ("a1",)
    assert {problem.block for problem in pipeline.problems} == {"b1", "c1"}


@pytest.mark.parametrize("size", [2, 3, 1000])
def test_a_cycle_is_a_problem_that_names_its_path(size: int) -> None:
    text = "blocks:\n" + "".join(
        f"- {{name: b{i}, kind: loader, file: x.py, upstream: [b{(i - 1) % size}]}}\n"
        for i in range(size)
    )
    (problem,) = read(text).problems
    assert problem.code == "cycle"
    assert "b0 → b1 →" in problem.message
    assert problem.message.count("b0") == 2


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("no", "no"),
        ("yes", "yes"),
        ("on", "on"),
        ("12:30:45", "12:30:45"),
        ("2026-01-31", "2026-01-31"),
        ("010", 10),
        ("0o10", 8),
        ("0x10", 16),
        ("1_000", "1_000"),
        ("1e3", 1000.0),
        ("1.10", 1.1),
        ("true", True),
        ("~", None),
        ("", None),
        ("'1'", "1"),
        ("!!str 1", "1"),
        ("-.inf", float("-inf")),
        ("=", "="),
        ("<<", "<<"),
    ],
)
def test_values_follow_yaml_1_2(written: str, value: Any) -> None:
    found = plain_value(read_nodes(f"x: {written}\n"))["x"]
    assert found == value
    assert type(found) is type(value)


def test_a_title_is_text_however_it_looks() -> None:
    assert [read(f"title: {text}\n").title for text in ("no", "1.10", "2026-01-31", "~")] == [
        "no",
        "1.10",
        "2026-01-31",
        "p",
    ]


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_text_cut_off_anywhere_is_read_or_a_problem(newline: str) -> None:
    text = EXAMPLE.replace("\n", newline)
    whole = {found.name for found in read(text).blocks}
    for end in range(len(text)):
        pipeline = read(text[:end])
        names = {found.name for found in pipeline.blocks}
        assert names <= whole or pipeline.problems or end > text.index("words.md") - 30
        assert all(problem.line >= 1 and problem.message for problem in pipeline.problems)


@given(st.text(alphabet="abn:-{}[],&*!#|>'\"%@`? \n\t0.é\u2028\ufeff\x00", max_size=60))
def test_any_text_is_read_or_a_problem(text: str) -> None:
    pipeline = read(text)
    lines = text.count("\n") + 1
    assert all(1 <= problem.line <= lines and problem.column >= 0 for problem in pipeline.problems)


def test_a_bomb_of_aliases_costs_next_to_nothing() -> None:
    text = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
    for level in range(1, 11):
        text += f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 9)}]\n"
    text += "blocks:\n- {name: b1, kind: loader, file: b1.py, with: {bomb: *a10}}\n"
    began = time.process_time()
    assert "too large" in read(text).problems[0].message
    assert time.process_time() - began < 0.2
    assert "aliases" in read("a: &a 1\nb: [" + "*a, " * 101 + "]\n").problems[0].message


def test_aliases_of_aliases_cannot_nest_without_bound() -> None:
    text = "a0: &a0 [x]\n" + "".join(f"a{i}: &a{i} [*a{i - 1}]\n" for i in range(1, 90))
    with pytest.raises(YamlError, match="deep"):
        read_nodes(text)


def test_a_file_beyond_the_limit_is_a_problem_at_once() -> None:
    began = time.process_time()
    assert "larger" in read("#" * 1_000_001).problems[0].message
    assert time.process_time() - began < 0.2


@pytest.mark.parametrize("wide", [False, True])
def test_10000_blocks_in_a_chain_or_5000_in_a_fan_are_read_in_time(wide: bool) -> None:
    count = 5_000 if wide else 10_000
    text = "blocks:\n" + "".join(
        f"  - {{name: b{i}, kind: loader, file: x.py, upstream: [{'b0' if wide else f'b{i - 1}'}]}}\n"
        if i
        else "  - {name: b0, kind: loader, file: x.py}\n"
        for i in range(count)
    )
    began = time.process_time()
    assert len(read(text).blocks) == count
    assert time.process_time() - began < 2

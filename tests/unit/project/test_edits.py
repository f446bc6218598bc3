"""Structural edits change what they must, and no other byte of the files."""

from __future__ import annotations

import difflib
from typing import Any

import pytest
from msgspec.structs import replace

from headrace.analysis.code_edits import CodeEditor
from headrace.core.errors import CycleError, HeadraceError, InvalidInput, InvalidName, NotFound
from headrace.project.changes import FileChange, invert
from headrace.project.edits import (
    change_source,
    delete_trigger,
    is_structural,
    plan_edit,
    put_trigger,
)
from headrace.project.pipeline import PipelineFiles, TriggerSpec
from headrace.project.reader import read_pipeline
from headrace.protocol import commands as do
from headrace.protocol.tables import Expectation, Parameter

FLIGHTS = """\
# The flights of a month
title: "Late flights"   # shown in the editor
owner: {team: data, mail: 'a@b.c'}

parameters:
  month: {type: integer, default: 1, minimum: 1, maximum: 12}
blocks:
  # raw
  - {name: flights, kind: loader, file: flights.py, colour: red}

  - {name: weather, kind: loader, block: loaders/read_csv, with: {path: data/weather.csv}}
  # joins
  # the two
  - name: late
    kind: transformer
    file: late.py
    upstream:
      - flights   # needed
      - weather
    # inner comment
  - {name: report, kind: exporter, file: report.py, upstream: [late, weather], retries: 3, timeout: 10m}
triggers:
  - {name: nightly, cron: "0 6 * * *", timezone: Europe/Berlin}
"""
LATE = "from headrace import transformer\n\n\n@transformer\ndef late(flights, weather):\n    return flights\n"
REPORT = "from headrace import exporter\n\n@exporter\ndef report(late, weather):\n    return late\n"
SOURCES = {"flights_py": "def flights():\n    return 1\n", "late_py": LATE, "report_py": REPORT}


@pytest.fixture
def flights(write: Any, project: Any) -> PipelineFiles:
    folder = project.paths.blocks / "loaders"
    folder.mkdir(parents=True)
    (folder / "read_csv.py").write_text("def read_csv(path):\n    return path\n")
    return write(FLIGHTS, **SOURCES)


def edit(project: Any, files: PipelineFiles, command: Any, code: Any) -> PipelineFiles:
    """Plan, save, read back; undo and redo must be exact inverses on the way."""
    changes = plan_edit(files, command, code, project.taken_files("p"))
    project.save(changes)
    after = project.read("p")
    project.save(invert(changes))
    assert project.read("p") == files
    project.save(changes)
    assert project.read("p") == after
    return after


def diff(before: str, after: str) -> tuple[list[str], list[str]]:
    lines = list(difflib.unified_diff(before.splitlines(), after.splitlines(), n=0, lineterm=""))[
        2:
    ]
    return (
        [line[1:] for line in lines if line.startswith("-")],
        [line[1:] for line in lines if line.startswith("+")],
    )


def names(files: PipelineFiles) -> list[str]:
    return [block.name for block in files.pipeline.blocks]


def test_the_example_itself_reads_without_problems(flights: PipelineFiles) -> None:
    assert flights.pipeline.problems == ()
    assert names(flights) == ["flights", "weather", "late", "report"]


@pytest.mark.parametrize(
    ("block", "index"), [(b, i) for b in ("flights", "weather", "late", "report") for i in range(4)]
)
def test_a_block_moves_to_the_place_that_was_asked_for(
    project: Any, flights: PipelineFiles, code: Any, block: str, index: int
) -> None:
    after = edit(project, flights, do.MoveBlock(pipeline="p", block=block, index=index), code)
    rest = [name for name in names(flights) if name != block]
    assert names(after) == [*rest[:index], block, *rest[index:]]
    assert sorted(after.text.splitlines()) == sorted(FLIGHTS.splitlines())


def test_moving_a_block_is_one_deleted_and_one_inserted_line(
    write: Any, project: Any, code: Any
) -> None:
    files = write(
        "blocks:\n"
        + "".join(f"  - {{name: b{i}, kind: loader, file: b{i}.py}}\n" for i in range(6))
    )
    after = edit(project, files, do.MoveBlock(pipeline="p", block="b4", index=1), code)
    gone, come = diff(files.text, after.text)
    assert gone == come == ["  - {name: b4, kind: loader, file: b4.py}"]


def test_comments_above_and_inside_an_entry_move_with_it(
    project: Any, flights: PipelineFiles, code: Any
) -> None:
    after = edit(project, flights, do.MoveBlock(pipeline="p", block="late", index=0), code)
    lines = after.text.splitlines()
    start = lines.index("  # joins")
    assert lines[start : start + 3] == ["  # joins", "  # the two", "  - name: late"]
    assert lines[lines.index("    # inner comment") + 1] == "  # raw"


@pytest.mark.parametrize(
    "text", [FLIGHTS, FLIGHTS.replace("\n", "\r\n"), FLIGHTS.removesuffix("\n")]
)
@pytest.mark.parametrize(
    "command",
    [
        do.MoveBlock(pipeline="p", block="report", index=0),
        do.MoveBlock(pipeline="p", block="flights", index=3),
        do.RenameBlock(pipeline="p", block="weather", name="rain"),
        do.DeleteBlocks(pipeline="p", blocks=["weather"]),
        do.DeleteBlocks(pipeline="p", blocks=["report", "late"]),
        do.DuplicateBlock(pipeline="p", block="late"),
        do.DuplicateBlock(pipeline="p", block="report"),
        do.AddBlock(pipeline="p"),
        do.AddBlock(pipeline="p", index=0),
        do.Connect(pipeline="p", upstream="flights", downstream="report"),
        do.Disconnect(pipeline="p", upstream="flights", downstream="late"),
        do.ConfigureBlock(pipeline="p", block="late", settings={"minutes": 15}),
        do.ConfigurePipeline(pipeline="p", title="Other"),
    ],
    ids=lambda value: value.__class__.__name__ if isinstance(value, do.Command) else "",
)
def test_line_ends_stay_as_they_were(
    write: Any, project: Any, code: Any, text: str, command: Any
) -> None:
    files = write(text, **SOURCES)
    after = edit(project, files, command, code).text
    assert ("\r\n" in after) == ("\r\n" in text)
    assert after.count("\n") == after.count("\r\n") or "\r" not in after
    assert after.endswith("\n") == text.endswith("\n")
    assert not after.endswith("\n\n")


class TestAdd:
    def test_a_new_entry_is_one_line_in_flow_style(
        self, project: Any, flights: PipelineFiles, code: Any
    ) -> None:
        after = edit(
            project,
            flights,
            do.AddBlock(pipeline="p", kind="transformer", name="mine", upstream=["late"], index=3),
            code,
        )
        gone, come = diff(FLIGHTS, after.text)
        assert (gone, come) == (
            [],
            ["  - {name: mine, kind: transformer, file: mine.py, upstream: [late]}"],
        )
        assert names(after) == ["flights", "weather", "late", "mine", "report"]
        text = after.sources["mine"].text
        assert "from headrace import transformer" in text
        assert "def mine(late):" in text
        compile(text, "mine.py", "exec")

    @pytest.mark.parametrize(
        "blocks",
        ["blocks: []\n", "blocks:\n", "", "blocks: null  # none yet\n", "blocks: # here\n"],
    )
    def test_the_first_block_goes_into_any_kind_of_empty_list(
        self, write: Any, project: Any, code: Any, blocks: str
    ) -> None:
        files = write(f"title: x\n{blocks}triggers: []\n")
        after = edit(project, files, do.AddBlock(pipeline="p", kind="loader", name="a1"), code)
        assert names(after) == ["a1"]
        assert "\n  - {name: a1, kind: loader, file: a1.py}" in after.text
        assert after.pipeline.problems == ()

    @pytest.mark.parametrize(
        ("kind", "language", "file"),
        [
            ("loader", "python", "load.py"),
            ("transformer", "python", "transform.py"),
            ("exporter", "python", "export.py"),
            ("sensor", "python", "wait_for.py"),
            ("transformer", "sql", "query.sql"),
            ("markdown", "markdown", "note.md"),
            ("markdown", "python", "note.md"),
            ("transformer", "notebook", "transform.ipynb"),
        ],
    )
    def test_every_kind_and_language_has_a_name_and_a_text(
        self,
        project: Any,
        flights: PipelineFiles,
        code: Any,
        *,
        kind: Any,
        language: Any,
        file: str,
    ) -> None:
        after = edit(
            project, flights, do.AddBlock(pipeline="p", kind=kind, language=language), code
        )
        block = after.pipeline.blocks[-1]
        assert block.file == file
        assert after.sources[block.name].text.strip()
        again = edit(project, after, do.AddBlock(pipeline="p", kind=kind, language=language), code)
        assert again.pipeline.blocks[-1].name == f"{block.name}_2"

    def test_sql_reads_from_its_upstream(
        self, project: Any, flights: PipelineFiles, code: Any
    ) -> None:
        after = edit(
            project,
            flights,
            do.AddBlock(pipeline="p", language="sql", name="q1", upstream=["late"]),
            code,
        )
        assert after.sources["q1"].text == "select *\nfrom late\n"

    def test_a_shared_block_is_named_and_not_copied(
        self, project: Any, flights: PipelineFiles, code: Any
    ) -> None:
        after = edit(
            project,
            flights,
            do.AddBlock(
                pipeline="p", library="loaders/read_csv", settings={"path": "a b.csv", "rows": 1}
            ),
            code,
        )
        assert diff(FLIGHTS, after.text) == (
            [],
            [
                "  - {name: read_csv, kind: loader, block: loaders/read_csv, with: {path: a b.csv, rows: 1}}"
            ],
        )

    def test_a_file_that_is_no_blocks_is_not_taken(
        self, project: Any, write: Any, code: Any
    ) -> None:
        files = write("blocks: []\n", load_py="mine")
        after = edit(project, files, do.AddBlock(pipeline="p", kind="loader"), code)
        assert names(after) == ["load_2"]

    @pytest.mark.parametrize(
        ("fields", "error"),
        [
            ({"name": "late"}, InvalidInput),
            ({"name": "class"}, InvalidName),
            ({"name": "../x"}, InvalidName),
            ({"upstream": ["nobody"]}, NotFound),
            ({"index": 9}, InvalidInput),
            ({"index": -1}, InvalidInput),
            ({"library": "nowhere"}, InvalidInput),
            ({"kind": "exporter", "language": "sql"}, InvalidInput),
        ],
    )
    def test_what_cannot_be_added_is_refused(
        self, flights: PipelineFiles, code: Any, fields: Any, error: type[HeadraceError]
    ) -> None:
        with pytest.raises(error):
            plan_edit(flights, do.AddBlock(pipeline="p", **fields), code)

    def test_given_text_gets_its_upstream_arguments(
        self, project: Any, flights: PipelineFiles, code: Any
    ) -> None:
        command = do.AddBlock(
            pipeline="p", name="mine", text="def mine():\n    pass\n", upstream=["late"]
        )
        assert (
            edit(project, flights, command, code).sources["mine"].text
            == "def mine(late):\n    pass\n"
        )


class TestEdges:
    def test_an_edge_goes_into_the_list_and_into_the_code(
        self, project: Any, flights: PipelineFiles, code: Any
    ) -> None:
        after = edit(
            project,
            flights,
            do.Connect(pipeline="p", upstream="flights", downstream="report"),
            code,
        )
        gone, come = diff(FLIGHTS, after.text)
        assert come == [gone[0].replace("[late, weather]", "[late, weather, flights]")]
        assert "def report(late, weather, flights):" in after.sources["report"].text

    def test_an_untouched_template_is_made_anew_with_the_edge(
        self, project: Any, flights: PipelineFiles, code: Any
    ) -> None:
        files = edit(project, flights, do.AddBlock(pipeline="p", language="sql", name="q1"), code)
        after = edit(
            project, files, do.Connect(pipeline="p", upstream="late", downstream="q1"), code
        )
        assert after.sources["q1"].text == "select *\nfrom late\n"

    def test_a_list_in_block_style_grows_by_one_line(
        self, write: Any, project: Any, code: Any
    ) -> None:
        files = write(FLIGHTS.replace("      - weather\n", ""), **SOURCES)
        after = edit(
            project, files, do.Connect(pipeline="p", upstream="weather", downstream="late"), code
        )
        assert diff(files.text, after.text) == ([], ["      - weather"])

    @pytest.mark.parametrize(
        ("upstream", "downstream", "path"),
        [
            ("report", "late", ["report", "late", "report"]),
            ("late", "late", ["late", "late"]),
            ("report", "flights", ["report", "flights", "late", "report"]),
        ],
    )
    def test_a_cycle_is_refused_and_named(
        self, flights: PipelineFiles, code: Any, upstream: str, downstream: str, path: list[str]
    ) -> None:
        with pytest.raises(CycleError) as caught:
            plan_edit(
                flights, do.Connect(pipeline="p", upstream=upstream, downstream=downstream), code
            )
        assert caught.value.details["path"] == path

    @pytest.mark.parametrize(
        ("upstream", "downstream", "error"),
        [
            ("late", "report", InvalidInput),
            ("nobody", "late", NotFound),
            ("late", "nobody", NotFound),
        ],
    )
    def test_unknown_and_double_edges_are_refused(
        self, flights: PipelineFiles, code: Any, upstream: str, downstream: str, error: Any
    ) -> None:
        with pytest.raises(error):
            plan_edit(
                flights, do.Connect(pipeline="p", upstream=upstream, downstream=downstream), code
            )

    def test_disconnect_takes_one_line_out_of_a_block_list(
        self, project: Any, flights: PipelineFiles, code: Any
    ) -> None:
        after = edit(
            project,
            flights,
            do.Disconnect(
                pipeline="p", upstream="flights", downstream="late", remove_argument=True
            ),
            code,
        )
        assert diff(FLIGHTS, after.text) == (["      - flights   # needed"], [])
        assert "def late(weather):" in after.sources["late"].text

    def test_the_last_upstream_takes_the_key_with_it(
        self, project: Any, write: Any, code: Any
    ) -> None:
        files = write(
            "blocks:\n- {name: a1, kind: loader, file: a1.py}\n- {name: b1, upstream: a1, kind: loader, file: b1.py}\n",
            b1_py="def b1(a1): pass\n",
        )
        after = edit(
            project, files, do.Disconnect(pipeline="p", upstream="a1", downstream="b1"), code
        )
        assert diff(files.text, after.text)[1] == ["- {name: b1, kind: loader, file: b1.py}"]
        assert after.sources["b1"] == files.sources["b1"]

    def test_an_edge_to_nobody_can_be_removed(self, project: Any, write: Any, code: Any) -> None:
        files = write(
            "blocks:\n- {name: b1, kind: loader, file: b1.py, upstream: [ghost]}\n", b1_py="x"
        )
        assert files.pipeline.problems
        after = edit(
            project, files, do.Disconnect(pipeline="p", upstream="ghost", downstream="b1"), code
        )
        assert after.pipeline.problems == ()


class TestRename:
    def test_a_rename_reaches_file_function_lists_and_arguments(
        self, project: Any, flights: PipelineFiles, code: Any
    ) -> None:
        after = edit(
            project, flights, do.RenameBlock(pipeline="p", block="late", name="delayed"), code
        )
        assert names(after) == ["flights", "weather", "delayed", "report"]
        assert after.pipeline.problems == ()
        assert "def delayed(" in after.sources["delayed"].text
        assert "def report(delayed, weather):\n    return delayed\n" in after.sources["report"].text
        assert diff(FLIGHTS, after.text)[0] == [
            "  - name: late",
            "    file: late.py",
            "  - {name: report, kind: exporter, file: report.py, upstream: [late, weather], retries: 3, timeout: 10m}",
        ]
        assert not (project.paths.root / "pipelines/p/late.py").exists()

    def test_inputs_follow_and_spare_the_code(self, project: Any, write: Any, code: Any) -> None:
        files = write(
            "blocks:\n- {name: a1, kind: loader, file: a1.py}\n- {name: b1, kind: loader, file: b1.py, upstream: [a1], inputs: {df: a1}}\n",
            a1_py="def a1(): pass\n",
            b1_py="def b1(df): pass\n",
        )
        after = edit(project, files, do.RenameBlock(pipeline="p", block="a1", name="z1"), code)
        assert after.pipeline.blocks[1].inputs == {"df": "z1"}
        assert after.pipeline.blocks[1].upstream == ("z1",)
        assert after.sources["b1"] == files.sources["b1"]

    @pytest.mark.parametrize(
        ("new", "error"),
        [("weather", InvalidInput), ("Class", InvalidName), ("import", InvalidName)],
    )
    def test_bad_names_are_refused(
        self, flights: PipelineFiles, code: Any, new: str, error: Any
    ) -> None:
        with pytest.raises(error):
            plan_edit(flights, do.RenameBlock(pipeline="p", block="late", name=new), code)

    def test_the_same_name_changes_nothing(self, flights: PipelineFiles, code: Any) -> None:
        assert (
            plan_edit(flights, do.RenameBlock(pipeline="p", block="late", name="late"), code) == []
        )


class TestDelete:
    def test_blocks_go_with_file_edges_and_comments(
        self, project: Any, flights: PipelineFiles, code: Any
    ) -> None:
        after = edit(
            project, flights, do.DeleteBlocks(pipeline="p", blocks=["late", "weather"]), code
        )
        assert names(after) == ["flights", "report"]
        assert after.pipeline.block("report").upstream == ()  # type: ignore[union-attr]
        assert "joins" not in after.text
        assert not (project.paths.root / "pipelines/p/late.py").exists()
        assert (project.paths.blocks / "loaders/read_csv.py").exists()

    def test_all_blocks_leave_an_empty_list(
        self, project: Any, flights: PipelineFiles, code: Any
    ) -> None:
        after = edit(project, flights, do.DeleteBlocks(pipeline="p", blocks=names(flights)), code)
        assert names(after) == []
        assert "blocks: []\n" in after.text
        assert after.pipeline.problems == ()

    def test_a_file_that_another_block_uses_stays(
        self, project: Any, write: Any, code: Any
    ) -> None:
        files = write(
            "blocks:\n- {name: a1, kind: loader, file: x1.py}\n- {name: b1, kind: loader, file: x1.py}\n",
            x1_py="x",
        )
        edit(project, files, do.DeleteBlocks(pipeline="p", blocks=["a1"]), code)
        assert (project.paths.root / "pipelines/p/x1.py").exists()

    def test_an_entry_that_cannot_be_read_can_be_deleted(
        self, project: Any, write: Any, code: Any
    ) -> None:
        files = write("blocks:\n- {name: a1, kind: bogus, file: x1.py}\n")
        assert (
            edit(
                project, files, do.DeleteBlocks(pipeline="p", blocks=["a1"]), code
            ).pipeline.problems
            == ()
        )


class TestDuplicate:
    def test_the_copy_stands_below_with_its_own_file(
        self, project: Any, flights: PipelineFiles, code: Any
    ) -> None:
        after = edit(project, flights, do.DuplicateBlock(pipeline="p", block="late"), code)
        assert names(after) == ["flights", "weather", "late", "late_copy", "report"]
        assert after.pipeline.block("late_copy").upstream == ("flights", "weather")  # type: ignore[union-attr]
        assert "def late_copy(" in after.sources["late_copy"].text
        assert diff(FLIGHTS, after.text)[0] == []

    def test_a_copy_of_the_last_entry_without_line_end(
        self, project: Any, write: Any, code: Any
    ) -> None:
        files = write("blocks:\n  - {name: a1, kind: loader, file: a1.py}", a1_py="x")
        after = edit(project, files, do.DuplicateBlock(pipeline="p", block="a1"), code)
        assert (
            after.text
            == "blocks:\n  - {name: a1, kind: loader, file: a1.py}\n  - {name: a1_copy, kind: loader, file: a1_copy.py}"
        )

    def test_a_shared_block_is_shared_by_its_copy(
        self, project: Any, flights: PipelineFiles, code: Any
    ) -> None:
        after = edit(project, flights, do.DuplicateBlock(pipeline="p", block="weather"), code)
        assert after.pipeline.block("weather_copy").block == "loaders/read_csv"  # type: ignore[union-attr]


class TestConfigure:
    @pytest.mark.parametrize(
        ("fields", "line"),
        [
            ({"retries": 5}, "upstream: [late, weather], retries: 5, timeout: 10m}"),
            ({"retries": 0}, "upstream: [late, weather], timeout: 10m}"),
            ({"timeout": "", "retries": 0}, "upstream: [late, weather]}"),
            ({"timeout": "", "cache": "1h"}, "upstream: [late, weather], retries: 3, cache: 1h}"),
            (
                {"settings": {"path": "x.csv", "deep": {"a": [1, None, True]}}},
                "timeout: 10m, with: {path: x.csv, deep: {a: [1, null, true]}}}",
            ),
            ({"connection": "warehouse"}, "timeout: 10m, connection: warehouse}"),
            ({"pool": "warehouse", "priority": -2}, "10m, pool: warehouse, priority: -2}"),
            ({"isolation": "block", "priority": 0}, "timeout: 10m, isolation: block}"),
            ({"memory": "2GB", "backoff": "5s"}, "timeout: 10m, memory: 2GB, backoff: 5s}"),
            (
                {"retry_on": ["requests.Timeout", "died"]},
                "timeout: 10m, retry_on: [requests.Timeout, died]}",
            ),
            ({"memory": "", "backoff": "", "retry_on": [], "retries": 1}, "1, timeout: 10m}"),
        ],
    )
    def test_keys_of_one_line_are_set_and_removed_in_place(
        self, project: Any, flights: PipelineFiles, code: Any, fields: Any, line: str
    ) -> None:
        after = edit(
            project, flights, do.ConfigureBlock(pipeline="p", block="report", **fields), code
        )
        gone, come = diff(FLIGHTS, after.text)
        assert len(gone) == len(come) == 1
        cache = come[0].replace('"1h"', "1h")
        assert cache.endswith(line)

    def test_settings_change_value_by_value(self, project: Any, write: Any, code: Any) -> None:
        files = write(
            "blocks:\n- name: a1\n  kind: loader\n  file: a1.py\n  with:\n    one: 1  # first\n    two: '2'  # second\n    three: 3\n",
            a1_py="x",
        )
        after = edit(
            project,
            files,
            do.ConfigureBlock(pipeline="p", block="a1", settings={"one": 1, "two": "x", "four": 4}),
            code,
        )
        assert diff(files.text, after.text) == (
            ["    two: '2'  # second", "    three: 3"],
            ["    two: x  # second", "    four: 4"],
        )

    @pytest.mark.parametrize(
        "before",
        [
            "{a: 1, b: 2, c: 3}",
            "{}",
            "{x: 1}",
            "null",
            "\n    a: 1\n    b: 2\n    c:\n      - 1",
            "[1]",
        ],
    )
    @pytest.mark.parametrize(
        "wanted",
        [
            {},
            {"a": 1},
            {"b": 2, "d": "no"},
            {"c": [1], "a": None},
            {"x": True},
            {"e": "", "f": "1", "g": "null", "h": "a: b #c"},
        ],
    )
    def test_settings_read_back_as_they_were_set(
        self, project: Any, write: Any, code: Any, before: str, wanted: dict[str, Any]
    ) -> None:
        files = write(
            f"blocks:\n- name: a1\n  kind: loader\n  file: a1.py\n  with: {before}\n  retries: 1\n",
            a1_py="x",
        )
        after = edit(
            project, files, do.ConfigureBlock(pipeline="p", block="a1", settings=wanted), code
        )
        block = after.pipeline.blocks[0]
        assert block.settings == wanted
        assert block.retries == 1

    def test_how_a_sensor_waits_is_set_and_goes_with_its_kind(
        self, project: Any, write: Any, code: Any
    ) -> None:
        entry = "- {name: ready, kind: sensor, file: ready.py"
        files = write(f"blocks:\n{entry}}}\n", ready_py="@sensor\ndef ready(): ...\n")

        def configured(before: PipelineFiles, **fields: Any) -> PipelineFiles:
            return edit(
                project, before, do.ConfigureBlock(pipeline="p", block="ready", **fields), code
            )

        waits = configured(files, poke="30s", soft_fail=True, timeout="2h")
        assert f"{entry}, timeout: 2h, poke: 30s, soft_fail: true}}" in waits.text
        assert (waits.pipeline.blocks[0].poke_s, waits.pipeline.blocks[0].soft_fail) == (30, True)
        asks_once = configured(waits, poke="", soft_fail=False)
        assert f"{entry}, timeout: 2h}}" in asks_once.text
        again = configured(asks_once, poke="30s", soft_fail=True)
        loader = configured(again, kind="loader", poke="10s")
        assert "poke" not in loader.text
        assert "soft_fail" not in loader.text
        assert not loader.pipeline.problems

    @pytest.mark.parametrize(
        "fields",
        [
            {"poke": "10ms"},
            {"cache": "often"},
            {"timeout": "soon"},
            {"memory": "much"},
            {"backoff": "-1s"},
            {"retry_on": ["OSError", "no name"]},
            {"retries": -1},
            {"retries": 1000},
            {"priority": 1001},
            {"isolation": "cell"},
        ],
    )
    def test_bad_values_are_refused(self, flights: PipelineFiles, code: Any, fields: Any) -> None:
        with pytest.raises(InvalidInput):
            plan_edit(flights, do.ConfigureBlock(pipeline="p", block="late", **fields), code)

    def test_a_list_over_several_lines_is_replaced(
        self, project: Any, write: Any, code: Any
    ) -> None:
        files = write(
            "blocks:\n- name: a1\n  kind: loader\n  file: a1.py\n  retry_on:\n  - OSError\n"
            "  - died\n  retries: 2\n",
            a1_py="@loader\ndef a1(): ...\n",
        )
        change = do.ConfigureBlock(pipeline="p", block="a1", retry_on=["timeout"])
        after = edit(project, files, change, code)
        assert after.pipeline.blocks[0].retry_on == ("timeout",)
        assert after.pipeline.blocks[0].retries == 2

    def test_a_new_kind_changes_the_decorator(
        self, project: Any, flights: PipelineFiles, code: Any
    ) -> None:
        after = edit(
            project, flights, do.ConfigureBlock(pipeline="p", block="late", kind="exporter"), code
        )
        assert after.sources["late"].text == LATE.replace("transformer", "exporter")
        assert after.pipeline.block("late").kind == "exporter"  # type: ignore[union-attr]

    def test_a_new_language_renames_the_file(
        self, project: Any, flights: PipelineFiles, code: Any
    ) -> None:
        files = edit(
            project, flights, do.AddBlock(pipeline="p", name="mine", upstream=["late"]), code
        )
        after = edit(
            project, files, do.ConfigureBlock(pipeline="p", block="mine", language="sql"), code
        )
        assert after.pipeline.block("mine").file == "mine.sql"  # type: ignore[union-attr]
        assert after.sources["mine"].text == "select *\nfrom late\n"

    def test_the_title_changes_in_its_place(
        self, project: Any, flights: PipelineFiles, code: Any
    ) -> None:
        limit = do.ConfigurePipeline(pipeline="p", max_parallel=2)
        after = edit(project, flights, limit, code)
        assert (after.pipeline.max_parallel, diff(FLIGHTS, after.text)) == (
            2,
            ([], ["max_parallel: 2"]),
        )
        none = do.ConfigurePipeline(pipeline="p", max_parallel=0)
        assert edit(project, after, none, code).text == FLIGHTS
        with pytest.raises(InvalidInput):
            plan_edit(flights, do.ConfigurePipeline(pipeline="p", max_parallel=-1), code)
        after = edit(project, flights, do.ConfigurePipeline(pipeline="p", title="On: time"), code)
        assert diff(FLIGHTS, after.text)[1] == ['title: "On: time"   # shown in the editor']
        assert after.pipeline.title == "On: time"

    @pytest.mark.parametrize(
        "text",
        [
            "blocks: []\n",
            "title:\nblocks: []\n",
            "{blocks: []}\n",
            "# top\nparameters:\n  # a\n  zero: 0 # z\n  month: {type: integer}\n",
            "parameters: {}\n",
            "parameters: {zero: 0, month: 3}\n",
        ],
    )
    @pytest.mark.parametrize(
        "wanted",
        [
            [],
            [Parameter(name="month", type="integer", default=1, minimum=1, maximum=12)],
            [
                Parameter(name="zero", type="integer", default=0),
                Parameter(name="day", type="date", default="2026-01-31", description="the: day"),
            ],
            [
                Parameter(name="month", type="integer", required=True),
                Parameter(name="zero", type="number", default=None),
                Parameter(name="tags", multiple=True, default=["a", "b"], choices=["a", "b", "c"]),
            ],
        ],
    )
    def test_parameters_read_back_as_they_were_set(
        self, project: Any, write: Any, code: Any, text: str, wanted: list[Parameter]
    ) -> None:
        after = edit(
            project,
            write(text),
            do.ConfigurePipeline(pipeline="p", title="T", parameters=wanted),
            code,
        )
        assert list(after.pipeline.parameters) == wanted
        assert after.pipeline.title == "T"
        assert after.pipeline.problems == ()

    def test_a_changed_parameter_changes_one_line(
        self, project: Any, flights: PipelineFiles, code: Any
    ) -> None:
        month = Parameter(name="month", type="integer", default=2, minimum=1, maximum=12)
        after = edit(project, flights, do.ConfigurePipeline(pipeline="p", parameters=[month]), code)
        assert diff(FLIGHTS, after.text)[1] == [
            "  month: {type: integer, default: 2, minimum: 1, maximum: 12}"
        ]


class TestTriggers:
    def test_a_trigger_is_added_changed_renamed_and_removed(
        self, project: Any, flights: PipelineFiles
    ) -> None:
        weekly = TriggerSpec(name="weekly", every="7d", parameters={"month": 2})
        project.save(put_trigger(flights, weekly))
        files = project.read("p")
        assert diff(FLIGHTS, files.text)[0] == []
        assert [trigger.name for trigger in files.pipeline.triggers] == ["nightly", "weekly"]
        assert files.pipeline.triggers[1].parameters == {"month": 2}
        nightly = TriggerSpec(
            name="daily", cron="0 7 * * *", timezone="Europe/Berlin", active=False
        )
        project.save(put_trigger(files, nightly, "nightly"))
        text = project.read("p").text
        assert (
            '  - {name: daily, cron: "0 7 * * *", timezone: Europe/Berlin, active: false}\n' in text
        )
        project.save(
            put_trigger(
                project.read("p"),
                TriggerSpec(name="daily", every="1h", timezone="Europe/Berlin"),
                "daily",
            )
        )
        trigger = project.read("p").pipeline.triggers[0]
        assert (trigger.cron, trigger.every, trigger.active) == (None, "1h", True)
        project.save(delete_trigger(project.read("p"), "daily"))
        project.save(delete_trigger(project.read("p"), "weekly"))
        assert project.read("p").pipeline.triggers == ()

    def test_limits_of_runs_are_written_changed_and_removed(
        self, project: Any, flights: PipelineFiles
    ) -> None:
        nightly = flights.pipeline.triggers[0]
        limited = replace(nightly, timeout="2h", retries=3, backoff="5m")
        project.save(put_trigger(flights, limited, "nightly"))
        files = project.read("p")
        assert "timeout: 2h, retries: 3, backoff: 5m}" in files.text
        assert files.pipeline.triggers[0] == limited
        project.save(put_trigger(files, nightly, "nightly"))
        assert project.read("p").text == flights.text

    @pytest.mark.parametrize(
        ("text", "left"),
        [
            ("title: T\ntriggers:\n  - {name: n, every: 1h}\n", "title: T\n"),
            (
                "title: T\n# when\ntriggers:\n  # hourly\n  - name: n\n    every: 1h\nowner: me\n",
                "title: T\n# when\nowner: me\n",
            ),
            ("triggers: [{name: n, every: 1h}]\ntitle: T\n", "title: T\n"),
            ("title: T\ntriggers: [{name: n, every: 1h}]", "title: T"),
        ],
    )
    def test_the_key_goes_with_the_last_trigger(self, write: Any, text: str, left: str) -> None:
        (change,) = delete_trigger(write(text), "n")
        assert change.after == left

    def test_what_is_wrong_is_refused(self, flights: PipelineFiles) -> None:
        with pytest.raises(InvalidInput):
            put_trigger(flights, TriggerSpec(name="nightly", every="1h"))
        with pytest.raises(InvalidInput):
            put_trigger(flights, TriggerSpec(name="x"))
        with pytest.raises(NotFound):
            put_trigger(flights, TriggerSpec(name="x", every="1h"), "nobody")
        with pytest.raises(NotFound):
            delete_trigger(flights, "nobody")


def test_a_list_in_brackets_stays_one(project: Any, write: Any, code: Any) -> None:
    files = write(
        "blocks: [{name: a1, kind: loader, file: a1.py}, {name: b1, kind: loader, file: b1.py}]\n",
        a1_py="x",
        b1_py="y",
    )
    files = edit(project, files, do.MoveBlock(pipeline="p", block="b1", index=0), code)
    assert names(files) == ["b1", "a1"]
    files = edit(project, files, do.AddBlock(pipeline="p", name="c1", index=1), code)
    assert names(files) == ["b1", "c1", "a1"]
    files = edit(project, files, do.DeleteBlocks(pipeline="p", blocks=["b1", "a1"]), code)
    assert files.text == "blocks: [{name: c1, kind: transformer, file: c1.py}]\n"
    files = edit(project, files, do.DuplicateBlock(pipeline="p", block="c1"), code)
    assert names(files) == ["c1", "c1_copy"]


@pytest.mark.parametrize(
    "text",
    [
        "- a\n",
        "a: [",
        "x",
        "<<<<<<< mine\nblocks: []\n=======\n>>>>>>> theirs\n",
        "blocks: {a: 1}\n",
        "",
    ],
)
def test_a_file_that_cannot_be_read_is_not_edited(write: Any, code: Any, text: str) -> None:
    with pytest.raises(InvalidInput):
        plan_edit(write(text), do.AddBlock(pipeline="p"), code)


def test_saving_a_source_keeps_crlf_and_says_nothing_of_no_change(
    flights: PipelineFiles, write: Any
) -> None:
    assert change_source(flights, "late", LATE) == []
    assert change_source(flights, "late", "x") == [FileChange("pipelines/p/late.py", LATE, "x")]
    files = write(FLIGHTS, late_py="a\r\nb\r\n")
    assert change_source(files, "late", "a\nc\n")[0].after == "a\r\nc\r\n"
    with pytest.raises(NotFound):
        change_source(flights, "nobody", "x")


def test_only_structural_commands_are_edits(flights: PipelineFiles, code: Any) -> None:
    assert is_structural(do.AddBlock(pipeline="p"))
    assert not is_structural(do.Undo(pipeline="p"))
    with pytest.raises(InvalidInput):
        plan_edit(flights, do.Undo(pipeline="p"), code)


# Checks

NOT_NULL = Expectation(column="day", not_null=True)


def entry_after(files: PipelineFiles, block: str, *expectations: Expectation) -> str:
    """pipeline.yaml after checks were added, one after the other."""
    text = ""
    for expectation in expectations:
        command = do.AddCheck(pipeline="p", block=block, expectation=expectation)
        changes = plan_edit(files, command, CodeEditor())
        (change,) = changes
        text = change.after or ""
        files = replace(files, text=text, pipeline=read_pipeline("p", text))
    return text


def test_a_check_of_a_shared_block_goes_into_its_entry(flights: PipelineFiles) -> None:
    text = entry_after(
        flights,
        "weather",
        NOT_NULL,
        Expectation(column="day", minimum=1, maximum=2.5),
        Expectation(column="it's", choices=["a", 1, True], severity="warn"),
        Expectation(schema={"day": "int64", "no": "string"}),
    )
    removed, added = diff(FLIGHTS, text)
    assert removed == [
        "  - {name: weather, kind: loader, block: loaders/read_csv, with: {path: data/weather.csv}}"
    ]
    (line,) = added
    assert line.endswith(
        " checks: [{column: day, not_null: true}, {column: day, minimum: 1, maximum: 2.5},"
        ' {column: "it\'s", choices: [a, 1, true], severity: warn},'
        ' {schema: {day: int64, "no": string}}]}'
    )
    read = read_pipeline("p", text).block("weather")
    assert read is not None
    assert [check.column for check in read.checks] == ["day", "day", "it's", ""]
    assert read.checks[3].schema == {"day": "int64", "no": "string"}


def test_a_check_of_a_block_in_block_style_is_a_line_of_its_own(flights: PipelineFiles) -> None:
    listed = FLIGHTS.replace("    file: late.py\n", "    block: loaders/read_csv\n    checks:\n"
                             "      - {column: a, unique: true}  # seen\n")  # fmt: skip
    files = replace(flights, text=listed, pipeline=read_pipeline("p", listed))
    removed, added = diff(listed, entry_after(files, "late", NOT_NULL))
    assert (removed, added) == ([], ["      - {column: day, not_null: true}"])


def test_a_check_of_python_code_of_its_own_goes_into_the_code(flights: PipelineFiles) -> None:
    command = do.AddCheck(pipeline="p", block="late", expectation=NOT_NULL)
    (change,) = plan_edit(flights, command, CodeEditor())
    assert change.path.endswith("late.py")
    assert 'late["day"].notna()' in (change.after or "")
    again = replace(
        flights,
        sources={**flights.sources, "late": replace(flights.sources["late"], text=change.after)},
    )
    with pytest.raises(InvalidInput, match="in the code of 'late' already"):
        plan_edit(again, command, CodeEditor())


@pytest.mark.parametrize(
    ("expectation", "words"),
    [
        (Expectation(column="day"), "says one of"),
        (Expectation(column="day", unique=True, not_null=True), "says one of"),
        (Expectation(unique=True), "names its `column:`"),
        (Expectation(column="day", schema={}), "names its `column:`"),
        (Expectation(column="day", minimum=True), "A bound is a number"),
    ],
)
def test_a_check_that_says_nothing_clear_is_refused(
    flights: PipelineFiles, expectation: Expectation, words: str
) -> None:
    command = do.AddCheck(pipeline="p", block="weather", expectation=expectation)
    with pytest.raises(InvalidInput, match=words):
        plan_edit(flights, command, CodeEditor())


def test_text_has_no_output_to_check(write: Any) -> None:
    files = write("blocks:\n  - {name: words, kind: markdown, file: words.md}\n", words_md="# Hi\n")
    command = do.AddCheck(pipeline="p", block="words", expectation=NOT_NULL)
    with pytest.raises(InvalidInput, match="is text"):
        plan_edit(files, command, CodeEditor())


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("3", "`checks:` must be a list of maps"),
        ("[day]", "An entry of `checks:` is a map"),
        ("[{column: day}]", "A check says one of"),
        ("[{column: day, not_null: maybe}]", "A check says one of"),
        ("[{column: day, unique: true, severity: hard}]", "must be one of fail, warn"),
        ("[{column: day, choices: a}]", "`choices:` must be a list"),
        ("[{column: day, choices: [[1]]}]", "texts, numbers or booleans"),
        ("[{schema: 3}]", "`schema:` must be a map"),
    ],
)
def test_checks_that_are_not_as_they_should_be_are_told(written: str, words: str) -> None:
    text = f"blocks:\n  - {{name: a, kind: loader, file: a.py, checks: {written}}}\n"
    pipeline = read_pipeline("p", text)
    assert any(words in problem.message for problem in pipeline.problems)
    assert all(problem.block == "a" for problem in pipeline.problems)


def test_dates_in_bounds_are_text() -> None:
    checks = "[{column: day, minimum: 2013-01-01, maximum: 2013-12-31}]"
    text = f"blocks:\n  - {{name: a, kind: loader, file: a.py, checks: {checks}}}\n"
    block = read_pipeline("p", text).blocks[0]
    assert (block.checks[0].minimum, block.checks[0].maximum) == ("2013-01-01", "2013-12-31")

"""Projects are read and written whole: nothing half, nothing over what others have changed."""

from __future__ import annotations

import os
import stat
import threading
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest

from headrace.core.errors import (
    Conflict,
    InvalidInput,
    InvalidName,
    NotFound,
    StorageFull,
    TooLarge,
)
from headrace.core.ids import text_hash
from headrace.project import journal
from headrace.project.changes import FileChange, invert
from headrace.project.files import Project
from headrace.project.journal import Step
from headrace.project.pipeline import Block

YAML = "pipelines/p/pipeline.yaml"
ONE = "title: One\nblocks:\n- {name: a1, kind: loader, file: a1.py}\n"


class TestRead:
    def test_a_pipeline_comes_with_all_its_sources(self, project: Project, write: Any) -> None:
        files = write(ONE, a1_py="x = 1\r\n")
        source = files.sources["a1"]
        assert (source.path, source.text, source.hash) == (
            "pipelines/p/a1.py",
            "x = 1\r\n",
            text_hash("x = 1\r\n"),
        )
        assert source.writable
        assert files.text == ONE
        assert project.list_pipelines() == ["p"]

    def test_the_version_is_that_of_what_runs(self, write: Any) -> None:
        version = write(ONE, a1_py="x").version
        assert write("# note\n" + ONE.replace("One", "Two"), a1_py="x").version == version
        assert write(ONE, a1_py="y").version != version
        assert write(ONE.replace("file", "retries: 1, file"), a1_py="x").version != version
        assert write(ONE + "parameters: {m: 1}\n", a1_py="x").version != version

    @pytest.mark.parametrize("name", ["ghost", "p"])
    def test_what_is_not_there_is_not_found(self, project: Project, name: str) -> None:
        (project.paths.root / "pipelines/p").mkdir(parents=True)
        with pytest.raises(NotFound):
            project.read(name)
        assert project.list_pipelines() == []

    @pytest.mark.parametrize(
        "name",
        [
            "",
            ".",
            "..",
            "../x",
            "a/b",
            "a\0",
            "x" * 300,
            "\u202ea",
            "😀",
            "__init__",
            "class",
            "-a",
            "a ",
            "A",
        ],
    )
    def test_names_that_are_none_are_refused(self, project: Project, name: str) -> None:
        with pytest.raises(InvalidName):
            project.read(name)
        with pytest.raises(InvalidName):
            project.create_pipeline(name, "x")

    @pytest.mark.parametrize(
        ("raw", "line", "words"),
        [
            (b"", 1, "empty"),
            ("title: x\n# ü\n".encode("latin-1"), 2, "not UTF-8"),
            (b"a" * 1_100_000, 1, "larger than 1 MB"),
            (b"\xff\xfe\x00", 1, "not UTF-8"),
        ],
    )
    def test_a_broken_file_is_a_problem_and_stays_as_it_is(
        self, project: Project, write: Any, raw: bytes, line: int, words: str
    ) -> None:
        write("")
        path = project.paths.root / YAML
        path.write_bytes(raw)
        (problem,) = project.read("p").pipeline.problems
        assert words in problem.message
        assert (problem.file, problem.line) == (YAML, line)
        assert path.read_bytes() == raw

    def test_a_byte_order_mark_is_not_text_and_survives_a_save(
        self, project: Project, write: Any
    ) -> None:
        write("")
        (project.paths.root / YAML).write_bytes(b"\xef\xbb\xbf" + ONE.encode())
        files = project.read("p")
        assert files.text == ONE
        project.save([FileChange(YAML, ONE, "title: x\n")])
        assert (project.paths.root / YAML).read_bytes() == b"\xef\xbb\xbftitle: x\n"

    def test_missing_and_unreadable_sources_are_problems_of_their_block(
        self, project: Project, write: Any
    ) -> None:
        text = "blocks:\n" + "".join(
            f"- {{name: {n}1, kind: loader, file: {f}}}\n"
            for n, f in zip(
                "abcdefg", ["a.py", "b.py", "c.py", "d.py", "../e.py", "f.py", "g.py"], strict=True
            )
        )
        text += "- {name: s1, kind: loader, block: loaders/nothing}\n"
        folder = project.paths.root / "pipelines/p"
        folder.mkdir(parents=True)
        (folder / "b.py").write_bytes(b"x = 1\ny = '\xe9'\n")
        (folder / "c.py").mkdir()
        os.mkfifo(folder / "d.py")
        (folder / "f.py").write_bytes(b"#" * 1_100_000)
        (folder / "g.py").symlink_to("/etc/passwd")
        files = write(text)
        problems = {problem.block: problem for problem in files.pipeline.problems}
        assert set(problems) == {"a1", "b1", "c1", "d1", "e1", "f1", "g1", "s1"}
        assert files.sources["a1"].missing
        assert (problems["b1"].file, problems["b1"].line, problems["b1"].column) == (
            "pipelines/p/b.py",
            2,
            5,
        )
        assert files.sources["g1"].text == ""
        assert problems["a1"].line == 2
        with pytest.raises(TooLarge):
            project.read_source("p", Block(name="f1", kind="loader", file="f.py"))

    def test_10000_blocks_are_read_in_time(self, project: Project, write: Any) -> None:
        folder = project.paths.root / "pipelines/p"
        folder.mkdir(parents=True)
        for number in range(10_000):
            (folder / f"b{number}.py").write_bytes(b"x")
        text = "blocks:\n" + "".join(
            f"- {{name: b{i}, kind: loader, file: b{i}.py, upstream: [{f'b{i - 1}' if i else ''}]}}\n"
            for i in range(10_000)
        )
        began = time.process_time()
        assert write(text).pipeline.problems == ()
        assert time.process_time() - began < 2.5


class TestShared:
    def test_the_projects_own_blocks_come_before_shipped_ones(
        self, tmp_path: Path, project: Project, write: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        shipped = tmp_path.parent / f"{tmp_path.name}-shipped"
        for root, text in ((shipped, "shipped"), (tmp_path / "blocks", "own")):
            (root / "loaders").mkdir(parents=True)
            (root / "loaders/both.py").write_text(text)
            (root / "README.md").write_text("no block")
        (shipped / "transformers").mkdir()
        (shipped / "transformers/only.sql").write_text("select 1")
        monkeypatch.setattr("headrace.project.files.shipped_library", lambda: shipped)
        project = Project(project.paths)
        write(
            "blocks:\n- {name: a1, kind: loader, block: loaders/both}\n- {name: b1, kind: transformer, block: transformers/only}\n- {name: c1, kind: loader, block: ../../x}\n"
        )
        files = project.read("p")
        own, only = files.sources["a1"], files.sources["b1"]
        assert (own.text, own.path, own.shared, own.writable) == (
            "own",
            "blocks/loaders/both.py",
            True,
            True,
        )
        assert (only.text, only.shared, only.writable) == ("select 1", True, False)
        assert Path(only.path).is_absolute()
        assert files.pipeline.block("b1").language == "sql"  # type: ignore[union-attr]
        assert [problem.block for problem in files.pipeline.problems] == ["c1"]
        assert [
            (found.path, found.kind, found.language, found.text) for found in project.library()
        ] == [
            ("loaders/both", "loader", "python", "own"),
            ("transformers/only", "transformer", "sql", "select 1"),
        ]
        assert project.used_in("loaders/both") == ["p"]
        assert project.used_in("loaders/none") == []


class TestSave:
    def test_a_save_over_what_others_changed_is_a_conflict_with_their_text(
        self, project: Project, write: Any
    ) -> None:
        write(ONE, a1_py="theirs")
        for before in ("mine", None):
            with pytest.raises(Conflict) as caught:
                project.save(
                    [
                        FileChange(YAML, ONE, "title: x\n"),
                        FileChange("pipelines/p/a1.py", before, "new"),
                    ]
                )
            assert caught.value.details == {
                "path": "pipelines/p/a1.py",
                "text": "theirs",
                "hash": text_hash("theirs"),
            }
        assert project.read("p").text == ONE
        with pytest.raises(Conflict, match="not there"):
            project.save([FileChange("pipelines/p/gone.py", "x", "y")])

    @pytest.mark.parametrize(
        "path",
        [
            "../x.py",
            "/etc/x",
            "pipelines/../../x",
            ".headrace/x",
            "pipelines/p/.git",
            "README.md",
            "pipelines",
            "",
            "a\\b",
            "pipelines/p/\0",
        ],
    )
    def test_only_files_of_pipelines_can_be_written(self, project: Project, path: str) -> None:
        with pytest.raises(InvalidInput):
            project.save([FileChange(path, None, "x")])

    def test_what_is_too_large_or_no_text_is_refused(self, project: Project) -> None:
        with pytest.raises(TooLarge):
            project.save([FileChange("pipelines/p/a1.py", None, "#" * 10_000_000)])
        with pytest.raises(InvalidInput):
            project.save([FileChange("pipelines/p/a1.py", None, "\ud800")])
        project.save([FileChange("pipelines/p/a1.py", None, "#" * 2**20)])

    def test_the_mode_of_a_file_stays(self, project: Project, write: Any) -> None:
        write(ONE, a1_py="x")
        path = project.paths.root / "pipelines/p/a1.py"
        path.chmod(0o750)
        project.save([FileChange("pipelines/p/a1.py", "x", "y")])
        assert stat.S_IMODE(path.stat().st_mode) == 0o750

    def test_changes_and_their_inverse_leave_nothing_behind(
        self, project: Project, write: Any
    ) -> None:
        files = write(ONE, a1_py="x")
        changes = [
            FileChange("pipelines/p/b1.py", None, "b"),
            FileChange(YAML, ONE, "blocks: []\n"),
            FileChange("pipelines/p/a1.py", "x", None),
        ]
        project.save(changes)
        assert project.taken_files("p") == ["b1.py", "pipeline.yaml"]
        project.save(invert(changes))
        assert project.read("p") == files
        assert list((project.paths.state / "journal").iterdir()) == []
        project.save([])

    def test_one_of_two_racing_saves_is_refused(self, project: Project, write: Any) -> None:
        write(ONE, a1_py="0")
        outcomes: list[str] = []

        def save(text: str) -> None:
            try:
                project.save([FileChange("pipelines/p/a1.py", "0", text)])
                outcomes.append(text)
            except Conflict:
                outcomes.append("conflict")

        threads = [threading.Thread(target=save, args=(str(n),)) for n in range(1, 9)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        (winner,) = [outcome for outcome in outcomes if outcome != "conflict"]
        assert project.read("p").sources["a1"].text == winner

    def test_a_failure_midway_takes_back_what_was_written(
        self, project: Project, write: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        files = write(ONE, a1_py="x")
        real = journal.write_durable

        def full(path: Path, content: bytes, **options: Any) -> None:
            if path.name == "a1.py" and content == b"y":
                raise StorageFull("No space left.")
            real(path, content, **options)

        monkeypatch.setattr(journal, "write_durable", full)
        with pytest.raises(StorageFull):
            project.save(
                [
                    FileChange("pipelines/p/b1.py", None, "b"),
                    FileChange(YAML, ONE, "title: x\n"),
                    FileChange("pipelines/p/a1.py", "x", "y"),
                ]
            )
        assert project.read("p") == files
        assert project.recover() == []
        assert project.taken_files("p") == ["a1.py", "pipeline.yaml"]

    @pytest.mark.parametrize("crash_after", [0, 1, 2, 3])
    def test_a_crash_midway_is_finished_at_the_next_start(
        self, project: Project, write: Any, monkeypatch: pytest.MonkeyPatch, crash_after: int
    ) -> None:
        write(ONE, a1_py="x")
        changes = [
            FileChange("pipelines/p/b1.py", None, "b"),
            FileChange(YAML, ONE, "title: x\n"),
            FileChange("pipelines/p/a1.py", "x", None),
        ]
        real, written = journal.Journal._write, 0

        class Killed(BaseException):
            pass

        def dying(self: journal.Journal, step: Step) -> None:
            nonlocal written
            if written == crash_after:
                raise Killed
            written += 1
            real(self, step)

        with monkeypatch.context() as patch:
            patch.setattr(journal.Journal, "_write", dying)
            if crash_after < 3:
                with pytest.raises(Killed):
                    project.save(changes)
            else:
                project.save(changes)
        again = Project(project.paths)
        assert len(again.recover()) == 3 - crash_after
        assert again.recover() == []
        assert again.taken_files("p") == ["b1.py", "pipeline.yaml"]
        assert again.read("p").text == "title: x\n"

    def test_replay_leaves_files_alone_that_someone_has_changed_since(
        self, project: Project, write: Any
    ) -> None:
        write(ONE, a1_py="changed since")
        folder = project.paths.state / "journal"
        folder.mkdir(parents=True)
        steps = [Step("pipelines/p/a1.py", b"x", b"y"), Step("pipelines/p/b1.py", None, b"b")]
        (folder / "1.json").write_bytes(msgspec.json.encode(steps))
        assert project.recover() == ["pipelines/p/b1.py"]
        assert project.read("p").sources["a1"].text == "changed since"

    def test_a_journal_that_is_damaged_does_not_stop_the_start(self, project: Project) -> None:
        folder = project.paths.state / "journal"
        folder.mkdir(parents=True)
        (folder / "1.json").write_bytes(b"{")
        assert project.recover() == []
        assert [path.name for path in folder.iterdir()] == ["1.json.damaged"]


class TestPipelines:
    def test_create_and_delete(self, project: Project) -> None:
        project.create_pipeline("flights", 'Late: "flights"')
        files = project.read("flights")
        assert files.pipeline.title == 'Late: "flights"'
        assert files.pipeline.problems == ()
        with pytest.raises(Conflict):
            project.create_pipeline("flights", "x")
        trash = project.delete_pipeline("flights")
        assert (trash / "pipeline.yaml").is_file()
        assert trash.parent == project.paths.state / "trash"
        assert project.list_pipelines() == []
        with pytest.raises(NotFound):
            project.delete_pipeline("flights")


class TestSettings:
    def test_no_file_is_all_defaults(self, project: Project) -> None:
        settings = project.settings()
        assert (settings.connections, settings.environment, settings.problems) == ({}, None, ())

    def test_everything_is_read(self, project: Project) -> None:
        project.paths.settings.write_text(
            "environment: .venv\nconnections:\n  warehouse: postgresql://x\n  lake: {url: duckdb:///x, read_only: true}\n"
            "max_parallel: 16\npools: {warehouse: 2, gpu: 1}\n"
            "retention: {age: 30d, size: 10GB, runs: 100}\ndefaults: {retries: 2, timeout: 1h, parallel: 4}\npreload: [polars]\nother: kept\n"
        )
        settings = project.settings()
        assert settings.problems == ()
        assert settings.connections == {
            "warehouse": {"url": "postgresql://x"},
            "lake": {"url": "duckdb:///x", "read_only": True},
        }
        assert (
            settings.retention.age_s,
            settings.retention.size_bytes,
            settings.retention.runs,
        ) == (30 * 86400, 10**10, 100)
        assert (
            settings.defaults.retries,
            settings.defaults.timeout_s,
            settings.defaults.parallel,
        ) == (2, 3600, 4)
        assert (settings.environment, settings.preload) == (".venv", ("polars",))
        assert (settings.max_parallel, settings.pools) == (16, {"warehouse": 2, "gpu": 1})

    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ("- a\n", "a map"),
            ("a: [\n", "ends in"),
            ("connections: {a: 'postgresql://me:pass@h/x'}\n", "A password stands here"),
            ("connections: 3\n", "a map"),
            ("connections: {a: [1]}\n", "a URL"),
            ("retention: {age: soon}\n", "duration"),
            ("defaults: {retries: x}\n", "number"),
            ("max_parallel: 0\n", "from 1"),
            ("pools: [warehouse]\n", "a map"),
            ("pools: {warehouse: many}\n", "number"),
        ],
    )
    def test_what_is_wrong_is_a_problem(self, project: Project, text: str, words: str) -> None:
        project.paths.settings.write_text(text)
        (problem,) = project.settings().problems
        assert words in problem.message
        assert problem.file == "headrace.yaml"

"""How versions of a pipeline differ, and how files become what they were."""

from __future__ import annotations

from pathlib import Path

import pytest

from headrace.project.difference import difference
from headrace.project.files import Project
from headrace.project.pipeline import PipelineFiles
from headrace.project.restore import left_by_restore, plan_restore

YAML = """\
title: T
parameters:
  month: {type: integer, default: 1}
blocks:
  - {name: a, kind: loader, file: a.py}
  - {name: b, kind: transformer, file: b.py, upstream: [a]}
"""


def files(project: Project, yaml: str, **texts: str) -> PipelineFiles:
    folder = project.paths.pipelines / "p"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "pipeline.yaml").write_text(yaml)
    for name in ("a", "b", "c"):
        (folder / f"{name}.py").write_text(texts.get(name, name))
    return project.read("p")


@pytest.mark.parametrize(
    ("old", "new", "blocks", "parameters"),
    [
        ("", "", [], []),
        ("title: T", "title: U", [], []),
        ("upstream: [a]", "upstream: []", [("b", "changed", ["upstream"])], []),
        ("upstream: [a]", "retries: 2, with: {n: 1}", [("b", "changed", ["upstream", "with", "retries"])], []),
        ("  - {name: b, kind: transformer, file: b.py, upstream: [a]}\n", "", [("b", "removed", [])], []),
        ("blocks:\n", "blocks:\n  - {name: c, kind: loader, file: c.py}\n", [("c", "added", [])], []),
        ("default: 1", "default: 2, minimum: 0", [], [("month", "changed", "integer, from 0, default 2")]),
        ("  month: {type: integer, default: 1}", "  day: {type: string, choices: [x], default: x}", [],
         [("day", "added", "string, one of x, default 'x'"), ("month", "removed", "")]),
    ],
)  # fmt: skip
def test_what_is_different_is_said_by_block_and_parameter(
    project: Project, old: str, new: str, blocks: list[object], parameters: list[object]
) -> None:
    before = files(project, YAML)
    found = difference(before, files(project, YAML.replace(old, new, 1) if old else YAML))
    assert [(one.name, one.change, one.what) for one in found.blocks] == blocks
    assert [(one.name, one.change, one.after) for one in found.parameters] == parameters
    assert not found.order


def test_code_is_shown_before_and_after(project: Project) -> None:
    found = difference(files(project, YAML), files(project, YAML, a="other")).blocks
    assert [(one.what, one.before, one.after) for one in found] == [(["code"], "a", "other")]


def test_another_order_is_a_difference(project: Project) -> None:
    head, a, b = YAML.rpartition("  - {name: a")[0], *YAML.splitlines(keepends=True)[-2:]
    assert difference(files(project, YAML), files(project, head + b + a)).order


def on_disk(project: Project, path: str) -> str | None:
    file: Path = project.paths.root / path
    return file.read_text() if file.exists() else None


def restore(project: Project, then: PipelineFiles) -> PipelineFiles:
    now = project.read("p")
    project.save(plan_restore(now, then, lambda path: on_disk(project, path)))
    return project.read("p")


@pytest.mark.parametrize(
    ("then", "now"),
    [
        (YAML, YAML.replace("upstream: [a]", "upstream: []")),
        (YAML, "title: T\nblocks: []\n"),
        (YAML, "title: T\nblocks:\n  - {name: c, kind: loader, file: c.py}\n"),
        (YAML + "triggers:\n  - {name: old, every: 1h}\n", YAML.replace("title: T", "title: U")),
        (YAML.rstrip(), YAML + "triggers: []\n"),
        (YAML, "# mine\ntriggers:\n  # often\n  - {name: new, every: 2h}\nblocks: []\n"),
        (YAML, "{blocks: [], triggers: [{name: new, every: 2h}]}\n"),
    ],
)
def test_a_version_is_restored_with_the_triggers_of_now(
    project: Project, then: str, now: str
) -> None:
    old = files(project, then)
    newer = files(project, now, a="changed", b="changed")
    again = restore(project, old)
    assert again.version == old.version
    if not now.startswith("{"):
        assert again.pipeline.triggers == newer.pipeline.triggers or [
            trigger.name for trigger in again.pipeline.triggers
        ] == [trigger.name for trigger in newer.pipeline.triggers]


def test_shared_blocks_are_left_and_named(project: Project) -> None:
    shared = project.paths.blocks / "loaders" / "s.py"
    shared.parent.mkdir(parents=True)
    shared.write_text("one")
    yaml = YAML + "  - {name: s, kind: loader, block: loaders/s}\n"
    old = files(project, yaml)
    assert left_by_restore(old, old) == []
    shared.write_text("two")
    now = project.read("p")
    assert left_by_restore(now, old) == ["blocks/loaders/s.py"]
    assert plan_restore(now, old, lambda path: on_disk(project, path)) == []

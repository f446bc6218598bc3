"""The power fails at any moment of a change: after the next start every file is old or new.

The calls that change the disk are recorded. Each prefix of them is then played back in the worst
ways a file system may have kept it: what was not synced is lost, or half there.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from headrace.core.paths import ProjectPaths
from headrace.project.changes import FileChange
from headrace.project.files import Project

PIPELINE = "title: P\nblocks:\n  - {name: a, kind: loader, file: a.py}\n"
Tree = dict[str, bytes | None]
"""Relative path → content; None is a folder."""


@dataclass(frozen=True)
class Entry:
    """A name appeared, went, or moved. `number` is the content's, `old` where it was before."""

    kind: str
    path: str
    old: str = ""
    file: int = 0


@dataclass(frozen=True)
class Synced:
    """A file's content, or a folder's names, are on the disk."""

    path: str
    file: int = 0
    content: bytes = b""


Call = Entry | Synced


@dataclass
class Recorder:
    """Stands between the code and the five calls through which it changes the disk."""

    root: Path
    calls: list[Call] = field(default_factory=list[Call])

    def short(self, path: Any) -> str | None:
        whole = Path(path)
        return str(whole.relative_to(self.root)) if whole.is_relative_to(self.root) else None

    def install(self, patch: pytest.MonkeyPatch) -> None:  # noqa: C901 a function for each call
        real = {name: getattr(os, name) for name in ("open", "fsync", "unlink", "mkdir")}

        def opened(path: Any, flags: int, *rest: Any, **more: Any) -> int:
            new = flags & os.O_CREAT and not Path(path).exists()
            descriptor = real["open"](path, flags, *rest, **more)
            name = self.short(path)
            if new and name is not None:
                self.calls.append(Entry("create", name, file=os.fstat(descriptor).st_ino))
            return descriptor

        def synced(descriptor: int) -> None:
            real["fsync"](descriptor)
            name = self.short(Path(f"/proc/self/fd/{descriptor}").readlink())
            if name is None:
                return
            whole = self.root / name
            content = b"" if whole.is_dir() else whole.read_bytes()
            self.calls.append(Synced(name, os.fstat(descriptor).st_ino, content))

        def moved(real_move: Callable[..., None]) -> Callable[..., None]:
            def move(old: Any, new: Any, *rest: Any, **more: Any) -> None:
                number = Path(old).stat().st_ino
                real_move(old, new, *rest, **more)
                name, before = self.short(new), self.short(old)
                assert name is not None
                assert before is not None
                self.calls.append(Entry("move", name, before, number))

            return move

        def unlinked(path: Any, *rest: Any, **more: Any) -> None:
            real["unlink"](path, *rest, **more)
            name = self.short(path)
            if name is not None:
                self.calls.append(Entry("unlink", name))

        def made(path: Any, *rest: Any, **more: Any) -> None:
            real["mkdir"](path, *rest, **more)
            name = self.short(path)
            if name is not None:
                self.calls.append(Entry("mkdir", name))

        patch.setattr(os, "open", opened)
        patch.setattr(os, "fsync", synced)
        patch.setattr(os, "unlink", unlinked)
        patch.setattr(os, "mkdir", made)
        for name in ("rename", "replace"):
            patch.setattr(os, name, moved(getattr(os, name)))


def parent(path: str) -> str:
    return str(Path(path).parent)


def kept(  # noqa: C901, PLR0912 a small file system
    calls: list[Call], before: Tree, *, lost: Callable[[int], bool], torn: bool
) -> Tree:
    """Return what is on the disk when the power fails after `calls`.

    A change of names that its folder's sync did not follow is gone when `lost` says so of its
    place in the calls. Content that was not synced is empty, or with `torn` the first half of it.
    """
    tree = dict(before)
    contents: dict[int, bytes] = {}
    whole: dict[int, bytes] = {}
    for call in calls:
        if isinstance(call, Synced) and call.content:
            whole[call.file] = call.content
    numbers: dict[str, int] = {}
    for place, call in enumerate(calls):
        if isinstance(call, Synced):
            if call.content:
                contents[call.file] = call.content
            continue
        folders = {parent(call.path), parent(call.old) if call.old else parent(call.path)}
        safe = any(isinstance(c, Synced) and c.path in folders for c in calls[place + 1 :])
        if not safe and lost(place):
            continue
        match call.kind:
            case "mkdir":
                if parent(call.path) == "." or parent(call.path) in tree:
                    tree[call.path] = None
            case "create":
                if parent(call.path) == "." or parent(call.path) in tree:
                    tree[call.path] = b""
                    numbers[call.path] = call.file
            case "unlink":
                tree.pop(call.path, None)
            case _:
                for path in [p for p in tree if p == call.old or p.startswith(f"{call.old}/")]:
                    target = call.path + path[len(call.old) :]
                    if parent(target) == "." or parent(target) in tree:
                        tree[target] = tree.pop(path)
                        if path in numbers:
                            numbers[target] = numbers.pop(path)
                    else:
                        tree.pop(path)
    for path, number in numbers.items():
        if path in tree:
            half = whole.get(number, b"")[: len(whole.get(number, b"")) // 2] if torn else b""
            tree[path] = contents.get(number, half)
    return tree


def read(root: Path) -> Tree:
    return {
        str(path.relative_to(root)): None if path.is_dir() else path.read_bytes()
        for path in sorted(root.rglob("*"))
    }


def lay_out(root: Path, tree: Tree) -> None:
    root.mkdir()
    for path, content in sorted(tree.items()):
        if content is None:
            (root / path).mkdir(exist_ok=True)
    for path, content in tree.items():
        if content is not None:
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_bytes(content)


def visible(root: Path) -> Tree:
    """Return the files of pipelines, and of the trash under the names they had."""
    found: Tree = {}
    for path, content in read(root).items():
        if content is None:
            continue
        if path.startswith("pipelines/"):
            found[path] = content
        elif path.startswith(".headrace/trash/"):
            found["trash/" + path.split("-", 1)[1]] = content
    return found


def make(root: Path) -> Project:
    paths = ProjectPaths.of(root)
    paths.make_state()
    return Project(paths)


A, YAML = "pipelines/p/a.py", "pipelines/p/pipeline.yaml"
RENAMED = PIPELINE.replace("name: a, kind: loader, file: a.py", "name: b, kind: loader, file: b.py")
CHANGES: dict[str, Callable[[Project], object]] = {
    "save": lambda project: project.save([FileChange(A, "# a\n", "# new\n" * 500)]),
    "rename": lambda project: project.save(
        [
            FileChange(YAML, PIPELINE, RENAMED),
            FileChange(A, "# a\n", None),
            FileChange("pipelines/p/b.py", None, "# a\n"),
        ]
    ),
    "create": lambda project: project.create_pipeline("q", "Q"),
    "delete": lambda project: project.delete_pipeline("p"),
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    (folder / "pipelines" / "p").mkdir(parents=True)
    (folder / YAML).write_text(PIPELINE)
    (folder / A).write_text("# a\n")
    make(folder)
    return folder


@pytest.mark.parametrize("change", CHANGES)
def test_whenever_the_power_fails_a_change_is_done_or_not_begun(
    change: str, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, shown_before = read(root), visible(root)
    recorder = Recorder(root)
    project = make(root)
    with monkeypatch.context() as patch:
        recorder.install(patch)
        CHANGES[change](project)
    shown_after = visible(root)
    assert shown_after != shown_before
    assert len(recorder.calls) >= 4, "the calls were recorded"
    tried = 0
    for length in range(len(recorder.calls) + 1):
        calls = recorder.calls[:length]
        ways: list[Callable[[int], bool]] = [lambda _: True, lambda _: False]
        ways += [lambda place, n=n: place == n for n in range(length)]
        for lost in ways:
            for torn in (False, True):
                tree = kept(calls, before, lost=lost, torn=torn)
                again = tmp_path / f"disk{tried}"
                lay_out(again, tree)
                tried += 1
                recovered = make(again)
                recovered.recover()
                assert visible(again) in (shown_before, shown_after), (length, calls)
                for name in recovered.list_pipelines():
                    assert not recovered.read(name).pipeline.problems
    finished = kept(recorder.calls, before, lost=lambda _: True, torn=True)
    assert {p: c for p, c in finished.items() if p.startswith("pipelines/") and c is not None} == {
        p: c for p, c in shown_after.items() if p.startswith("pipelines/")
    }, "once it has returned, nothing takes it back"

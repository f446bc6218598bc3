"""Any row of edits on any layout: the file stays readable, and edits do what the model says."""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from headrace.core.errors import CycleError, InvalidInput
from headrace.core.ids import text_hash
from headrace.project.edit_plan import Wiring
from headrace.project.edits import plan_edit
from headrace.project.pipeline import Block, Pipeline, PipelineFiles, Source
from headrace.project.reader import read_pipeline
from headrace.protocol import commands as do


class NoCode:
    """Leaves code as it is."""

    def add_argument(self, source: str, name: str) -> str:
        return source

    def remove_argument(self, source: str, name: str) -> str:
        return source

    def rename_upstream(self, source: str, language: str, old: str, new: str) -> str:
        return source

    def rename_function(self, source: str, old: str, new: str) -> str:
        return source

    def names_upstream(self, source: str, language: str, name: str) -> bool:
        return False

    def connected(
        self, pipeline: Pipeline, block: Block, source: str, upstream: str, *, own: bool
    ) -> Wiring:
        return Wiring(inputs=block.inputs, argument=own)

    def disconnected(
        self, pipeline: Pipeline, block: Block, source: str, upstream: str
    ) -> dict[str, str]:
        return {key: above for key, above in block.inputs.items() if above != upstream}


LAYOUTS = [
    "- {{name: {n}, kind: loader, file: {n}.py}}\n",
    "# about {n}\n- {{name: {n}, kind: loader, file: {n}.py, x: 1}}  # tail\n",
    "\n- name: {n}  # name\n  kind: loader\n  # inside\n  file: {n}.py\n",
    "-\n  name: {n}\n  kind: loader\n  file: '{n}.py'\n  with:\n    text: |-\n      long\n      text\n",
    "- {{name: {n},\n   kind: loader,   # kind\n   file: {n}.py}}\n\n",
]


def files_of(text: str, sources: dict[str, str]) -> PipelineFiles:
    pipeline = read_pipeline("p", text)
    return PipelineFiles(
        pipeline=pipeline,
        text=text,
        sources={
            block.name: Source(
                path=f"pipelines/p/{block.file}",
                text=sources.get(f"pipelines/p/{block.file}", ""),
                hash=text_hash(""),
            )
            for block in pipeline.blocks
        },
        version="",
    )


@st.composite
def texts(draw: st.DrawFn) -> str:
    indent = draw(st.sampled_from(["", "  ", "    "]))
    lines = "".join(
        draw(st.sampled_from(LAYOUTS)).format(n=f"b{i}") for i in range(draw(st.integers(0, 5)))
    )
    body = "".join(f"{indent}{line}" if line.strip() else line for line in lines.splitlines(True))
    text = f"# top\ntitle: t\nblocks:{draw(st.sampled_from(['', '  # list']))}\n{body}"
    text += draw(st.sampled_from(["", "triggers: []\n", "# end\n", "\nother: {a: 1}\n"]))
    if draw(st.booleans()):
        text = text.removesuffix("\n")
    return text.replace("\n", "\r\n") if draw(st.booleans()) else text


def command(data: st.DataObject, names: list[str]) -> do.Command:
    kind = data.draw(
        st.sampled_from(
            ["add", "move", "rename", "delete", "copy", "connect", "disconnect", "configure"]
        )
    )
    if kind == "add" or not names:
        return do.AddBlock(
            pipeline="p", index=data.draw(st.integers(0, len(names))), upstream=names[:1]
        )
    pick = st.sampled_from(names)
    one, two = data.draw(pick), data.draw(pick)
    made: dict[str, do.Command] = {
        "move": do.MoveBlock(
            pipeline="p", block=one, index=data.draw(st.integers(0, len(names) - 1))
        ),
        "rename": do.RenameBlock(pipeline="p", block=one, name=f"{one[:20]}_r"),
        "delete": do.DeleteBlocks(pipeline="p", blocks=list({one, two})),
        "copy": do.DuplicateBlock(pipeline="p", block=one),
        "connect": do.Connect(pipeline="p", upstream=one, downstream=two),
        "disconnect": do.Disconnect(pipeline="p", upstream=one, downstream=two),
        "configure": do.ConfigureBlock(
            pipeline="p",
            block=one,
            retries=data.draw(st.integers(0, 2)),
            settings=data.draw(st.sampled_from([None, {}, {"a": 1}, {"a": "x", "text": "y"}])),
        ),
    }
    return made[kind]


def expected_names(names: list[str], edit: Any, after: list[str]) -> list[str]:
    if isinstance(edit, do.MoveBlock):
        rest = [name for name in names if name != edit.block]
        return [*rest[: edit.index], edit.block, *rest[edit.index :]]
    if isinstance(edit, do.RenameBlock):
        return [edit.name if name == edit.block else name for name in names]
    if isinstance(edit, do.DeleteBlocks):
        return [name for name in names if name not in edit.blocks]
    if isinstance(edit, do.DuplicateBlock):
        place = names.index(edit.block) + 1
        return [*names[:place], after[place], *names[place:]]
    if isinstance(edit, do.AddBlock):
        assert edit.index is not None
        return [*names[: edit.index], after[edit.index], *names[edit.index :]]
    return names


@settings(max_examples=250, deadline=None)
@given(texts(), st.data())
def test_any_row_of_edits_keeps_the_file_readable_and_the_rest_as_it_was(
    text: str, data: st.DataObject
) -> None:
    sources: dict[str, str] = {}
    for _ in range(data.draw(st.integers(1, 5))):
        files = files_of(text, sources)
        assert files.pipeline.problems == ()
        names = [block.name for block in files.pipeline.blocks]
        edit = command(data, names)
        try:
            changes = plan_edit(files, edit, NoCode())
        except (InvalidInput, CycleError):
            continue
        for change in changes:
            if change.path.endswith("pipeline.yaml"):
                assert change.before == text
                text = change.after or ""
            elif change.after is None:
                sources.pop(change.path, None)
            else:
                sources[change.path] = change.after
        pipeline = read_pipeline("p", text)
        after = [block.name for block in pipeline.blocks]
        assert pipeline.problems == ()
        assert after == expected_names(names, edit, after)
        for block in files.pipeline.blocks:
            still = pipeline.block(block.name)
            touched = {getattr(edit, "block", None), getattr(edit, "downstream", None)}
            if (
                still is not None
                and block.name not in touched
                and not isinstance(edit, (do.RenameBlock, do.DeleteBlocks))
            ):
                assert msgspec.structs.replace(still, line=0) == msgspec.structs.replace(
                    block, line=0
                )
        assert "# top" in text
        assert text.count("\n") == text.count("\r\n") or "\r" not in text

"""Plans how the files of a pipeline become again what they were in a version."""

from __future__ import annotations

from collections.abc import Callable

from headrace.project.changes import FileChange
from headrace.project.pipeline import PipelineFiles
from headrace.project.yaml_text import YamlText

_TRIGGERS = "triggers"


def plan_restore(
    present: PipelineFiles, then: PipelineFiles, on_disk: Callable[[str], str | None]
) -> list[FileChange]:
    """Return what makes the pipeline's own files those of `then`, but for its triggers.

    `on_disk` gives the text of a file by its path in the project, None when there is none. Shared
    blocks are not written: other pipelines use them too.
    """
    path = f"pipelines/{present.pipeline.name}/pipeline.yaml"
    changes = [FileChange(path, present.text, _with_triggers_of(present.text, then.text))]
    wanted, used = _own(then), _own(present)
    for place, text in wanted.items():
        changes.append(FileChange(place, used.get(place, on_disk(place)), text))
    for place, text in used.items():
        if place not in wanted:
            changes.append(FileChange(place, text, None))
    return [change for change in changes if change.before != change.after]


def left_by_restore(present: PipelineFiles, then: PipelineFiles) -> list[str]:
    """Return the paths of the shared blocks of `then` that are different now."""
    now = {source.path: source.hash for source in present.sources.values()}
    return sorted(
        {
            source.path
            for source in then.sources.values()
            if source.shared and now.get(source.path, source.hash) != source.hash
        }
    )


def _own(files: PipelineFiles) -> dict[str, str]:
    """Return path → text of the sources that belong to the pipeline alone."""
    return {
        source.path: source.text
        for source in files.sources.values()
        if not source.shared and not source.missing
    }


def _with_triggers_of(present: str, then: str) -> str:
    """Return the text `then` with the triggers of `present`, as they are written there."""
    now = YamlText(present)
    emptied = YamlText(then)
    emptied.remove_pair(emptied.top, _TRIGGERS)
    text = emptied.result()
    found = next((pair for pair in now.top.pairs if pair[0].text == _TRIGGERS), None)
    if found is None or now.top.flow:
        return text
    name, value = found
    end = value if value.end > name.end else name
    triggers = now.text[now.line_start(name.start) : now.after(end)]
    return text + ("" if text.endswith("\n") else now.eol) + triggers

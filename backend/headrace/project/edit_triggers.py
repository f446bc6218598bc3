"""Edits of `triggers:`."""

from __future__ import annotations

from headrace.core.errors import InvalidInput, NotFound
from headrace.project.changes import FileChange
from headrace.project.entries import Entries
from headrace.project.pipeline import TRIGGER_KINDS, PipelineFiles, TriggerSpec, kinds_of
from headrace.project.yaml_text import YamlText
from headrace.project.yaml_write import flow, quoted


def put_trigger(
    files: PipelineFiles, spec: TriggerSpec, old_name: str | None = None
) -> list[FileChange]:
    """Return what adds a trigger, or changes the one of `old_name`.

    Raises NotFound for an unknown `old_name`, InvalidInput for a name that is taken. Whether cron
    and time zone are good is for the scheduler to say.
    """
    if not spec.name.strip() or len(spec.name) > 100:
        raise InvalidInput("The name of a trigger must have 1 to 100 characters.", field="name")
    if len(kinds_of(spec)) != 1:
        words = ", ".join(f"`{kind}`" for kind in TRIGGER_KINDS)
        raise InvalidInput(f"Give one of {words}.", field="cron")
    yaml = YamlText(files.text)
    entries = Entries(yaml, "triggers")
    if spec.name != old_name and spec.name in entries.names():
        raise InvalidInput(f"There is a trigger {spec.name!r} already.", field="name")
    wanted = _written(spec)
    if old_name is None:
        entries.insert(
            len(entries.nodes), {key: text for key, text in wanted.items() if text is not None}
        )
        return _changes(files, yaml)
    entry = entries.nodes[_index(entries, old_name)]
    present = {name.text for name, _ in entry.pairs}
    old = next((one for one in files.pipeline.triggers if one.name == old_name), None)
    before = _written(old) if old is not None else {}
    for key, text in wanted.items():
        if text == before.get(key):
            continue
        if text is None:
            yaml.remove_pair(entry, key)
        elif key in present or text != _USUAL.get(key):
            yaml.set_pair(entry, key, text)
    return _changes(files, yaml)


def delete_trigger(files: PipelineFiles, name: str) -> list[FileChange]:
    """Return what removes a trigger, with the last one the key too; raise NotFound."""
    yaml = YamlText(files.text)
    entries = Entries(yaml, "triggers")
    entries.remove({_index(entries, name)})
    if len(entries.nodes) > 1:
        return _changes(files, yaml)
    emptied = YamlText(yaml.result())
    emptied.remove_pair(emptied.top, "triggers")
    return _changes(files, emptied)


def _index(entries: Entries, name: str) -> int:
    index = entries.find(name)
    if index is None:
        raise NotFound(f"There is no trigger {name!r}.", kind="trigger", name=name)
    return index


def _changes(files: PipelineFiles, yaml: YamlText) -> list[FileChange]:
    text = yaml.result()
    path = f"pipelines/{files.pipeline.name}/pipeline.yaml"
    return [] if text == files.text else [FileChange(path, files.text, text)]


_USUAL = {"catchup": "latest", "overlap": "skip", "timezone": "UTC"}


_TEXTS = (
    *("cron", "every", "at", "files", "after", "changed"),
    *("start", "end", "jitter", "catchup_window", "timeout", "backoff"),
)


def _written(spec: TriggerSpec) -> dict[str, str | None]:
    """Return each key as YAML; None for those that need not be said."""
    texts = {key: getattr(spec, key) for key in _TEXTS}
    written = {key: None if text is None else quoted(text) for key, text in texts.items()}
    on_the_clock = spec.cron or spec.at or spec.start or spec.end
    return {
        "name": quoted(spec.name),
        **{key: written[key] for key in TRIGGER_KINDS if key in written},
        "webhook": "true" if spec.webhook else None,
        "timezone": quoted(spec.timezone) if on_the_clock or spec.every else None,
        **{key: written[key] for key in ("start", "end", "jitter")},
        "catchup": spec.catchup if spec.cron or spec.every or spec.at else None,
        "catchup_window": written["catchup_window"],
        "catchup_limit": None if spec.catchup_limit is None else str(spec.catchup_limit),
        "overlap": spec.overlap,
        "timeout": written["timeout"],
        "retries": None if spec.retries is None else str(spec.retries),
        "backoff": written["backoff"],
        "parameters": flow(spec.parameters) if spec.parameters else None,
        "active": None if spec.active else "false",
    }

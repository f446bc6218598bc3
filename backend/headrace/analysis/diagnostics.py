"""Diagnostics of one block: places in its source, and the commands that would put things right."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from msgspec.structs import replace

from headrace.analysis.places import Place
from headrace.analysis.signature import Trouble
from headrace.analysis.surroundings import Around
from headrace.project.pipeline import Block, Source
from headrace.protocol import commands as cmd
from headrace.protocol.replies import Diagnostic, Fix

SHOWN_BY_A_RUN = frozenset({"contract", "unknown-column"})
"""Errors with which a block may run all the same: then its output can be looked at."""


class Teller:
    """Collects what is wrong with one block."""

    def __init__(self, around: Around, block: Block, source: Source) -> None:
        self.around, self.block, self.source = around, block, source
        self.told: list[Diagnostic] = []

    @property
    def problem(self) -> str | None:
        """Why the block cannot run: its first error that a run would not show better."""
        errors = (entry for entry in self.told if entry.severity == "error")
        first = next((entry for entry in errors if entry.code not in SHOWN_BY_A_RUN), None)
        return f"line {first.line}: {first.message}" if first else None

    def tell(self, trouble: Trouble, fixes: Iterable[Fix] = ()) -> None:
        """Note a trouble; one that knows what should stand there gets the fix that writes it."""
        written = self._written(trouble) if trouble.instead else []
        self.told.append(
            Diagnostic(
                block=self.block.name,
                severity=trouble.severity,
                code=trouble.code,
                message=trouble.message,
                file=self.source.path,
                line=trouble.line,
                column=trouble.column,
                end_line=None if trouble.end_column is None else trouble.line,
                end_column=trouble.end_column,
                fixes=[*written, *fixes],
            )
        )

    def _written(self, trouble: Trouble) -> list[Fix]:
        lines = self.source.text.split("\n")
        line, end = lines[trouble.line - 1], trouble.end_column or trouble.column
        lines[trouble.line - 1] = line[: trouble.column] + trouble.instead + line[end:]
        return self.rewrite(f"Change to {trouble.instead}", "\n".join(lines))

    def rewrite(self, title: str, text: str | None) -> list[Fix]:
        """Return the fix that saves another text, when this block alone owns its file."""
        source = self.source
        if text is None or text == source.text or source.shared or not source.writable:
            return []
        command = cmd.SaveSource(
            pipeline=self.around.pipeline, block=self.block.name, text=text, base=source.hash
        )
        return [Fix(title=title, command=command)]

    def configure(self, title: str, settings: Mapping[str, Any]) -> Fix:
        """Return the fix that gives the block other settings."""
        command = cmd.ConfigureBlock(
            pipeline=self.around.pipeline, block=self.block.name, settings=dict(settings)
        )
        return Fix(title=title, command=command)

    def unused(self, upstream: str, line: int, fixes: Iterable[Fix] = ()) -> None:
        """Tell of an upstream whose output reaches nothing in the code."""
        trouble = Trouble(
            code="unused-upstream",
            message=f"The output of {upstream!r} is not used here.",
            line=line,
            severity="warning",
        )
        self.tell(trouble, [*fixes, self.around.disconnect(upstream, self.block.name)])

    def unknown_settings(self, known: Sequence[str]) -> None:
        """Tell of entries in `with:` that nothing in the code takes."""
        for name in self.block.settings:
            if name in known:
                continue
            rest = {key: value for key, value in self.block.settings.items() if key != name}
            near = nearest(name, [entry for entry in known if entry not in self.block.settings])
            hint = f"did you mean {near!r}?" if near else "nothing in the code takes it."
            fixes = [self.configure(f"Remove the setting {name}", rest)]
            if near:
                value = self.block.settings[name]
                fixes.insert(0, self.configure(f"Rename it to {near}", {**rest, near: value}))
            trouble = Trouble(
                code="unknown-setting",
                message=f"There is no setting {name!r}: {hint}",
                severity="warning",
            )
            self.tell(trouble, fixes)


def nearest(name: str, names: Iterable[str]) -> str:
    """Return the name that is most likely meant, "" when none is near."""
    return next(iter(get_close_matches(name, list(names), n=1, cutoff=0.6)), "")


def at(place: Place, trouble: Trouble) -> Trouble:
    """Return the trouble at a place on one line."""
    end = place.column + place.end - place.start
    return replace(trouble, line=place.line, column=place.column, end_column=end)

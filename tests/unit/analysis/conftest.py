"""Pipelines from texts, as analysis gets them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from headrace.analysis.analyse import Analysis, analyse
from headrace.project.pipeline import Block, Pipeline, PipelineFiles, Source
from headrace.protocol.replies import Diagnostic
from headrace.protocol.tables import Column

HEAD = "from headrace import transformer\n\n@transformer\n"
_OTHER = "from headrace import loader\n@loader\ndef {name}(): ...\n"

Analysed = Callable[..., tuple[Analysis, list[Diagnostic]]]


def files_of(
    own: str, *, upstream: tuple[str, ...], others: tuple[str, ...], options: dict[str, Any]
) -> PipelineFiles:
    names = list(dict.fromkeys((*upstream, *others)))
    suffix = "sql" if options.get("language") == "sql" else "py"
    parameters, shared = options.pop("parameters", ()), options.pop("shared", False)
    options = {"kind": "transformer", "file": f"own.{suffix}", "upstream": upstream} | options
    blocks = [Block(name=name, kind="loader", file=f"{name}.py") for name in names]
    sources = {n: Source(path=f"{n}.py", text=_OTHER.format(name=n), hash="") for n in names}
    sources["own"] = Source(
        path=f"own.{suffix}", text=own, hash="h1", shared=shared, writable=not shared
    )
    pipeline = Pipeline(
        name="p", title="P", blocks=(*blocks, Block(name="own", **options)), parameters=parameters
    )
    return PipelineFiles(pipeline=pipeline, text="", sources=sources, version="")


@pytest.fixture
def analysed() -> Analysed:
    """Analyse a block `own` among blocks without arguments; return all, and what is told of it."""

    def analysed(
        own: str,
        *,
        upstream: tuple[str, ...] = (),
        others: tuple[str, ...] = (),
        columns: dict[str, list[str]] | None = None,
        connections: dict[str, str] | None = None,
        **options: Any,
    ) -> tuple[Analysis, list[Diagnostic]]:
        known = {
            name: [Column(column, "int64") for column in found]
            for name, found in (columns or {}).items()
        }
        files = files_of(own, upstream=upstream, others=others, options=options)
        found = analyse(files, lambda _: None, known, connections=connections)
        return found, [told for told in found.diagnostics if told.block == "own"]

    return analysed


@pytest.fixture
def function() -> Callable[[str], str]:
    """Return the source of a block `own` with these arguments; it begins on line 4."""
    return lambda arguments: f"{HEAD}def own({arguments}): ...\n"

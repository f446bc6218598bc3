"""Published versions of pipelines as they are sent: their code, and how they differ."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from msgspec import Struct, field

from headrace.protocol.tables import Kind, Language, Parameter


class PublishedVersion(Struct, frozen=True, kw_only=True):
    """A snapshot of a pipeline's files. Triggers run that with the highest `number`."""

    pipeline: str
    number: int
    hash: str
    """Of blocks, parameters and sources: equal to the draft's `version` when nothing differs."""
    message: str = ""
    published_at: datetime


class BlockDifference(Struct, frozen=True, kw_only=True):
    """How a block of one version differs from that of another; `what` names the keys."""

    name: str
    change: Literal["added", "removed", "changed"]
    what: list[str] = field(default_factory=list[str])
    """For changed: `code`, or keys of pipeline.yaml such as `upstream`, `with`."""
    before: str | None = None
    """Its source before and after, where these differ."""
    after: str | None = None


class ParameterDifference(Struct, frozen=True, kw_only=True):
    """How a parameter differs; `before` and `after` are declarations in words."""

    name: str
    change: Literal["added", "removed", "changed"]
    before: str = ""
    after: str = ""


class Difference(Struct, frozen=True, kw_only=True):
    """What is different from one version of a pipeline to another, by block and parameter."""

    blocks: list[BlockDifference] = field(default_factory=list[BlockDifference])
    parameters: list[ParameterDifference] = field(default_factory=list[ParameterDifference])
    order: bool = False
    """The blocks stand in another order."""


class VersionList(Struct, frozen=True, kw_only=True):
    """The versions of a pipeline, newest first, and how the draft differs from the newest."""

    versions: list[PublishedVersion]
    draft: str
    """Content hash of the draft."""
    difference: Difference


class BlockCode(Struct, frozen=True, kw_only=True):
    """A block as a version has it."""

    name: str
    kind: Kind
    language: Language
    path: str
    text: str
    upstream: list[str]


class VersionCode(Struct, frozen=True, kw_only=True):
    """The code of a version. `difference` leads from it to the draft as it is now."""

    version: PublishedVersion
    blocks: list[BlockCode]
    parameters: list[Parameter]
    difference: Difference


class RunCode(Struct, frozen=True, kw_only=True):
    """The code that a run pinned."""

    version: str
    published: int | None
    blocks: list[BlockCode]

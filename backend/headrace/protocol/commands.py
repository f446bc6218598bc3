"""What callers ask for. Every command names its pipeline; `req` is the caller's own number for it.

REST and websocket decode to these same structs. An answer is `replies.Accepted` or
`replies.Refused` with the same `req`.
"""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta, Struct, field

from headrace.protocol.charts import Chart
from headrace.protocol.contracts import Contract
from headrace.protocol.steps import MAX_STEPS, CodeLanguage, Step
from headrace.protocol.tables import Expectation, Kind, Language, Parameter, Scope
from headrace.protocol.views import View
from headrace.protocol.watermarks import Incremental


class Command(Struct, frozen=True, kw_only=True, tag_field="op"):
    """Base of all commands."""

    pipeline: str
    req: str = ""


class OpenSession(Command, frozen=True, kw_only=True, tag="open-session"):
    """Send me the events of this pipeline: those after `after`, or a snapshot first.

    `epoch` is that of the snapshot which `after` counts from. The empty pipeline name opens the
    project itself: its runs, pipelines and triggers.
    """

    after: int | None = None
    epoch: str = ""


class CloseSession(Command, frozen=True, kw_only=True, tag="close-session"):
    """Send me no more events of this pipeline."""


class SaveSource(Command, frozen=True, kw_only=True, tag="save-source"):
    """Write a block's source; refused as `conflict` when its hash is no longer `base`.

    With `connect`, the edges from blocks that a SQL text newly reads are drawn, as `connect` would.
    """

    block: str
    text: str
    base: str
    connect: bool = False


class AddBlock(Command, frozen=True, kw_only=True, tag="add-block"):
    """Add a block at `index` (None: at the end), empty, with `text`, or from the library.

    Without a name one is chosen. `upstream` is connected at once. `library` is the path of a
    `LibraryBlock`.
    """

    kind: Kind = "transformer"
    language: Language = "python"
    name: str | None = None
    library: str | None = None
    text: str | None = None
    index: int | None = None
    upstream: list[str] = field(default_factory=list[str])
    settings: dict[str, Any] = field(default_factory=dict[str, Any])


class MakeBlock(Command, frozen=True, kw_only=True, tag="make-block"):
    """Add a transformer below `upstream` whose rows are those of a view of its last output.

    `steps` rename, drop and cast columns of the view. With a chart, the block gives the table that
    the chart draws, and shows the chart. Without a name one is chosen. The answer's result is a
    `BlockDraft`; with `dry_run` nothing is added.
    """

    upstream: str
    language: CodeLanguage = "pandas"
    name: str | None = None
    view: View = View()
    steps: Annotated[list[Step], Meta(max_length=MAX_STEPS)] = field(default_factory=list[Step])
    chart: Chart | None = None
    dry_run: bool = False


class MoveBlock(Command, frozen=True, kw_only=True, tag="move-block"):
    """Move a block to `index` of the list as it is without the block."""

    block: str
    index: int


class RenameBlock(Command, frozen=True, kw_only=True, tag="rename-block"):
    """Rename a block everywhere: file, function, upstream lists, arguments and SQL of others."""

    block: str
    name: str


class DeleteBlocks(Command, frozen=True, kw_only=True, tag="delete-blocks"):
    """Delete blocks and the edges at them; `undo` brings all of it back."""

    blocks: list[str]


class DuplicateBlock(Command, frozen=True, kw_only=True, tag="duplicate-block"):
    """Add a copy of a block below it."""

    block: str


class Connect(Command, frozen=True, kw_only=True, tag="connect"):
    """Draw an edge: adds to `upstream:` and, in Python, the argument to the code."""

    upstream: str
    downstream: str


class Disconnect(Command, frozen=True, kw_only=True, tag="disconnect"):
    """Remove an edge, and with `remove_argument` the argument of that name as well."""

    upstream: str
    downstream: str
    remove_argument: bool = False


class ConfigureBlock(Command, frozen=True, kw_only=True, tag="configure-block"):
    """Replace a block's `with:` values; None leaves the other keys as they are."""

    block: str
    settings: dict[str, Any] | None = None
    kind: Kind | None = None
    language: Language | None = None
    cache: str | None = None
    retries: int | None = None
    backoff: str | None = None
    retry_on: list[str] | None = None
    timeout: str | None = None
    memory: str | None = None
    connection: str | None = None
    writes: bool | None = None
    pool: str | None = None
    priority: int | None = None
    isolation: str | None = None
    poke: str | None = None
    soft_fail: bool | None = None
    incremental: Incremental | None = None
    """Without a column it is taken out."""


class AddCheck(Command, frozen=True, kw_only=True, tag="add-check"):
    """Write a check of a block's output, which `undo` takes back.

    It goes into the code of a Python block that has its own file, as a function with `@check`, and
    else into `checks:` of its entry. `type_name` is that of the output, which the code is for.
    """

    block: str
    expectation: Expectation
    type_name: str = "pandas.DataFrame"


class SetContract(Command, frozen=True, kw_only=True, tag="set-contract"):
    """Declare the columns of a block's output; None removes the contract. `undo` takes it back."""

    block: str
    contract: Contract | None = None


class ProposeContract(Command, frozen=True, kw_only=True, tag="propose-contract"):
    """Give the contract that the block's last output fulfils; nothing is written."""

    block: str


class ConfigurePipeline(Command, frozen=True, kw_only=True, tag="configure-pipeline"):
    """Change title, declared parameters or limit; None leaves them, a limit of 0 takes it out."""

    title: str | None = None
    parameters: list[Parameter] | None = None
    max_parallel: int | None = None


class SetParameters(Command, frozen=True, kw_only=True, tag="set-parameters"):
    """Choose the parameter values that runs of the editor use; nothing is written to files."""

    values: dict[str, Any]


class SetAutoRun(Command, frozen=True, kw_only=True, tag="set-auto-run"):
    """Let stale blocks that are cheap run by themselves after an edit, or not; off at first.

    It holds for all who look at the pipeline, until the server stops; files do not change.
    """

    on: bool


class Undo(Command, frozen=True, kw_only=True, tag="undo"):
    """Take back the last structural edit."""


class Redo(Command, frozen=True, kw_only=True, tag="redo"):
    """Do again what `undo` took back."""


class Publish(Command, frozen=True, kw_only=True, tag="publish"):
    """Let triggers run the draft as it is now. Answers the version as `PublishedVersion`.

    Refused when the draft has blocks that cannot run, or is not the one of hash `version`.
    """

    message: str = ""
    version: str | None = None
    """Content hash of the draft that the caller has looked at."""


class RestoreVersion(Command, frozen=True, kw_only=True, tag="restore-version"):
    """Make the draft what a published version was; an edit that can be undone.

    Triggers stay as they are. Shared blocks belong to other pipelines as well and are not written;
    the answer names those that differ as `left`.
    """

    number: int


class RunBlocks(Command, frozen=True, kw_only=True, tag="run-blocks"):
    """Run blocks with their stale ancestors; no blocks: everything that is stale.

    The answer's result is `{"run", "blocks"}`. `scope` says otherwise: `only` leaves the ancestors
    out, `from` takes all that is below instead, `stale` only what is stale. `force` takes nothing
    from the store. With `dry_run` nothing runs, and `run` is null: a button can say what it would.
    """

    blocks: list[str] = field(default_factory=list[str])
    scope: Scope = "until"
    force: bool = False
    dry_run: bool = False


class StartRun(Command, frozen=True, kw_only=True, tag="start-run"):
    """Start a run as the scheduler would: all blocks, or these and their ancestors.

    The answer's result is `{"id", "blocks"}`; `scope` and `dry_run` are as for `RunBlocks`.
    """

    parameters: dict[str, Any] = field(default_factory=dict[str, Any])
    blocks: list[str] | None = None
    scope: Scope = "until"
    force: bool = False
    dry_run: bool = False
    idempotency_key: str | None = None


class CancelRun(Command, frozen=True, kw_only=True, tag="cancel-run"):
    """Stop a run: SIGINT, after 5 s SIGTERM, after 5 s more SIGKILL. No run: all of the editor."""

    run: str | None = None


class RestartWorker(Command, frozen=True, kw_only=True, tag="restart-worker"):
    """Replace the session worker by a fresh one; a running block is cancelled."""


class Complete(Command, frozen=True, kw_only=True, tag="complete"):
    """What can stand at this place of this text. `line` from 1, `column` from 0, in code points."""

    block: str
    text: str
    line: int
    column: int


class Inspect(Command, frozen=True, kw_only=True, tag="inspect"):
    """Signature and documentation of the call or name at this place."""

    block: str
    text: str
    line: int
    column: int


class ShowLineage(Command, frozen=True, kw_only=True, tag="show-lineage"):
    """Where the columns of all blocks come from, by the texts as they stand."""


class ShowImpact(Command, frozen=True, kw_only=True, tag="show-impact"):
    """What would break below if a column of a block's output were called otherwise."""

    block: str
    column: str


class TranslateSource(Command, frozen=True, kw_only=True, tag="translate-source"):
    """Translate a SQL text into the dialect of its block; nothing is saved.

    `source` is the dialect that it is in; empty: the one that it can be read in.
    """

    block: str
    text: str
    source: str = ""


class FormatSource(Command, frozen=True, kw_only=True, tag="format-source"):
    """Give this text in standard form; nothing is saved."""

    block: str
    text: str


AnyCommand = (
    OpenSession
    | CloseSession
    | SaveSource
    | AddBlock
    | MakeBlock
    | MoveBlock
    | RenameBlock
    | DeleteBlocks
    | DuplicateBlock
    | Connect
    | Disconnect
    | ConfigureBlock
    | AddCheck
    | SetContract
    | ProposeContract
    | ConfigurePipeline
    | SetParameters
    | SetAutoRun
    | Undo
    | Redo
    | Publish
    | RestoreVersion
    | RunBlocks
    | StartRun
    | CancelRun
    | RestartWorker
    | Complete
    | Inspect
    | FormatSource
    | ShowLineage
    | ShowImpact
    | TranslateSource
)
"""Every command."""

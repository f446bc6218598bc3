"""What the analysis of one block needs to know of the pipeline around it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from msgspec import Struct

from headrace.analysis.fingerprint import ReadModule
from headrace.core.cycles import cycle_if_connected
from headrace.project.pipeline import Block, PipelineFiles
from headrace.protocol import commands as cmd
from headrace.protocol.replies import Fix
from headrace.protocol.tables import Column, Parameter

FileState = Callable[[str], tuple[str, str] | None]
"""What a text names → (path, digest) of that file of the project; None when there is none."""


def no_files(_named: str) -> None:
    """Know of no file."""


class Around(Struct, frozen=True, kw_only=True):
    """Computed once for all blocks of a pipeline."""

    pipeline: str
    edges: dict[str, list[str]]
    names: dict[str, str]
    """Block names by their lower case."""
    parameters: dict[str, Parameter]
    columns: Mapping[str, Sequence[Column]]
    """The columns that blocks are expected to give."""
    read_module: ReadModule
    file_state: FileState = no_files
    connections: Mapping[str, str] | None = None
    """Name → URL of the project's connections, secrets not put in; None when nobody knows."""
    recorded: Mapping[str, Sequence[Column]] = {}
    """The columns of last outputs."""
    under_contract: frozenset[str] = frozenset()
    """Blocks whose columns a contract names, all of them."""

    @classmethod
    def of(
        cls,
        files: PipelineFiles,
        read_module: ReadModule,
        columns: Mapping[str, Sequence[Column]],
        file_state: FileState = no_files,
        connections: Mapping[str, str] | None = None,
        *,
        recorded: Mapping[str, Sequence[Column]] | None = None,
    ) -> Around:
        """Take from a pipeline what its blocks share."""
        blocks = files.pipeline.blocks
        return cls(
            pipeline=files.pipeline.name,
            edges={block.name: list(block.upstream) for block in blocks},
            names={block.name.lower(): block.name for block in blocks},
            parameters={parameter.name: parameter for parameter in files.pipeline.parameters},
            columns=columns,
            read_module=read_module,
            file_state=file_state,
            connections=connections,
            recorded=columns if recorded is None else recorded,
            under_contract=frozenset(
                block.name
                for block in blocks
                if block.contract is not None and not block.contract.extra_columns
            ),
        )

    def files(self, block: Block, texts: Iterable[str]) -> dict[str, str]:
        """Return the files that texts or settings of a block name: path → digest.

        Exporters write such files: for them they do not count.
        """
        if block.kind == "exporter":
            return {}
        settings = (value for value in block.settings.values() if isinstance(value, str))
        return dict(filter(None, map(self.file_state, (*texts, *settings))))

    def connect(self, upstream: str, downstream: str) -> list[Fix]:
        """Return the fix that draws an edge, when it can be drawn."""
        if upstream not in self.edges or upstream in self.edges.get(downstream, ()):
            return []
        if cycle_if_connected(self.edges, upstream, downstream) is not None:
            return []
        command = cmd.Connect(pipeline=self.pipeline, upstream=upstream, downstream=downstream)
        return [Fix(title=f"Connect {upstream}", command=command)]

    def disconnect(self, upstream: str, downstream: str) -> Fix:
        """Return the fix that removes an edge."""
        command = cmd.Disconnect(pipeline=self.pipeline, upstream=upstream, downstream=downstream)
        return Fix(title=f"Disconnect {upstream}", command=command)

"""JSON Schema of the wire: `python -m headrace.protocol.schema` prints it for the type generators.

What we send always carries all its fields, so in events, replies and tables every field is
required; a caller may leave out the fields of a command or a view that have a default.
"""

from __future__ import annotations

import sys
from types import UnionType
from typing import Any, get_args

import msgspec

from headrace.protocol import (
    backfills,
    charts,
    commands,
    comparison,
    connections,
    events,
    imports,
    lineage,
    notifications,
    profiles,
    replies,
    tables,
    versions,
    views,
    watermarks,
)

_TABLES: tuple[type, ...] = (
    tables.RunRecord,
    tables.RunMatrix,
    tables.LibraryBlock,
    tables.PipelineSummary,
    tables.TriggerTable,
    tables.Tick,
    tables.ErrorBody,
    comparison.Comparison,
    lineage.Lineage,
    lineage.Impact,
    comparison.PastResults,
    versions.VersionList,
    versions.VersionCode,
    versions.RunCode,
    replies.Completions,
    replies.Inspection,
    replies.Translation,
    profiles.Profile,
    profiles.Statistics,
    replies.BlockDraft,
    charts.ChartData,
    imports.ImportPlan,
    imports.ImportProof,
    notifications.Notifications,
    connections.Connections,
    connections.ConnectionTested,
    watermarks.WatermarkTable,
    backfills.BackfillPlan,
    backfills.PastTicks,
)
_VIEWS: tuple[type, ...] = (
    views.View,
    views.SortKey,
    views.Condition,
    views.ColumnAt,
    charts.Chart,
    backfills.BackfillRequest,
)
"""What callers say of the rows that they want, and of other things that are no commands."""


def schema() -> dict[str, Any]:
    """Give one schema whose `$defs` hold every struct of the wire, and the three unions."""
    unions = {
        "AnyCommand": commands.AnyCommand,
        "AnyEvent": events.AnyEvent,
        "AnyReply": replies.AnyReply,
    }
    members = {name: _members(union) for name, union in unions.items()}
    every = [struct for structs in members.values() for struct in structs]
    _, definitions = msgspec.json.schema_components(
        [*every, *_TABLES, *_VIEWS], ref_template="#/$defs/{name}"
    )
    of_callers = (*members["AnyCommand"], *_VIEWS, tables.Expectation)
    sent_by_callers = {struct.__name__ for struct in of_callers}
    for name, definition in definitions.items():
        if name not in sent_by_callers and "properties" in definition:
            definition["required"] = list(definition["properties"])
    for name, structs in members.items():
        definitions[name] = {
            "title": name,
            "anyOf": [{"$ref": f"#/$defs/{struct.__name__}"} for struct in structs],
        }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Wire",
        "type": "object",
        "$defs": dict(sorted(definitions.items())),
    }


def _members(union: UnionType) -> tuple[type, ...]:
    return get_args(union)


if __name__ == "__main__":
    sys.stdout.buffer.write(msgspec.json.format(msgspec.json.encode(schema()), indent=2) + b"\n")

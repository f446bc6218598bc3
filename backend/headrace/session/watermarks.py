"""Marks of incremental blocks: how a session learns of them, and what a lost race for one does."""

from __future__ import annotations

import msgspec

from headrace.protocol import events as ev
from headrace.protocol.watermarks import Since
from headrace.runs.changes import Change, MoveWatermark, SaveRun
from headrace.runs.history import History
from headrace.runs.thread import HistoryThread
from headrace.session.effects import Step


async def stored_marks(history: HistoryThread, pipeline: str) -> dict[str, Since]:
    """Read the marks of a pipeline, by block."""
    found = await history.call(History.watermarks, pipeline)
    return {
        table.block: Since(mark=table.mark, version=table.version, run=table.run) for table in found
    }


def moved_by(step: Step, run_id: str) -> list[str]:
    """Return the blocks whose marks the success of a run moves in a step."""
    moves = (change for change in step.records if isinstance(change, MoveWatermark))
    return [move.block for move in moves if move.run_id == run_id]


def without_success(step: Step, run_id: str, reason: str) -> Step:
    """Make of the step in which a run succeeded and moved marks the one in which it failed."""

    def record(change: Change) -> Change:
        if isinstance(change, SaveRun) and change.run_id == run_id and change.state == "succeeded":
            return msgspec.structs.replace(change, state="failed", reason=reason)
        return change

    def event(told: ev.Event) -> ev.Event:
        if isinstance(told, ev.RunFinished) and told.run == run_id:
            return msgspec.structs.replace(told, state="failed", reason=reason)
        return told

    kept = (c for c in step.records if not (isinstance(c, MoveWatermark) and c.run_id == run_id))
    return Step([event(told) for told in step.events], [record(c) for c in kept], step.effects)

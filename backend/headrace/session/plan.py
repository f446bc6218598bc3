"""What a request would run: one table for editor, REST, command line and retries. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from headrace.core.errors import NotFound
from headrace.protocol.tables import RunRecord, Staleness
from headrace.session.definition import Definition
from headrace.session.results import Result
from headrace.session.run import GOOD, Again, RunRequest


@dataclass(frozen=True)
class Plan:
    """`blocks` of a run, upstream first; of them, `must` execute though their key is known.

    What they read from outside of the run is taken as it is.
    """

    blocks: list[str]
    must: frozenset[str] = frozenset()


def plan(definition: Definition, staleness: Mapping[str, Staleness], request: RunRequest) -> Plan:
    """Say what a request runs as things are; NotFound when it names a block that there is not.

    | scope | in the editor | elsewhere |
    | --- | --- | --- |
    | until | the blocks and their stale ancestors | the blocks and all their ancestors |
    | only | the blocks | the same |
    | from | the blocks and all that is below them | the same |
    | stale | of the blocks and their ancestors, those that are not fresh | the same |

    Without blocks, all are meant; in the editor, of them those that are not fresh. Blocks that are
    named execute, except in scope stale and, elsewhere, in scope until.
    """
    for name in request.blocks or ():
        if name not in definition.blocks:
            raise NotFound(f"There is no block {name!r} that can run.", kind="block", name=name)
    named = set(request.blocks or ())
    editor = request.origin == "editor"
    everything = request.blocks is None or (editor and not named)
    scope = "stale" if editor and everything else request.scope
    wanted = set(definition.blocks) if everything else set(named)
    if scope == "until":
        fresh = {n for n, state in staleness.items() if state.state == "fresh"} if editor else None
        wanted |= definition.ancestors(wanted, fresh or set[str]())
    elif scope == "from":
        wanted |= definition.descendants(wanted)
    elif scope == "stale":
        both = wanted | definition.ancestors(wanted)
        wanted = {n for n in both if staleness[n].state != "fresh"}
    must = named if scope != "stale" and (editor or scope != "until") else set[str]()
    if request.again is not None:
        must = request.again.must & wanted
    return Plan(_in_order(definition, wanted), frozenset(must))


def will_execute(planned: Plan, request: RunRequest) -> list[str]:
    """Return the blocks of a plan that a retry does not take from its run, as things are."""
    taken: set[str] = set(request.again.good) if request.again is not None else set()
    return [name for name in planned.blocks if name not in taken]


def retry_of(record: RunRecord, then: Definition, start: str | None = None) -> RunRequest:
    """Ask for a run again: its blocks, parameters, trigger and interval.

    What succeeded in it is taken as it is while code and inputs are the same; with `start`, that
    block and all below it execute anew. `then` is what the run pinned; a run of a whole pipeline is
    repeated as one of the whole pipeline as it is now, or as it is published now.
    """
    names = [block.name for block in record.blocks]
    if start is not None and start not in names:
        raise NotFound(f"The run has no block {start!r}.", kind="block", name=start)
    anew = {start, *then.descendants([start])} & set(names) if start is not None else set[str]()
    good = {
        block.name: Result(
            key=block.key, output=block.output, made_at=block.finished_at or record.queued_at
        )
        for block in record.blocks
        if block.state in GOOD
        and block.key is not None
        and block.output is not None
        and not block.output.holds
        and not block.output.within
        and block.name not in anew
    }
    return RunRequest(
        origin="retry",
        blocks=None if set(names) >= set(then.blocks) else names,
        scope="only",
        parameters=record.parameters,
        trigger=record.trigger,
        logical_time=record.logical_time,
        interval_start=record.interval_start,
        again=Again(record.id, good, frozenset(anew)),
        published=record.published is not None,
    )


def _in_order(definition: Definition, names: Iterable[str]) -> list[str]:
    chosen = set(names)
    return [name for name in definition.blocks if name in chosen]

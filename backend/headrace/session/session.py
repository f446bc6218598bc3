"""The shell of a session: feeds the machine one stimulus after the other, carries out its steps."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Coroutine, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import msgspec

from headrace.core.crash import crashpoint
from headrace.core.errors import Conflict, HeadraceError, InvalidInput, StorageFull, Unavailable
from headrace.core.ids import new_run_id
from headrace.project.difference import difference
from headrace.project.parameters import check_value, validate_parameters
from headrace.project.stamps import UNSURE, Stamps
from headrace.protocol import commands as cmd
from headrace.protocol import events as ev
from headrace.protocol.replies import BlockDraft
from headrace.protocol.tables import FINAL_RUN_STATES, BlockStatus, BlockTable, RunRecord
from headrace.protocol.versions import Difference, PublishedVersion
from headrace.runs.changes import Change, QueueRun
from headrace.runs.history import History
from headrace.runs.watermarks import WatermarkMoved
from headrace.session.assistance import Assistance
from headrace.session.autorun import AutoRun, cheap_blocks
from headrace.session.definition import PlannedBlock
from headrace.session.draft import Draft
from headrace.session.editing import Editing, StructuralCommand
from headrace.session.effects import (
    Effect,
    EndRun,
    Execute,
    Hold,
    Limit,
    Poke,
    Prepare,
    Rest,
    ShareOut,
    Step,
    Stop,
    TakeUp,
    Wait,
)
from headrace.session.log import EventLog
from headrace.session.machine import Machine
from headrace.session.making import Maker, contract_of
from headrace.session.news import RUN_EVENTS, News
from headrace.session.others import OtherRuns
from headrace.session.plan import retry_of, will_execute
from headrace.session.publishing import Publishing
from headrace.session.run import Run, RunRequest
from headrace.session.stimuli import Stimuli
from headrace.session.surroundings import Surroundings
from headrace.session.timers import Timers
from headrace.session.turns import Places
from headrace.session.warmth import Warmth
from headrace.session.watermarks import moved_by, stored_marks, without_success
from headrace.workers.jobs import AnyAnswer

logger = logging.getLogger(__name__)

_WRITE_AGAIN_S = 0.5
"""Between two tries to write to a history that is locked or full."""
_FOR_AUTO_RUN = (ev.StalenessChanged, ev.RunFinished)


class Session:
    """One pipeline, live, shared by everyone who looks at it or runs it.

    All changes of the machine pass one queue. Its steps are carried out in the order of the
    promise: record, then event, then effect.
    """

    def __init__(
        self,
        surroundings: Surroundings,
        editing: Editing,
        draft: Draft,
        machine: Machine,
        stamps: Stamps,
        *,
        others: OtherRuns,
        publishing: Publishing,
    ) -> None:
        self.pipeline = editing.pipeline
        self.log = EventLog(editing.pipeline)
        self.draft = draft
        self.machine = machine
        self._stamps = stamps
        """Of the files on which the draft depends, as of before it was read."""
        self._others = others
        self._publishing = publishing
        self._production: tuple[int, Draft] | None = None
        """What triggers run, as of the last `look_for_trigger`."""
        self._around = surroundings
        self._editing = editing
        self._assistance = Assistance(
            surroundings.pool, editing.pipeline, surroundings.project.paths.root
        )
        self._maker = Maker(surroundings.pool, surroundings.project)
        self._edits = asyncio.Lock()
        self._keys = asyncio.Lock()
        self._learning = asyncio.Lock()
        self._runs: dict[str, Run] = {}
        self._ends: dict[str, asyncio.Future[None]] = {}
        self._timers = Timers(surroundings.clock)
        self._auto = AutoRun(lambda: self._chore(self._run_cheap_blocks()))
        self._chores: set[asyncio.Task[None]] = set()
        self._worker = "none"
        self._warmth = Warmth(surroundings.later)
        self.log.on_left = self._left_alone
        self._stimuli = Stimuli(self.pipeline, self._carry_out)
        self._mind_the_time()
        self._limit()
        surroundings.turns.join(self.pipeline, self)

    # Looking

    def snapshot(self) -> ev.SnapshotTaken:
        """Return the whole state, as of the log's present `seq`."""
        status = self.machine.results.status
        state = ev.PipelineState(
            name=self.pipeline,
            title=self.draft.files.pipeline.title,
            parameters=self.draft.parameters,
            values=self.machine.values,
            blocks=self.draft.tables,
            sources=self.draft.sources,
            diagnostics=self.draft.diagnostics,
            status={t.name: status.get(t.name, BlockStatus()) for t in self.draft.tables},
            runs=[run.live() for run in self.machine.runs.values()],
            worker=self._worker,
            auto_run=self._auto.on,
            undo=self._editing.undo_title,
            redo=self._editing.redo_title,
            problem=self.draft.problem,
            version=self.draft.files.version,
            published=self._publishing.current,
        )
        return ev.SnapshotTaken(
            pipeline=self.pipeline, seq=self.log.seq, epoch=self.log.epoch, state=state
        )

    def attend(self) -> None:
        """Get ready for somebody who looks: keep a warm worker at hand."""
        self._warmth.keep()
        self._around.pool.warm(self.pipeline)
        if self._worker == "none":
            self._tell_worker("ready")

    def _left_alone(self) -> None:
        """Let the worker go some minutes after the last one who looked."""
        self._warmth.lose(self._cool)

    def _cool(self) -> None:
        if self.log.listeners:
            return
        if any(run.interactive for run in self.machine.runs.values()):
            self._left_alone()
            return
        self._around.pool.cool(self.pipeline)
        self._tell_worker("none")

    # The line for slots

    def granted(self, run: str, block: str) -> None:
        """Start a block of a run that has been given a slot."""
        self._stimuli.put(lambda: self.machine.granted(run, block, self._now()))

    def moved(self, places: Places) -> None:
        """Show the places of blocks in the line."""
        self._stimuli.put(lambda: self.machine.move(places))

    def _limit(self) -> None:
        """Let the limits of the draft hold for blocks that start from now on."""
        self.machine.slots = self.draft.parallel or self._around.slots_of_run
        limit = self.draft.files.pipeline.max_parallel
        self._around.turns.slots.limit_pipeline(self.pipeline, limit)
        self._around.turns.share_out()

    async def finished(self, run_id: str) -> RunRecord:
        """Wait for the end of a run and return its record."""
        end = self._ends.get(run_id)
        if end is not None:
            await asyncio.shield(end)
        return await self._around.history.call(History.run, run_id)

    @property
    def runs_in_hand(self) -> frozenset[str]:
        """Runs that this session will bring to their end; none once it broke."""
        return frozenset() if self.has_ended else frozenset(self._runs)

    @property
    def has_ended(self) -> bool:
        """True once it was closed, or broke."""
        return self._stimuli.has_ended

    async def abandon(self) -> None:
        """Close a session that broke: its workers end, its runs are for whoever takes them up."""
        for run in self._runs:
            self._around.pool.end_run(run)
        await self.close("it met a fault of Headrace and begins anew")

    @property
    def is_busy(self) -> bool:
        return bool(self.machine.runs)

    # Commands

    async def handle(self, command: cmd.Command) -> Any:  # noqa: PLR0911, PLR0912, C901 a row each
        """Carry out a command and return its result; raises HeadraceError when it is refused."""
        match command:
            case cmd.SaveSource():
                async with self._edits:
                    saved = await self._editing.save_source(self.draft.files, command)
                    await self._take_up_edit(command.req)
                for edge in self.draft.edges_read(command.block) if command.connect else ():
                    with contextlib.suppress(HeadraceError):  # else its diagnostic says so
                        await self._restructure(msgspec.structs.replace(edge, req=command.req))
                return {"hash": saved}
            case cmd.RunBlocks():
                return await self._run_blocks(command)
            case cmd.StartRun():
                return await self._start_run(command)
            case cmd.CancelRun():
                return await self._cancel(command)
            case cmd.SetParameters():
                values = self._checked(command.values)
                await self._stimuli.do(lambda: self.machine.set_values(values))
                return {"values": self.machine.values}
            case cmd.SetAutoRun():
                self._auto.switch(on=command.on)
                self.log.publish(ev.AutoRunSwitched(on=command.on))
                return {"on": command.on}
            case cmd.Undo() | cmd.Redo():
                async with self._edits:
                    undo = isinstance(command, cmd.Undo)
                    edit = await (self._editing.undo() if undo else self._editing.redo())
                    await self._take_up_edit(command.req)
                return {"title": edit.title}
            case cmd.Publish():
                return await self._publish_draft(command)
            case cmd.RestoreVersion():
                return await self._restore(command)
            case cmd.RestartWorker():
                await self._around.pool.restart_session(self.pipeline)
                return None
            case cmd.Complete():
                return await self._assistance.complete(command, self.draft, self._status)
            case cmd.Inspect():
                return await self._assistance.inspect(command, self.draft, self._status)
            case cmd.FormatSource():
                return await self._assistance.format(command, self.draft)
            case cmd.ShowLineage():
                return await self._assistance.lineage(self.draft, self._status)
            case cmd.ShowImpact():
                return await self._assistance.impact(command, self.draft, self._status)
            case cmd.TranslateSource():
                return await self._assistance.translate(command, self.draft)
            case cmd.MakeBlock():
                return await self._make_block(command)
            case cmd.ProposeContract():
                return contract_of(command.block, self._status.get(command.block, BlockStatus()))
            case _ if isinstance(command, StructuralCommand):
                return await self._restructure(command)
            case _:
                raise InvalidInput(f"A session cannot carry out {type(command).__name__}.")

    def _checked(self, values: Mapping[str, Any]) -> dict[str, Any]:
        declared = {parameter.name: parameter for parameter in self.draft.parameters}
        for name in values:
            if name not in declared:
                raise InvalidInput(f"There is no parameter {name!r}.", field=name)
        return {name: check_value(declared[name], value) for name, value in values.items()}

    @property
    def _status(self) -> Mapping[str, BlockStatus]:
        return self.machine.results.status

    async def _restructure(self, command: StructuralCommand) -> dict[str, Any]:
        async with self._edits:
            before = {table.name for table in self.draft.tables}
            await self._editing.change(self.draft.files, command)
            if isinstance(command, cmd.RenameBlock):
                self.machine.rename(command.block, command.name)
            try:
                await self._take_up_edit(command.req)
            except Unavailable:
                if isinstance(command, cmd.RenameBlock):
                    self.machine.rename(command.name, command.block)
                raise
        added = [table.name for table in self.draft.tables if table.name not in before]
        return {"blocks": added}

    # Published versions

    async def _publish_draft(self, command: cmd.Publish) -> PublishedVersion:
        await self.look_again()
        before = self._publishing.current
        version = await self._publishing.publish(self.draft, command.message, command.version)
        if version != before:
            self.log.publish(ev.VersionPublished(cause=command.req, version=version))
        return version

    async def _restore(self, command: cmd.RestoreVersion) -> dict[str, Any]:
        async with self._edits:
            then = await self._publishing.files(command.number)
            title = f"restore version {command.number}"
            left = await self._editing.restore(self.draft.files, then, title)
            await self._take_up_edit(command.req)
        return {"left": left}

    async def look_for_versions(self) -> None:
        """Learn of what other processes published."""
        if await self._publishing.learn():
            self.log.publish(ev.VersionPublished(version=self._publishing.current))

    async def difference_to_draft(self, number: int | None) -> Difference:
        """Say how the draft differs from a published version; None: from nothing at all."""
        then = None if number is None else await self._publishing.files(number)
        return await asyncio.to_thread(difference, then, self.draft.files)

    async def look_for_trigger(self, newest: int | None) -> None:
        """Make sure that what a run of a trigger needs is known as it is now.

        `newest` is the number of the version that the history had last, None when it had none.
        """
        await self.look_again()
        current = self._publishing.current
        if newest != (current.number if current is not None else None):
            await self.look_for_versions()
            current = self._publishing.current
        known = self._production
        self._production = await self._publishing.version_to_run(self.draft, self._status)
        if known is None and any(block.incremental for block in self._all_blocks()):
            await self.look_at_marks()  # whatever the draft says of them
        if current is None:
            self.log.publish(ev.VersionPublished(version=self._publishing.current))

    async def _make_block(self, command: cmd.MakeBlock) -> BlockDraft:
        """Write the code of a view as a block, below the one that is looked at."""
        made = await self._maker.draft(command, self.draft, self._status)
        if not command.dry_run:
            place = (at for at, t in enumerate(self.draft.tables, 1) if t.name == command.upstream)
            await self._restructure(
                cmd.AddBlock(
                    pipeline=command.pipeline,
                    req=command.req,
                    language=made.language,
                    name=made.name,
                    text=made.text,
                    index=next(place, None),
                    upstream=[command.upstream],
                )
            )
        return made

    async def _take_up_edit(self, cause: str) -> None:
        """Look at the files that we have just written; the write is taken back if we cannot.

        A command that is answered with an error has then changed nothing.
        """
        try:
            await self._reread(cause)
        except Unavailable:
            with contextlib.suppress(HeadraceError):  # edited meanwhile: that is not ours to undo
                await self._editing.take_back()
            raise

    async def reread(self, changed: AbstractSet[str] = frozenset()) -> None:
        """Look at the files again, which may be edited outside; `changed` are those that were."""
        async with self._edits:
            await self._reread("", anew=not self.draft.places.isdisjoint(changed))

    async def look_again(self) -> None:
        """Make sure that what is known is so now: of files, libraries, outputs and their age.

        For who is about to act on it. Whatever the watch over the files has not told yet counts.
        Raises Unavailable while the history cannot be written.
        """
        async with self._edits:
            now, _ = await asyncio.gather(
                self._around.stamps(self.draft.places), self._look_at_others_or_not()
            )
            before, store = self._stamps, now.keys() - self.draft.places
            if any(now[place] != before.get(place, UNSURE) for place in self.draft.places):
                await self._reread("", anew=True)
            lost: set[str] = set()
            if any(now[place] != before.get(place) for place in store):
                lost = await self._around.lost(self.machine.results.known())
                self._stamps |= {place: now[place] for place in store}
            await self._stimuli.ask(lambda: self.machine.look(self._now(), lost))
        if any(block.incremental for block in self._all_blocks()):
            await self.look_at_marks()

    def _all_blocks(self) -> Iterator[PlannedBlock]:
        """Yield the blocks of the draft, and of the version that triggers run."""
        yield from self.draft.definition.blocks.values()
        if self._production is not None:
            yield from self._production[1].definition.blocks.values()

    async def look_at_marks(self) -> None:
        """Take the marks of incremental blocks as they are stored now."""
        marks = await stored_marks(self._around.history, self.pipeline)
        await self._stimuli.do(lambda: self.machine.mark(marks))

    async def look_at_others(self) -> None:
        """Take the results that other processes have made since the last look."""
        async with self._learning:
            for record in await self._others.news(self._now()):
                await self._learn(record)

    async def _look_at_others_or_not(self) -> None:
        with contextlib.suppress(Unavailable):  # a locked history keeps nobody from a plan
            await self.look_at_others()

    async def _learn(self, record: RunRecord) -> None:
        await self._stimuli.ask(lambda: self.machine.learn(record))

    async def _reread(self, cause: str, *, anew: bool = False) -> None:
        """Read and analyse the files; tell what is new. The caller holds the edit lock."""
        began = datetime.now(UTC)
        before = await self._around.stamps(self.draft.places)
        files = await self._editing.read()
        titles = (self._editing.undo_title, self._editing.redo_title)
        same = files.text == self.draft.files.text and files.sources == self.draft.files.sources
        if same and not anew:
            return
        draft = await self._around.draft(files, self._status)
        later = await self._around.stamps(draft.places - before.keys(), since=began)
        store = self._stamps.keys() - self.draft.places - draft.places
        self._stamps = {**later, **before, **{place: self._stamps[place] for place in store}}
        await self._stimuli.do(lambda: self._take(draft, cause, titles))

    def _take(self, draft: Draft, cause: str, titles: tuple[str | None, str | None]) -> Step:
        """Make `draft` the present one and say how it differs, in the smallest event that does."""
        before, self.draft = self.draft, draft
        self._limit()
        if draft.looks_like(before):
            return self.machine.define(draft.definition)
        sources = {n: t for n, t in draft.sources.items() if before.sources.get(n) != t}
        event: ev.Event
        changed = _only_source_changed(before, draft, sources)
        if changed is not None:
            event = ev.SourceChanged(
                cause=cause,
                block=changed,
                text=sources[changed.name],
                diagnostics=draft.diagnostics,
                version=draft.files.version,
            )
        else:
            event = ev.PipelineChanged(
                cause=cause,
                title=draft.files.pipeline.title,
                parameters=draft.parameters,
                values={**draft.definition.parameters, **self.machine.values},
                blocks=draft.tables,
                sources=sources,
                diagnostics=draft.diagnostics,
                undo=titles[0],
                redo=titles[1],
                problem=draft.problem,
                version=draft.files.version,
            )
            self._around.tell_pipelines_changed()
        return Step([event]).add(self.machine.define(draft.definition))

    # Runs

    async def _run_blocks(self, command: cmd.RunBlocks) -> dict[str, Any]:
        await self.look_again()
        request = RunRequest(
            origin="editor", blocks=command.blocks, scope=command.scope, force=command.force
        )
        plan = self.machine.plan(request).blocks
        if command.dry_run or not plan:
            return {"run": None, "blocks": plan}
        run = self.machine.prepare(new_run_id(), request, self._now())
        await self._record_and_launch(run)
        return {"run": run.id, "blocks": plan}

    async def _start_run(self, command: cmd.StartRun) -> dict[str, Any]:
        request = RunRequest(
            origin="api",
            parameters=command.parameters,
            blocks=command.blocks,
            scope=command.scope,
            force=command.force,
        )
        if command.dry_run:
            return {"id": None, "blocks": await self.plan_run(request)}
        run_id, blocks = await self.start_planned(request, command.idempotency_key)
        return {"id": run_id, "blocks": blocks}

    async def start_planned(
        self, request: RunRequest, idempotency_key: str | None = None
    ) -> tuple[str, list[str]]:
        """Start a run; return its id and its plan, which is named before anything of it runs."""
        blocks = await self.plan_run(request)
        return await self._start(request, idempotency_key), blocks

    async def start_run(self, request: RunRequest, idempotency_key: str | None = None) -> str:
        """Queue a run of the whole pipeline, or of some blocks with all their ancestors.

        Returns its id once it is recorded. The same idempotency key gives the same run for 24 h.
        """
        await self._look_for(request)
        return await self._start(request, idempotency_key)

    async def _start(self, request: RunRequest, idempotency_key: str | None) -> str:
        if idempotency_key is None:
            run = self.prepare_run(request)
            await self._record_and_launch(run)
            return run.id
        # Only one at a time: the second of a double click must find the run of the first.
        async with self._keys:
            known = await self._around.history.call(
                History.find_by_key, self.pipeline, idempotency_key, self._around.a_day_ago()
            )
            if known is not None:
                return known
            run = self.prepare_run(request)
            await self._record_and_launch(run, idempotency_key)
            return run.id

    async def plan_run(self, request: RunRequest) -> list[str]:
        """Return the blocks that a request would have to execute or look up, as things are now."""
        await self._look_for(request)
        return will_execute(self.machine.plan(request, self._meant(request)[1].definition), request)

    async def check_published(self, parameters: Mapping[str, Any]) -> None:
        """Raise InvalidInput when the published version does not take these values."""
        await self._look_for(RunRequest(origin="trigger", published=True))
        assert self._production is not None
        validate_parameters(self._production[1].parameters, dict(parameters))

    async def _look_for(self, request: RunRequest) -> None:
        if request.published:
            await self.look_for_versions()
            current = self._publishing.current
            await self.look_for_trigger(None if current is None else current.number)
        else:
            await self.look_again()

    def _meant(self, request: RunRequest) -> tuple[int | None, Draft]:
        """Return what a request runs: the published version with its number, or the draft."""
        if not request.published:
            return None, self.draft
        assert self._production is not None, "look_for_trigger comes before a published run"
        return self._production

    async def retry_request(self, run_id: str, start: str | None = None) -> RunRequest:
        """Make the request that repeats a run that is over, from a block on if that is given.

        Raises Conflict while it still goes on.
        """
        record: RunRecord = await self._around.history.call(History.run, run_id)
        if record.state not in FINAL_RUN_STATES:
            raise Conflict("The run is not over yet.", run=run_id)
        files = await self._around.history.call(History.files, record.version)
        then = await self._around.decode(files)
        request = retry_of(record, then, start)
        assert request.again is not None, "a retry repeats a run"
        good = request.again.good
        lost = await self._around.lost({result.output.address for result in good.values()})
        kept = {name: result for name, result in good.items() if result.output.address not in lost}
        return replace(request, again=replace(request.again, good=kept))

    def prepare_run(self, request: RunRequest) -> Run:
        """Make a run that pins what it runs: the draft, or what `look_for_trigger` found published.

        `queue_change` gives its record, `launch` starts it. Raises InvalidInput when its parameters
        are not as declared.
        """
        number, draft = self._meant(request)
        if draft.refusals:
            raise InvalidInput(
                "The pipeline cannot run yet: " + "; ".join(draft.refusals),
                problems=draft.refusals,
            )
        declared = {parameter.name for parameter in draft.parameters}
        offered = {name: v for name, v in request.offered.items() if name in declared}
        values = validate_parameters(draft.parameters, {**offered, **request.parameters})
        return self.machine.prepare(
            new_run_id(),
            replace(request, parameters=values),
            self._now(),
            definition=draft.definition,
            published=number,
        )

    def queue_change(self, run: Run, idempotency_key: str | None = None) -> QueueRun:
        """Return the record that makes a prepared run durable."""
        return self.machine.queue_change(run, idempotency_key)

    async def _record_and_launch(self, run: Run, idempotency_key: str | None = None) -> None:
        change = self.machine.queue_change(run, idempotency_key)
        crashpoint("queue.before-record")
        await self._around.history.write([change])
        crashpoint("queue.after-record")
        await self.launch(run)
        crashpoint("queue.after-launch")

    async def launch(self, run: Run) -> None:
        """Start a prepared run whose record is durable; nothing happens when that was done."""
        if run.id in self._runs:
            return
        self._take_in(run)
        await self._stimuli.begin(lambda: self.machine.launch(run, self._now()))

    def _take_in(self, run: Run) -> None:
        self._runs[run.id] = run
        self._ends[run.id] = asyncio.get_running_loop().create_future()

    async def resume(self, record: RunRecord, files: bytes) -> None:
        """Take up a run that a dead process left behind."""
        definition = await self._around.decode(files)
        await self._learn(record)
        await self.launch(self.machine.revive(record, definition, self._now()))

    async def _cancel(self, command: cmd.CancelRun) -> dict[str, Any]:
        if command.run is not None:
            run_id = command.run
            await self._stimuli.begin(lambda: self.machine.cancel(run_id, self._now()))
            return {"runs": [run_id]}
        chosen = [run.id for run in self.machine.runs.values() if run.interactive]
        await asyncio.gather(*(self.cancel_run(run, "cancelled") for run in chosen))
        return {"runs": chosen}

    async def cancel_run(self, run_id: str, reason: str) -> None:
        """Cancel a run if it still goes on; it is over some time later."""

        def act() -> Step:
            if run_id not in self.machine.runs:
                return Step()
            return self.machine.cancel(run_id, self._now(), reason)

        await self._stimuli.begin(act)

    async def cancel_all(self, reason: str) -> None:
        """Cancel every run and wait until they are over."""
        going = list(self.machine.runs)
        await asyncio.gather(*(self.cancel_run(run, reason) for run in going))
        await asyncio.gather(*(self.finished(run) for run in going))

    async def at_rest(self) -> None:
        """Wait until no run goes on."""
        while self.is_busy:
            await asyncio.gather(*(self.finished(run) for run in self.machine.runs))

    # The loop

    def _now(self) -> datetime:
        return self._around.clock.now()

    def _hear(self, answer: AnyAnswer) -> None:
        crashpoint("block.answer-heard")
        self._stimuli.put(lambda: self.machine.answer(answer, self._now()))

    async def _carry_out(self, step: Step) -> None:
        """Write once, then act, and tell all while workers are already at it."""
        if step.records:
            crashpoint("step.before-record")
            step = await self._recorded(step)
            crashpoint("step.after-record")
        for effect in step.effects:
            self._carry(effect)
        crashpoint("step.after-effects")
        news: dict[str, News] = {}
        for event in step.events:
            self._publish(event, news)
        for of_run in news.values():
            for event in of_run.events():
                self._around.log.publish(event)
        if any(isinstance(event, _FOR_AUTO_RUN) for event in step.events):
            self._auto.changed()
        self._mind_the_time()
        self._around.turns.look()
        crashpoint("step.after-events")

    def _mind_the_time(self) -> None:
        """Be there when the next result grows older than its `cache:` allows."""
        self._timers.look_at(
            self.machine.results.next_end(),
            lambda: self._stimuli.put(lambda: self.machine.look(self._now())),
        )

    async def _run_cheap_blocks(self) -> None:
        machine = self.machine
        blocks = cheap_blocks(machine.definition, machine.staleness, self._status)
        if blocks:
            with contextlib.suppress(HeadraceError):  # what keeps it from running is shown anyway
                stale = cmd.RunBlocks(pipeline=self.pipeline, blocks=blocks, scope="stale")
                await self._run_blocks(stale)

    def _chore(self, work: Coroutine[Any, Any, None]) -> None:
        chore = asyncio.create_task(work)
        self._chores.add(chore)
        chore.add_done_callback(self._chores.discard)

    async def _recorded(self, step: Step) -> Step:
        """Write the records of a step; return it as it then was.

        A run that would move a mark which somebody else has moved does not succeed after all.
        """
        while True:
            try:
                await self._record(step.records)
            except WatermarkMoved as error:
                self.machine.results.doubt(moved_by(step, error.run_id))
                step = without_success(step, error.run_id, error.message)
                run = self._runs[error.run_id]
                run.state, run.reason = "failed", error.message
                self._chore(self.look_at_marks())
            else:
                return step

    async def _record(self, records: Sequence[Change]) -> None:
        """Write until it is written: what the machine decided cannot be taken back.

        While the database is locked or the disk is full all stimuli wait, and none is lost.
        """
        while True:
            try:
                await self._around.history.write(records)
            except (Unavailable, StorageFull) as error:
                logger.warning("%s: history cannot be written now: %s", self.pipeline, error)
                self._stimuli.hold(error)
                await asyncio.sleep(_WRITE_AGAIN_S)
            else:
                self._stimuli.release()
                return

    def _publish(self, event: ev.Event, news: dict[str, News]) -> None:
        """Tell who follows the pipeline; note in `news` what the project is to hear of its run."""
        self.log.publish(event)
        run = self._runs.get(event.cause)
        if run is None:
            return
        if isinstance(event, RUN_EVENTS):
            news.setdefault(run.id, News(run)).note(event)
            if run.interactive:
                going = (other for other in self.machine.runs.values() if other.interactive)
                self._tell_worker("ready" if all(other.rests for other in going) else "busy")
        begun_or_over = isinstance(event, ev.RunQueued | ev.RunFinished)
        if run.interactive and begun_or_over and not self.log.listeners:
            self._left_alone()
        if isinstance(event, ev.RunFinished):
            del self._runs[run.id]
            self._ends.pop(run.id).set_result(None)
        elif isinstance(event, ev.BlockFinished) and run.interactive and self.log.listeners:
            self._columns_may_differ(event)

    def _columns_may_differ(self, event: ev.BlockFinished) -> None:
        """Analyse again when a SQL block may now be checked against other columns."""
        reads = [t for t in self.draft.tables if event.block in t.upstream and t.language == "sql"]
        if not reads:
            return

        async def analyse() -> None:
            async with self._edits:
                draft = await self._around.draft(self.draft.files, self._status)
                if draft.diagnostics != self.draft.diagnostics:
                    titles = (self._editing.undo_title, self._editing.redo_title)
                    await self._stimuli.do(lambda: self._take(draft, "", titles))

        self._chore(analyse())

    def _carry(self, effect: Effect) -> None:
        pool = self._around.pool
        match effect:
            case Execute(job):
                pool.execute(job, self._hear)
            case Stop(run, block):
                pool.stop(run, block)
            case EndRun(run):
                pool.end_run(run)
                self._timers.end(run)
            case Rest(run):
                pool.end_run(run)
            case TakeUp(run):
                self._take_in(run)
            case Prepare(run, workers):
                pool.prepare(run, workers)
            case ShareOut():
                self._around.turns.share_out()
            case _:
                self._wait(effect)

    def _wait(self, wait: Wait | Poke | Hold | Limit) -> None:
        """Let time pass; what is waited for of a run that is over never comes."""

        def act() -> Step:
            match wait:
                case Wait(run, block, attempt):
                    return self.machine.retry_due(run, block, attempt, self._now())
                case Poke(run, block, number):
                    return self.machine.poke_due(run, block, number, self._now())
                case Hold(run):
                    return self.machine.start_due(run, self._now())
                case _:
                    return self.machine.limit_due(wait.run, wait.block, self._now())

        self._timers.wait(wait.run, wait.seconds, lambda: self._stimuli.put(act))

    def _tell_worker(self, state: str) -> None:
        if state != self._worker:
            self._worker = state
            self.log.publish(ev.WorkerChanged(state=state))

    async def close(self, reason: str) -> None:
        """Tell listeners that this is the end, and stop listening to workers."""
        self.log.publish(ev.SessionEnded(reason=reason))
        self._warmth.keep()
        self._around.turns.leave(self.pipeline, self)
        self._auto.switch(on=False)
        self._timers.close()
        for chore in self._chores:
            chore.cancel()
        await asyncio.gather(self._stimuli.close(), *self._chores, return_exceptions=True)
        for end in self._ends.values():
            if not end.done():
                end.set_exception(Unavailable(f"The run is left where it is: {reason}."))
                end.exception()  # nobody may be waiting for it


def _only_source_changed(
    before: Draft, after: Draft, sources: Mapping[str, str]
) -> BlockTable | None:
    """Find the one block whose text changed while everything else stayed as it was."""
    if len(sources) != 1 or before.files.text != after.files.text:
        return None
    (name,) = sources
    return after.table(name) if before.table(name) is not None else None

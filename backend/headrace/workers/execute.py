"""One job, from its text to its answer: run the module, call the function, check, store."""

from __future__ import annotations

import ast
import asyncio
import inspect
import linecache
import sys
import time
from collections.abc import AsyncIterator, Callable, Generator, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any, get_args, get_origin

import msgspec

from headrace.core.authoring import Context, Mark, collecting_marks
from headrace.core.errors import HeadraceError
from headrace.core.secret_values import Secrets
from headrace.project.watermarks import value_of
from headrace.protocol.tables import CheckResult, Display, Failure, Output, Shape, Timings
from headrace.store.outputs import CannotStore, Store, type_name_of
from headrace.workers import contracts, notebook, sql
from headrace.workers.checks import (
    Against,
    Columns,
    NotAnAnswer,
    against,
    kept_rows,
    named,
    verdict,
)
from headrace.workers.deaths import size_text
from headrace.workers.displays import Screen
from headrace.workers.failures import failure_of
from headrace.workers.handover import Handover
from headrace.workers.isolation import lift_memory_limit
from headrace.workers.jobs import Done, Job, Progressed, Raised, Shown
from headrace.workers.typed import with_python_values
from headrace.workers.watermarks import NoMark, highest

Send = Callable[[Shown | Progressed], None]
Marked = tuple[Callable[..., Any], Mark]
_PROGRESS_PERIOD_S = 0.05


class CheckFailed(Exception):
    """A check of severity `fail` did not pass."""


class BlockError(Exception):
    """The block as a whole cannot run, and no line of it is to blame."""


class _Spans:
    """Measures the phases of a job, one after the other, in seconds."""

    def __init__(self, waited: float) -> None:
        self.phase = "load"
        self._seconds = {"start": waited, "load": 0.0, "call": 0.0, "save": 0.0}
        self._since = time.perf_counter()

    def turn_to(self, phase: str) -> None:
        now = time.perf_counter()
        self._seconds[self.phase] += now - self._since
        self.phase, self._since = phase, now

    def timings(self) -> Timings:
        self.turn_to(self.phase)
        return Timings(**self._seconds)


class Execution:
    """The execution of one job in this process."""

    def __init__(
        self,
        job: Job,
        *,
        store: Store,
        handover: Handover,
        send: Send,
        interruptible: Callable[[], AbstractContextManager[None]],
        root: str,
        secrets: Secrets,
        sources: Mapping[str, str] | None = None,
        connection: Mapping[str, Any] | None = None,
    ) -> None:
        self.namespace: dict[str, Any] = {}
        self.inputs: dict[str, Any] = {}
        self._job = job
        self._store = store
        self._handover = handover
        self._send = send
        self._interruptible = interruptible
        self._root = root
        self._secrets = secrets
        # Not `or {}`: whether there are any, only who reads all of them can tell.
        self._sources = {} if sources is None else sources
        self._connection = connection
        self._names: dict[str, Any] = {"run": job.run, "block": job.block, "attempt": job.attempt}
        self._screen = Screen(store, self._report)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._checks: list[CheckResult] = []
        self._progress_at = 0.0
        self._replaced: tuple[str, ModuleType | None] | None = None
        self._failed_check: Failure | None = None
        self._gathered: Output | None = None
        """The output of a generator of frames, stored while it ran."""
        self._stored: Output | None = None
        """The output, where it was stored to be held to the contract."""

    def run(self, waited: float) -> Done | Raised:
        """Execute; `waited` is the time in seconds from the pool's sending to now."""
        spans = _Spans(waited)
        try:
            with self._interruptible(), self._screen:
                value = self._value(spans)
            spans.turn_to("save")
            output = self._gathered or self._stored or self._put(value)
            output = self._with_mark(output)
            if output.kind == "pickle":
                with self._interruptible(), self._screen:
                    self._screen.show_returned(value)
            if self._job.kind == "sensor" and not is_ready(value):
                output = msgspec.structs.replace(output, holds=True)
            output = msgspec.structs.replace(
                output,
                inputs=_shapes(self._job.inputs),
                made_at=datetime.now(UTC),
                checks=self._checks,
            )
            if self._gathered is None:
                self._handover.keep(output, value)
        except BaseException as error:  # noqa: BLE001 - user code may raise anything at all
            lift_memory_limit()
            failure = self._failed_check or self._failure(error, saving=spans.phase == "save")
            failure = self._masked(failure)
            return Raised(
                **self._names, failure=failure, timings=spans.timings(), checks=self._checks
            )
        finally:
            self._end()
            unsynced, self._store.unsynced = self._store.unsynced or [], []
        return Done(
            **self._names,
            output=output,
            timings=spans.timings(),
            checks=self._checks,
            unsynced=unsynced,
        )

    def _put(self, value: Any) -> Output:
        # Python blocks read the rows of a SQL block as the frame that most of them work with.
        as_type = "pandas.DataFrame" if self._job.language == "sql" else None
        return self._store.put(value, as_type=as_type)

    def _with_mark(self, output: Output) -> Output:
        column, since = self._job.incremental, self._job.since
        if column is None:
            return output
        try:
            reached = highest(column, output, self._store, since)
        except NoMark as error:
            raise BlockError(str(error)) from None
        return msgspec.structs.replace(output, reached=reached)

    def _failure(self, error: BaseException, *, saving: bool) -> Failure:
        if isinstance(error, sql.SqlFailed | notebook.NotebookFailed):
            return error.failure
        message = ""
        if isinstance(error, CannotStore) or (saving and isinstance(error, HeadraceError)):
            message = error.message
        elif saving and not isinstance(error, BlockError):
            message = f"The result cannot be passed on: {error}"
        if isinstance(error, MemoryError):
            message = self._memory_message(error, saving=saving)
        return failure_of(error, path=self._job.path, root=self._root, message=message)

    def _masked(self, failure: Failure) -> Failure:
        """Take secrets out of the message, the code and the names that a failure shows."""
        mask = self._secrets.masked
        frames = [
            msgspec.structs.replace(
                frame, values={name: mask(value) for name, value in frame.values.items()}
            )
            for frame in failure.frames
        ]
        return msgspec.structs.replace(
            failure,
            message=mask(failure.message),
            text=mask(failure.text),
            hint=failure.hint if failure.type == "CannotConnect" else mask(failure.hint),
            frames=frames,
        )

    def _memory_message(self, error: MemoryError, *, saving: bool) -> str:
        doing = "To store its result, the block" if saving else "The block"
        limit = self._job.memory_bytes
        if limit is None:
            message = f"{doing} asked for more memory than there is."
        else:
            message = f"{doing} needed more memory than its limit of {size_text(limit)} allows."
        return f"{message} {error}".strip()

    def _end(self) -> None:
        if self._loop is not None:
            self._loop.close()
        if self._replaced is not None:
            name, before = self._replaced
            if before is None:
                sys.modules.pop(name, None)
            else:
                sys.modules[name] = before

    def _value(self, spans: _Spans) -> Any:
        """Return what the block gives, its checks passed."""
        if self._job.language == "notebook":  # its values are written as text in any case
            spans.turn_to("call")
            value = notebook.result_of(self._job, self._handover, self._screen.show_bundle)
            self._check(value, [], {})
            return value
        self._job = with_python_values(self._job)
        if self._job.language == "sql":
            spans.turn_to("call")
            value = self._rows_of_connection() if self._job.connection else self._rows()
            self._check(value, [], {})
            return value
        with collecting_marks() as marks:
            self._run_module()
        mine = [entry for entry in marks if entry[0].__module__ == self.namespace["__name__"]]
        function = self._function_of(mine)
        arguments = self._arguments(function)
        spans.turn_to("call")
        value = self._completed(_call(function, arguments))
        self._screen.show_open_figures()
        checks = [entry for entry in mine if entry[1].role == "check"]
        if (checks or self._job.checks) and self._gathered is not None:
            value = self._store.get(self._gathered)
        self._check(value, checks, arguments)
        return value

    def _rows(self) -> Any:
        return sql.result_of(self._job, self._handover)

    def _rows_of_connection(self) -> Any:
        """Store the rows of a statement on a database; return them where checks look at them."""
        job = self._job
        connection = sql.connection_of(job, self._connection, self._sources)
        self._secrets.hide(connection.secrets)
        self._gathered = sql.stored_from(
            job, self._handover, connection, store=self._store, report=self._progressed
        )
        return self._store.get(self._gathered) if job.checks else None

    # --- the module -----------------------------------------------------------------------------

    def _run_module(self) -> None:
        job = self._job
        module = ModuleType(Path(job.path).stem)
        module.__file__ = job.path
        self.namespace = module.__dict__
        known = sys.modules.get(module.__name__)
        if known is None or getattr(known, "__file__", None) == job.path:
            # Classes of the block can then be pickled, and found again by whoever reads them.
            sys.modules[module.__name__] = module
            self._replaced = (module.__name__, known)
        lines = job.source.splitlines(keepends=True)
        linecache.cache[job.path] = (len(job.source), None, lines, job.path)
        body, last = compiled(job.source, job.path)
        self._evaluate(body)
        if last is not None:
            self._screen.show(self._evaluate(last))

    def _evaluate(self, code: CodeType) -> Any:
        result = eval(code, self.namespace)  # noqa: S307 - running the user's code is the purpose
        if code.co_flags & inspect.CO_COROUTINE:
            return self._await(result)
        return result

    def _await(self, awaitable: Any) -> Any:
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
        if inspect.iscoroutine(awaitable):
            return self._loop.run_until_complete(awaitable)
        return self._loop.run_until_complete(_finished(awaitable))

    def _function_of(self, marks: list[Marked]) -> Callable[..., Any]:
        kind = self._job.kind
        found = [function for function, mark in marks if mark.role != "check"]
        fitting = [function for function, mark in marks if mark.role == kind]
        if len(fitting) == 1:
            return fitting[0]
        if len(found) == 1:
            return found[0]
        if not found:
            raise BlockError(f"This file has no function with @{kind} before it.")
        names = ", ".join(function.__name__ for function in found)
        raise BlockError(f"One function with @{kind} is needed; here are {len(found)}: {names}.")

    # --- arguments ------------------------------------------------------------------------------

    def _arguments(self, function: Callable[..., Any]) -> dict[str, Any]:
        job = self._job
        arguments: dict[str, Any] = {}
        bound: set[str] = set()
        for binding in job.bindings:
            name = binding.argument
            if binding.source == "upstream" and name != "**":
                arguments[name] = self._input(binding.name, pieces_wanted(function, name))
                bound.add(binding.name)
            elif binding.source == "context":
                arguments[name] = self._context()
            elif binding.source in ("setting", "parameter"):
                values = job.values if name in job.values else job.parameters
                key = name if name in job.values else (binding.name or name)
                if key in values:
                    arguments[name] = values[key]
        if any(binding.argument == "**" for binding in job.bindings):
            rest = (name for name in job.inputs if name not in bound)
            arguments |= {name: self._input(name) for name in rest}
        return arguments

    def _input(self, block: str, pieces: str | None = None) -> Any:
        output = self._job.inputs.get(block)
        if output is None:
            raise BlockError(f"The output of {block!r} did not come with this job.")
        if pieces is not None:
            return self._store.chunks(output, pieces)
        try:
            value = self._handover.get(output)
        except (HeadraceError, MemoryError):
            raise
        except Exception as error:
            reason = f"{type(error).__name__}: {error}"
            raise BlockError(
                f"The output of {block!r}, {output.type_name}, cannot be opened: {reason}"
            ) from error
        self.inputs[block] = value
        return value

    def _context(self) -> Context:
        job = self._job
        return Context(
            pipeline=job.pipeline,
            block=job.block,
            run_id=job.run,
            attempt=job.attempt,
            logical_time=job.logical_time,
            interval_start=job.interval_start,
            since=None if job.since is None else value_of(job.since),
            parameters=job.parameters,
            secrets=self._secrets,
            report=self._progressed,
        )

    def _progressed(self, done: float, total: float | None) -> None:
        now = time.monotonic()
        if now - self._progress_at >= _PROGRESS_PERIOD_S or done == total:
            self._progress_at = now
            self._send(Progressed(**self._names, done=float(done), total=total))

    def _report(self, display: Display) -> None:
        self._send(Shown(**self._names, display=display))

    # --- the result -----------------------------------------------------------------------------

    def _completed(self, value: Any) -> Any:
        """Await what can be awaited and join what comes in pieces."""
        if inspect.isawaitable(value):
            value = self._await(value)
        if isinstance(value, AsyncIterator):
            value = self._stepped(value)
        elif not inspect.isgenerator(value) and not (
            isinstance(value, Iterator) and _is_lazy(value)
        ):
            return value
        gathered = self._store.gather(value)
        if isinstance(gathered, Output):
            self._gathered = gathered
        return gathered

    def _stepped(self, values: AsyncIterator[Any]) -> Iterator[Any]:
        while True:
            try:
                value = self._await(anext(values))
            except StopAsyncIteration:
                return
            yield value

    def _check(self, value: Any, checks: list[Marked], arguments: dict[str, Any]) -> None:
        self._check_contract(value)
        for function, mark in checks:
            name, line = function.__name__, _line_of(function, self._job.source)
            try:
                answer = _call(function, _arguments_of_check(function, value, arguments))
                if inspect.isawaitable(answer):
                    answer = self._await(answer)
                found = verdict(answer, value)
            except NotAnAnswer as error:
                self._note(name, mark.severity, line, Against(str(error)))
            except Exception as error:  # noqa: BLE001 - a check is user code
                self._note_raised(name, mark.severity, error)
            else:
                self._note(name, mark.severity, line, found)
        self._check_entries(value)
        if self._failed_check is not None:
            raise CheckFailed

    def _check_contract(self, value: Any) -> None:
        """Hold the output to the contract; one that breaks it is kept for looking at."""
        if self._job.contract is None:
            return
        output = self._gathered or self._put_for_good(value)
        broken = contracts.broken(self._job.contract, output, self._store)
        if not broken:
            self._checks.append(CheckResult(name=contracts.NAME, state="passed"))
        for number, (name, found) in enumerate(broken):
            self._note(name, "fail", None, found, refused=None if number else output)

    def _put_for_good(self, value: Any) -> Output:
        """Store a value so that it is durable whether or not the attempt succeeds."""
        unsynced, self._store.unsynced = self._store.unsynced, None
        try:
            self._stored = self._put(value)
        finally:
            self._store.unsynced = unsynced
        return self._stored

    def _check_entries(self, value: Any) -> None:
        """Hold a value to the entries of `checks:`."""
        columns = Columns(value)
        for entry in self._job.checks:
            self._note(named(entry), entry.severity, None, against(entry, columns))

    def _note(
        self,
        name: str,
        severity: str,
        line: int | None,
        found: Against | None,
        refused: Output | None = None,
    ) -> None:
        """Note what a check says, with the rows that are against it."""
        if found is None:
            self._checks.append(CheckResult(name=name, state="passed", line=line))
            return
        failure = Failure(kind="check", type="AssertionError", message=found.message, line=line)
        kept = {"count": found.count, "rows": kept_rows(self._store, found), "refused": refused}
        self._note_failed(name, severity, failure, found.message, **kept)

    def _note_raised(self, name: str, severity: str, error: Exception) -> None:
        failure = failure_of(error, path=self._job.path, root=self._root, kind="check")
        message = failure.message
        if not message:
            message = next((frame.code for frame in failure.frames if frame.mine), failure.type)
        self._note_failed(name, severity, failure, message)

    def _note_failed(
        self, name: str, severity: str, failure: Failure, message: str, **kept: Any
    ) -> None:
        warns = severity == "warn"
        state = "warned" if warns else "failed"
        self._checks.append(
            CheckResult(name=name, state=state, message=message, line=failure.line, **kept)
        )
        if not warns and self._failed_check is None:
            told = f"{name}: {message}"
            self._failed_check = msgspec.structs.replace(failure, message=told)


def _shapes(inputs: Mapping[str, Output]) -> dict[str, Shape]:
    return {
        name: Shape(
            address=output.address,
            rows=output.rows,
            column_count=output.column_count,
            type_name=output.type_name,
        )
        for name, output in inputs.items()
    }


def _line_of(function: Callable[..., Any], source: str) -> int | None:
    """Return the line of a check's `def`, which its decorators stand above."""
    code = getattr(function, "__code__", None)
    if code is None:
        return None
    lines = source.splitlines()[code.co_firstlineno - 1 :]
    heads = (at for at, line in enumerate(lines) if line.startswith(("def ", "async def ")))
    return code.co_firstlineno + next(heads, 0)


def is_ready(value: Any) -> bool:
    """Tell what a sensor says by its result; a table or list says it by having any rows."""
    try:
        return len(value) > 0 if hasattr(value, "__len__") else bool(value)
    except (TypeError, ValueError):  # no truth value, as an array of no dimension or a lazy frame
        return True


def pieces_wanted(function: Callable[..., Any], argument: str) -> str | None:
    """Return what `Iterator[…]` or `Iterable[…]` of an argument's annotation is of.

    None when the argument is not annotated so, an empty text when it does not say of what.
    """
    annotation = getattr(function, "__annotations__", {}).get(argument)
    if isinstance(annotation, str):
        try:
            annotation = eval(annotation, function.__globals__)  # noqa: S307 - the user's own code
        except Exception:  # noqa: BLE001 - names for type checkers only need not exist
            return None
    if (get_origin(annotation) or annotation) not in (Iterator, Iterable, Generator):
        return None
    item = next(iter(get_args(annotation)), None)
    return type_name_of(item) if isinstance(item, type) else ""


def compiled(source: str, path: str) -> tuple[CodeType, CodeType | None]:
    """Compile a file as (all but a last expression, the last expression), await allowed."""
    flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    tree = ast.parse(source, path)
    last: ast.Expression | None = None
    if tree.body and isinstance(tree.body[-1], ast.Expr) and not source.rstrip().endswith(";"):
        statement = tree.body[-1]
        if not isinstance(statement.value, ast.Constant) or len(tree.body) > 1:
            tree.body.pop()
            last = ast.Expression(statement.value)
    body = compile(tree, path, "exec", flags=flags, dont_inherit=True)
    if last is None:
        return body, None
    return body, compile(last, path, "eval", flags=flags, dont_inherit=True)


def _call(function: Callable[..., Any], arguments: dict[str, Any]) -> Any:
    """Call with arguments by name; those that take no name go by place."""
    code = getattr(function, "__code__", None)
    only_by_place = getattr(code, "co_posonlyargcount", 0)
    if not only_by_place:
        return function(**arguments)
    names = code.co_varnames[:only_by_place] if code is not None else ()
    rest = {name: value for name, value in arguments.items() if name not in names}
    return function(*(arguments[name] for name in names if name in arguments), **rest)


def _arguments_of_check(
    function: Callable[..., Any], value: Any, arguments: dict[str, Any]
) -> dict[str, Any]:
    """Give the first argument the output, whatever its name; others by name from the block."""
    names = list(inspect.signature(function).parameters)
    if not names:
        return {}
    given = {name: arguments[name] for name in names[1:] if name in arguments}
    return {names[0]: value} | given


async def _finished(awaitable: Any) -> Any:
    return await awaitable


def _is_lazy(value: Iterator[Any]) -> bool:
    """Tell iterators such as map() and zip() from files and other things that also iterate."""
    return type(value).__module__ in ("builtins", "itertools") and not hasattr(value, "read")

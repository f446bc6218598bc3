"""What the blocks below need of Headrace, which need not be installed."""


def _headrace():
    """Keep all names in a scope of their own: a block may give any of them another value."""
    import asyncio
    import collections.abc
    import concurrent.futures
    import copy
    import datetime as dt
    import importlib.util
    import inspect
    import os
    import sys
    import types
    import typing
    from collections.abc import Callable, Iterator
    from typing import Any

    def stand_in() -> types.ModuleType:
        """Return a module with the decorators, which leave functions as they are, and `Context`."""

        def mark(function: Any) -> Any:
            return function

        def check(function: Any = None, **_: Any) -> Any:
            return mark if function is None else function

        class Context:
            def __init__(self, **fields: Any) -> None:
                import logging

                self.attempt, self.run_id, self.idempotency_key = 1, "", ""
                self.logical_time = self.interval_start = None
                self.since = self.interval = None
                self.pipeline, self.block = "", ""
                self.parameters: dict[str, Any] = {}
                self.secrets: dict[str, str] = {}
                self.__dict__.update(fields)
                self.logger = logging.getLogger(f"headrace.block.{self.block}")

            def progress(self, done: float, total: float | None = None) -> None:
                """Show nothing."""

        module = types.ModuleType("headrace")
        for name in ("loader", "transformer", "exporter", "sensor"):
            setattr(module, name, mark)
        module.__dict__.update(check=check, Context=Context)
        return module

    try:
        importlib.import_module("headrace")
    except ModuleNotFoundError:
        sys.modules["headrace"] = stand_in()

    def call(function: Callable[..., Any], /, **given: Any) -> Any:
        """Call a block's function with inputs that are its own, and return what it passes on."""
        annotations = getattr(function, "__annotations__", {})
        own = {name: own_copy(value, annotations.get(name)) for name, value in given.items()}
        code = getattr(function, "__code__", None)
        first = code.co_varnames[: code.co_posonlyargcount] if code is not None else ()
        places = [own.pop(name) for name in first if name in own]
        value = function(*places, **own)
        if inspect.isawaitable(value) or isinstance(value, collections.abc.AsyncIterator):
            with concurrent.futures.ThreadPoolExecutor(1) as aside:  # a notebook's loop is running
                value = aside.submit(asyncio.run, finished(value)).result()
        if inspect.isgenerator(value):
            value = joined(list(value))
        if type(value).__name__ == "DuckDBPyRelation":
            return value.to_arrow_table()
        return value.collect() if type(value).__name__ == "LazyFrame" else value

    async def finished(value: Any) -> Any:
        if inspect.isawaitable(value):
            return await value
        return joined([piece async for piece in value])

    def own_copy(value: Any, annotation: Any) -> Any:
        """Return an input that the block may change without anybody else seeing it."""
        kind = type(value).__module__.partition(".")[0]
        if isinstance(annotation, str):
            annotation = Iterator if annotation.startswith(("Iterator", "Iterable")) else None
        pieces = typing.get_origin(annotation) or annotation
        if kind == "pandas":
            value = value.copy(deep=not sys.modules["pandas"].__version__ >= "3")
        elif kind not in {"polars", "pyarrow"}:
            try:
                return copy.deepcopy(value)
            except Exception:  # whatever cannot be copied is shared
                return value
        if pieces in {collections.abc.Iterator, collections.abc.Iterable}:
            return iter([value])
        return value

    def joined(pieces: list[Any]) -> Any:
        """Join the frames that a generator gave; anything else stays a list."""
        kinds = {type(piece).__module__.partition(".")[0] for piece in pieces}
        if kinds == {"pandas"}:
            return sys.modules["pandas"].concat(pieces, ignore_index=True)
        if kinds == {"polars"}:
            return sys.modules["polars"].concat(pieces)
        if kinds == {"pyarrow"}:
            arrow: Any = sys.modules["pyarrow"]
            if isinstance(pieces[0], arrow.RecordBatch):
                return arrow.Table.from_batches(pieces)
            return arrow.concat_tables(pieces)
        return pieces

    def query(
        text: str, tables: dict[str, Any] | None = None, values: dict[str, Any] | None = None
    ) -> Any:
        """Return the rows of a SQL block; `$name` in its text is bound to a value."""
        import duckdb

        with duckdb.connect() as database:
            database.execute("SET python_enable_replacements=false")
            for name, table in (tables or {}).items():
                database.register(name, table)
            relation = database.sql(text, params=values) if values else database.sql(text)
            return relation.to_arrow_table().to_pandas()

    def check(
        function: Callable[..., Any], value: Any, /, severity: str = "fail", **given: Any
    ) -> None:
        """Raise when a check of a block does not pass; only say so when it is a warning."""
        try:
            takes = list(inspect.signature(function).parameters)[:1]
            passed = function(value, **given) if takes else function()
            if passed is False:
                raise AssertionError("The check returned False.")
        except Exception as error:
            if severity != "warn":
                raise
            sys.stderr.write(f"Warning of {function.__name__}: {error}\n")

    def ready(block: str, value: Any) -> None:
        """Stop here while a sensor is not ready."""
        try:
            ready = len(value) > 0 if hasattr(value, "__len__") else bool(value)
        except (TypeError, ValueError):
            ready = True
        if not ready:
            raise RuntimeError(f"The sensor {block} is not ready.")

    def time(kind: str, value: Any) -> Any:
        """Return a date or moment that is written as text."""
        if isinstance(value, list):
            return [time(kind, one) for one in typing.cast("list[Any]", value)]
        if not isinstance(value, str):
            return value
        read = dt.date if kind == "date" else dt.datetime
        return read.fromisoformat(value)

    def context(pipeline: str, block: str, parameters: dict[str, Any]) -> Any:
        """Return what a block may know of the run that it is in."""
        made: Any = sys.modules["headrace"]
        return made.Context(
            pipeline=pipeline, block=block, parameters=parameters, secrets=os.environ
        )

    class Modules:
        """Finds the pipeline's own modules, whose texts stand in cells."""

        def __init__(self) -> None:
            self.texts: dict[str, str] = {}

        def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
            package = any(other.startswith(f"{name}.") for other in self.texts)
            if name not in self.texts and not package:
                return None
            loader: Any = self
            return importlib.util.spec_from_loader(name, loader, is_package=package)

        def create_module(self, spec: Any) -> None:
            """Let Python make it."""

        def exec_module(self, module: Any) -> None:
            text = self.texts.get(module.__name__, "")
            code = compile(text, f"<module {module.__name__}>", "exec", dont_inherit=True)
            exec(code, module.__dict__)

        def get_source(self, name: str) -> str:
            return self.texts.get(name, "")

    modules: Any = Modules()

    def module(name: str, text: str) -> None:
        """Take the text of a module, which is imported from it and not from a file."""
        modules.texts[name] = text.removeprefix("\n")
        if modules not in sys.meta_path:
            sys.meta_path.insert(0, modules)
        sys.modules.pop(name, None)

    return call, query, check, ready, time, context, module


(
    headrace_call,
    headrace_query,
    headrace_check,
    headrace_ready,
    headrace_time,
    headrace_context,
    headrace_module,
) = _headrace()

"""A project on disk: reads pipelines whole, writes changes whole. Call it in threads, it blocks."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path, PurePosixPath

import msgspec

from headrace.core.clock import Clock, SystemClock
from headrace.core.crash import crashpoint
from headrace.core.durable import make_folder, remove_leftovers, sync_folder
from headrace.core.errors import Conflict, HeadraceError, InvalidInput, NotFound, TooLarge
from headrace.core.ids import NAME_RULE, check_name, digest, text_hash
from headrace.core.paths import ProjectPaths, beneath
from headrace.project.changes import FileChange
from headrace.project.journal import Journal, Step
from headrace.project.languages import language_of
from headrace.project.library import Library, LibraryFile, shipped_library
from headrace.project.pipeline import Block, Pipeline, PipelineFiles, Problem, Source
from headrace.project.reader import broken_pipeline, read_pipeline
from headrace.project.settings import Settings, read_settings
from headrace.project.textfiles import NotText, decode, encode, read_bytes
from headrace.project.yaml_write import quoted

PIPELINE_FILE = "pipeline.yaml"
_SIMPLE_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]*")


class Project:
    """The files of one project. Methods may be called from several threads."""

    def __init__(self, paths: ProjectPaths, clock: Clock | None = None) -> None:
        self.paths = paths
        self._clock = clock or SystemClock()
        self._journal = Journal(paths.root, paths.state / "journal")
        self._library = Library(paths, shipped_library())
        self._writing = threading.RLock()
        self._as_read: tuple[bytes, Settings] | None = None
        """What headrace.yaml was when it was read last, and what that says."""

    # Reading

    def list_pipelines(self) -> list[str]:
        """Return the names of all folders with a pipeline.yaml, sorted."""
        try:
            with os.scandir(self.paths.pipelines) as entries:
                names = [entry.name for entry in entries if NAME_RULE.fullmatch(entry.name)]
        except (FileNotFoundError, NotADirectoryError):
            return []
        return sorted(name for name in names if self._has_file(name))

    def _has_file(self, name: str) -> bool:
        try:
            return (self.paths.pipeline(name) / PIPELINE_FILE).exists()
        except InvalidInput:
            return False

    def read(self, name: str) -> PipelineFiles:
        """Read a pipeline and all its sources as one batch.

        Raises NotFound. A file that cannot be understood gives a pipeline without blocks whose
        `problems` say where and why; a source that is not there is `missing` and a problem.
        """
        pipeline, text = self._read_pipeline(name)
        sources: dict[str, Source] = {}
        problems: list[Problem] = []
        for block in pipeline.blocks:
            source, problem = self._try_source(name, block)
            sources[block.name] = source
            if problem is not None:
                problems.append(problem)
        return assembled(pipeline, text, sources, problems)

    def read_pipeline(self, name: str) -> Pipeline:
        """Read pipeline.yaml alone, without the sources; raise NotFound."""
        return self._read_pipeline(name)[0]

    def _read_pipeline(self, name: str) -> tuple[Pipeline, str]:
        file = f"pipelines/{check_name(name, 'pipeline')}/{PIPELINE_FILE}"
        try:
            path = beneath(self.paths.root, f"pipelines/{name}")
            raw = read_bytes(path / PIPELINE_FILE)
        except NotFound as error:
            raise NotFound(f"There is no pipeline {name!r}.", kind="pipeline", name=name) from error
        except (TooLarge, InvalidInput) as error:
            return broken_pipeline(name, file, error.message, 1, 0), ""
        try:
            text = decode(raw, PIPELINE_FILE)
        except NotText as error:
            place = error.details
            broken = broken_pipeline(name, file, error.message, place["line"], place["column"])
            return broken, place["text"]
        return read_pipeline(name, text, file), text

    def read_source(self, pipeline: str, block: Block) -> Source:
        """Read the source of one block.

        Raises NotFound, TooLarge, and InvalidInput (NotText) for what is not a text file.
        """
        path, shown, shared = self._locate(pipeline, block)
        text = decode(read_bytes(path), path.name)
        return Source(
            path=shown,
            text=text,
            hash=text_hash(text),
            shared=shared,
            writable=not shared or self._library.is_own(path),
        )

    def _locate(self, pipeline: str, block: Block) -> tuple[Path, str, bool]:
        """Return the file of a block, how it is called, and whether it is shared."""
        if block.block is not None:
            file = self._library.find(block.block)
            if file is None:
                raise NotFound(
                    f"There is no shared block {block.block!r}: add it to blocks/.", kind="block"
                )
            return file, self._shown(file), True
        if block.file is None:
            raise NotFound(f"Block {block.name!r} names no source.", kind="block")
        folder = f"pipelines/{check_name(pipeline, 'pipeline')}"
        path = self._file(folder, block.file)
        return path, f"{folder}/{block.file}", False

    def _file(self, folder: str, name: str) -> Path:
        """Return a file in a pipeline's folder; links may lead anywhere inside the project."""
        path = Path(f"{self.paths.root}/{folder}/{name}")
        if _SIMPLE_NAME.fullmatch(name) and not path.is_symlink():
            return path  # nothing to resolve: 50 times faster, which counts for 10,000 blocks
        if ".." in name.split("/"):
            raise InvalidInput(f"{name[:80]!r} is not in the pipeline's folder.", field="file")
        return beneath(self.paths.root, f"{folder}/{name}")

    def _shown(self, file: Path) -> str:
        if file.is_relative_to(self.paths.root):
            return file.relative_to(self.paths.root).as_posix()
        return str(file)

    def _try_source(self, pipeline: str, block: Block) -> tuple[Source, Problem | None]:
        try:
            return self.read_source(pipeline, block), None
        except HeadraceError as error:
            shown = block.block or f"pipelines/{pipeline}/{block.file or ''}"
            text = error.details["text"] if isinstance(error, NotText) else ""
            source = Source(
                path=shown,
                text=text,
                hash=text_hash(text),
                shared=block.block is not None,
                writable=False if text else block.block is None and block.file is not None,
                missing=isinstance(error, NotFound),
            )
            if block.file is None and block.block is None:
                return source, None  # the reader has already said so
            at_source = isinstance(error, NotText)
            problem = Problem(
                file=shown if at_source else f"pipelines/{pipeline}/{PIPELINE_FILE}",
                line=error.details["line"] if at_source else block.line,
                column=error.details["column"] if at_source else 0,
                message=error.message,
                code="missing-file" if source.missing else "unreadable-file",
                block=block.name,
            )
            return source, problem

    def taken_files(self, name: str) -> list[str]:
        """Return the names of all files in a pipeline's folder, for `edits.plan_edit`."""
        try:
            return sorted(path.name for path in self.paths.pipeline(name).iterdir())
        except (FileNotFoundError, NotADirectoryError):
            return []

    def library(self) -> list[LibraryFile]:
        """Return every shared block; the project's own hide shipped ones of the same path."""
        return self._library.all()

    def used_in(self, path: str) -> list[str]:
        """Return the pipelines that use the shared block `path`, e.g. `loaders/read_csv`."""
        return [
            name
            for name in self.list_pipelines()
            if any(block.block == path for block in self.read_pipeline(name).blocks)
        ]

    def settings(self) -> Settings:
        """Return what headrace.yaml says; a missing file is an empty one."""
        try:
            raw = read_bytes(self.paths.settings)
            if self._as_read is None or self._as_read[0] != raw:
                self._as_read = raw, read_settings(decode(raw, "headrace.yaml"))
            return self._as_read[1]
        except NotFound:
            return Settings()
        except HeadraceError as error:
            line = error.details.get("line", 1)
            problem = Problem(file="headrace.yaml", line=line, message=error.message)
            return Settings(problems=(problem,))

    def pipelines_by_connection(self) -> dict[str, list[str]]:
        """Return which pipelines have a block that runs on each connection."""
        found: dict[str, list[str]] = {}
        for name in self.list_pipelines():
            with contextlib.suppress(HeadraceError, OSError):
                raw = (self.paths.pipeline(name) / PIPELINE_FILE).read_bytes()
                if b"connection" not in raw:  # most do not say it, and are slow to parse
                    continue
                blocks = self.read_pipeline(name).blocks
                for connection in dict.fromkeys(block.connection for block in blocks):
                    if connection:
                        found.setdefault(connection, []).append(name)
        return found

    # Writing

    def change_settings(self, edit: Callable[[str], str]) -> None:
        """Write headrace.yaml as `edit` makes it of its text, "" when there is none yet.

        Raises what `edit` and `save` raise.
        """
        with self._writing:
            try:
                before: str | None = decode(read_bytes(self.paths.settings), "headrace.yaml")
            except NotFound:
                before = None
            after = edit(before or "")
            if after != before:
                self.save([FileChange("headrace.yaml", before, after)])

    def change_pipeline(
        self, name: str, edit: Callable[[PipelineFiles], Sequence[FileChange]]
    ) -> None:
        """Make the changes that `edit` returns for a pipeline as it is now.

        Nobody else writes through this object meanwhile. Raises what `read`, `edit` and `save` do.
        """
        with self._writing:
            self.save(edit(self.read(name)))

    def create_pipeline(self, name: str, title: str) -> None:
        """Make a pipeline without blocks; raise Conflict when there is one of that name."""
        folder = self.paths.pipeline(name)
        if folder.exists():
            raise Conflict(f"There is a pipeline {name!r} already.", kind="pipeline", name=name)
        text = f"title: {quoted(title.strip() or name)}\nblocks: []\n"
        crashpoint("create.before-save")
        self.save([FileChange(f"pipelines/{name}/{PIPELINE_FILE}", None, text)])
        crashpoint("create.after-save")

    def add_pipeline(
        self, name: str, files: Mapping[str, str], shared: Mapping[str, str] | None = None
    ) -> None:
        """Make a pipeline of files by their names in its folder, all of them or none.

        `shared` are blocks by file in `blocks/`: those that nobody has yet are made too. Raises
        Conflict when there is a pipeline of that name.
        """
        folder = self.paths.pipeline(check_name(name, "pipeline"))
        if folder.exists():
            raise Conflict(f"There is a pipeline {name!r} already.", kind="pipeline", name=name)
        missing = {
            f"blocks/{file}": text
            for file, text in (shared or {}).items()
            if self._library.find(PurePosixPath(file).with_suffix("").as_posix()) is None
        }
        own = {f"pipelines/{name}/{file}": text for file, text in files.items()}
        self.save([FileChange(path, None, text) for path, text in (missing | own).items()])

    def delete_pipeline(self, name: str) -> Path:
        """Move a pipeline's folder to `.headrace/trash/<time>-<name>` and return that place."""
        folder = self.paths.pipeline(name)
        with self._writing:
            if not folder.is_dir():
                raise NotFound(f"There is no pipeline {name!r}.", kind="pipeline", name=name)
            self.paths.make_state()
            trash = self.paths.state / "trash"
            make_folder(trash)
            moment = self._clock.now().strftime("%Y%m%dT%H%M%S.%fZ")
            target = trash / f"{moment}-{name}"
            crashpoint("delete.before-move")
            shutil.move(folder, target)
            crashpoint("delete.after-move")
            sync_folder(trash)
            sync_folder(self.paths.pipelines)
        return target

    def save(self, changes: Sequence[FileChange]) -> None:
        """Write all of the changes, or none of them.

        Raises Conflict when a file is not as `before` says (`details`: path, text, hash of what is
        there), InvalidInput for paths that are not the project's, TooLarge, StorageFull.
        """
        with self._writing:
            steps = [step for step in map(self._step, changes) if step.before != step.after]
            if not steps:
                return
            if len(steps) > 1:
                self.paths.make_state()
            self._journal.apply(steps)

    def _step(self, change: FileChange) -> Step:
        path = self._writable(change.path)
        try:
            raw = read_bytes(path)
        except NotFound:
            raw = None
        current = decode(raw, path.name) if raw is not None else None
        if current != change.before:
            raise Conflict(
                f"{change.path} changed meanwhile."
                if current is not None
                else f"{change.path} is not there any more.",
                path=change.path,
                text=current,
                hash=text_hash(current) if current is not None else None,
            )
        after = encode(change.after, path, raw) if change.after is not None else None
        return Step(change.path, raw, after)

    def _writable(self, relative: str) -> Path:
        path = beneath(self.paths.root, relative)
        parts = Path(relative).parts
        allowed = parts == ("headrace.yaml",) or (
            len(parts) > 1 and parts[0] in ("pipelines", "blocks")
        )
        if not allowed or any(part.startswith(".") for part in parts):
            raise InvalidInput(f"{relative[:80]!r} is no file of a pipeline.", field="path")
        return path

    def recover(self) -> list[str]:
        """Finish saves that a crash cut off; call once before anything else reads or writes."""
        with self._writing:
            remove_leftovers(self.paths.root)
            remove_leftovers(self.paths.state)
            for folder in (self.paths.pipelines, self.paths.blocks):
                remove_leftovers(folder, below=True)
            return self._journal.replay()


def assembled(
    pipeline: Pipeline, text: str, sources: dict[str, Source], problems: Sequence[Problem] = ()
) -> PipelineFiles:
    """Put a pipeline and the sources of its blocks together; `problems` are of the sources."""
    blocks = tuple(_in_its_language(block, sources[block.name]) for block in pipeline.blocks)
    all_problems = (*pipeline.problems, *problems)
    pipeline = msgspec.structs.replace(pipeline, blocks=blocks, problems=all_problems)
    return PipelineFiles(
        pipeline=pipeline, text=text, sources=sources, version=_version(pipeline, sources)
    )


def _in_its_language(block: Block, source: Source) -> Block:
    """A shared block's language is known only once its file is found."""
    language = language_of(source.path) if block.block is not None else None
    if language is None or language == block.language:
        return block
    return msgspec.structs.replace(block, language=language)


def _version(pipeline: Pipeline, sources: dict[str, Source]) -> str:
    blocks = [msgspec.structs.replace(block, line=0) for block in pipeline.blocks]
    return digest(
        msgspec.json.encode(blocks, order="sorted"),
        msgspec.json.encode(pipeline.parameters, order="sorted"),
        *(part for name, source in sources.items() for part in (name, source.hash)),
    )

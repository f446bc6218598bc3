"""The store as files: where outputs lie, how much they take, what may go. Never opens a value."""

from __future__ import annotations

import errno
import os
import secrets
from collections.abc import Callable, Iterable, Iterator
from collections.abc import Set as AbstractSet
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from msgspec import Struct

from headrace.core.crash import crashpoint
from headrace.core.durable import make_folder, sync_folder
from headrace.core.errors import InvalidInput, NotFound, StorageFull
from headrace.core.ids import check_address, digest
from headrace.protocol.tables import Display

SWEPT = "swept"
"""A file in the store that is touched when outputs were removed."""
SUFFIXES = ("arrow", "json", "pickle", "display")
SMALL = 64 << 10
"""Bytes up to which an output can be made durable by the history instead of by its own file."""


class Unsynced(Struct, frozen=True):
    """The content of a stored file that the disk may not have yet, and its name."""

    name: str
    content: bytes


class StoreFiles:
    """The files below one folder: `ab/abcdef….arrow|json|pickle|display`.

    Beside a table lies what is known of its columns, `….profile`; it can be made again.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = Path(folder)
        self.unsynced: list[Unsynced] | None = None
        """A list: small outputs are written without waiting for the disk, and noted here. Whoever
        records them must record these with them, see `settle`."""

    def path(self, address: str) -> Path:
        """Return the file of an address; raise InvalidInput or NotFound."""
        checked = check_address(address)
        for suffix in SUFFIXES:
            candidate = self._place(checked, suffix)
            if candidate.exists():
                return candidate
        raise NotFound(
            "This output is no longer stored: run its block again.", kind="output", address=address
        )

    def exists(self, address: str) -> bool:
        """Tell whether the store has this address; raise InvalidInput when it cannot be one."""
        try:
            self.path(address)
        except NotFound:
            return False
        return True

    def size(self, address: str) -> int:
        """Return the bytes that an output takes; raise NotFound."""
        return self.path(address).stat().st_size

    def put_display(self, mime: str, content: bytes) -> Display:
        """Keep the bytes of a display; raise StorageFull."""
        address = digest("display", mime, content)
        self._write(address, "display", mime.encode() + b"\n" + content)
        return Display(mime=mime, address=address, size_bytes=len(content))

    def display(self, address: str) -> tuple[str, bytes]:
        """Return the MIME type and the bytes of a display; raise NotFound."""
        path = self._place(check_address(address), "display")
        try:
            mime, _, content = path.read_bytes().partition(b"\n")
        except FileNotFoundError:
            raise NotFound(
                "This display is no longer stored.", kind="display", address=address
            ) from None
        return mime.decode(), content

    def display_bytes(self, address: str) -> bytes:
        """Return the bytes of a display; raise NotFound."""
        return self.display(address)[1]

    def usage(self) -> int:
        """Return the bytes of everything stored."""
        return sum(size for _, size in self.sizes())

    def sizes(self) -> Iterator[tuple[str, int]]:
        """Give each address with the bytes of all its files."""
        found: dict[str, int] = {}
        for path in self._files():
            with suppress(FileNotFoundError):
                found[path.stem] = found.get(path.stem, 0) + path.stat().st_size
        yield from found.items()

    def sweep(self, keep: AbstractSet[str], older_than: datetime) -> int:
        """Remove what is not in `keep` and was last put before `older_than`; return the bytes."""
        freed = 0
        try:
            for path, size in self.unneeded(keep, older_than):
                with suppress(FileNotFoundError):
                    path.unlink()
                    freed += size
        finally:
            if freed:
                (
                    self.folder / SWEPT
                ).touch()  # those who know of results look whether they are here
        return freed

    def clear_leftovers(self, older_than: datetime) -> None:
        """Remove what workers that were killed had begun to write before `older_than`."""
        for path in (self.folder / "new").glob("*.tmp"):
            with suppress(FileNotFoundError):
                if path.stat().st_mtime < older_than.timestamp():
                    path.unlink()

    def unneeded(self, keep: AbstractSet[str], older_than: datetime) -> Iterator[tuple[Path, int]]:
        """Find what a sweep would remove: files with their bytes."""
        limit = older_than.timestamp()
        for path in self._files():
            if path.stem in keep:
                continue
            with suppress(FileNotFoundError):
                found = path.stat()
                if found.st_mtime < limit:
                    yield path, found.st_size

    def settle(self, noted: Iterable[Unsynced]) -> None:
        """Make noted outputs durable; those that a power cut took or tore are written again."""
        folders: set[Path] = set()
        for output in noted:
            address, _, suffix = output.name.partition(".")
            if suffix not in SUFFIXES:
                raise InvalidInput(f"{output.name!r} is no file of the store.")
            place = self._place(check_address(address), suffix)
            if not _holds(place, output.content):
                self._create(place, (output.content,))
            with suppress(FileNotFoundError):  # nothing needs it: it was swept just now
                descriptor = os.open(place, os.O_RDONLY)
                try:
                    os.fsync(descriptor)
                finally:
                    os.close(descriptor)
                folders.add(place.parent)
        for folder in sorted(folders | {self.folder} if folders else ()):
            sync_folder(folder)

    def _place(self, address: str, suffix: str) -> Path:
        return self.folder / address[:2] / f"{address}.{suffix}"

    def _files(self) -> Iterable[Path]:
        return (path for path in self.folder.glob("*/*") if path.is_file())

    def _temporary(self) -> Path:
        folder = self.folder / "new"
        if not folder.is_dir():
            folder.mkdir(parents=True, exist_ok=True)
        return folder / f"{secrets.token_hex(8)}.tmp"

    def _write(self, address: str, suffix: str, *parts: bytes | memoryview) -> int:
        if self._touch(address, suffix):
            return sum(map(len, parts))
        temporary = self._temporary()

        def fill() -> None:
            with temporary.open("wb") as file:
                file.writelines(parts)
                file.flush()
                os.fsync(file.fileno())

        self._guarded(temporary, fill)
        self._guarded(temporary, lambda: self._publish(temporary, address, suffix))
        return sum(map(len, parts))

    def _keep(self, address: str, suffix: str, *parts: bytes | memoryview) -> int:
        """Write an output; a small one without waiting for the disk, if somebody takes note."""
        size = sum(map(len, parts))
        if self.unsynced is None or size > SMALL:
            return self._write(address, suffix, *parts)
        place, content = self._place(address, suffix), b"".join(parts)
        # What is there may be of an output that nobody recorded, and torn by a power cut.
        if _holds(place, content):
            self._touch(address, suffix)
        else:
            self._create(place, (content,))
        self.unsynced.append(Unsynced(place.name, content))
        return size

    def _create(self, place: Path, parts: Iterable[bytes | memoryview]) -> None:
        """Put a file in its place in one go, without waiting for the disk."""
        temporary = self._temporary()

        def fill() -> None:
            with temporary.open("wb", buffering=0) as file:
                file.writelines(parts)
            try:
                temporary.replace(place)
            except FileNotFoundError:
                place.parent.mkdir(exist_ok=True)
                temporary.replace(place)

        self._guarded(temporary, fill)

    def _touch(self, address: str, suffix: str) -> bool:
        """Mark a stored file as in use now, so that a sweep leaves it; False when not stored."""
        try:
            os.utime(self._place(address, suffix))
        except FileNotFoundError:
            return False
        return True

    def _publish(self, temporary: Path, address: str, suffix: str) -> None:
        place = self._place(address, suffix)
        make_folder(place.parent)
        crashpoint("store.before-rename")
        temporary.replace(place)
        crashpoint("store.after-rename")
        sync_folder(place.parent)

    def _guarded(self, temporary: Path, act: Callable[[], None]) -> None:
        """Do something with a temporary file; remove it when that fails."""
        try:
            act()
        except BaseException as error:
            temporary.unlink(missing_ok=True)
            if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise StorageFull("No space left on the disk to store this output.") from error
            raise


def _holds(place: Path, content: bytes) -> bool:
    try:
        with place.open("rb") as file:
            return file.read(len(content) + 1) == content
    except FileNotFoundError:
        return False

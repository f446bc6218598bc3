"""What logs must not show: values of secrets, blotted out by as many asterisks as they have bytes.

So offsets into a log stay right. A block prints straight into its log; whoever reads there first,
the pool, blots them out in the file as well.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import unquote

from headrace.core.errors import Unavailable
from headrace.core.secret_sources import SecretSources
from headrace.core.secret_values import forms_of
from headrace.project.connections import password_in, secrets_in

_CHUNK_BYTES = 1 << 22


class Masks:
    """The secrets of one project, as bytes that a log may hold."""

    def __init__(self, state: Path | None = None) -> None:
        """Know no secret yet; `state` is the folder with the encrypted file."""
        self._state = state
        self._sources = None if state is None else SecretSources(state)
        self._plain: frozenset[str] = frozenset()
        self._seen: object = None
        self._forms: tuple[bytes, ...] = ()
        self._pattern: re.Pattern[bytes] | None = None
        self.names: frozenset[str] = frozenset()
        """Of the secrets whose values are hidden."""

    @property
    def longest(self) -> int:
        """Return how many bytes the longest form has that is hidden, 0 when there is nothing."""
        return len(self._forms[0]) if self._forms else 0

    def know(self, secrets: Iterable[str], urls: Iterable[str]) -> None:
        """Hide these secrets, and those of connections; call it in a thread, it reads files."""
        urls = list(urls)
        names = frozenset([*secrets, *(name for url in urls for name in secrets_in(url))])
        found = {
            password for url in urls if (password := password_in(url)) and "${" not in password
        }
        plain = frozenset(found | {unquote(one) for one in found})
        if (names, plain) != (self.names, self._plain):
            self.names, self._plain, self._seen = names, plain, None
        self.refresh()

    def refresh(self) -> None:
        """Look up the values when they may have changed; call it in a thread."""
        if self._sources is None:
            return
        environment = tuple(os.environ.get(name) for name in self.names)
        seen = (self.names, self._plain, environment, self._stamp())
        if seen == self._seen:
            return
        values = set(self._plain)
        for name in self.names:
            with contextlib.suppress(KeyError, Unavailable):
                values.add(self._sources[name])
        forms = [form.encode("utf-8", "surrogateescape") for form in forms_of(values)]
        forms.sort(key=len, reverse=True)
        self._pattern = re.compile(b"|".join(map(re.escape, forms))) if forms else None
        self._forms = tuple(forms)
        self._seen = seen

    def _stamp(self) -> object:
        assert self._state is not None
        with contextlib.suppress(OSError):
            status = (self._state / "secrets.enc").stat()
            return status.st_mtime_ns, status.st_size, status.st_ino
        return None

    def blotted(self, raw: bytes) -> bytes:
        """Return bytes with asterisks in the place of secrets; there are as many as before."""
        if self._pattern is None:
            return raw
        return self._pattern.sub(lambda found: b"*" * len(found[0]), raw)

    def begun(self, raw: bytes) -> int:
        """Return how many bytes at the end may be the beginning of a secret."""
        for size in range(min(len(raw), self.longest - 1), 0, -1):
            end = raw[-size:]
            if any(form.startswith(end) and len(form) > size for form in self._forms):
                return size
        return 0

    def blot(self, descriptor: int, raw: bytes, start: int) -> None:
        """Blot out in a file what was read from `start` on."""
        if self._pattern is not None:
            for found in self._pattern.finditer(raw):
                os.pwrite(descriptor, b"*" * len(found[0]), start + found.start())

    def blot_file(self, path: str, start: int) -> None:
        """Blot out in a whole file, from a place on."""
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        try:
            while raw := os.pread(descriptor, _CHUNK_BYTES, start):
                self.blot(descriptor, raw, start)
                if len(raw) < _CHUNK_BYTES:
                    return
                start += len(raw) - self.longest
        finally:
            os.close(descriptor)

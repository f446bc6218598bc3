"""Secrets as blocks get them: values by name, which no print of them shows."""

from __future__ import annotations

import base64
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from urllib.parse import quote, quote_plus


class Secrets(Mapping[str, str]):
    """The secrets that headrace.yaml lists under `secrets:`.

    `environment` has the values. One is read when it is asked for. `repr` gives names only, of this
    and of its views.
    """

    def __init__(
        self, names: Sequence[str] = (), environment: Mapping[str, str] | None = None
    ) -> None:
        self._names = tuple(dict.fromkeys(names))
        self._environment = os.environ if environment is None else environment
        self._hidden: set[str] = set()

    def __getitem__(self, name: str) -> str:
        """Return a value; KeyError says whether it is not listed or nowhere set."""
        if name not in self._names:
            raise KeyError(f"{name} is not listed under `secrets:` in headrace.yaml")
        try:
            return self._environment[name]
        except KeyError:
            raise KeyError(
                f"{name} is set nowhere: the environment variable {name} is not set, and no"
                " encrypted file or keyring has it"
            ) from None

    def __iter__(self) -> Iterator[str]:
        """Yield the names that are set."""
        return (name for name in self._names if name in self._environment)

    def __len__(self) -> int:
        """Count the names that are set."""
        return sum(1 for _ in self)

    def __repr__(self) -> str:
        """Give the names that are listed."""
        return f"Secrets({', '.join(self._names)})"

    def hide(self, values: Iterable[str]) -> None:
        """Let `masked` replace these values as well: those of connections are listed nowhere."""
        self._hidden.update(values)

    def masked(self, text: str) -> str:
        """Return the text with each value of four characters and more replaced by asterisks."""
        return masked_values(text, {*self.values(), *self._hidden})


def masked_values(text: str, values: Iterable[str]) -> str:
    """Return the text without these values, nor their forms in URLs and in base64."""
    for form in forms_of(values):
        text = text.replace(form, "***")
    return text


def forms_of(values: Iterable[str]) -> list[str]:
    """Return values as they may stand in a text, in URLs and in base64 too, the longest first.

    Those that are too short to be told from words are left out.
    """
    forms: set[str] = set()
    for value in values:
        if len(value) >= _SHORTEST_MASKED:
            raw = value.encode("utf-8", "surrogateescape")
            forms |= {value, quote(raw, safe=""), quote_plus(raw), quote(raw)}
            forms |= {base64.b64encode(raw).decode(), base64.urlsafe_b64encode(raw).decode()}
    return sorted(forms, key=lambda form: (-len(form), form))


_SHORTEST_MASKED = 4
"""A shorter value would be found in words that are none."""

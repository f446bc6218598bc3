"""Names of blocks: from headings, from the variables that they give, from what they do."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from headrace.core.errors import InvalidInput
from headrace.core.ids import check_name

_HEADING = re.compile(r"^#{1,6}\s+(.+?)\s*#*\s*$", re.MULTILINE)
_LEAD = re.compile(r"^(?:step|part|section|chapter|[0-9ivx]+)[\s.:)0-9-]+", re.IGNORECASE)


def heading_of(markdown: str) -> str | None:
    """Return the last heading of a text: that is the one nearest to the code below."""
    found = _HEADING.findall(markdown)
    return found[-1] if found else None


def title_of(markdown: str) -> str | None:
    """Return the first heading of the first level."""
    found = re.search(r"^#\s+(.+?)\s*#*\s*$", markdown, re.MULTILINE)
    return found[1][:120] if found else None


def slug(text: str, length: int = 40) -> str:
    """Return a text as the name of a block; empty when nothing of it is left."""
    plain = unicodedata.normalize("NFKD", re.sub(r"[*_`]|\[|\]\([^)]*\)", " ", text))
    ascii_only = plain.encode("ascii", "ignore").decode().lower()
    words = re.sub(r"[^a-z0-9]+", "_", _LEAD.sub("", ascii_only)).strip("_")
    if len(words) > length:
        words = words[: length + 1].rpartition("_")[0] or words[:length]
    return words if re.match(r"[a-z]", words) else ""


class Names:
    """Gives out names that no block, module or parameter of the pipeline has yet."""

    def __init__(self, taken: Iterable[str]) -> None:
        self._taken = set(taken)

    def avoid(self, names: Iterable[str]) -> None:
        """Give out none of these from now on."""
        self._taken |= set(names)

    def free(self, *wishes: str) -> str:
        """Return the first wish that can be a name, with a number when another block has it."""
        stems = (one for wish in wishes if wish for one in (wish, f"{wish}_cells"))
        stem = next(filter(_fits, stems), "some_cells")
        name, number = stem, 1
        while name in self._taken:
            number += 1
            name = f"{stem[:58]}_{number}"
        self._taken.add(name)
        return name


def _fits(name: str) -> bool:
    try:
        check_name(name)
    except InvalidInput:
        return False
    return True

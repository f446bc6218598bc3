"""Names of time zones that were given up, and those that the zones have now."""

from __future__ import annotations

import zoneinfo
from functools import lru_cache
from importlib import resources
from pathlib import Path


def present_name(name: str) -> str:
    """Return the name that a zone has today: `Asia/Kolkata` for `Asia/Calcutta`, else `name`."""
    return _present_names().get(name, name)


@lru_cache(maxsize=1)
def _present_names() -> dict[str, str]:
    """Return old name → name of today, as the database of time zones links them.

    A link that has a country of its own is no old name: `Europe/Stockholm` stays, though its clocks
    are those of Berlin. So do the names of UTC.
    """
    rows = (line.split("\t") for line in _text("zone.tab").splitlines() if line[:1] != "#")
    of_countries = {row[2] for row in rows if len(row) > 2}
    links = (line.split() for line in _text("tzdata.zi").splitlines() if line.startswith("L "))
    targets = {name: target for _, target, name in links if name not in of_countries}
    return {
        name: targets.get(target, target)
        for name, target in targets.items()
        if of_countries and not target.startswith("Etc/")
    }


def _text(file: str) -> str:
    """Read a file of the database where Python has it from; empty where there is none."""
    for folder in zoneinfo.TZPATH:
        if (path := Path(folder) / file).is_file():
            return path.read_text(encoding="utf-8")
    try:
        return (resources.files("tzdata") / "zoneinfo" / file).read_text(encoding="utf-8")
    except (ModuleNotFoundError, FileNotFoundError):
        return ""

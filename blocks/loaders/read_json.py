"""Read a JSON or JSON Lines file."""

import pandas as pd

from headrace import loader


@loader
def read_json(path: str, lines: bool = False, records: str = ""):
    """Read a table from a JSON file.

    Args:
        path: File relative to the project, or an address that fsspec knows.
        lines: Whether every line is a JSON object of its own.
        records: Dotted path of the list of records inside the file, e.g. result.items.
    """
    if not records:
        return pd.read_json(path, lines=lines)
    import json

    import fsspec

    with fsspec.open(path, "r", encoding="utf-8") as file:
        content = json.load(file)
    for key in records.split("."):
        content = content[key]
    return pd.json_normalize(content)

"""What the list of shared blocks says of each, read from its file."""

from __future__ import annotations

from headrace.analysis.signature import read_signature
from headrace.protocol.tables import Kind, Language, LibraryBlock


def library_block(path: str, kind: Kind, language: Language, text: str) -> LibraryBlock:
    """Describe a shared block. Required arguments without a type are the upstream data it takes."""
    title = path.rpartition("/")[2].replace("_", " ").capitalize()
    if language != "python":
        return LibraryBlock(path=path, kind=kind, language=language, title=title)
    found = read_signature(text)
    taken = [a.name for a in found.arguments if a.required and a.form.type == "json"]
    return LibraryBlock(
        path=path,
        kind=kind,
        language=language,
        title=found.description.rstrip(".") or title,
        description=found.description,
        form=[a.form for a in found.arguments if a.name not in {*taken, "context"}],
        arguments=[name for name in taken if name != "context"],
    )

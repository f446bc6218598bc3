"""Take typed fields out of one YAML map, and note each one that is not as it should be."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from headrace.core.errors import InvalidInput
from headrace.project.pipeline import Problem
from headrace.project.yaml_nodes import Lines, Node, YamlError, plain_value, scalar_value


class Problems:
    """The problems of one file, collected while it is read."""

    def __init__(self, file: str, text: str) -> None:
        self.file = file
        self.lines = Lines(text)
        self.found: list[Problem] = []

    def add(
        self,
        node: Node | None,
        message: str,
        *,
        block: str = "",
        code: str = "pipeline-file",
        severity: str = "error",
    ) -> None:
        """Note what is wrong at the place of `node` (None: the beginning of the file)."""
        line, column = self.lines.place(node.start) if node is not None else (1, 0)
        self.found.append(
            Problem(
                file=self.file,
                line=line,
                column=column,
                message=message,
                block=block,
                code=code,
                severity=severity,
            )
        )


class Fields:
    """One map, read field by field; `block` names the entry in problems."""

    def __init__(self, node: Node, problems: Problems, block: str = "") -> None:
        self.node = node
        self.problems = problems
        self.block = block
        self._texts: dict[str, list[tuple[str, Node]]] = {}
        self._by_key = {key.text: value for key, value in node.pairs}

    def wrong(self, node: Node | None, message: str) -> None:
        """Note a problem of this entry."""
        self.problems.add(node or self.node, message, block=self.block)

    def node_of(self, key: str) -> Node | None:
        """Return the value of `key`, None when it is missing or null."""
        node = self._by_key.get(key)
        return None if node is None or node.empty else node

    def text(self, key: str) -> str | None:
        """Return a scalar as it is written, whatever YAML would make of it."""
        node = self.node_of(key)
        if node is None:
            return None
        if node.kind != "scalar":
            self.wrong(node, f"`{key}:` must be text.")
            return None
        return node.text

    def parsed(self, key: str, parse: Callable[[str], Any]) -> Any:
        """Return `parse(text)`, and note the problem when it raises InvalidInput."""
        text = self.text(key)
        if text is None:
            return None
        try:
            return parse(text)
        except InvalidInput as error:
            self.wrong(self.node_of(key), error.message)
            return None

    def one_of(self, key: str, words: tuple[str, ...]) -> str | None:
        """Return one of `words`."""
        text = self.text(key)
        if text is None or text in words:
            return text
        self.wrong(self.node_of(key), f"`{key}: {text[:40]}` must be one of {', '.join(words)}.")
        return None

    def number(self, key: str, *, minimum: float, maximum: float) -> float | int | None:
        """Return a number within limits."""
        node = self.node_of(key)
        if node is None:
            return None
        value = scalar_value(node) if node.kind == "scalar" else None
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            self.wrong(node, f"`{key}:` must be a number.")
            return None
        if not minimum <= value <= maximum:
            self.wrong(node, f"`{key}:` must be from {minimum:g} to {maximum:g}.")
            return None
        return value

    def integer(self, key: str, *, minimum: int, maximum: int) -> int | None:
        """Return a whole number within limits."""
        value = self.number(key, minimum=minimum, maximum=maximum)
        if isinstance(value, float):
            self.wrong(self.node_of(key), f"`{key}:` must be a whole number.")
            return None
        return value

    def flag(self, key: str) -> bool | None:
        """Return true or false."""
        node = self.node_of(key)
        value = scalar_value(node) if node is not None and node.kind == "scalar" else None
        if node is not None and not isinstance(value, bool):
            self.wrong(node, f"`{key}:` must be true or false.")
        return value if isinstance(value, bool) else None

    def texts(self, key: str) -> list[tuple[str, Node]]:
        """Return a list of words; a single word is a list of one."""
        if key not in self._texts:
            self._texts[key] = self._read_texts(key)
        return self._texts[key]

    def _read_texts(self, key: str) -> list[tuple[str, Node]]:
        node = self.node_of(key)
        if node is None:
            return []
        if node.kind == "scalar":
            return [(node.text, node)]
        if node.kind == "map":
            self.wrong(node, f"`{key}:` must be a list such as [first, second].")
            return []
        words = [(item.text, item) for item in node.items if item.kind == "scalar"]
        if len(words) != len(node.items):
            self.wrong(node, f"`{key}:` must be a list of names.")
        return words

    def values(self, key: str) -> dict[str, Any]:
        """Return a map of plain values."""
        node = self.node_of(key)
        if node is None:
            return {}
        if node.kind != "map":
            self.wrong(node, f"`{key}:` must be a map such as {{name: value}}.")
            return {}
        try:
            return plain_value(node)
        except YamlError as error:
            self.wrong(node, error.message)
            return {}

"""The entries of a list such as `blocks:`, as pieces of text that can be moved about whole."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import pairwise
from typing import NamedTuple

from headrace.core.errors import InvalidInput
from headrace.project.yaml_nodes import Node
from headrace.project.yaml_text import YamlText
from headrace.project.yaml_write import flow_map


class _Piece(NamedTuple):
    """Where an entry begins (with the comments right above it), its dash line, and its end."""

    start: int
    dash: int
    end: int


class Entries:
    """The list `key` at the top of a YAML text. One change of the list per text."""

    def __init__(self, yaml: YamlText, key: str) -> None:
        """Find the list; raise InvalidInput when `key` holds something else."""
        self.yaml = yaml
        self.key = key
        node = yaml.top.get(key)
        if node is not None and not node.empty and node.kind != "list":
            raise InvalidInput(f"`{key}:` must be a list: repair {yaml.file} first.")
        self.list: Node | None = node if node is not None and node.items else None
        self.nodes: list[Node] = self.list.items if self.list is not None else []
        self._pieces = self._find_pieces() if self.list and not self.list.flow else []

    def find(self, name: str) -> int | None:
        """Return the index of the first entry of that name."""
        for index, node in enumerate(self.nodes):
            if node.kind == "map" and (found := node.get("name")) and found.text == name:
                return index
        return None

    def names(self) -> list[str]:
        """Return the names of all entries that have one."""
        found = (node.get("name") for node in self.nodes if node.kind == "map")
        return [name.text for name in found if name is not None]

    def insert(self, index: int, fields: Mapping[str, str]) -> None:
        """Add an entry before the one at `index`, or last; values are YAML already."""
        self._insert(index, flow_map(fields))

    def insert_copy(self, index: int, of: int, fields: Mapping[str, str]) -> None:
        """Add a copy of the entry `of` before the one at `index`, with these plain values."""
        node = self.nodes[of]
        start = node.start if self.list is None or self.list.flow else self._pieces[of].dash
        end = node.end if self.list is None or self.list.flow else self._pieces[of].end
        text = self.yaml.text[start:end]
        places = [(value, fields[key.text]) for key, value in node.pairs if key.text in fields]
        for value, new in sorted(places, key=lambda place: -place[0].start):
            text = text[: value.start - start] + new + text[value.end - start :]
        if self.list is not None and self.list.flow:
            self._insert(index, text)
        else:
            place = self._place(index)
            self.yaml.replace(place, place, text)

    def remove(self, indexes: set[int]) -> None:
        """Take entries out, each with the comments right above it."""
        if self.list is None or not indexes:
            return
        if self.list.flow:
            texts = self._flow_texts()
            self._write_flow([text for i, text in enumerate(texts) if i not in indexes])
            return
        for index in indexes:
            piece = self._pieces[index]
            self.yaml.replace(piece.start, piece.end, "")
        if len(indexes) == len(self.nodes):
            colon = self._colon()
            self.yaml.replace(colon, colon, " []")

    def move(self, index: int, before: int) -> None:
        """Put an entry before the one at `before`, as the list is now; len(nodes) means last."""
        if before in (index, index + 1) or self.list is None:
            return
        if self.list.flow:
            texts = self._flow_texts()
            moved = texts.pop(index)
            texts.insert(before - (before > index), moved)
            self._write_flow(texts)
            return
        piece = self._pieces[index]
        place = self._place(before)
        self.yaml.replace(piece.start, piece.end, "")
        self.yaml.replace(place, place, self.yaml.text[piece.start : piece.end])

    def _insert(self, index: int, written: str) -> None:
        yaml = self.yaml
        if self.list is not None and self.list.flow:
            texts = self._flow_texts()
            texts.insert(index, written)
            self._write_flow(texts)
        elif self.list is not None:
            indent = self._indent()
            place = self._place(index)
            yaml.replace(place, place, f"{indent}- {written}{yaml.eol}")
        elif yaml.top.flow:
            yaml.set_pair(yaml.top, self.key, f"[{written}]")
        else:
            self._begin_list(f"{yaml.eol}  - {written}")

    def _begin_list(self, text: str) -> None:
        """Give the key its first entry; without a key it comes at the end of the file."""
        yaml = self.yaml
        value = yaml.top.get(self.key)
        if value is None:
            end = len(yaml.text)
            yaml.replace(end, end, f"{self.key}:{text}{yaml.eol}")
            return
        colon = self._colon()
        yaml.replace(colon, max(value.end, colon), text)

    def _colon(self) -> int:
        name = next(name for name, _ in self.yaml.top.pairs if name.text == self.key)
        return self.yaml.text.index(":", name.end) + 1

    def _place(self, index: int) -> int:
        """Return where an entry goes that shall stand before the one at `index`."""
        if index < len(self._pieces):
            return self._pieces[index].start
        return self._pieces[-1].end

    def _indent(self) -> str:
        line = self.yaml.text[self._pieces[0].dash : self._pieces[0].end]
        return line[: len(line) - len(line.lstrip(" "))]

    # Lists in flow style

    def _flow_texts(self) -> list[str]:
        return [self.yaml.written(node) for node in self.nodes]

    def _write_flow(self, texts: list[str]) -> None:
        """Write the entries anew between the old brackets, with the old distances."""
        assert self.list is not None
        text, nodes = self.yaml.text, self.nodes
        head = text[self.list.start : nodes[0].start]
        tail = text[nodes[-1].end : self.list.end]
        gaps = [text[a.end : b.start] for a, b in pairwise(nodes)]
        if any("#" in part for part in (head, tail, *gaps)):
            raise InvalidInput(
                f"`{self.key}:` is a list in brackets with comments between its entries:"
                " edit the file itself, or write one `- {…}` per line.",
            )
        gap = gaps[0] if gaps else ", "
        written = f"{head}{gap.join(texts)}{tail}" if texts else "[]"
        self.yaml.replace(self.list.start, self.list.end, written)

    # Lists in block style

    def _find_pieces(self) -> list[_Piece]:
        pieces: list[_Piece] = []
        floor = self._colon()
        for node in self.nodes:
            dash = self._dash_line(floor, node)
            start = self._with_comments_above(dash, floor)
            end = self._with_comments_inside(self.yaml.after(node), dash)
            if pieces and start < pieces[-1].end:
                start = pieces[-1].end
            pieces.append(_Piece(start, dash, end))
            floor = end
        return pieces

    def _dash_line(self, floor: int, node: Node) -> int:
        found = list(_DASH.finditer(self.yaml.text, floor, node.start + 1))
        if not found:
            raise InvalidInput(
                f"`{self.key}:` has two entries in one line: edit {self.yaml.file} itself."
            )
        return found[-1].start()

    def _with_comments_above(self, dash: int, floor: int) -> int:
        """Comment lines without a blank line between them and the entry belong to it."""
        start = dash
        while start > floor:
            above = self.yaml.line_start(start - 1)
            if above < floor or not self.yaml.text[above:start].lstrip(" ").startswith("#"):
                break
            start = above
        return start

    def _with_comments_inside(self, end: int, dash: int) -> int:
        """Comment lines that are indented deeper than the dash belong to the entry above."""
        text = self.yaml.text
        depth = _depth(text[dash : self.yaml.line_end(dash)])
        while end < len(text):
            line = text[end : self.yaml.line_end(end)]
            if not line.lstrip(" ").startswith("#") or _depth(line) <= depth:
                break
            end += len(line)
        return end


_DASH = re.compile(r"^ *-(?=\s)", re.MULTILINE)


def _depth(line: str) -> int:
    return len(line) - len(line.lstrip(" "))

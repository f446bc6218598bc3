"""Edit YAML as text: what is not touched stays byte for byte, comments and style included."""

from __future__ import annotations

from headrace.core.errors import InvalidInput
from headrace.project.yaml_nodes import Lines, Node, YamlError, plain_value, read_nodes
from headrace.project.yaml_write import flow, quoted


class YamlText:
    """A text whose top is a map, and the replacements to be made in it.

    Nodes keep their places until `result`; replacements must not overlap.
    """

    def __init__(self, text: str, file: str = "pipeline.yaml") -> None:
        """Parse `text`; raise InvalidInput with line and column when that fails."""
        self.file = file
        self.eol = "\r\n" if "\r\n" in text else "\n"
        # Every line ends with a line end while we work; `result` takes this one back.
        self._unended = bool(text) and not text.endswith("\n")
        self.text = text + self.eol if self._unended else text
        try:
            self.top = read_nodes(self.text)
        except YamlError as error:
            raise InvalidInput(
                f"{file}, line {error.line}: {error.message} Repair the file first.",
                file=file,
                line=error.line,
                column=error.column,
            ) from error
        if self.top.kind != "map":
            raise InvalidInput(f"{file} must be a map: repair the file first.", file=file, line=1)
        self.lines = Lines(self.text)
        self._replacements: list[tuple[int, int, str]] = []

    def replace(self, start: int, end: int, new: str) -> None:
        """Put `new` in the place of text[start:end]."""
        self._replacements.append((start, end, new))

    def result(self) -> str:
        """Return the text with all replacements made; raise InvalidInput if that is not YAML."""
        parts: list[str] = []
        at = 0
        for start, end, new in sorted(self._replacements, key=lambda item: item[:2]):
            parts += (self.text[at:start], new)
            at = max(at, end)
        text = "".join(parts) + self.text[at:]
        if self._unended:
            text = text.removesuffix(self.eol)
        try:
            read_nodes(text)
        except YamlError as error:
            raise InvalidInput(
                f"{self.file} is laid out in a way that cannot be edited here (near line"
                f" {error.line}): edit the file itself.",
                file=self.file,
                line=error.line,
            ) from error
        return text

    # Places

    def line_start(self, index: int) -> int:
        """Return where the line of a character begins."""
        return self.lines.starts[self.lines.place(index)[0] - 1]

    def line_end(self, index: int) -> int:
        """Return where the next line begins."""
        line = self.lines.place(index)[0]
        return self.lines.starts[line] if line < len(self.lines.starts) else len(self.text)

    def after(self, node: Node) -> int:
        """Return where the line after a node begins; a block scalar ends there already."""
        return self.line_end(max(node.end - 1, node.start))

    def column(self, index: int) -> int:
        """Return how far a character is from the beginning of its line."""
        return self.lines.place(index)[1]

    def written(self, node: Node) -> str:
        """Return a node as it is written."""
        return self.text[node.start : node.end]

    # Pairs of maps

    def set_pair(self, target: Node, key: str, written: str, *, before: str | None = None) -> None:
        """Set `key` in a map to a flow value; a new key comes last, or above the key `before`."""
        for name, value in target.pairs:
            if name.text == key:
                self._set_value(name, value, written)
                return
        addition = f"{quoted(key)}: {written}"
        if not target.pairs:
            self.replace(target.start, target.end, "{" + addition + "}")
        elif target.flow:
            self.replace(target.pairs[-1][1].end, target.pairs[-1][1].end, f", {addition}")
        else:
            self._add_line(target, addition, before)

    def _set_value(self, name: Node, value: Node, written: str) -> None:
        if self.written(value) == written:
            return
        same_line = self.text.find("\n", name.end, value.start) < 0
        if value.end > value.start and same_line and (value.flow or value.kind == "scalar"):
            ends_line = self.text[value.end - 1] == "\n"
            self.replace(value.start, value.end, written + (self.eol if ends_line else ""))
            return
        colon = self.text.index(":", name.end) + 1
        end = max(value.end, colon)
        tail = self.eol if value.end > colon and self.text[value.end - 1] == "\n" else ""
        self.replace(colon, end, f" {written}{tail}")

    def _add_line(self, target: Node, addition: str, before: str | None) -> None:
        indent = " " * self.column(target.pairs[0][0].start)
        follower = next((name for name, _ in target.pairs if name.text == before), None)
        place = self.line_start(follower.start) if follower else self.after(target.pairs[-1][1])
        self.replace(place, place, f"{indent}{addition}{self.eol}")

    def remove_pair(self, target: Node, key: str) -> None:
        """Take `key` out of a map; nothing happens when it is not there."""
        index = next((i for i, (name, _) in enumerate(target.pairs) if name.text == key), None)
        if index is None:
            return
        name, value = target.pairs[index]
        if len(target.pairs) == 1:
            self.replace(target.start, target.end, "{}")
        elif target.flow:
            if index > 0:
                self.replace(target.pairs[index - 1][1].end, value.end, "")
            else:
                self.replace(name.start, target.pairs[1][0].start, "")
        elif index == 0:
            # The first key of an entry stands behind its dash, which stays.
            self.replace(name.start, target.pairs[1][0].start, "")
        else:
            end = value if value.end > name.end else name
            self.replace(self.line_start(name.start), self.after(end), "")

    # Lists of words

    def add_word(self, target: Node, key: str, word: str) -> None:
        """Add a word to the list `key` of a map, which is made when it is not there."""
        value = target.get(key)
        if value is not None and not value.empty and value.kind == "scalar":
            self.set_pair(target, key, flow([value.text, word]))
        else:
            self.add_item(target, key, quoted(word))

    def add_item(self, target: Node, key: str, written: str) -> None:
        """Add a flow value to the list `key` of a map, which is made when it is not there."""
        value = target.get(key)
        if value is None or value.empty:
            self.set_pair(target, key, f"[{written}]")
        elif value.kind != "list" or value.alias or not value.items:
            items = [flow(plain_value(item)) for item in value.items]
            self.set_pair(target, key, "[" + ", ".join([*items, written]) + "]")
        elif value.flow:
            self.replace(value.items[-1].end, value.items[-1].end, f", {written}")
        else:
            indent = " " * self.column(self._dash(value, 0))
            place = self.after(value.items[-1])
            self.replace(place, place, f"{indent}- {written}{self.eol}")

    def remove_words(self, target: Node, key: str, words: set[str]) -> None:
        """Take words out of the list `key` of a map; the key goes with the last one."""
        value = target.get(key)
        if value is None:
            return
        items = value.items if value.kind == "list" else [value]
        rest = [item for item in items if item.text not in words]
        if len(rest) == len(items):
            return
        if not rest:
            self.remove_pair(target, key)
        elif value.alias or value.flow:
            self.set_pair(target, key, flow([item.text for item in rest]))
        else:
            for index, item in enumerate(items):
                if item.text in words:
                    start = self.line_start(self._dash(value, index))
                    self.replace(start, self.after(item), "")

    def rename_word(self, target: Node, key: str, old: str, new: str) -> None:
        """Put another word in the place of one in the list `key` of a map."""
        value = target.get(key)
        if value is None:
            return
        if value.alias:
            words = [item.text for item in value.items] if value.kind == "list" else [value.text]
            if old in words:
                self.set_pair(target, key, flow([new if word == old else word for word in words]))
            return
        for item in value.items if value.kind == "list" else [value]:
            if item.text == old:
                self.replace(item.start, item.end, quoted(new))

    def _dash(self, value: Node, index: int) -> int:
        """Return the place of the dash of an item in a list in block style."""
        floor = value.items[index - 1].end if index else max(value.start, 0)
        return self.text.rindex("-", floor, value.items[index].start)

    # Values

    def update_map(self, target: Node, key: str, values: dict[str, object]) -> None:
        """Make the map `key` of a map equal to `values`, changing only what differs."""
        value = target.get(key)
        if not values:
            self.remove_pair(target, key)
        elif (
            value is not None
            and not value.alias
            and values.keys() & {name.text for name, _ in value.pairs}
        ):
            self._update_pairs(target, key, value, values)
        else:
            self.set_pair(target, key, flow(values))

    def _update_pairs(self, target: Node, key: str, value: Node, values: dict[str, object]) -> None:
        current = {name.text: _value_of(node) for name, node in value.pairs}
        gone = [name for name in current if name not in values]
        added = [name for name in values if name not in current]
        first_goes = value.pairs[0][0].text in gone
        if (value.flow and (gone or len(added) > 1)) or first_goes:
            # Neighbouring cuts would overlap: the map is written anew.
            kept = {name.text: self.written(node) for name, node in value.pairs}
            written = {
                name: kept[name]
                if name in current and same(current[name], wanted)
                else flow(wanted)
                for name, wanted in values.items()
            }
            inner = ", ".join(f"{quoted(name)}: {text}" for name, text in written.items())
            self.set_pair(target, key, "{" + inner + "}")
            return
        for name in gone:
            self.remove_pair(value, name)
        for name, wanted in values.items():
            if name not in current or not same(current[name], wanted):
                self.set_pair(value, name, flow(wanted))


def _value_of(node: Node) -> object:
    """Return the value of a node; of one that has none, something that is like no other."""
    try:
        return plain_value(node)
    except YamlError:
        return node


def same(one: object, other: object) -> bool:
    """Compare values of YAML, where 1 is neither true nor 1.0."""
    return type(one) is type(other) and one == other

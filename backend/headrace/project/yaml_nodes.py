"""YAML text → a tree of nodes that know where they stand. Bounded, YAML 1.2, no objects made.

Built from the parser's events, so that nothing recurses, no tag constructs anything, and an alias
is a reference and never a copy: a bomb of aliases costs what its text costs.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Literal

MAX_CHARACTERS = 1_000_000
MAX_DEPTH = 40
MAX_ALIASES = 100

_MERGE_MARKER = re.compile(r"^(?:<{7}|={7}|>{7}|\|{7})(?: .*)?$", re.MULTILINE)
_NUMBERS: tuple[tuple[re.Pattern[str], Callable[[str], float]], ...] = (
    (re.compile(r"[-+]?[0-9]+"), int),
    (re.compile(r"0(?:o[0-7]+|x[0-9a-fA-F]+)"), partial(int, base=0)),
    (re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?"), float),
)
_WORDS: dict[str, Any] = {
    "": None,
    "~": None,
    **dict.fromkeys(("null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), float("inf")),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), float("-inf")),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan")),
}
_MAX_INTEGER_DIGITS = 400


class YamlError(Exception):
    """The text cannot be read as YAML; `line` from 1, `column` from 0."""

    def __init__(self, message: str, line: int, column: int) -> None:
        super().__init__(message)
        self.message = message
        self.line = line
        self.column = column


@dataclass(slots=True, eq=False)
class Node:
    """One value of the text. `start` and `end` count characters; `end` is after the last one."""

    kind: Literal["scalar", "list", "map"]
    start: int
    end: int
    text: str = ""
    plain: bool = True
    flow: bool = False
    items: list[Node] = field(default_factory=list["Node"])
    pairs: list[tuple[Node, Node]] = field(default_factory=list[tuple["Node", "Node"]])
    alias: bool = False
    """True when an alias stands here in the text, and the value elsewhere."""

    def get(self, key: str) -> Node | None:
        """Return the value of `key` in a map."""
        return next((value for name, value in self.pairs if name.text == key), None)

    @property
    def empty(self) -> bool:
        """True for null."""
        return self.kind == "scalar" and self.plain and scalar_value(self) is None


class Lines:
    """Where the lines of a text begin; LF alone and CRLF end a line."""

    def __init__(self, text: str) -> None:
        self.starts = [0, *(found.end() for found in re.finditer("\n", text))]

    def place(self, index: int) -> tuple[int, int]:
        """Return line (from 1) and column (from 0) of a character."""
        line = bisect_right(self.starts, index)
        return line, index - self.starts[line - 1]


def read_nodes(text: str) -> Node:
    """Parse one document and return its top node; raise YamlError for anything else."""
    if len(text) > MAX_CHARACTERS:
        raise YamlError(f"The file is larger than {MAX_CHARACTERS:,} characters.", 1, 0)
    marker = _MERGE_MARKER.search(text)
    if marker is not None and marker.group() != "=======":
        line, _ = Lines(text).place(marker.start())
        raise YamlError("A merge is not finished: remove the conflict markers.", line, 0)
    return _Builder(text).build()


def scalar_value(node: Node) -> Any:
    """Return the value of a scalar by the core schema of YAML 1.2 (`no` is a string)."""
    text = node.text
    if not node.plain:
        return text
    if text in _WORDS:
        return _WORDS[text]
    if len(text) <= _MAX_INTEGER_DIGITS:
        for rule, convert in _NUMBERS:
            if rule.fullmatch(text):
                return convert(text)
    return text


def plain_value(node: Node, limit: int = 10_000) -> Any:
    """Return a node as str, int, float, bool, None, list and dict.

    Raises YamlError when aliases bring in more than `limit` values, and for whole numbers of more
    than 64 bits. Depth is bounded by MAX_DEPTH for every node that `read_nodes` returned, aliases
    included.
    """
    left = limit

    def convert(this: Node, *, aliased: bool = False) -> Any:
        nonlocal left
        aliased = aliased or this.alias
        left -= aliased
        if left < 0:
            raise YamlError("Aliases make this value too large.", 1, 0)
        if this.kind == "scalar":
            value = scalar_value(this)
            if isinstance(value, int) and not -(2**63) <= value < 2**63:
                raise YamlError("A whole number must fit into 64 bits: write it as text.", 1, 0)
            return value
        if this.kind == "list":
            return [convert(item, aliased=aliased) for item in this.items]
        return {key.text: convert(value, aliased=aliased) for key, value in this.pairs}

    return convert(node)


@dataclass(slots=True)
class _Open:
    """A list or map whose end was not seen yet."""

    node: Node
    key: Node | None = None
    keys: set[str] = field(default_factory=set[str])
    anchor: str | None = None


class _Builder:
    def __init__(self, text: str) -> None:
        self.text = text
        self.lines = Lines(text)
        self.stack: list[_Open] = []
        self.anchors: dict[str, tuple[Node, int]] = {}
        self.aliases = 0
        self.top: Node | None = None
        self.last_end = 0

    def fail(self, message: str, index: int) -> YamlError:
        return YamlError(message, *self.lines.place(min(index, len(self.text))))

    def build(self) -> Node:
        import yaml

        documents = 0
        takes: dict[type, Callable[[Any], None]] = {
            yaml.AliasEvent: self.put_alias,
            yaml.ScalarEvent: self.put_scalar,
            yaml.SequenceStartEvent: lambda event: self.open(event, "list"),
            yaml.MappingStartEvent: lambda event: self.open(event, "map"),
            yaml.SequenceEndEvent: self.close,
            yaml.MappingEndEvent: self.close,
        }
        try:
            for event in yaml.parse(self.text, Loader=getattr(yaml, "CLoader", yaml.Loader)):
                if isinstance(event, yaml.DocumentStartEvent):
                    documents += 1
                    if documents > 1:
                        raise self.fail("Only one document: remove `---`.", event.start_mark.index)
                elif (take := takes.get(type(event))) is not None:
                    take(event)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            index = mark.index if mark is not None else len(self.text)
            raise self.fail(_explain(error, self.text, index), index) from error
        except yaml.YAMLError as error:
            index = getattr(error, "position", 0)
            raise self.fail("A character here cannot stand in YAML: remove it.", index) from error
        if self.top is None:
            raise YamlError("The file is empty: add `title:` and `blocks:`.", 1, 0)
        return self.top

    def check_tag(self, event: Any) -> None:
        if event.tag is not None and not event.tag.startswith("tag:yaml.org,2002:"):
            raise self.fail(f"Tags such as {event.tag!r} are not allowed.", event.start_mark.index)
        if event.tag is not None and event.tag.rpartition(":")[2] not in ("str", "map", "seq"):
            short = "!!" + event.tag.removeprefix("tag:yaml.org,2002:")
            raise self.fail(f"The tag {short} is not allowed: remove it.", event.start_mark.index)

    def put_scalar(self, event: Any) -> None:
        self.check_tag(event)
        node = Node(
            "scalar",
            event.start_mark.index,
            event.end_mark.index,
            text=event.value,
            plain=event.implicit[0] and event.tag is None,
        )
        self.last_end = node.end
        if event.anchor is not None:
            self.anchors[event.anchor] = (node, 1)
        self.put(node)

    def put_alias(self, event: Any) -> None:
        self.aliases += 1
        index = event.start_mark.index
        if self.aliases > MAX_ALIASES:
            raise self.fail(f"More than {MAX_ALIASES} aliases: write the values out.", index)
        if event.anchor not in self.anchors:
            raise self.fail(f"There is no anchor &{event.anchor} above.", index)
        target, height = self.anchors[event.anchor]
        if len(self.stack) + height > MAX_DEPTH:
            raise self.fail(f"Values are nested more than {MAX_DEPTH} deep.", index)
        self.last_end = event.end_mark.index
        self.put(
            Node(
                target.kind,
                index,
                self.last_end,
                text=target.text,
                plain=target.plain,
                flow=target.flow,
                items=target.items,
                pairs=target.pairs,
                alias=True,
            )
        )

    def open(self, event: Any, kind: Literal["list", "map"]) -> None:
        self.check_tag(event)
        index = event.start_mark.index
        if len(self.stack) >= MAX_DEPTH:
            raise self.fail(f"Values are nested more than {MAX_DEPTH} deep.", index)
        node = Node(kind, index, index, flow=event.flow_style)
        self.put(node)
        self.stack.append(_Open(node, anchor=event.anchor))
        self.last_end = index

    def close(self, event: Any) -> None:
        done = self.stack.pop()
        # In block style the parser's end lies behind comments; ours is that of the last value.
        done.node.end = event.end_mark.index if done.node.flow else self.last_end
        self.last_end = done.node.end
        if done.anchor is not None:
            self.anchors[done.anchor] = (done.node, _height(done.node))

    def put(self, node: Node) -> None:
        if not self.stack:
            self.top = node
            return
        parent = self.stack[-1]
        if parent.node.kind == "list":
            parent.node.items.append(node)
        elif parent.key is None:
            if node.kind != "scalar":
                raise self.fail("A key must be a plain word.", node.start)
            if node.text in parent.keys:
                raise self.fail(f"The key {node.text!r} stands here twice.", node.start)
            parent.keys.add(node.text)
            parent.key = node
        else:
            parent.node.pairs.append((parent.key, node))
            parent.key = None


def _height(node: Node) -> int:
    """Return how deep a node nests; anchored values only, so it is measured seldom."""
    height = 0
    level = [node]
    while level:
        height += 1
        if height > MAX_DEPTH:
            break
        children = {
            # Aliases share the lists of their anchor: each shared value is gone through once.
            (id(child.items), id(child.pairs)): child
            for one in level
            for child in (*one.items, *(value for _, value in one.pairs))
            if child.kind != "scalar"
        }
        level = list(children.values())
    return height


def _explain(error: Any, text: str, index: int) -> str:
    """Say what the parser's message means for someone who writes the file."""
    problem = str(error.problem or error.context or "not YAML")
    if "tab" in problem or text[index : index + 1] == "\t":
        return "A tab cannot indent YAML: use spaces."
    if index >= len(text.rstrip()):
        return f"The file ends in the middle of something ({problem})."
    return f"This is not valid YAML: {problem}."

"""A block's Python source in the making: what it imports, and the lines of its function."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from headrace.analysis.views.layout import Part, call, laid_out, number, text
from headrace.analysis.views.values import Typed

_LIBRARIES = {"pd": "pandas", "pl": "polars", "pa": "pyarrow", "np": "numpy"}
_STANDARD = {
    "date": "datetime",
    "datetime": "datetime",
    "time": "datetime",
    "timedelta": "datetime",
    "Decimal": "decimal",
    "ZoneInfo": "zoneinfo",
}
_INDENT = 4


@dataclass
class Script:
    """One function with the decorator of a transformer."""

    name: str
    argument: str
    description: str
    _names: set[str] = field(default_factory=set[str])
    _assigned: bool = False
    _steps: list[tuple[str, Part]] = field(default_factory=list[tuple[str, Part]])

    def using(self, name: str) -> str:
        """Return a name, which is imported: `pd`, `pl`, `pa`, `plt`, `date`, `Decimal`, ...."""
        self._names.add(name)
        return name

    @property
    def frame(self) -> str:
        """The variable that holds the table so far."""
        return "df" if self._assigned else self.argument

    def assign(self, value: Part, to: str = "df") -> None:
        """Write `df = value`, or to another name."""
        self._assigned = self._assigned or to == "df"
        self._steps.append((f"{to} = ", value))

    def say(self, line: Part = "") -> None:
        """Write a line as it is."""
        self._steps.append(("", line))

    def source(self, result: str | None = None) -> str:
        """Return the whole file; the last assignment to `df` is what is returned."""
        steps = list(self._steps)
        if result is not None:
            steps.append(("return ", result))
        elif steps and steps[-1][0] == "df = ":
            steps[-1] = ("return ", steps[-1][1])
        else:
            steps.append(("return ", self.frame))
        if len(steps) == 2 and steps[0][0] == "df = " and steps[1] == ("return ", "df"):
            steps = [("return ", steps[0][1])]
        pad = " " * _INDENT
        body = [
            f"{pad}{head}{laid_out(value, indent=_INDENT, before=len(head))}"
            if head or value
            else ""
            for head, value in steps
        ]
        described = text(self.description)[1:-1].replace('"""', "'''").rstrip("\\")
        return "\n".join(
            [
                *self._imports(),
                "",
                "",
                "@transformer",
                f"def {self.name}({self.argument}):",
                f'{pad}"""{described}"""',
                *body,
                "",
            ]
        )

    def _imports(self) -> list[str]:
        standard: dict[str, list[str]] = {}
        for name in sorted(self._names & _STANDARD.keys()):
            standard.setdefault(_STANDARD[name], []).append(name)
        lines = [
            f"from {module} import {', '.join(standard[module])}" for module in sorted(standard)
        ]
        libraries = [f"import {_LIBRARIES[n]} as {n}" for n in self._names & _LIBRARIES.keys()]
        if "plt" in self._names:
            libraries.append("import matplotlib.pyplot as plt")
        parts = [lines, sorted(libraries), ["from headrace import transformer"]]
        written: list[str] = []
        for part in parts:
            if part:
                written += ["", *part] if written else part
        return written

    def literal(self, value: Typed) -> Part:
        """Return a value of Python's own types, importing what it needs."""
        match value:
            case bool():
                return repr(value)
            case int() | float():
                return number(value)
            case str():
                return text(value)
            case bytes():
                return repr(value)
            case Decimal():
                return call(self.using("Decimal"), text(str(value)))
            case datetime():
                return self._datetime(value)
            case date():
                return call(self.using("date"), *_numbers(value.year, value.month, value.day))
            case time():
                parts = (value.hour, value.minute, value.second, value.microsecond)
                return call(self.using("time"), *_numbers(*parts, least=2))
            case timedelta():
                return self._timedelta(value)

    def _datetime(self, value: datetime) -> Part:
        parts = (value.year, value.month, value.day)
        rest = (value.hour, value.minute, value.second, value.microsecond)
        numbers = _numbers(*parts, *rest, least=3)
        if value.tzinfo is None:
            return call(self.using("datetime"), *numbers)
        zone = call(self.using("ZoneInfo"), text(str(value.tzinfo)))
        return call(self.using("datetime"), *numbers, tzinfo=zone)

    def _timedelta(self, value: timedelta) -> Part:
        parts = {
            "days": value.days,
            "seconds": value.seconds,
            "microseconds": value.microseconds,
        }
        named: dict[str, Part] = {name: str(part) for name, part in parts.items() if part}
        return call(self.using("timedelta"), **(named or {"seconds": "0"}))


def _numbers(*parts: int, least: int = 3) -> list[Part]:
    """Return numbers without the zeros at the end, but at least so many."""
    found = list(parts)
    while len(found) > least and found[-1] == 0:
        found.pop()
    return [str(part) for part in found]

"""The table of all figures, as text for people."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tests.bench.figures import Figure

_HEADS = ("figure", "n", "median", "p95", "target", "verdict", "floor", "ratio")


def table(figures: Sequence[Figure]) -> str:
    """One line a figure, aligned."""
    rows = [_HEADS, *(_row(figure) for figure in figures)]
    widths = [max(len(row[place]) for row in rows) for place in range(len(_HEADS))]
    lines = [_line(row, widths) for row in rows]
    lines.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join(lines)


def parts(figures: Iterable[Figure]) -> str:
    """Where the time of a figure goes, for those that were taken apart."""
    blocks: list[str] = []
    for figure in figures:
        if figure.parts:
            lines = [f"  {name:<34} {amount(size)}" for name, size in figure.parts.items()]
            blocks.append("\n".join([f"{figure.name}, in {figure.unit}:", *lines]))
    return "\n".join(blocks)


def beyond(figures: Sequence[Figure]) -> str:
    """Name the figures that are beyond their target."""
    named = [figure.name for figure in figures if figure.is_beyond]
    return f"Beyond target: {', '.join(named)}." if named else "Every target is met."


def amount(number: float) -> str:
    """Three figures are all that is meant."""
    if number >= 100:
        return f"{number:,.0f}"
    return f"{number:.3g}" if number < 1 else f"{number:.1f}"


def _row(figure: Figure) -> tuple[str, ...]:
    target, floor, ratio = figure.target, figure.floor, figure.ratio
    return (
        f"{figure.name} [{figure.unit}]",
        str(len(figure.values)),
        amount(figure.median),
        amount(figure.p95),
        "" if target is None else f"≤ {amount(target)}",
        figure.verdict,
        "" if floor is None else f"{amount(floor)} {figure.floor_name}",
        "" if ratio is None else f"{amount(ratio)} ×",
    )


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    cells = [row[0].ljust(widths[0])]
    cells += [cell.rjust(width) for cell, width in zip(row[1:6], widths[1:6], strict=True)]
    cells += [cell.ljust(width) for cell, width in zip(row[6:], widths[6:], strict=True)]
    return "  ".join(cells).rstrip()

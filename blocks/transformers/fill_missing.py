"""Fill or drop missing values."""

from typing import Literal

from headrace import transformer


@transformer
def fill_missing(
    rows,
    columns: list[str] | None = None,
    how: Literal["value", "previous", "next", "mean", "median", "drop"] = "value",
    value: str = "",
):
    """Fill missing values, or drop the rows that have them.

    Args:
        rows: The table.
        columns: Columns to look at; all of them when empty.
        how: What takes the place of a missing value.
        value: The value to fill in; read as a number in columns of numbers.
    """
    names = columns or list(rows.columns)
    if how == "drop":
        return rows.dropna(subset=names).reset_index(drop=True)
    result = rows.copy()
    for name in names:
        result[name] = _filled(result[name], how, value)
    return result


def _filled(column, how, value):
    if how == "previous":
        return column.ffill()
    if how == "next":
        return column.bfill()
    if how in {"mean", "median"}:
        return column.fillna(getattr(column, how)())
    number = column.dtype.kind in "iufc"
    return column.fillna(float(value) if number else value)

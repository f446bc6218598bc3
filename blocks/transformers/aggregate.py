"""Group rows and sum them up."""

from typing import Literal

from headrace import transformer


@transformer
def aggregate(
    rows,
    by: list[str],
    columns: list[str] | None = None,
    function: Literal["sum", "mean", "median", "min", "max", "count", "nunique", "std"] = "sum",
    count_column: str = "rows",
):
    """Make one row of every group.

    Args:
        rows: The table.
        by: Columns that make a group.
        columns: Columns to sum up; with none, groups are only counted.
        function: How values become one.
        count_column: Name for the number of rows of a group; none when empty.
    """
    groups = rows.groupby(by, dropna=False, sort=True)
    result = groups[columns].agg(function) if columns else groups.size().to_frame().iloc[:, :0]
    if count_column:
        result.insert(0, count_column, groups.size())
    return result.reset_index()

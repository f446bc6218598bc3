"""Turn values of a column into columns."""

from typing import Literal

from headrace import transformer


@transformer
def pivot(
    rows,
    index: list[str],
    columns: str,
    values: str,
    function: Literal["sum", "mean", "median", "min", "max", "count"] = "sum",
):
    """Make a column of every value that one column has.

    Args:
        rows: The table.
        index: Columns that stay as they are.
        columns: Column whose values become columns.
        values: Column that fills the cells.
        function: What to do with several values for one cell.
    """
    table = rows.pivot_table(index=index, columns=columns, values=values, aggfunc=function)
    table.columns = [str(name) for name in table.columns]
    return table.reset_index()

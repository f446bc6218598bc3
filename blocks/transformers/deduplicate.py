"""Keep one row of each kind."""

from typing import Literal

from headrace import transformer


@transformer
def deduplicate(
    rows,
    by: list[str] | None = None,
    keep: Literal["first", "last", "none"] = "first",
    order_by: str = "",
):
    """Drop rows that repeat others.

    Args:
        rows: The table.
        by: Columns that make two rows equal; all of them when empty.
        keep: Which of equal rows stays; with none, every row that has an equal goes.
        order_by: Column to sort by first, so that first and last mean something.
    """
    if order_by:
        rows = rows.sort_values(order_by, kind="stable")
    kept = rows.drop_duplicates(subset=by or None, keep=False if keep == "none" else keep)
    return kept.reset_index(drop=True)

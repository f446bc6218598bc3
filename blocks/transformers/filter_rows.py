"""Keep the rows that meet a condition."""

from headrace import transformer


@transformer
def filter_rows(rows, condition: str):
    """Keep the rows for which a condition holds.

    Args:
        rows: The table.
        condition: Such as arr_delay >= 15 and carrier in ["UA", "B6"].
    """
    return rows.query(condition).reset_index(drop=True)

"""Join two tables on equal columns."""

from typing import Literal

from headrace import transformer


@transformer
def join(
    left,
    right,
    on: list[str],
    how: Literal["left", "inner", "right", "outer"] = "left",
    right_suffix: str = "_right",
    expect: Literal["", "1:1", "1:m", "m:1", "m:m"] = "",
):
    """Join two tables on columns that both have.

    Args:
        left: The table whose columns come first.
        right: The table that is looked up.
        on: Columns that must be equal.
        how: Which rows stay when the other side has none.
        right_suffix: Added to columns of the right that the left has too.
        expect: Fail unless keys are unique on the side marked 1.
    """
    return left.merge(
        right, on=on, how=how, suffixes=("", right_suffix), validate=expect or None
    )

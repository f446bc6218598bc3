"""Read a sheet of an Excel file."""

import pandas as pd

from headrace import loader


@loader
def read_excel(path: str, sheet: str = "", header_row: int = 1, columns: str = ""):
    """Read one sheet of an .xlsx file.

    Args:
        path: File relative to the project, or an address that fsspec knows.
        sheet: Name of the sheet; the first one when empty.
        header_row: Row that names the columns, counted from 1.
        columns: Range of columns such as A:F; all of them when empty.
    """
    return pd.read_excel(
        path, sheet_name=sheet or 0, header=header_row - 1, usecols=columns or None
    )

import pandas as pd

from headrace import loader


@loader
def flights():
    """All 336,776 flights that left New York City in 2013."""
    return pd.read_parquet("data/nycflights/flights.parquet")

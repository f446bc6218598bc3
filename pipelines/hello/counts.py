import pandas as pd

from headrace import loader


@loader
def counts(count: int = 10):
    """The numbers from 1 to `count`."""
    return pd.DataFrame({"n": range(1, count + 1)})

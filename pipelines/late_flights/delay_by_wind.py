import matplotlib.pyplot as plt
import pandas as pd

from headrace import transformer


@transformer
def delay_by_wind(with_weather):
    """Mean departure delay by wind speed, as a table and as a plot."""
    bands = pd.cut(with_weather["wind_speed"], [-1, 5, 10, 15, 20, 25, 100])
    labels = {band: f"{max(band.left, 0):.0f}-{band.right:.0f} mph" for band in bands.cat.categories}
    wind = bands.cat.rename_categories(labels).rename("wind")
    table = with_weather.groupby(wind, observed=True)["dep_delay"].agg(["size", "mean"])
    table = table.rename(columns={"size": "flights", "mean": "mean_delay"}).round(2).reset_index()

    figure, axes = plt.subplots(figsize=(6, 2.4), layout="constrained")
    axes.bar(table["wind"].astype(str), table["mean_delay"], color="#0b66c3", width=0.6)
    axes.set_ylabel("mean delay, min")
    axes.spines[["top", "right"]].set_visible(False)
    return table

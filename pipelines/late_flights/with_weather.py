from headrace import check, transformer

COLUMNS = ["origin", "time_hour", "temp", "wind_speed", "precip", "visib"]


@transformer
def with_weather(month_flights, weather):
    """Every flight with the weather of its hour at its airport."""
    return month_flights.merge(
        weather[COLUMNS], on=["origin", "time_hour"], how="left", validate="m:1"
    )


@check(severity="warn")
def weather_is_known(with_weather):
    unknown = with_weather["temp"].isna().mean()
    assert unknown < 0.02, f"no weather for {unknown:.1%} of the flights"

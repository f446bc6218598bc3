from headrace import check, transformer


@transformer
def month_flights(flights, month: int = 1):
    """The flights of one month that took off, with the day of the week."""
    chosen = flights[(flights["month"] == month) & flights["dep_delay"].notna()]
    return chosen.assign(weekday=chosen["time_hour"].dt.day_name()).reset_index(drop=True)


@check
def some_flights(month_flights):
    assert len(month_flights) > 1000, "a month has about 28,000 flights"

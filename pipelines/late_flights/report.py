from pathlib import Path

from headrace import Context, exporter


@exporter
def report(late_by_carrier, delay_by_wind, context: Context):
    """Write both tables as CSV into out/."""
    folder = Path("out/late_flights")
    folder.mkdir(parents=True, exist_ok=True)
    tables = {"carriers": late_by_carrier, "wind": delay_by_wind}
    for name, table in tables.items():
        target = folder / f"{name}.csv"
        table.to_csv(target, index=False)
        print(f"{len(table)} rows to {target}")
    return {"month": context.parameters.get("month"), "files": sorted(tables)}

"""Charts of views over REST: the numbers that are drawn, of all rows."""

from __future__ import annotations

from typing import Any

from headrace.core.errors import InvalidInput
from headrace.protocol.charts import Chart, ChartData
from headrace.server.base import operation
from headrace.server.outputs import OutputHandler
from headrace.server.strict import read_json


class ChartHandler(OutputHandler):
    """The numbers of a chart."""

    @operation(
        "The numbers of a chart of all rows of a view; `chart` is a Chart as JSON",
        returns=ChartData,
        query=("chart", "filter", "search"),
    )
    async def get(self, address: str) -> Any:
        said = self.text("chart")
        if not said:
            raise InvalidInput("Say which chart: `chart` is a JSON object.", field="chart")
        found = await self.ask(
            "chart", address=address, view=self.view, chart=read_json(said, Chart)
        )
        self.keep_for_ever()
        return found

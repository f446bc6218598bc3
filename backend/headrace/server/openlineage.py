"""Runs as events of OpenLineage: a job for the pipeline, and one for each block with its datasets.

Made when the run is over, out of its record; the events bear the times of the record.
"""

from __future__ import annotations

import os
import uuid
from datetime import datetime

from openlineage.client import OpenLineageClient
from openlineage.client.event_v2 import (
    InputDataset,
    Job,
    OutputDataset,
    Run,
    RunEvent,
    RunState,
)
from openlineage.client.facet_v2 import (
    RunFacet,
    error_message_run,
    job_type_job,
    nominal_time_run,
    output_statistics_output_dataset,
    parent_run,
    schema_dataset,
    set_producer,
)

from headrace.protocol.tables import BlockRun, Output, RunRecord

PRODUCER = "urn:headrace"
set_producer(PRODUCER)  # of all facets
_NAMES = uuid.uuid5(uuid.NAMESPACE_URL, PRODUCER)
_ENDS = {
    "succeeded": RunState.COMPLETE,
    "cached": RunState.COMPLETE,
    "failed": RunState.FAIL,
    "cancelled": RunState.ABORT,
}


def open_exporter(project: str) -> Lineage:
    """Return what sends events as the variables of OpenLineage say."""
    namespace = os.environ.get("OPENLINEAGE_NAMESPACE") or f"headrace/{project}"
    return Lineage(OpenLineageClient(), namespace)


class Lineage:
    """Sends the events of runs by a client."""

    def __init__(self, client: OpenLineageClient, namespace: str) -> None:
        self._client = client
        self._namespace = namespace

    def export(self, record: RunRecord) -> None:
        """Send the events of a run that is over."""
        for event in events_of(record, self._namespace):
            self._client.emit(event)

    def close(self) -> None:
        """Let go of the connection."""
        self._client.close()


def events_of(record: RunRecord, namespace: str) -> list[RunEvent]:
    """Return the events of a run: its start, those of its blocks, its end."""
    if record.finished_at is None:
        return []
    job = Job(namespace, record.pipeline, {"jobType": _job_type("PIPELINE")})
    facets: dict[str, RunFacet] = {}
    if record.logical_time is not None:
        facets["nominalTime"] = nominal_time_run.NominalTimeRunFacet(
            (record.interval_start or record.logical_time).isoformat(),
            record.logical_time.isoformat(),
        )
    end_facets = facets
    if record.state == "failed":
        end_facets = facets | {"errorMessage": _error(record.reason or "", None)}
    run = _run_id(record.id)
    start = record.started_at or record.queued_at
    found = [_event(RunState.START, start, Run(run, facets), job)]
    for block in record.blocks:
        found += _block_events(record, block, namespace)
    end = _event(_ENDS[record.state], record.finished_at, Run(run, end_facets), job)
    return [*found, end]


def _block_events(record: RunRecord, block: BlockRun, namespace: str) -> list[RunEvent]:
    if block.state not in _ENDS or block.started_at is None or block.finished_at is None:
        return []
    job = Job(namespace, f"{record.pipeline}.{block.name}", {"jobType": _job_type("BLOCK")})
    parent = parent_run.ParentRunFacet(
        parent_run.Run(_run_id(record.id)), parent_run.Job(namespace, record.pipeline)
    )
    facets: dict[str, RunFacet] = {"parent": parent}
    run = _run_id(record.id, block.name)
    inputs = [InputDataset(namespace, f"{record.pipeline}.{name}") for name in block.upstream]
    outputs = [_output(record, block, block.output, namespace)] if block.output else []
    start = _event(RunState.START, block.started_at, Run(run, dict(facets)), job, inputs=inputs)
    if block.failure is not None and block.state == "failed":
        failure = block.failure
        facets["errorMessage"] = _error(f"{failure.type}: {failure.message}", failure.text)
    state = _ENDS[block.state]
    return [
        start,
        _event(state, block.finished_at, Run(run, facets), job, inputs=inputs, outputs=outputs),
    ]


def _output(record: RunRecord, block: BlockRun, output: Output, namespace: str) -> OutputDataset:
    columns = [
        schema_dataset.SchemaDatasetFacetFields(column.name, column.type)
        for column in output.columns
    ]
    statistics = output_statistics_output_dataset.OutputStatisticsOutputDatasetFacet(
        output.rows, output.size_bytes
    )
    schema = schema_dataset.SchemaDatasetFacet(columns)
    return OutputDataset(
        namespace,
        f"{record.pipeline}.{block.name}",
        {"outputStatistics": statistics},
        facets={"schema": schema} if columns else {},
    )


def _event(
    state: RunState,
    at: datetime,
    run: Run,
    job: Job,
    *,
    inputs: list[InputDataset] | None = None,
    outputs: list[OutputDataset] | None = None,
) -> RunEvent:
    return RunEvent(
        eventTime=at.isoformat(),
        producer=PRODUCER,
        run=run,
        job=job,
        eventType=state,
        inputs=inputs or [],
        outputs=outputs or [],
    )


def _error(message: str, trace: str | None) -> error_message_run.ErrorMessageRunFacet:
    return error_message_run.ErrorMessageRunFacet(message, "python", trace)


def _job_type(kind: str) -> job_type_job.JobTypeJobFacet:
    return job_type_job.JobTypeJobFacet("BATCH", "HEADRACE", kind)


def _run_id(*parts: str) -> str:
    """Return the UUID of a run or of a block in it: always the same."""
    return str(uuid.uuid5(_NAMES, "/".join(parts)))

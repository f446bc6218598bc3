"""Values as blocks get them: dates and moments travel as text and arrive as Python's own types."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from headrace.project.parameters import check_value, to_python
from headrace.protocol.tables import Parameter
from headrace.workers.jobs import Job


def with_python_values(job: Job) -> Job:
    """Return the job with dates and moments in its values and parameters.

    Raises InvalidInput for text that is none, e.g. in a setting written by hand.
    """
    if not job.typed and not job.typed_parameters and not any(b.typed for b in job.fused):
        return job
    return msgspec.structs.replace(
        job,
        values=_typed(job.values, job.typed),
        fused=[
            msgspec.structs.replace(block, values=_typed(block.values, block.typed))
            for block in job.fused
        ],
        parameters=_typed(job.parameters, job.typed_parameters),
    )


def _typed(values: Mapping[str, Any], typed: Mapping[str, Parameter]) -> dict[str, Any]:
    return {
        name: to_python(typed[name], check_value(typed[name], value)) if name in typed else value
        for name, value in values.items()
    }

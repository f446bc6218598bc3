"""The statement of an incremental loader: only the rows beyond its mark."""

from __future__ import annotations

from headrace.analysis.placeholders import placeholders
from headrace.workers.fused import whole
from headrace.workers.jobs import Job

SINCE = "since"


def beyond_mark(job: Job, family: str = "") -> str:
    """Return the text of a job, around which goes the filter `column > :since`.

    A text that names `:since` filters by itself; without a mark there is nothing to filter by. The
    first line of the text stays the first, so that errors name the right one.
    """
    if job.incremental is None or job.since is None:
        return job.source
    if any(place.name == SINCE for place in placeholders(job.source)):
        return job.source
    quote = "`" if family == "mysql" else '"'
    column = quote + job.incremental.replace(quote, quote * 2) + quote
    inner = whole(job.source)
    # The text is the user's own, and so is the column; the value is bound.
    return f"SELECT * FROM ({inner}\n) AS loaded WHERE {column} > :{SINCE}"  # noqa: S608

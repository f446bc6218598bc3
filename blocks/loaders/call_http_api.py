"""Read all pages of an HTTP API."""

import json
import urllib.parse
import urllib.request

import pandas as pd

from headrace import Context, loader


@loader
def call_http_api(
    url: str,
    context: Context,
    records: str = "",
    page_parameter: str = "page",
    first_page: int = 1,
    next_field: str = "",
    token_variable: str = "",
    max_pages: int = 1000,
    timeout_s: float = 30.0,
):
    """Read a JSON API page by page until a page is empty or names no next one.

    Args:
        url: Address of the first page, http or https.
        records: Dotted path of the list of records in an answer; empty when it is the answer.
        page_parameter: Query parameter that counts pages; unused with a next field.
        first_page: Number of the first page.
        next_field: Dotted path of the next page's address in an answer, if the API gives one.
        token_variable: Environment variable with a bearer token.
        max_pages: Stop after this many pages.
        timeout_s: Seconds to wait for one answer.
    """
    import os

    rows = []
    address = url if next_field else _with_parameter(url, page_parameter, first_page)
    for page in range(first_page, first_page + max_pages):
        answer = _fetch(address, os.environ.get(token_variable, ""), timeout_s)
        found = _inside(answer, records)
        if not found:
            break
        rows.extend(found)
        context.progress(page - first_page + 1)
        following = _inside(answer, next_field) if next_field else None
        if next_field and not following:
            break
        address = (
            urllib.parse.urljoin(address, following)
            if following
            else _with_parameter(url, page_parameter, page + 1)
        )
    return pd.json_normalize(rows)


def _fetch(address, token, timeout_s):
    if urllib.parse.urlsplit(address).scheme not in {"http", "https"}:
        raise ValueError(f"{address!r} is not an http or https address.")
    request = urllib.request.Request(address, headers={"Accept": "application/json"})
    if token:
        request.add_header("Authorization", f"Bearer {token}")
    with urllib.request.urlopen(request, timeout=timeout_s) as answer:
        return json.load(answer)


def _inside(answer, path):
    for key in path.split(".") if path else ():
        answer = answer.get(key) if isinstance(answer, dict) else None
    return answer


def _with_parameter(url, name, value):
    parts = urllib.parse.urlsplit(url)
    query = [*urllib.parse.parse_qsl(parts.query), (name, str(value))]
    return urllib.parse.urlunsplit(parts._replace(query=urllib.parse.urlencode(query)))

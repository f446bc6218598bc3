"""A pipeline as a file, over HTTP."""

from __future__ import annotations

import nbformat


def test_a_pipeline_can_be_saved_as_a_notebook(running):
    answer = running.get("pipelines/late_flights/export")
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"] == "application/x-ipynb+json"
    assert 'filename="late_flights.ipynb"' in answer.headers["Content-Disposition"]
    nbformat.validate(nbformat.reads(answer.text, as_version=4))


def test_a_pipeline_can_be_saved_as_a_script(running):
    answer = running.get("pipelines/hello/export?to=script")
    assert answer.headers["Content-Type"].startswith("text/x-python")
    compile(answer.text, "hello.py", "exec")


def test_an_unknown_form_or_pipeline_is_said(running):
    assert running.get("pipelines/hello/export?to=pdf").status_code == 400
    assert running.get("pipelines/nope/export").status_code == 404

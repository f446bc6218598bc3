"""`headrace export`: notebooks and scripts that run without Headrace being there to run them."""

from __future__ import annotations

import json

import nbformat
import pytest


def test_a_script_runs_and_has_the_blocks_values(headrace, project, good):
    said = headrace("export", "p", "--to", "script", "-C", project(p=good))
    assert said.code == 0
    names = {}
    exec(said.out, names)
    assert names["load"] == [0, 1]


def test_a_notebook_is_a_valid_one_without_outputs(headrace, project, good, tmp_path):
    target = tmp_path / "good.ipynb"
    said = headrace("export", "p", "--to", "notebook", "-o", target, "-C", project(p=good))
    assert (said.code, said.out) == (0, "")
    book = nbformat.reads(target.read_text(), as_version=4)
    nbformat.validate(book)
    assert book.cells[0].source == "# Good"
    blocks = [cell.metadata.get("headrace", {}).get("block") for cell in book.cells]
    assert "load" in blocks
    assert not any(cell.get("outputs") for cell in book.cells)


@pytest.mark.parametrize("form", ["notebook", "script"])
def test_a_pipeline_with_errors_is_not_exported(headrace, project, form):
    broken = {"pipeline.yaml": "title: A\nblocks: [\n"}
    said = headrace("export", "p", "--to", form, "-C", project(p=broken))
    assert (said.code, said.out) == (1, "")
    assert "pipelines/p/pipeline.yaml:" in said.err


def test_a_missing_file_is_named(headrace, project, good):
    del good["load.py"]
    said = headrace("export", "p", "--to", "script", "-C", project(p=good))
    assert said.code == 1
    assert "load" in said.err


def test_the_form_must_be_a_known_one(headrace, project, good):
    root = project(p=good)
    assert headrace("export", "p", "--to", "pdf", "-C", root).code == 2
    assert headrace("export", "p", "-C", root).code == 2


def test_a_place_that_cannot_be_written_is_said(headrace, project, good, tmp_path):
    target = tmp_path / "no" / "where.py"
    said = headrace("export", "p", "--to", "script", "-o", target, "-C", project(p=good))
    assert said.code == 1
    assert "where.py" in said.err


def test_exporting_writes_nothing_into_the_project(headrace, project, good):
    root = project(p=good)
    headrace("export", "p", "--to", "script", "-C", root)
    assert not (root / ".headrace").exists()
    assert json.dumps([f.name for f in root.iterdir()]) == '["pipelines"]'

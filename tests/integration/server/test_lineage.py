"""Where columns come from, of the example project."""

from __future__ import annotations


def test_columns_of_sql_are_told_back_to_what_was_loaded(running):
    assert running.run("late_flights")["state"] == "succeeded"
    answer = running.get("pipelines/late_flights/lineage")
    assert answer.status_code == 200, answer.text
    blocks = {block["block"]: block for block in answer.json()["blocks"]}
    (query,) = [block for block in blocks.values() if block["known_by"] == "query"]
    origins = {column["name"]: column["origins"] for column in query["columns"]}
    assert all(
        origin["column"] in {column["name"] for column in blocks[origin["block"]]["columns"]}
        for found in origins.values()
        for origin in found
    )
    assert any(origins.values())


def test_the_lineage_of_nothing_is_not_found(running):
    assert running.get("pipelines/nope/lineage").status_code == 404

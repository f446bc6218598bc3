"""Comparing only what may differ gives what comparing everything gives."""

from __future__ import annotations

import copy
import pickle
import random
from datetime import UTC, datetime

import pytest

from headrace.protocol.bindings import Binding
from headrace.protocol.tables import Column, Output
from headrace.session.definition import Definition, PlannedBlock
from headrace.session.results import Result, Results

AT = datetime(2026, 1, 1, tzinfo=UTC)


def _definition(chance: random.Random, edited: int) -> Definition:
    blocks: list[PlannedBlock] = []
    for number in range(8):
        above = [f"b{n}" for n in range(number) if (n * 7 + number) % 3 == 0]
        blocks.append(
            PlannedBlock(
                name=f"b{number}",
                kind="transformer" if above else "loader",
                fingerprint=f"{number}-{edited if number == edited else 0}",
                upstream=tuple(above),
                bindings=(Binding(argument="p", source="parameter", name="p"),),
                problem="broken" if chance.random() < 0.05 else None,
            )
        )
    return Definition.of("p", blocks, {"p": 0})


def _from_scratch(results: Results) -> Results:
    copied = copy.copy(results)
    copied._compared = None
    return copied


@pytest.mark.parametrize("seed", range(30))
def test_a_comparison_that_goes_on_equals_one_from_scratch(seed):
    chance = random.Random(seed)
    results = Results()
    definition, parameters = _definition(chance, 0), {"p": 0}
    keys: dict = {}
    for _ in range(60):
        name = f"b{chance.randrange(8)}"
        match chance.randrange(7):
            case 0:
                definition = _definition(chance, chance.randrange(3))
            case 1:
                parameters = {"p": chance.choice([0, 1, True])}
            case 2:
                results.forget({name})
            case 3 if name in keys:
                results.show(name, keys[name].text)
            case _ if name in keys:
                digest = f"{chance.randrange(3)}"
                output = Output(address=digest, digest=digest, kind="json", type_name="int")
                made = Result(key=keys[name].text, output=output, made_at=AT)
                results.remember(name, made, keys[name].parts)
        whole = _from_scratch(results).wanted(definition, parameters)[1:]
        assert results.wanted(definition, parameters)[1:] == whole
        keys = whole[0]


def test_what_is_kept_of_scheduled_runs_does_not_grow_with_their_number():
    results = Results()

    def kept_after(last: int) -> int:
        """Take results up to that of a run, each with a key of its own; return bytes kept."""
        for number in range(last - 400, last):
            output = Output(address=f"{number:032}", digest=f"{number:032}", kind="table")
            key = f"key {number}"
            parts = {"code": "a" * 32, "logical time": f"tick {number}", "input b": output.digest}
            results.remember("a", Result(key=key, output=output, made_at=AT), parts)
            results.show("a", key)
            if number % 10 == 0:
                results.lose({f"{number - ago:032}" for ago in (0, 15)})
        return len(pickle.dumps(vars(results)))

    assert kept_after(400) * 1.1 > [kept_after(400 * times) for times in range(2, 6)][-1]


def test_results_of_the_same_columns_have_them_in_common():
    results = Results()
    columns = [[Column(name="a", type="int64")] for _ in range(2)]
    for number, same in enumerate(columns):
        output = Output(address=f"{number:032}", digest=f"{number}", kind="table", columns=same)
        results.remember("a", Result(key=f"{number}", output=output, made_at=AT))
    first, second = (results.find("a", f"{number}") for number in range(2))
    assert first is not None
    assert second is not None
    assert second.output.digest == "1"
    assert second.output.columns is first.output.columns

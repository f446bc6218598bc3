"""Edges in both directions, a stable order, cycles named as paths; linear and without recursion."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.graph.cycles import cycle_if_connected, find_cycle
from headrace.graph.dag import Dag
from headrace.graph.order import order

Blocks = dict[str, list[str]]

DIAMOND: Blocks = {"a": [], "b": ["a"], "c": ["a"], "d": ["b", "c"], "e": []}


def all_graphs() -> st.SearchStrategy[Blocks]:
    names = st.sampled_from([f"n{i}" for i in range(8)])
    return st.dictionaries(names, st.lists(names, max_size=4), max_size=8)


def acyclic_graphs() -> st.SearchStrategy[Blocks]:
    """Edges follow a hidden order; the list order is any."""

    @st.composite
    def build(draw: st.DrawFn) -> Blocks:
        count = draw(st.integers(0, 8))
        edges = {f"n{i}": [f"n{j}" for j in range(i) if draw(st.booleans())] for i in range(count)}
        return {name: edges[name] for name in draw(st.permutations(list(edges)))}

    return build()


def reach(blocks: Blocks, start: str) -> set[str]:
    """Everything upstream of `start`, by repeated union."""
    found: set[str] = set()
    while True:
        more = {up for name in (*found, start) for up in blocks.get(name, ()) if up in blocks}
        if more <= found:
            return found
        found |= more


def is_cycle(blocks: Blocks, path: list[str]) -> bool:
    """True when data would really flow along `path`, back to its beginning."""
    steps = pairwise(path)
    return path[0] == path[-1] and len(path) > 1 and all(up in blocks[down] for up, down in steps)


class TestDag:
    def test_both_directions_and_unknown_and_double_edges(self) -> None:
        dag = Dag({"a": ["ghost"], "b": ["a", "a"], "c": ["b", "a"]})
        assert dag.upstream == {"a": (), "b": ("a",), "c": ("b", "a")}
        assert dag.downstream == {"a": ("b", "c"), "b": ("c",), "c": ()}

    @pytest.mark.parametrize(
        ("names", "above", "below"),
        [
            ([], set(), set()),
            (["a"], set(), {"b", "c", "d"}),
            (["d"], {"a", "b", "c"}, set()),
            (["b", "c"], {"a"}, {"d"}),
            (["a", "d"], {"a", "b", "c"}, {"b", "c", "d"}),
            (["ghost", "e"], set(), set()),
        ],
    )
    def test_ancestors_and_descendants(
        self, names: list[str], above: set[str], below: set[str]
    ) -> None:
        dag = Dag(DIAMOND)
        assert dag.ancestors(names) == above
        assert dag.descendants(names) == below

    @given(all_graphs())
    def test_reach_is_that_of_the_definition(self, blocks: Blocks) -> None:
        dag = Dag(blocks)
        for name in blocks:
            assert dag.ancestors([name]) == reach(blocks, name)
            assert dag.descendants([name]) == {n for n in blocks if name in reach(blocks, n)}


class TestOrder:
    @pytest.mark.parametrize(
        ("blocks", "expected"),
        [
            ({}, []),
            ({"b": [], "a": []}, ["b", "a"]),
            ({"b": ["a"], "a": []}, ["a", "b"]),
            ({"c": ["a"], "b": [], "a": []}, ["b", "a", "c"]),
            (DIAMOND, ["a", "b", "c", "d", "e"]),
            ({"x": ["y"], "y": ["x"], "a": [], "z": ["y"]}, ["a", "x", "y", "z"]),
            ({"a": ["a"], "b": []}, ["b", "a"]),
        ],
    )
    def test_the_listed_order_is_kept_where_edges_allow(
        self, blocks: Blocks, expected: list[str]
    ) -> None:
        assert order(blocks) == expected

    @given(acyclic_graphs())
    def test_upstream_comes_first_and_a_good_list_stays_as_it_is(self, blocks: Blocks) -> None:
        ordered = order(blocks)
        place = {name: index for index, name in enumerate(ordered)}
        assert sorted(ordered) == sorted(blocks)
        assert all(place[up] < place[name] for name, ups in blocks.items() for up in ups)
        assert order({name: blocks[name] for name in ordered}) == ordered

    @given(all_graphs())
    def test_any_graph_gives_every_name_once(self, blocks: Blocks) -> None:
        assert sorted(order(blocks)) == sorted(blocks)


class TestCycles:
    @pytest.mark.parametrize(
        ("blocks", "path"),
        [
            ({}, None),
            (DIAMOND, None),
            ({"a": ["a"]}, ["a", "a"]),
            ({"a": ["b"], "b": ["a"]}, ["a", "b", "a"]),
            ({"a": ["ghost"]}, None),
            ({"z": [], "a": ["z", "c"], "b": ["a"], "c": ["b", "z"]}, ["a", "b", "c", "a"]),
        ],
    )
    def test_a_cycle_is_named_as_data_would_flow(
        self, blocks: Blocks, path: list[str] | None
    ) -> None:
        assert find_cycle(blocks) == path

    @given(all_graphs())
    def test_a_cycle_is_found_exactly_when_a_block_reaches_itself(self, blocks: Blocks) -> None:
        path = find_cycle(blocks)
        assert (path is not None) == any(name in reach(blocks, name) for name in blocks)
        if path is not None:
            assert is_cycle(blocks, path)

    @given(acyclic_graphs(), st.data())
    def test_an_edge_is_refused_exactly_when_it_closes_a_cycle(
        self, blocks: Blocks, data: st.DataObject
    ) -> None:
        names = st.sampled_from([*blocks, "ghost"])
        up, down = data.draw(names), data.draw(names)
        after = {**blocks, down: [*blocks.get(down, []), up]}
        path = cycle_if_connected(blocks, up, down)
        assert (path is not None) == (find_cycle({up: [], **after}) is not None)
        if path is not None:
            assert is_cycle({"ghost": [], **after}, path)
            assert path[0] == path[-1] == up

    def test_an_edge_in_a_graph_that_has_a_cycle_already_ends(self) -> None:
        assert cycle_if_connected({"a": ["b"], "b": ["a"], "c": []}, "a", "c") is None


@pytest.mark.parametrize("closed", [False, True])
def test_a_chain_of_10000_takes_less_than_a_second(closed: bool) -> None:
    names = [f"n{i}" for i in range(10_000)]
    blocks = {name: [names[i - 1]] if i else [] for i, name in enumerate(names)}
    began = time.process_time()
    dag = Dag(blocks)
    assert len(dag.ancestors([names[-1]])) == len(dag.descendants([names[0]])) == 9_999
    assert order(dict(reversed(blocks.items()))) == names
    assert len(cycle_if_connected(blocks, names[-1], names[0]) or []) == 10_001
    if closed:
        blocks[names[0]] = [names[-1]]
    assert len(find_cycle(blocks) or []) == (10_001 if closed else 0)
    assert time.process_time() - began < 1

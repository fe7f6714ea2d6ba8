"""What yadage is made to remember gives the answers that it would give anew."""

from __future__ import annotations

import random
from itertools import pairwise
from typing import Any

import adage.dagstate
import jq
import jsonpath_rw
import pytest
from adage import nodestate
from adage.graph import AdageDAG
from adage.node import Node

from assay.running.remembering import remember

pytestmark = pytest.mark.fast

ANEW = adage.dagstate.upstream_failure
STATES = (nodestate.DEFINED, nodestate.RUNNING, nodestate.SUCCESS, nodestate.FAILED)


@pytest.fixture(autouse=True)
def remembering(monkeypatch: pytest.MonkeyPatch) -> None:
    for module, name in ((jq, "jq"), (jsonpath_rw, "parse"), (adage.dagstate, "upstream_failure")):
        monkeypatch.setattr(module, name, getattr(module, name))  # to be put back
    remember()


def graph(edges: list[tuple[int, int]], n_nodes: int) -> tuple[Any, list[Any]]:
    dag, nodes = AdageDAG(), [Node(str(number), None, str(number)) for number in range(n_nodes)]
    for number, node in enumerate(nodes):
        dag.addNode(node, [nodes[before] for before, after in edges if after == number])
    return dag, nodes


@pytest.mark.parametrize("seed", range(20))
def test_failures_upstream_are_those_that_adage_finds(seed: int) -> None:
    chance = random.Random(seed)
    edges = [(before, after) for after in range(12) for before in range(after) if chance.random() < 0.25]
    dag, nodes = graph(edges, 12)
    for node in nodes:
        node._state = chance.choices(STATES, [4, 4, 4, 1])[0]
    found = [adage.dagstate.upstream_failure(dag, node) for node in nodes]
    assert found == [ANEW(dag, node) for node in nodes]
    # and a state that changes is not remembered
    nodes[0]._state = nodestate.FAILED
    found = [adage.dagstate.upstream_failure(dag, node) for node in nodes]
    assert found == [ANEW(dag, node) for node in nodes]


def test_fan_outs_in_a_row_do_not_take_forever() -> None:
    """adage follows every path: thirty to the power of twelve of them."""
    layers = [list(range(first, first + 30)) for first in range(0, 360, 30)]
    dag, nodes = graph([(a, b) for one, two in pairwise(layers) for a in one for b in two], 361)
    dag.addEdge(nodes[359], nodes[360])
    assert not adage.dagstate.upstream_failure(dag, nodes[360])
    nodes[0]._state = nodestate.FAILED
    assert adage.dagstate.upstream_failure(dag, nodes[360])


def test_programs_are_compiled_once_and_take_any_input() -> None:
    assert jq.jq(".a") is jq.jq(".a")
    assert jq.jq(".a").transform({"a": 1}) == 1
    assert jq.jq(".a").transform({"a": [2]}) == [2]
    assert jq.jq("paths(scalars)").transform({"a": [2, 3]}, multiple_output=True) == [["a", 0], ["a", 1]]
    with pytest.raises(ValueError, match="compile error"):
        jq.jq(".a[")


def test_paths_are_parsed_once_and_look_anywhere() -> None:
    assert jsonpath_rw.parse("a[*].b") is jsonpath_rw.parse("a[*].b")
    for values in ([1, 2], [3]):
        found = jsonpath_rw.parse("a[*].b").find({"a": [{"b": value} for value in values]})
        assert [match.value for match in found] == values

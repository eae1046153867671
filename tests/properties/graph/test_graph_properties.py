"""networkx is the oracle for cycles and order on random graphs."""

from __future__ import annotations

import networkx as nx
import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from assets_core.declare.assets import UNPARTITIONED
from assets_core.errors import DefinitionError, Place
from assets_core.graph import build_graph
from assets_core.graph.order import Cycle, topological
from assets_core.model.assets import AssetDefinition, AssetSpec, Dependency, PythonBody
from assets_core.model.checks import CheckSpec, Relation
from assets_core.model.keys import AssetKey

PLACE = Place("shop/assets.py", 1)


@st.composite
def edge_lists(draw: st.DrawFn) -> list[list[int]]:
    size = draw(st.integers(1, 24))
    node = st.integers(0, size - 1)
    acyclic = draw(st.booleans())
    ranks = draw(st.permutations(range(size)))
    found: list[list[int]] = [[] for _ in range(size)]
    for down, up in draw(st.lists(st.tuples(node, node), max_size=3 * size)):
        if down != up and (not acyclic or ranks[up] < ranks[down]):
            found[down].append(up)
    return found


def oracle(upstreams: list[list[int]]) -> nx.DiGraph[int]:
    graph: nx.DiGraph[int] = nx.DiGraph()
    graph.add_nodes_from(range(len(upstreams)))
    graph.add_edges_from((up, down) for down, ups in enumerate(upstreams) for up in ups)
    return graph


@given(edge_lists())
def test_an_order_is_topological_or_a_cycle_is_one(upstreams: list[list[int]]) -> None:
    graph = oracle(upstreams)
    event(f"nodes: {len(upstreams) // 10 * 10}+, cyclic: {not nx.is_directed_acyclic_graph(graph)}")
    try:
        order = topological(upstreams)
    except Cycle as cycle:
        nodes = cycle.nodes
        assert len(set(nodes)) == len(nodes) > 1
        for down, up in zip(nodes, (*nodes[1:], nodes[0]), strict=True):
            assert up in upstreams[down]
        shortest = min(
            nx.shortest_path_length(graph, nodes[0], up) + 1
            for up in upstreams[nodes[0]]
            if nx.has_path(graph, nodes[0], up)
        )
        assert len(nodes) == shortest
    else:
        assert sorted(order) == list(range(len(upstreams)))
        position = {node: at for at, node in enumerate(order)}
        assert all(position[up] < position[down] for up, down in graph.edges)


@given(edge_lists())
def test_what_is_in_order_already_stays(upstreams: list[list[int]]) -> None:
    graph = oracle(upstreams)
    if not nx.is_directed_acyclic_graph(graph):
        return
    order = topological(upstreams)
    place = {node: at for at, node in enumerate(order)}
    again = [sorted(place[up] for up in upstreams[node]) for node in order]
    assert topological(again) == list(range(len(upstreams)))


@given(edge_lists(), st.data())
def test_a_project_has_a_graph_exactly_when_it_has_no_cycle(
    upstreams: list[list[int]], data: st.DataObject
) -> None:
    """Some edges are relations of checks, which count for cycles in the same way."""
    definitions = []
    for down, ups in enumerate(upstreams):
        related = {up for up in ups if data.draw(st.integers(0, 4)) == 0}
        checks = tuple(
            CheckSpec(f"c{up}", "sql", relations=(Relation(f"a{up}", None),)) for up in related
        )
        spec = AssetSpec(AssetKey(f"a{down}"), "python", PLACE, UNPARTITIONED, checks=checks)
        deps = tuple(Dependency(f"a{up}", None, PLACE) for up in ups if up not in related)
        definitions.append(AssetDefinition((spec,), PythonBody(len, ()), PLACE, deps))
    expected = oracle(upstreams)
    if not nx.is_directed_acyclic_graph(expected):
        with pytest.raises(DefinitionError, match=r"^E107"):
            build_graph(definitions)
        return
    graph = build_graph(definitions)
    found = nx.DiGraph(graph.to_networkx())
    assert {(f"a{up}", f"a{down}") for up, down in expected.edges} == set(found.edges)
    for number, key in enumerate(graph.keys):
        assert {graph.keys[u] for u in graph.upstream(number)} == set(found.predecessors(key))
        assert {graph.keys[d] for d in graph.downstream(number)} == set(found.successors(key))
        assert all(u < number for u in graph.upstream(number))

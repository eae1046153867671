"""The graph: names, numbers, edges in the order of records, shapes, and what a selection sees."""

from __future__ import annotations

import json
from typing import Annotated, Any

import pytest

from assets_core import (
    CONSTANT,
    All,
    DailyPartitions,
    Input,
    Last,
    MonthlyPartitions,
    Out,
    TimeWindow,
    asset,
    multi_asset,
    not_null,
    relationship,
    source,
    sql_asset,
)
from assets_core.errors import DefinitionError
from assets_core.graph import AssetGraph, build_graph
from assets_core.model.assets import AssetDefinition
from assets_core.model.keys import AssetKey
from assets_core.model.versions import digest

DAYS = DailyPartitions(start="2024-01-01")
MONTHS = MonthlyPartitions(start="2024-01-01")


def made(name: str, *deps: Any, **options: Any) -> AssetDefinition:
    found: AssetDefinition = asset(name=name, deps=list(deps), **options)(lambda: None)
    return found


def edges(graph: AssetGraph, key: str) -> list[tuple[str, str | None, str]]:
    number = graph.numbers[AssetKey(key)]
    return [(graph.keys[e.upstream], e.parameter, e.mapping_text) for e in graph.inputs(number)]


def test_declaration_order_stands_where_it_is_topological() -> None:
    graph = build_graph([made("z"), made("m", "z"), made("a", "z"), made("b")])
    assert graph.keys == ("z", "m", "a", "b")
    assert dict(graph.numbers) == {"z": 0, "m": 1, "a": 2, "b": 3}


def test_an_upstream_is_moved_before_the_first_that_needs_it() -> None:
    graph = build_graph([made("a", "c"), made("b"), made("c", "d"), made("d")])
    assert graph.keys == ("d", "c", "a", "b")


def test_outputs_of_a_multi_asset_stand_together_and_share_its_inputs() -> None:
    @multi_asset(outputs=["train", "test"])
    def split(features: int, model: int) -> None: ...

    graph = build_graph([split, made("model"), made("features"), made("score", "test")])
    assert graph.keys == ("features", "model", "train", "test", "score")
    assert graph.definition_of == (0, 1, 2, 2, 3)
    assert graph.outputs_of == ((0,), (1,), (2, 3), (4,))
    assert edges(graph, "train") == edges(graph, "test")
    assert edges(graph, "train") == [
        ("features", "features", "identity"),
        ("model", "model", "identity"),
    ]
    assert [e.number for n in range(5) for e in graph.inputs(n)] == [0, 1, 2, 3, 4]
    assert [(e.upstream, e.downstream) for e in graph.outputs(0)] == [(0, 2), (0, 3)]


def test_inputs_are_sorted_by_upstream_key_and_parameter() -> None:
    @asset(deps=["b", "a"])
    def report(
        z: Annotated[int, Input("a")], y: Annotated[int, Input("a", columns=["x"])], b: int
    ) -> None: ...

    graph = build_graph([made("a"), made("b"), report])
    assert [(u, p) for u, p, _ in edges(graph, "report")] == [
        ("a", None),
        ("a", "y"),
        ("a", "z"),
        ("b", None),
        ("b", "b"),
    ]
    assert json.loads(graph.shape_text(2)) == [
        ["a", "identity", None],
        ["a", "identity", ["x"]],
        ["a", "identity", None],
        ["b", "identity", None],
        ["b", "identity", None],
    ]
    assert graph.shape(2) == digest(graph.shape_text(2))


def test_deps_that_repeat_an_asset_in_the_same_way_are_one_input() -> None:
    a = made("a")
    graph = build_graph([a, made("b", a, "a", Input("a", mapping=All()))])
    assert edges(graph, "b") == [("a", None, "identity"), ("a", None, "all")]


def test_the_shape_does_not_depend_on_the_order_of_parameters() -> None:
    @asset(name="one")
    def one(a: int, b: int) -> None: ...
    @asset(name="two")
    def two(b: int, a: int) -> None: ...

    graph = build_graph([made("a"), made("b"), one, two])
    assert graph.shape(2) == graph.shape(3) != graph.shape(0)


@pytest.mark.parametrize(
    ("keys", "asker", "name", "meant"),
    [
        (["p/n", "n"], "p/x", "n", "p/n"),
        (["q/n", "n"], "p/x", "n", "n"),
        (["q/n"], "p/x", "n", "q/n"),
        (["q/r/n"], "x", "r/n", "q/r/n"),
        (["p/q/n", "p/n"], "p/q/x", "n", "p/q/n"),
        (["p/n", "q/m"], "p/q/x", "n", "p/n"),
        (["p/q/n"], "p/x", "q/n", "p/q/n"),
    ],
)
def test_a_name_is_searched_from_the_inside_out(
    keys: list[str], asker: str, name: str, meant: str
) -> None:
    graph = build_graph([*map(made, keys), made(asker, name)])
    assert edges(graph, asker)[0][0] == meant


def test_a_definition_means_itself_whatever_the_prefix() -> None:
    outer = made("n")
    graph = build_graph([outer, made("p/n"), made("p/x", outer), made("p/y", "n")])
    assert edges(graph, "p/x")[0][0] == "n"
    assert edges(graph, "p/y")[0][0] == "p/n"


def test_a_suffix_is_no_match_within_a_part() -> None:
    with pytest.raises(DefinitionError, match="`orders`, which is not defined"):
        build_graph([made("raw/old_orders"), made("x", "orders")])


def test_mappings_are_inferred_or_taken_as_given() -> None:
    daily = made("daily", "whole", partitions=DAYS)
    monthly = made("monthly", "daily", partitions=MONTHS)
    last = made("last", Input("daily", mapping=Last()))
    graph = build_graph([made("whole"), daily, monthly, last, made("every", "daily")])
    assert edges(graph, "daily") == [("whole", None, "all")]
    assert edges(graph, "monthly") == [("daily", None, "time_window(0,0)")]
    assert edges(graph, "last") == [("daily", None, "last")]
    assert edges(graph, "every") == [("daily", None, "all")]


def test_an_asset_may_read_its_own_earlier_windows() -> None:
    before = Input("stock", mapping=TimeWindow(-1, -1))
    graph = build_graph([made("stock", before, partitions=DAYS)])
    (edge,) = graph.inputs(0)
    assert (edge.upstream, edge.downstream) == (0, 0)
    assert graph.upstream(0) == [0]


@pytest.mark.parametrize("mapping", [None, TimeWindow(-1, 0), All()])
def test_an_asset_may_not_read_itself_otherwise(mapping: Any) -> None:
    with pytest.raises(DefinitionError) as caught:
        build_graph([made("stock", Input("stock", mapping=mapping), partitions=DAYS)])
    assert caught.value.code == "E136"


def test_a_check_relation_is_an_edge_of_its_own() -> None:
    planes = source("planes", observe=CONSTANT)
    checks = [not_null("a"), relationship("tail", to=planes, column="id")]
    graph = build_graph([made("flights", checks=checks), planes])
    assert graph.keys == ("planes", "flights")
    assert graph.inputs(1) == ()
    (edge,) = graph.check_inputs(1)
    assert (edge.check, edge.upstream, edge.columns) == (checks[1].name, 0, ("id",))  # type: ignore[union-attr]
    assert graph.check_outputs(0) == [edge]
    assert (graph.upstream(1), graph.downstream(0)) == ([0], [1])
    assert graph.check_inputs(0) == ()


def test_a_selection_sees_facts_and_distinct_neighbours() -> None:
    @asset(deps=["a"], group="mart", tags=["x"], owners=["me"], checks=[not_null("id")])
    def b(a: int) -> None: ...

    graph = build_graph([made("a"), b])
    assert (graph.upstream(1), graph.downstream(0), graph.downstream(1)) == ([0], [1], [])
    facts = graph.facts_of(1)
    assert (facts.group, facts.kind, facts.tags) == ("mart", "python", {"x": ""})
    assert (facts.owners, facts.checks) == (("me",), ("not_null(id)",))
    assert facts.path == b.outputs[0].place.file


def test_a_definition_of_a_notebook_cell_has_no_path() -> None:
    names: dict[str, Any] = {"asset": asset}
    exec(compile("@asset\ndef a(): ...\n", "<cell 1>", "exec"), names)
    assert build_graph([names["a"]]).facts_of(0).path is None


def test_networkx_gets_every_edge_with_its_kind() -> None:
    split = multi_asset(outputs=[Out("t", checks=[relationship("x", to="c")])])(lambda: None)
    graph = build_graph([split, made("c"), sql_asset("d", "select x from t")]).to_networkx()
    assert sorted(graph.nodes) == ["c", "d", "t"]
    found = sorted((u, v, data["relation"]) for u, v, data in graph.edges(data=True))
    assert found == [("c", "t", "check"), ("t", "d", "input")]
    assert graph.edges["t", "d", 0]["columns"] == ("x",)
    assert graph.nodes["d"]["kind"] == "sql"


def test_an_empty_project_is_a_graph() -> None:
    graph = build_graph([])
    assert (len(graph), graph.keys, graph.outputs_of) == (0, (), ())
    assert repr(graph) == "<AssetGraph of 0 assets and 0 edges>"

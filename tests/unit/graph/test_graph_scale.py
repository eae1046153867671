"""Fault 21: long chains, wide fan-in and large projects neither recurse nor slow down out of proportion."""

from __future__ import annotations

import gc
import time

import pytest

from assets_core.declare.assets import UNPARTITIONED
from assets_core.errors import DefinitionError, Place
from assets_core.graph import build_graph
from assets_core.model.assets import AssetDefinition, AssetSpec, Dependency, PythonBody
from assets_core.model.keys import AssetKey

PLACE = Place("shop/assets.py", 1)
SIZE = 10_000


def made(name: str, *upstreams: str) -> AssetDefinition:
    """A definition without the cost of decorating."""
    return AssetDefinition(
        (AssetSpec(AssetKey(name), "python", PLACE, UNPARTITIONED),),
        PythonBody(len, ()),
        PLACE,
        tuple(Dependency(upstream, None, PLACE) for upstream in upstreams),
    )


def test_a_chain_declared_backwards_is_ordered() -> None:
    chain = [made(f"a{n}", *([f"a{n - 1}"] if n else [])) for n in reversed(range(SIZE))]
    assert build_graph(chain).keys == tuple(f"a{n}" for n in range(SIZE))


def test_a_fan_in_is_one_asset_with_many_inputs() -> None:
    names = [f"a{n}" for n in range(SIZE)]
    graph = build_graph([made("all", *names), *map(made, names)])
    assert graph.keys[-1] == "all"
    assert len(graph.inputs(SIZE)) == SIZE


def test_a_cycle_of_ten_thousand_is_named_and_cut_short() -> None:
    chain = [made(f"a{n}", f"a{(n + 1) % SIZE}") for n in range(SIZE)]
    with pytest.raises(DefinitionError) as caught:
        build_graph(chain)
    assert caught.value.code == "E107"
    assert caught.value.message == (
        "assets depend on each other in a cycle: `a0` reads `a1`, which reads `a2`, which reads `a3`, which reads `a4`,"
        " which reads `a5`, and so on over 9994 more, and `a9999` reads `a0`"
    )


def test_the_shortest_cycle_is_the_one_that_is_named() -> None:
    long = [made(f"a{n}", *([f"a{n - 1}"] if n else ["a4"])) for n in range(5)]
    short = [made("b0", "a4", "b1"), made("b1", "b0")]
    with pytest.raises(DefinitionError, match=r"cycle: `b0` reads `b1`, which reads `b0` \("):
        build_graph([*short, *(made(f"a{n}", *([f"a{n - 1}"] if n else [])) for n in range(5))])
    with pytest.raises(DefinitionError, match="`a0` reads `a4`"):
        build_graph([*long, *short])


def test_time_grows_in_proportion_to_size() -> None:
    def layered(size: int) -> list[AssetDefinition]:
        return [
            made(f"a{n}", *(f"a{n // 50 * 50 - 50 + n * k % 50}" for k in (1, 3, 7) if n >= 50))
            for n in range(size)
        ]

    def seconds(size: int) -> float:
        definitions, taken = layered(size), []
        for _ in range(3):
            started = time.process_time()
            build_graph(definitions)
            taken.append(time.process_time() - started)
        return min(taken)

    assert seconds(40_000) < 10 * seconds(10_000)


def test_collecting_garbage_goes_on_afterwards_also_after_an_error() -> None:
    with pytest.raises(DefinitionError):
        build_graph([made("a", "b")])
    assert gc.isenabled()

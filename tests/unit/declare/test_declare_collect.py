"""From modules to definitions: what counts as held, in which order, and where checks end up."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

from assets_core import CONSTANT, asset, source
from assets_core.declare.collect import collect
from assets_core.declare.creations import Creations, observe_creations
from assets_core.graph import AssetGraph

Load = Callable[..., AssetGraph]


def test_definitions_are_found_in_attributes_lists_tuples_and_dicts(load: Load) -> None:
    graph = load("""
        def make(name):
            @asset(name=name)
            def made(): ...
            return made

        first = make("a")
        several = [make("b"), (make("c"),), {"x": [make("d")]}]
        named = {"e": make("e")}
        several.append(several)
        """)
    assert graph.keys == ("a", "b", "c", "d", "e")


def test_one_object_seen_twice_is_one_asset(load: Load) -> None:
    graph = load(
        """
        @asset
        def orders(): ...
        again = [orders, orders]
        """,
        shop__other_dot_py="from shop.assets import orders\n",
    )
    assert graph.keys == ("orders",)


def test_places_are_relative_to_the_root(load: Load) -> None:
    graph = load("""
        @asset(checks=[not_null("a")])
        def orders(): ...
        """)
    assert graph.specs[0].place.file == "shop/assets.py"
    assert graph.specs[0].checks[0].place.file == "shop/assets.py"  # type: ignore[union-attr]
    assert graph.facts_of(0).path == "shop/assets.py"


def test_a_check_in_another_module_is_attached_to_its_asset(load: Load) -> None:
    graph = load(
        """
        @asset(prefix="mart", checks=[not_null("id")])
        def orders(): ...
        @asset
        def items(): ...
        """,
        shop__quality_dot_py="""
        from assets_core import *
        from shop.assets import orders as of

        @check(asset=of)
        def known(orders, items): ...

        @check(asset="orders", scope="asset")
        def many(context, orders): ...
        """,
    )
    number = graph.numbers["mart/orders"]  # type: ignore[index]
    checks = graph.specs[number].checks
    assert [c.name for c in checks] == ["not_null(id)", "known", "many"]
    judged = checks[1].parameters[0]
    assert judged.dependency.upstream == "mart/orders"  # type: ignore[attr-defined]
    assert [r.upstream for r in checks[1].relations] == ["items"]
    (edge,) = graph.check_inputs(number)
    assert (edge.check, graph.keys[edge.upstream]) == ("known", "items")
    assert graph.keys.index("items") < number


def test_what_an_installed_package_creates_and_drops_is_its_own_affair() -> None:
    module = ModuleType("shop")
    module.__file__ = "/elsewhere/shop.py"
    with observe_creations() as created:
        module.kept = asset(name="kept")(lambda: 1)  # type: ignore[attr-defined]
        asset(name="dropped")(lambda: 1)
    assert [d.key for d in collect({"shop": module}, created)] == ["kept"]


def test_definitions_made_before_anyone_looked_come_last() -> None:
    module = ModuleType("shop")
    module.early = source("early", observe=CONSTANT)  # type: ignore[attr-defined]
    with observe_creations() as created:
        module.late = source("late", observe=CONSTANT)  # type: ignore[attr-defined]
    assert [d.key for d in collect({"shop": module}, created)] == ["late", "early"]


def test_nothing_is_remembered_outside_an_observation() -> None:
    with observe_creations() as created:
        pass
    source("later", observe=CONSTANT)
    assert created == Creations()

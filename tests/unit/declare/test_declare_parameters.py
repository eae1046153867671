"""What each parameter receives, by every rule of the reference and in their order."""

from __future__ import annotations

import ast
import functools
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import pytest

from assets_core import (
    All,
    AssetContext,
    Config,
    Connection,
    Input,
    asset,
)
from assets_core.declare.annotations import load_annotation
from assets_core.errors import DefinitionError
from assets_core.graph import AssetGraph
from assets_core.model.assets import (
    AssetDefinition,
    ConfigParameter,
    ConnectionParameter,
    ContextParameter,
    InputParameter,
    PythonBody,
)
from assets_core.model.keys import AssetKey

if TYPE_CHECKING:
    from collections import OrderedDict
    from decimal import Decimal

    import no_such_module

Load = Callable[..., AssetGraph]


class Limits(Config):
    most: int = 3


class Warehouse(Connection):
    host: str = "localhost"


@asset
def orders() -> int:
    return 1


def received(definition: AssetDefinition) -> list[object]:
    assert isinstance(definition.body, PythonBody)
    return [
        (p.name, p.dependency.upstream, p.dependency.annotation)
        if isinstance(p, InputParameter)
        else p
        for p in definition.body.parameters
    ]


def test_a_context_is_known_by_its_annotation_in_any_position() -> None:
    @asset
    def report(orders: int, ctx: AssetContext) -> None: ...

    assert received(report) == [("orders", "orders", int), ContextParameter("ctx")]


def test_an_optional_context_is_still_the_context() -> None:
    @asset
    def report(ctx: AssetContext | None = None) -> None: ...

    assert received(report) == [ContextParameter("ctx")]


def test_an_unannotated_parameter_named_context_is_the_context() -> None:
    @asset
    def report(orders, context): ...  # type: ignore[no-untyped-def]

    assert received(report) == [("orders", "orders", None), ContextParameter("context")]


def test_configs_and_connections_are_known_by_their_base() -> None:
    @asset
    def report(limits: Limits, warehouse: Warehouse, more: Limits = Limits()) -> None: ...  # noqa: B008

    assert received(report) == [
        ConfigParameter("limits", Limits),
        ConnectionParameter("warehouse", Warehouse),
        ConfigParameter("more", Limits),
    ]


def test_an_input_says_which_upstream_a_parameter_is() -> None:
    @asset
    def report(
        a: Annotated[list[int], Input("raw/items", columns=["id"], optional=True)],
        b: Annotated[int, Input(orders, mapping=All())] = 5,
    ) -> None: ...

    first, second = report.dependencies
    assert (first.upstream, first.columns, first.optional) == ("raw/items", ("id",), True)
    assert first.annotation == list[int]
    assert (second.upstream, second.mapping, second.annotation) == ("orders", All(), int)
    assert not isinstance(first.upstream, AssetKey)
    assert isinstance(second.upstream, AssetKey)


def test_a_parameter_with_a_default_is_a_constant() -> None:
    @asset
    def report(orders: int, limit: int = 3, *, more: str = "x", items: int) -> None: ...

    assert isinstance(report.body, PythonBody)
    assert received(report) == [("orders", "orders", int), ("items", "items", int)]
    assert report.body.constants == ("limit", "more")


def test_metadata_that_is_not_ours_is_left_out_of_the_type() -> None:
    @asset
    def report(orders: Annotated[int, "rows"]) -> None: ...

    assert received(report) == [("orders", "orders", int)]


def test_types_for_type_checkers_only_stay_texts() -> None:
    @asset
    def report(orders: OrderedDict[str, Decimal], items: no_such_module.Frame) -> None: ...

    assert received(report) == [
        ("orders", "orders", "OrderedDict[str, Decimal]"),
        ("items", "items", "no_such_module.Frame"),
    ]


def test_an_input_is_seen_beside_a_type_for_type_checkers_only() -> None:
    @asset
    def report(x: Annotated[OrderedDict[str, int], Input("orders")]) -> None: ...

    assert received(report) == [("x", "orders", "OrderedDict[str, int]")]


def test_a_lazy_type_is_imported_when_it_is_needed() -> None:
    from collections import OrderedDict
    from decimal import Decimal

    @asset
    def report(orders: OrderedDict[str, Decimal]) -> None: ...

    function = report.body.function  # type: ignore[union-attr]
    assert function is not None
    assert load_annotation("OrderedDict[str, Decimal]", function) == OrderedDict[str, Decimal]
    assert load_annotation(dict[str, "Decimal"], function) == dict[str, Decimal]
    assert load_annotation(list[int], function) == list[int]


def test_a_module_is_parsed_once_however_many_lazy_types_are_loaded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from decimal import Decimal

    def report(orders: Any) -> None: ...

    module_text = Path(__file__).read_text()
    parsed: list[str] = []
    parse = ast.parse

    def note(text: Any, *rest: Any, **options: Any) -> Any:
        parsed.append(text)
        return parse(text, *rest, **options)

    monkeypatch.setattr(ast, "parse", note)
    for _ in range(3):
        assert load_annotation("Decimal", report) is Decimal
    assert parsed.count(module_text) <= 1


def test_a_lazy_type_that_does_not_exist_is_a_located_error() -> None:
    def report(orders: Any) -> None: ...

    with pytest.raises(DefinitionError, match="`Nothing` of `report`") as caught:
        load_annotation("Nothing", report)
    assert caught.value.code == "E131"
    assert caught.value.place is not None
    assert caught.value.place.line == report.__code__.co_firstlineno


def test_names_of_an_enclosing_function_resolve() -> None:
    class Local(Config):
        limit: int = 1

    @asset
    def report(local: Local) -> None: ...

    assert received(report) == [ConfigParameter("local", Local)]


def test_a_class_below_the_function_resolves_once_the_module_is_loaded(load: Load) -> None:
    graph = load("""
        @asset
        def report(cleaning: Cleaning, orders: "Frame"): ...

        class Cleaning(Config):
            limit: int = 1

        class Frame: ...
        orders = source("orders", observe=CONSTANT)
        """)
    parameters = graph.definitions[graph.definition_of[graph.numbers[AssetKey("report")]]]
    config, frame = received(parameters)
    assert isinstance(config, ConfigParameter)
    assert config.model.__name__ == "Cleaning"
    assert isinstance(frame, tuple)
    assert frame[2].__name__ == "Frame"


def test_the_parameters_below_a_wrapping_decorator_are_the_functions_own() -> None:
    def logged(function: Callable[..., int]) -> Callable[..., int]:
        @functools.wraps(function)
        def wrapper(*args: Any, **kwargs: Any) -> int:
            return function(*args, **kwargs) + 1

        return wrapper

    @asset
    @logged
    def report(orders: int) -> int:
        return orders

    assert received(report) == [("orders", "orders", int)]
    assert report(orders=1) == 2


def test_the_return_annotation_tells_none_from_nothing() -> None:
    @asset
    def silent() -> None: ...
    @asset
    def untyped(): ...  # type: ignore[no-untyped-def]
    @asset
    def typed() -> dict[str, int]:
        return {}

    returns = [d.body.returns for d in (silent, untyped, typed)]  # type: ignore[union-attr]
    assert returns == [type(None), None, dict[str, int]]

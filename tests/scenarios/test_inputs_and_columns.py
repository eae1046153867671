"""What ran after inputs were added, removed, read differently, or changed in columns that nobody reads."""

from __future__ import annotations

import pytest

from assets_core.model.keys import AssetKey
from assets_core.model.plans import InputAdded
from tests.scenarios.shops import Shop

TWO = """
@asset
def a() -> int:
    ran("a")
    return 1


@asset
def b() -> int:
    ran("b")
    return 2


@asset(code_version="1")
def c(a: int) -> int:
    ran("c")
    return a
"""


def test_an_input_that_is_mapped_in_another_way_is_no_new_input(shop: Shop) -> None:
    shop.define("""
        @asset(partitions=StaticPartitions(["x", "y"]))
        def up(context: AssetContext) -> str:
            return context.partition.key


        @asset(code_version="1")
        def down(up: Annotated[str, Input("up", mapping=Specific(["x"]))]) -> str:
            return up
        """)
    shop.build()
    shop.edit('Specific(["x"])', 'Specific(["y"])')
    (step,) = shop.plan().plan.steps
    assert step.reasons == (InputAdded(AssetKey("up"), remapped=True),)


def test_an_added_and_a_removed_input_are_reasons_of_their_own(shop: Shop) -> None:
    shop.define(TWO)
    shop.build()
    shop.edit("def c(a: int) -> int", "def c(a: int, b: int) -> int")
    assert shop.todo() == ["c run input_added"]
    assert shop.build() == ["c"]
    shop.edit("def c(a: int, b: int) -> int", "def c(a: int) -> int")
    assert shop.todo() == ["c run input_removed"]
    assert shop.build() == ["c"]
    shop.edit("def c(a: int) -> int", "def c(b: int) -> int")
    shop.edit("    return a\n", "    return b\n")
    assert shop.todo() == ["c run input_added input_removed"]


def test_deps_are_inputs_that_are_not_loaded(shop: Shop) -> None:
    shop.define(
        TWO.replace(
            '@asset(code_version="1")\ndef c(a: int)', '@asset(deps=["a"])\ndef c()'
        ).replace("    return a\n", "    return 7\n")
    )
    assert shop.build() == ["a", "b", "c"]
    shop.edit('ran("a")\n    return 1', 'ran("a")\n    return 11')
    assert shop.todo() == ["a run code_changed", "c maybe upstream_pending"]
    assert shop.build() == ["a", "c"]
    assert shop.todo() == []


def test_the_order_of_deps_is_no_change_of_inputs(shop: Shop) -> None:
    shop.define(
        TWO.replace('code_version="1")\ndef c(a: int)', 'deps=["a", "b"])\ndef c()').replace(
            "    return a\n", "    return 7\n"
        )
    )
    shop.build()
    shop.edit('deps=["a", "b"]', 'deps=["b", "a"]')
    assert shop.todo() == []


def test_an_external_effect_runs_again_only_with_its_inputs(shop: Shop) -> None:
    shop.define("""
        @asset
        def a() -> int:
            ran("a")
            return 1


        @asset
        def mail(a: int) -> None:
            ran("mail")


        @asset(deps=[mail])
        def after() -> int:
            ran("after")
            return 1
        """)
    assert shop.build() == ["a", "after", "mail"]
    assert shop.build() == []
    assert shop.build("mail", force=True) == ["mail"]
    assert shop.todo() == ["after run input_changed"]
    assert shop.build() == ["after"]


def test_an_external_effect_with_a_data_version_of_its_own_is_a_cutoff(shop: Shop) -> None:
    shop.define("""
        @asset
        def mail() -> Output[None]:
            ran("mail")
            return Output(None, data_version="letter 1")


        @asset(deps=[mail])
        def after() -> int:
            ran("after")
            return 1
        """)
    assert shop.build() == ["after", "mail"]
    assert shop.build("mail", force=True) == ["mail"]
    assert shop.todo() == []
    shop.edit("letter 1", "letter 2")
    assert shop.build() == ["after", "mail"]


def test_a_given_data_version_decides_instead_of_the_content(shop: Shop) -> None:
    shop.define("""
        @asset
        def model() -> Output[dict[str, float]]:
            ran("model")
            return Output({"weight": 0.25}, data_version="v1")


        @asset
        def scores(model: dict[str, float]) -> float:
            ran("scores")
            return model["weight"]
        """)
    shop.build()
    shop.edit("0.25", "0.2500001")
    assert shop.build() == ["model"]
    shop.edit('"v1"', '"v2"')
    assert shop.build() == ["model", "scores"]


TABLE = """
@asset
def wide() -> pa.Table:
    ran("wide")
    return pa.table({"a": [1, 2], "b": [3, 4], "c": [5, 6]})


@asset
def narrow(wide: Annotated[pa.Table, Input("wide", columns=["a", "b"])]) -> int:
    ran("narrow")
    assert wide.column_names == ["a", "b"]
    return sum(wide["a"].to_pylist())


total = sql_asset("total", "select sum(b) as total from wide")
"""


def test_a_column_that_is_not_read_leaves_its_reader_current(shop: Shop) -> None:
    shop.define(TABLE)
    shop.build()
    shop.edit('"c": [5, 6]', '"c": [5, 7]')
    assert shop.todo() == [
        "wide run code_changed",
        "narrow maybe upstream_pending",
        "total maybe upstream_pending",
    ]
    assert shop.build() == ["wide"]
    assert shop.outcomes() == {"wide": "materialized", "narrow": "unchanged", "total": "unchanged"}
    shop.edit('"a": [1, 2]', '"a": [1, 9]')
    shop.build()
    assert shop.outcomes() == {
        "wide": "materialized",
        "narrow": "materialized",
        "total": "unchanged",
    }


@pytest.mark.parametrize(
    ("new", "why"),
    [
        ('{"a": [1, 2, 2], "b": [3, 4, 4], "c": [5, 6, 6]}', "a row more"),
        ('{"a": [2, 1], "b": [4, 3], "c": [5, 6]}', "another order"),
        ('{"a": pa.array([1, 2], pa.int32()), "b": [3, 4], "c": [5, 6]}', "another type"),
    ],
)
def test_what_a_projection_returns_decides(shop: Shop, new: str, why: str) -> None:
    shop.define(TABLE)
    shop.build()
    shop.edit('{"a": [1, 2], "b": [3, 4], "c": [5, 6]}', new)
    assert shop.build() == ["narrow", "wide"], why


def test_the_physical_order_of_columns_and_a_new_column_are_nothing_to_a_reader_of_others(
    shop: Shop,
) -> None:
    shop.define(TABLE)
    shop.build()
    shop.edit('"c": [5, 6]}', '"c": [5, 6], "d": [7, 8]}')
    assert shop.build() == ["wide"]


def test_other_columns_are_another_input(shop: Shop) -> None:
    shop.define(TABLE)
    shop.build()
    shop.edit('columns=["a", "b"]', 'columns=["a"]')
    shop.edit('assert wide.column_names == ["a", "b"]', "pass")
    todo = shop.todo()
    assert todo == ["narrow run code_changed input_changed"]
    assert shop.build() == ["narrow"]
    assert shop.todo() == []


def test_columns_of_a_value_that_has_none_count_as_the_whole_value(shop: Shop) -> None:
    shop.define(
        TABLE.replace("return pa.table", "return Output(pa.table").replace(
            "[5, 6]})", '[5, 6]}), data_version="1")'
        )
    )
    shop.build()
    assert shop.todo() == []
    shop.edit('data_version="1"', 'data_version="2"')
    assert shop.build() == ["narrow", "wide"]


def test_an_optional_input_that_is_not_there_is_none_and_its_first_fill_is_seen(shop: Shop) -> None:
    shop.define("""
        @multi_asset(outputs=[Out("main"), Out("extra", optional=True)])
        def both() -> Iterator[Output[int]]:
            ran("both")
            yield Output(1, "main")


        @asset
        def reader(main: int, extra: Annotated[int | None, Input("extra", optional=True)]) -> str:
            ran("reader")
            return f"{main} {extra}"
        """)
    assert shop.build() == ["both", "reader"]
    assert shop.value("reader") == "1 None"
    assert shop.build() == []
    shop.edit('yield Output(1, "main")', 'yield Output(1, "main")\n    yield Output(2, "extra")')
    assert shop.build() == ["both", "reader"]
    assert shop.value("reader") == "1 2"
    shop.edit('\n    yield Output(2, "extra")', "")
    assert shop.build() == ["both", "reader"]
    assert shop.value("reader") == "1 None"

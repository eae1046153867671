"""Multi-assets: which outputs a call makes, leaves out, discards, and publishes together."""

from __future__ import annotations

import pytest

from assets_core.model.events import Materialized, Rejected
from tests.scenarios.shops import Shop

SPLIT = """
@multi_asset(outputs=[Out("left"), Out("right")])
def both(context: AssetContext) -> Iterator[Output[int]]:
    ran("both", *sorted(context.wanted))
    yield Output(1, "left")
    yield Output(2, "right")


@asset
def reader(right: int) -> int:
    ran("reader")
    return right
"""


def test_all_outputs_of_a_call_run_when_one_is_asked_for(shop: Shop) -> None:
    shop.define(SPLIT)
    assert shop.build("left") == ["both@left", "both@right"]
    assert shop.todo() == ["reader run never_materialized"]
    assert shop.todo("left", force=True) == ["left run forced", "right run runs_together"]


def test_an_output_that_comes_out_equal_leaves_its_readers_alone(shop: Shop) -> None:
    shop.define(SPLIT)
    shop.build()
    shop.edit('Output(1, "left")', 'Output(10, "left")')
    assert shop.todo() == [
        "left run code_changed",
        "right run code_changed",
        "reader maybe upstream_pending",
    ]
    assert shop.build() == ["both@left", "both@right"]
    assert {(e.asset, e.changed) for e in shop.of(Materialized)} == {
        ("left", True),
        ("right", False),
    }


def test_an_output_that_was_added_makes_the_call_again_for_all(shop: Shop) -> None:
    shop.define(SPLIT)
    shop.build()
    shop.edit('Out("right")]', 'Out("right"), Out("third")]')
    shop.edit('Output(2, "right")\n', 'Output(2, "right")\n    yield Output(3, "third")\n')
    assert shop.build() == ["both@left", "both@right", "both@third"]


def test_a_call_that_can_subset_makes_what_is_wanted_and_the_rest_is_discarded(shop: Shop) -> None:
    shop.define(SPLIT.replace('Out("right")]', 'Out("right")], can_subset=True'))
    assert shop.build("left") == ["both@left"]
    assert shop.todo() == ["right run never_materialized", "reader run never_materialized"]
    assert shop.build() == ["both@right", "reader"]
    assert shop.build("right", force=True) == ["both@right"]
    assert [e.asset for e in shop.of(Materialized)] == ["right"]


@pytest.mark.parametrize(
    "body",
    ['return {"left": 1, "right": 2}', "return 1, 2", 'return [Output(2, "right"), Output(1, "left")]',
     'return Output(1, "left"), Output(2, "right")'],
)  # fmt: skip
def test_outputs_may_be_returned_in_every_form(shop: Shop, body: str) -> None:
    shop.define(f"""
        @multi_asset(outputs=["left", "right"])
        def both():
            {body}
        """)
    shop.build()
    assert (shop.value("left"), shop.value("right")) == (1, 2)


@pytest.mark.parametrize(
    ("body", "kind", "text"),
    [
        ('yield Output(1, "left")', "not_yielded", "without giving `right`"),
        ('yield Output(1, "left"); yield Output(1, "left")', "E526", "gave `left` twice"),
        ('yield Output(1, "left"); yield Output(1, "up")', "E522", "`up`"),
        ('yield Output(1, "left"); yield 2', "E521", "yielded `int`"),
        ('yield Output(1, "left"); raise ValueError("no")', "ValueError", "no"),
    ],
)
def test_what_was_given_before_a_mistake_stays_good(
    shop: Shop, body: str, kind: str, text: str
) -> None:
    shop.define(f"""
        @multi_asset(outputs=["left", "right"])
        def both():
            {body}
        """)
    shop.attempt()
    assert shop.outcomes() == {"left": "materialized", "right": "failed"}
    assert shop.failure("right").kind == kind
    assert text in shop.failure("right").message


OPTIONAL = """
@multi_asset(outputs=[Out("train"), Out("test", optional=True, checks=[row_count(min=1)])])
def split() -> Iterator[Output[pa.Table]]:
    ran("split")
    yield Output(pa.table({"n": [1]}), "train")


@asset
def score(train: pa.Table, test: pa.Table) -> int:
    ran("score")
    return test.num_rows
"""


def test_an_optional_output_left_out_is_settled_and_blocks_what_requires_it(shop: Shop) -> None:
    shop.define(OPTIONAL)
    assert shop.attempt() == ["split"]
    assert shop.outcomes()["score"] == "blocked"
    assert shop.todo() == ["score blocked input_missing"]
    assert shop.attempt() == []
    shop.edit('"train")\n', '"train")\n    yield Output(pa.table({"n": [2]}), "test")\n')
    assert shop.build() == ["score", "split"]
    assert shop.todo() == []


def test_an_optional_output_left_out_later_is_no_longer_there_for_readers(shop: Shop) -> None:
    more = '"train")\n    yield Output(pa.table({"n": [2]}), "test")\n'
    shop.define(OPTIONAL.replace('"train")\n', more))
    assert shop.build() == ["score", "split"]
    shop.edit('    yield Output(pa.table({"n": [2]}), "test")\n', "")
    assert shop.attempt() == ["split"]
    assert shop.outcomes()["score"] == "blocked"
    assert shop.todo() == ["score blocked input_missing"]


TOGETHER = """
@multi_asset(outputs=[Out("left", checks=[row_count(max=1)]), Out("right")], publish="together")
def both() -> Iterator[Output[pa.Table]]:
    ran("both")
    yield Output(pa.table({"n": [1]}), "left")
    yield Output(pa.table({"n": [1]}), "right")


@asset
def reader(right: pa.Table) -> int:
    ran("reader")
    return right.num_rows
"""


def test_outputs_published_together_are_all_kept_back_with_one_that_fails_its_check(
    shop: Shop,
) -> None:
    shop.define(TOGETHER)
    shop.build()
    shop.edit('{"n": [1]}), "left"', '{"n": [1, 2]}), "left"')
    shop.edit('{"n": [1]}), "right"', '{"n": [1, 2]}), "right"')
    assert shop.attempt() == ["both"]
    assert {e.asset for e in shop.of(Rejected)} == {"left", "right"}
    assert shop.value("right").num_rows == 1
    assert shop.todo() == ["left blocked check_blocked", "right blocked check_blocked"]
    assert shop.attempt() == [], "neither is computed again"
    assert shop.value("right").num_rows == 1


def test_outputs_published_together_follow_a_fixed_check_together(shop: Shop) -> None:
    shop.define(TOGETHER)
    shop.build()
    shop.edit('{"n": [1]}), "left"', '{"n": [1, 2]}), "left"')
    shop.edit('{"n": [1]}), "right"', '{"n": [1, 2]}), "right"')
    shop.attempt()
    shop.edit("row_count(max=1)", "row_count(max=2)")
    assert shop.build() == ["reader"]
    assert (shop.value("left").num_rows, shop.value("right").num_rows) == (2, 2)
    assert shop.todo() == []


def test_outputs_published_together_all_fail_with_one_that_fails(shop: Shop) -> None:
    shop.define(TOGETHER)
    shop.build()
    shop.edit('{"n": [1]}), "left"', '{"n": []}), "left"')
    shop.edit('    yield Output(pa.table({"n": [1]}), "right")', "    1 / 0")
    assert shop.attempt() == ["both"]
    assert set(shop.outcomes().values()) >= {"failed"}
    assert shop.value("left").num_rows == 1
    assert shop.attempt() == ["both"], "nothing of it was published, so both are tried again"
    shop.edit("    1 / 0", '    yield Output(pa.table({"n": [1, 2]}), "right")')
    assert shop.build() == ["both", "reader"]
    assert (shop.value("left").num_rows, shop.value("right").num_rows) == (0, 2)


def test_partitions_of_one_batch_are_published_each_by_itself_even_if_outputs_are_together(
    shop: Shop,
) -> None:
    shop.define("""
        days = DailyPartitions(start="2026-01-01", end="2026-01-03")


        @multi_asset(
            outputs=[Out("left"), Out("right")], publish="together", partitions=days, batch="all"
        )
        def both(context: AssetContext) -> Iterator[Output[str]]:
            for key in context.partition.keys:
                yield Output(key, "left", partition=key)
                if key != "2026-01-02":
                    yield Output(key, "right", partition=key)
        """)
    shop.attempt()
    published = {(e.asset, e.partition) for e in shop.of(Materialized)}
    assert published == {("left", "2026-01-01"), ("right", "2026-01-01")}

"""``batch_inputs="shared"``: what a call was given counts for each of its outputs."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from assets_core.model.events import Unchanged
from tests.scenarios.shops import Shop

RANKS = """
import json

days = DailyPartitions(start="2026-01-01")


@source(partitions=days, observe=lambda: {k: str(v) for k, v in json.loads(Path("sales.json").read_text()).items()})
def sales(context: AssetContext) -> dict[str, int]:
    every = json.loads(Path("sales.json").read_text())
    return {key: every[key] for key in context.partition.keys}


@asset(partitions=days, code_version="1")
def clean(context: AssetContext, sales: dict[str, int]) -> int:
    ran("clean", context.partition.key)
    return sales[context.partition.key] // 10


@asset(partitions=days, batch="all", batch_inputs="shared", code_version="1")
def rank(context: AssetContext, clean: dict[str, int]) -> Iterator[Output[int]]:
    ran("rank", *context.partition.keys)
    for key in context.partition.keys:
        assert key not in json.loads(Path("bad.json").read_text())
        yield Output(sorted(clean.values()).index(clean[key]), partition=key)
"""


def put(shop: Shop, **sales: int) -> None:
    """Sales by day, ``d1=10`` for the first of January."""
    rows = {f"2026-01-0{name[1:]}": value for name, value in sales.items()}
    shop.write("sales.json", json.dumps(rows))


def ranked(calls: list[str]) -> list[str]:
    """The days that were ranked."""
    return [c.removeprefix("rank@2026-01-0") for c in calls if c.startswith("rank")]


def ranks(shop: Shop) -> list[int]:
    return list(shop.value("rank", as_type=dict[str, int]).values())


@pytest.fixture
def shop(shop: Shop) -> Shop:
    """Four days, each of them ranked among those of its call."""
    shop.now = datetime(2026, 1, 5, tzinfo=UTC)
    shop.write("bad.json", "[]")
    put(shop, d1=40, d2=10, d3=30, d4=20)
    shop.define(RANKS)
    assert ranked(shop.build()) == ["1", "2", "3", "4"]
    return shop


def test_the_plan_after_a_shared_batch_is_empty(shop: Shop) -> None:
    assert ranks(shop) == [3, 0, 2, 1]
    assert shop.todo() == []
    assert shop.build() == []


def test_one_changed_day_makes_every_output_of_the_call_that_read_it_stale(shop: Shop) -> None:
    put(shop, d1=40, d2=90, d3=30, d4=20)
    assert shop.todo() == [
        "clean@2026-01-02 run input_changed",
        "rank@4 maybe upstream_pending",
    ]
    assert ranked(shop.build()) == ["1", "2", "3", "4"]
    assert ranks(shop) == [2, 3, 1, 0]
    assert shop.todo() == []


def test_a_change_that_comes_out_the_same_ends_before_the_batch(shop: Shop) -> None:
    put(shop, d1=40, d2=11, d3=30, d4=20)
    assert shop.build() == ["clean@2026-01-02"]


def test_a_new_day_is_a_call_of_its_own_and_leaves_the_others(shop: Shop) -> None:
    shop.now = datetime(2026, 1, 6, tzinfo=UTC)
    put(shop, d1=40, d2=10, d3=30, d4=20, d5=50)
    assert ranked(shop.build()) == ["5"]
    assert ranks(shop) == [3, 0, 2, 1, 0]
    put(shop, d1=40, d2=10, d3=30, d4=20, d5=70)
    assert ranked(shop.build()) == ["5"], "the first four never read it"
    put(shop, d1=50, d2=10, d3=30, d4=20, d5=70)
    assert ranked(shop.build()) == ["1", "2", "3", "4"], "the fifth never read them"


def test_one_partition_run_alone_is_judged_by_what_it_read_alone(shop: Shop) -> None:
    shop.build("rank", partitions=["2026-01-03"], force=True)
    assert shop.value("rank", partition="2026-01-03") == 0
    put(shop, d1=90, d2=10, d3=30, d4=20)
    assert ranked(shop.build()) == ["1", "2", "4"]
    put(shop, d1=90, d2=10, d3=90, d4=20)
    assert ranked(shop.build()) == ["3"], "the others were last ranked without the third"


def test_what_a_failed_batch_left_is_retried_with_its_own_inputs(shop: Shop) -> None:
    put(shop, d1=20, d2=30, d3=40, d4=50)
    shop.write("bad.json", '["2026-01-03", "2026-01-04"]')
    shop.attempt()
    assert shop.outcomes()["rank@2026-01-02"] == "materialized"
    assert shop.outcomes()["rank@2026-01-03"] == "failed"
    shop.write("bad.json", "[]")
    assert ranked(shop.build()) == ["3", "4"]
    assert ranks(shop) == [0, 1, 0, 1], "two calls, two rankings, each recorded as what it read"
    put(shop, d1=20, d2=30, d3=40, d4=0)
    assert ranked(shop.build()) == ["1", "2", "3", "4"], "the first call had read the fourth day"


def test_a_retry_within_the_run_reads_and_records_what_the_call_was_given(shop: Shop) -> None:
    shop.edit('batch="all",', 'batch="all", retry=Retry(max_retries=1, delay=0.0),')
    shop.edit("    for key in context.partition.keys:\n        assert", (
        "    first = not Path('tried').exists()\n    Path('tried').touch()\n"
        "    for key in context.partition.keys:\n        assert not (first and key > '2026-01-02')\n        assert"
    ))  # fmt: skip
    put(shop, d1=0, d2=10, d3=20, d4=30)
    assert ranked(shop.attempt()) == ["1", "2", "3", "4", "3", "4"]
    assert ranks(shop) == [0, 1, 2, 3], "the second try was given the first one's pins"
    assert shop.todo() == []
    put(shop, d1=50, d2=10, d3=20, d4=30)
    assert ranked(shop.build()) == ["1", "2", "3", "4"]


def test_a_day_that_leaves_the_upstream_takes_what_was_made_of_it_along(shop: Shop) -> None:
    shop.define(RANKS.replace('@asset(partitions=days, code_version="1")\ndef clean',
                '@asset(partitions=narrow, code_version="1")\ndef clean')
                .replace('days = Daily', 'narrow = DailyPartitions(start="2026-01-01")\ndays = Daily')
                .replace("clean: dict[str, int])", 'clean: Annotated[dict[str, int], Input("clean", mapping=All())])')
                .replace("clean[key]", "clean.get(key, 0)").replace("index(", "count("))  # fmt: skip
    shop.build()
    shop.edit(
        'narrow = DailyPartitions(start="2026-01-01")',
        'narrow = DailyPartitions(start="2026-01-02")',
    )
    assert ranked(shop.build()) == ["1", "2", "3", "4"]


def test_why_names_what_the_call_read(shop: Shop) -> None:
    put(shop, d1=40, d2=90, d3=30, d4=20)
    shop.build("clean")
    from assets_core.project.explaining import why

    project = shop.project()
    number = project.graph.numbers["rank"]  # type: ignore[index]
    (one,) = why(project, number, "2026-01-04").explanations
    (cause,) = one.causes
    assert (one.state, cause.asset, len(cause.partitions), cause.of) == ("stale", "clean", 1, 4)


def test_separate_and_shared_are_two_codes(shop: Shop) -> None:
    shop.edit(', batch_inputs="shared"', "")
    assert shop.todo() == ["rank@4 run code_changed input_changed"]
    shop.build()
    put(shop, d1=40, d2=90, d3=30, d4=20)
    assert ranked(shop.build()) == ["2"]


def test_a_candidate_of_a_shared_batch_is_not_made_again_while_nothing_it_read_changed(
    shop: Shop,
) -> None:
    path = shop.root / "shop.py"
    path.write_text(
        path.read_text()
        + "\n\n@check(asset=rank)\ndef small(rank: int) -> bool:\n    return rank < 3\n"
    )
    put(shop, d1=50, d2=10, d3=30, d4=20)
    assert ranked(shop.attempt()) == ["1", "2", "3", "4"]
    assert shop.outcomes()["rank@2026-01-01"] == "rejected"
    assert shop.todo() == ["rank@2026-01-01 blocked check_blocked"]
    assert shop.attempt() == []
    put(shop, d1=50, d2=10, d3=90, d4=20)
    shop.attempt("clean")
    assert shop.todo("rank") == ["rank@4 run input_changed"], (
        "the candidate's call had read the third"
    )
    assert ranked(shop.attempt()) == ["1", "2", "3", "4"]
    assert shop.outcomes()["rank@2026-01-01"] == "materialized"


def keep_the_best_back(shop: Shop) -> None:
    """From now on a rank of 0 is kept back."""
    path = shop.root / "shop.py"
    checked = """

@check(asset=rank)
def first_is_bad(rank: int) -> bool:
    return rank > 0 or Path("lenient").exists()
"""
    path.write_text(path.read_text() + checked)
    shop.write("lenient", "")
    shop.build()
    (shop.root / "lenient").unlink()
    put(shop, d1=40, d2=90, d3=30, d4=20)
    shop.build("clean")


def test_a_candidate_is_judged_by_what_its_own_call_read(shop: Shop) -> None:
    keep_the_best_back(shop)
    assert shop.attempt("rank", partitions=["2026-01-01"]) == ["rank@2026-01-01"]
    assert shop.outcomes() == {"rank@2026-01-01": "rejected"}
    assert shop.todo("rank")[0] == "rank@2026-01-02,2026-01-03,2026-01-04 run input_changed"
    assert shop.todo("rank")[1] == "rank@2026-01-01 blocked check_blocked"


def test_a_candidate_that_another_run_made_meanwhile_is_judged_by_what_its_call_read(
    shop: Shop,
) -> None:
    keep_the_best_back(shop)
    first = ["2026-01-01"]
    other = Shop(shop.root, now=shop.now)
    shop.calls()
    assert shop.attempt(
        "rank", partitions=first, planned=lambda _: other.attempt("rank", partitions=first)
    ) == ["rank@2026-01-01"]
    assert other.outcomes() == {"rank@2026-01-01": "rejected"}
    assert shop.outcomes() == {"rank@2026-01-01": "blocked"}


def test_a_call_waits_for_all_that_the_one_before_it_read(shop: Shop) -> None:
    shop.edit('batch="all", batch_inputs', "batch=2, batch_inputs")
    shop.build()
    put(shop, d1=40, d2=90, d3=30, d4=80)  # the first and the third need nothing that changes
    assert ranked(shop.build()) == ["1", "2", "3", "4"]
    assert shop.of(Unchanged) == []
    assert shop.todo() == []


LATEST = """
@multi_asset(outputs=[Out("price", optional=True), Out("volume")], partitions=DailyPartitions(start="2026-01-01"))
def market(context: AssetContext) -> Iterator[Output[int]]:
    yield Output(1, "volume")
    if context.partition.key < "2026-01-04":
        yield Output(int(context.partition.key[-1]), "price")


@asset(partitions=StaticPartitions(["eu", "us"]), batch="all", batch_inputs="shared")
def quote(
    context: AssetContext, price: Annotated[dict[str, int], Input("price", mapping=Last())]
) -> Iterator[Output[int]]:
    ran("quote", *context.partition.keys)
    for key in context.partition.keys:
        yield Output(sum(price.values()), partition=key)
"""


def test_the_last_partition_that_a_call_read_is_the_last_that_was_not_left_out(shop: Shop) -> None:
    shop.define(LATEST)
    assert shop.build() == ["quote@eu", "quote@us"]
    assert shop.value("quote", partition="eu") == 3
    assert shop.todo() == []

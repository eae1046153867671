"""``-p`` in every form, from the plan to what is run."""

from __future__ import annotations

import pytest

from assets_core.errors import AssetsError
from tests.scenarios.shops import Shop

DAYS = """
days = DailyPartitions(start="2025-12-28", end="2026-01-08")
months = MonthlyPartitions(start="2025-12-01", end="2026-01-01")


@asset(partitions=days, batch=3, code_version="1")
def daily(context: AssetContext) -> Iterator[Output[int]]:
    for key in context.partition.keys:
        ran("daily", key)
        assert key not in Path("bad.txt").read_text()
        yield Output(1, partition=key)


@asset(partitions=months, code_version="1")
def monthly(
    context: AssetContext,
    daily: Annotated[dict[str, int], Input("daily", mapping=TimeWindow(allow_missing=True))],
) -> int:
    ran("monthly", context.partition.key)
    return sum(daily.values())


@asset(code_version="1")
def total(daily: dict[str, int]) -> int:
    ran("total")
    return sum(daily.values())
"""


@pytest.fixture
def shop(shop: Shop) -> Shop:
    """Eleven days, a month and a total; the second of January is bad, and the last of its call."""
    shop.write("bad.txt", "2026-01-02")
    shop.define(DAYS)
    shop.attempt("daily", partitions=["2025-12-28..2026-01-04"])
    shop.write("bad.txt", "")
    return shop


def days(*numbers: int) -> list[str]:
    """Calls of ``daily``: 28 to 31 are in December."""
    return [f"daily@{'2025-12' if n > 20 else '2026-01'}-{n:02d}" for n in numbers]


@pytest.mark.parametrize(
    ("terms", "expected"),
    [
        (["missing"], days(2, 5, 6, 7)),
        (["stale"], days(2, 5, 6, 7)),
        (["failed"], days(2)),
        (["2026-01-05"], days(5)),
        (["2026-01-01..2026-01-05"], days(2, 5)),
        (["2026-01"], days(2, 5, 6, 7)),
        (["2025"], []),
        (["last:2"], days(6, 7)),
        (["last:2", "failed"], days(2, 6, 7)),
        (["key:2026-01-07"], days(7)),
    ],
    ids=lambda value: "+".join(value) if isinstance(value, list) else None,
)
def test_a_term_runs_what_it_names_and_is_not_current(
    shop: Shop, terms: list[str], expected: list[str]
) -> None:
    assert shop.build("daily", partitions=terms) == sorted(expected)


def test_what_failed_is_selected_and_asked_for(shop: Shop) -> None:
    assert shop.build("status:failed", partitions=["failed"]) == days(2)
    assert shop.plan("status:failed").plan.steps == ()


def test_a_period_takes_the_windows_of_every_asset_and_the_unpartitioned(shop: Shop) -> None:
    shop.build("daily", "total")
    assert shop.build(partitions=["2025-12"]) == ["monthly@2025-12"]
    shop.edit(
        "    return sum(daily.values())\n\n\n@asset(code_version",
        "    return 0\n\n\n@asset(code_version",
    )
    shop.edit('@asset(code_version="1")\ndef total', '@asset(code_version="2")\ndef total')
    assert shop.build(partitions=["2025-12"]) == ["total"]


def test_a_term_that_an_asset_cannot_be_asked_by_names_it(shop: Shop) -> None:
    with pytest.raises(AssetsError) as refused:
        shop.plan("daily", "monthly", partitions=["region=eu"])
    assert refused.value.code == "E209"
    assert "`daily`" in refused.value.message

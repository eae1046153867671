"""Checks of scope ``asset`` on partitioned assets: once over everything, after it has settled."""

from __future__ import annotations

from assets_core.model.events import CheckEvaluated, Materialized
from assets_core.model.plans import CheckFailing
from tests.scenarios.shops import Shop

SHOP = """
days = DailyPartitions(start="2026-01-01", end="2026-01-04")
NUMBERS = {"2026-01-01": 1, "2026-01-02": 2, "2026-01-03": 3}


@asset(partitions=days, code_version="1")
def daily(context: AssetContext) -> pa.Table:
    ran("daily", context.partition.key)
    return pa.table({"n": [__import__("json").loads(Path("n.json").read_text())[context.partition.key]]})


@check(asset=daily, scope="asset")
def increasing(daily: pa.Table) -> bool:
    numbers = daily["n"].to_pylist()
    ran("increasing", *map(str, numbers))
    return numbers == sorted(numbers)


@asset(partitions=days, code_version="1")
def copy(context: AssetContext, daily: pa.Table) -> int:
    ran("copy", context.partition.key)
    return daily.num_rows


@asset(code_version="1")
def total(daily: pa.Table) -> int:
    ran("total")
    return sum(daily["n"].to_pylist())
"""


def start(shop: Shop, numbers: str = "1, 2, 3", edit: tuple[str, str] | None = None) -> None:
    shop.define(SHOP)
    if edit:
        shop.edit(*edit)
    fill(shop, numbers)


def fill(shop: Shop, numbers: str) -> None:
    days = [f'"2026-01-0{i}": {n}' for i, n in enumerate(numbers.split(","), 1)]
    shop.write("n.json", "{" + ", ".join(days) + "}")


def test_it_is_judged_once_when_its_partitions_have_settled_and_before_what_reads_them(
    shop: Shop,
) -> None:
    start(shop)
    calls = shop.attempt()
    assert calls[:3] == ["daily@2026-01-01", "daily@2026-01-02", "daily@2026-01-03"]
    assert calls[3:6] == ["increasing@1", "increasing@2", "increasing@3"]
    assert len(calls) == 10
    assert shop.result is not None
    assert shop.result.ok
    assert shop.todo() == []
    assert shop.build() == []
    assert shop.of(CheckEvaluated) == [], (
        "an unchanged check over unchanged data is not evaluated again"
    )


def test_a_failure_publishes_the_partitions_and_blocks_everything_that_reads_them(
    shop: Shop,
) -> None:
    start(shop, "1, 3, 2")
    assert "total" not in shop.attempt()
    assert {e.asset for e in shop.of(Materialized)} == {"daily"}
    assert {v for k, v in shop.outcomes().items() if not k.startswith("daily")} == {"blocked"}
    (told,) = shop.of(CheckEvaluated)
    assert (told.partition, told.passed, told.published) == ("", False, True)
    planned = shop.plan().plan
    assert shop.todo() == ["copy@2026-01-01,2026-01-02,2026-01-03 blocked upstream_blocked",
                           "total blocked upstream_blocked"]  # fmt: skip
    (note,) = planned.annotations
    assert isinstance(note, CheckFailing)
    assert shop.attempt() == []
    assert shop.result is not None
    assert not shop.result.ok


def test_one_changed_partition_judges_everything_again(shop: Shop) -> None:
    start(shop)
    shop.build()
    fill(shop, "1, 2, 4")
    assert shop.attempt("daily", partitions=["2026-01-03"], force=True) == [
        "daily@2026-01-03", "increasing@1", "increasing@2", "increasing@4",
    ]  # fmt: skip
    assert shop.attempt() == ["copy@2026-01-03", "total"]


def test_a_partition_that_is_fixed_unblocks_its_readers_in_the_same_run(shop: Shop) -> None:
    start(shop, "1, 3, 2")
    shop.attempt()
    fill(shop, "1, 3, 5")
    shop.edit('code_version="1")\ndef daily', 'code_version="2")\ndef daily')
    assert "total" in shop.build()
    assert shop.todo() == []


def test_an_edited_check_is_evaluated_alone_and_lets_its_readers_go(shop: Shop) -> None:
    start(shop, "1, 3, 2")
    shop.attempt()
    shop.edit("return numbers == sorted(numbers)", "return bool(numbers)")
    assert shop.todo()[-1] == "daily@2026-01-01,2026-01-02,2026-01-03 checks increasing"
    calls = shop.build()
    assert [c for c in calls if c.startswith("daily")] == []
    assert "total" in calls
    assert shop.todo() == []


def test_removing_the_check_lets_its_readers_go(shop: Shop) -> None:
    start(shop, "1, 3, 2")
    shop.attempt()
    text = (shop.root / "shop.py").read_text()
    at, end = (
        text.index("@check"),
        text.index('@asset(partitions=days, code_version="1")\ndef copy'),
    )
    (shop.root / "shop.py").write_text(text[:at] + text[end:])
    assert "total" in shop.build()
    assert shop.todo() == []


def test_a_warning_holds_nobody_up_and_is_told_at_the_end(shop: Shop) -> None:
    start(shop, "1, 3, 2", ('scope="asset"', 'scope="asset", severity=Severity.WARN'))
    calls = shop.attempt()
    assert shop.result is not None
    assert shop.result.ok
    assert "total" in calls
    assert [(e.check, e.passed) for e in shop.of(CheckEvaluated)] == [("increasing", False)]
    assert shop.todo() == []


def test_a_failed_partition_leaves_the_others_to_be_judged_together(shop: Shop) -> None:
    start(shop)
    shop.edit('    ran("daily", context.partition.key)\n',
              '    ran("daily", context.partition.key)\n    assert context.partition.key[-1] != "2"\n')  # fmt: skip
    calls = shop.attempt()
    assert "increasing@1" in calls
    assert "increasing@3" in calls
    assert shop.outcomes()["copy@2026-01-03"] == "materialized"
    assert shop.outcomes()["total"] == "blocked"


def test_builders_take_the_scope_too_and_judge_the_files_of_every_partition(shop: Shop) -> None:
    start(shop)
    at = '@asset(partitions=days, code_version="1")\ndef daily'
    shop.edit(at, at.replace('"1")', '"1", checks=[unique("n", scope="asset"), row_count(max=1)])'))
    calls = shop.build()
    told = {(e.check, e.partition, e.passed) for e in shop.of(CheckEvaluated)}
    assert told == {("unique(n)", "", True), ("increasing", "", True)} | {
        ("row_count(max=1)", f"2026-01-0{n}", True) for n in (1, 2, 3)
    }
    assert "total" in calls
    fill(shop, "1, 2, 2")
    shop.attempt("daily", force=True)
    assert {(e.check, e.passed) for e in shop.of(CheckEvaluated) if not e.partition} == {
        ("unique(n)", False),
        ("increasing", True),
    }


def test_on_an_asset_without_partitions_both_scopes_are_one(shop: Shop) -> None:
    shop.define("""
        @asset(checks=[row_count(min=1, scope="asset")])
        def orders() -> pa.Table:
            return pa.table({"id": [1]})
        """)
    shop.build()
    assert [e.published for e in shop.of(CheckEvaluated)] == [False]
    shop.edit("[1]", "[]")
    shop.attempt()
    assert shop.outcomes() == {"orders": "rejected"}


OTHER = """
import sys
from datetime import datetime
from assets_core import Project
from assets_core.project.wishes import Wish

wish = Wish(("daily",), (), ("2026-01-03",), force=True)
Project.load(sys.argv[1]).materialize(wish, now=datetime.fromisoformat("2026-01-10T00:00:00+00:00"))
"""
MEANWHILE = """\
def increasing(daily: pa.Table) -> bool:
    import subprocess
    import sys

    if not Path("other").exists():
        Path("other").touch()
        Path("n.json").write_text(Path("n.json").read_text().replace("3}", "0}"))
        subprocess.run([sys.executable, "other.py", str(Path.cwd())], check=True)
"""


def test_what_another_run_moved_while_it_was_judged_is_judged_before_anything_reads_it(
    shop: Shop,
) -> None:
    shop.write("other.py", OTHER)
    start(shop, edit=("def increasing(daily: pa.Table) -> bool:\n", MEANWHILE))
    calls = shop.attempt()
    assert "total" not in calls
    assert shop.outcomes()["total"] == "blocked"
    assert [e.passed for e in shop.of(CheckEvaluated)] == [True, False]
    assert "total blocked upstream_blocked" in shop.todo()

"""The code that ran must be the code that was planned; what else it reads is reported."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from assets_core.model.events import UndeclaredFilesRead
from tests.scenarios.shops import Shop

SHOP = """
@asset
def first() -> int:
    ran("first")
    return 1


@asset(retry=Retry(max_retries=3))
def second(first: int) -> int:
    ran("second")
    return first


@asset
def other() -> int:
    ran("other")
    return 1
"""


def test_an_edit_between_plan_and_run_is_a_conflict_of_that_asset_alone(shop: Shop) -> None:
    shop.define(SHOP)

    def meanwhile(_: Any) -> None:
        shop.edit("    return first\n", "    return first + 1\n")

    calls = shop.attempt(planned=meanwhile, executor="processes", jobs=1)
    assert sorted(calls) == ["first", "other"]
    assert shop.outcomes() == {"first": "materialized", "second": "failed", "other": "materialized"}
    assert shop.failure("second").kind == "E501"
    assert "second" in shop.failure("second").message
    assert shop.build() == ["second"]
    assert shop.value("second") == 2


def test_a_check_that_is_edited_between_plan_and_run_is_a_conflict_too(shop: Shop) -> None:
    shop.define(
        SHOP + "\n\n@check(asset=other)\ndef positive(other: int) -> bool:\n    return other > 0\n"
    )

    def meanwhile(_: Any) -> None:
        shop.edit("return other > 0", "return other > 1")

    shop.attempt("other", planned=meanwhile, executor="processes", jobs=1)
    assert shop.failure("other").kind == "E501"
    shop.edit("return other > 1", "return other > 0")
    assert shop.build("other") == ["other"]

    def later(_: Any) -> None:
        shop.edit("return other > -5", "return other > 5")

    shop.edit("return other > 0", "return other > -5")
    shop.attempt("other", planned=later, executor="processes", jobs=1)
    assert shop.result is not None
    assert not shop.result.ok
    assert shop.todo("other") == ["other checks positive"], "nothing false was recorded"


def test_an_edit_of_comments_between_plan_and_run_is_none(shop: Shop) -> None:
    shop.define(SHOP)

    def meanwhile(_: Any) -> None:
        shop.edit("    return first\n", "    # the same\n    return first\n")

    assert len(shop.build(planned=meanwhile, executor="processes", jobs=1)) == 3
    assert shop.todo() == []


def test_inline_runs_what_was_planned_and_the_edit_belongs_to_the_next_plan(shop: Shop) -> None:
    shop.define(SHOP)

    def meanwhile(_: Any) -> None:
        shop.edit("    return first\n", "    return first + 1\n")

    assert len(shop.build(planned=meanwhile)) == 3
    assert shop.value("second") == 1
    assert shop.todo() == ["second run code_changed"]


def test_a_value_that_differs_in_each_process_is_named(shop: Shop) -> None:
    shop.define("""
        import os

        SALT = os.urandom(4).hex()


        @asset
        def salted() -> str:
            ran("salted")
            return SALT


        @asset
        def plain() -> int:
            ran("plain")
            return 1
        """)
    assert shop.attempt(executor="processes", jobs=1) == ["plain"]
    failure = shop.failure("salted")
    assert failure.kind == "E120"
    assert "SALT" in failure.message
    assert failure.line > 0


def test_files_read_outside_the_inputs_are_reported_once_per_asset(shop: Shop) -> None:
    shop.write("rates.txt", "2")
    shop.define("""
        days = DailyPartitions(start="2026-01-01", end="2026-01-04")


        @asset(partitions=days)
        def priced(context: AssetContext) -> float:
            return float(Path("rates.txt").read_text())


        @asset
        def page() -> Path:
            Path("scratch.txt").write_text("mine")
            return Path("scratch.txt")


        @asset
        def summed(priced: dict[str, float], page: Path) -> str:
            return page.read_text() + str(sum(priced.values()))
        """)
    shop.build()
    (told,) = shop.of(UndeclaredFilesRead)
    assert told.asset == "priced"
    assert told.files == (str(shop.root / "rates.txt"),)


def test_what_lies_beside_an_input_is_no_input(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("ASSETS_HOME", str(tmp_path / "elsewhere"))
    shop.write(".assets/rates.txt", "2")
    shop.define("""
        @asset
        def page() -> Path:
            Path("scratch.txt").write_text("mine")
            return Path("scratch.txt")


        @asset
        def priced(page: Path) -> str:
            version = next(p for p in (page, *page.parents) if p.name.startswith("~"))
            beside = version.with_name(version.name + "-old")
            beside.mkdir()
            (beside / "page.txt").write_text("theirs")
            return page.read_text() + (beside / "page.txt").read_text() + Path(".assets/rates.txt").read_text()
        """)
    shop.build()
    (told,) = shop.of(UndeclaredFilesRead)
    assert [Path(file).name for file in told.files] == ["page.txt", "rates.txt"]

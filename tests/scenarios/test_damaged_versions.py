"""What was stored and is not there any more, or is not what was written: never fed on, and made again."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from assets_core.model.events import AttemptFailed, Blocked
from tests.scenarios.shops import Shop

CHAIN = """
@asset
def up() -> pa.Table:
    ran("up")
    return pa.table({"x": [1, 2, 3]})


@asset
def down(up: pa.Table) -> int:
    ran("down")
    return up.num_rows


@asset
def last(down: int) -> int:
    ran("last")
    return down
"""

PARTS = """
keys = StaticPartitions(["a", "b", "c"])


@asset(partitions=keys)
def up(context: AssetContext) -> pa.Table:
    ran("up", context.partition.key)
    return pa.table({"x": [1]})


@asset
def total(up: pa.Table) -> int:
    ran("total")
    return up.num_rows


@asset
def maybe_total(up: Annotated[pa.Table | None, Input("up", optional=True)]) -> int:
    ran("maybe_total")
    return 0 if up is None else up.num_rows
"""


def stored(shop: Shop, asset: str, partition: str = "") -> Path:
    """The directory of the current version."""
    home = shop.project().definitions.home
    with shop.project().reading() as reader:
        made = reader.current_of("default", asset)[partition]
    return home.version_of(made)


def flip(folder: Path) -> None:
    """One bit of the first file."""
    file = next(p for p in sorted(folder.rglob("*")) if p.is_file())
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)


def replace_by_link(folder: Path) -> None:
    """The directory elsewhere, with all that was in it, and a link in its place."""
    moved = folder.with_name("moved")
    folder.rename(moved)
    folder.symlink_to(moved)


DAMAGE = [
    (shutil.rmtree, "output_missing"),
    (flip, "output_damaged"),
    (replace_by_link, "output_damaged"),
]


@pytest.mark.parametrize(("damage", "reason"), DAMAGE)
def test_what_a_step_cannot_read_is_made_again_by_the_next_run(
    shop: Shop, damage: object, reason: str
) -> None:
    shop.define(CHAIN)
    shop.build()
    damage(stored(shop, "up"))  # type: ignore[operator]
    shop.edit("return up.num_rows", "return up.num_rows + 1")
    assert shop.attempt() == []
    assert shop.outcomes() == {"down": "failed", "last": "blocked"}
    assert shop.failure("down").message.startswith("`up` cannot be read: ")
    assert shop.todo()[0] == f"up run {reason}"
    assert shop.build() == ["down", "last", "up"]
    assert shop.todo() == []
    assert shop.value("last") == 4


def test_a_rebuilt_version_of_equal_content_stops_the_wave(shop: Shop) -> None:
    shop.define(CHAIN)
    shop.build()
    flip(stored(shop, "up"))
    assert shop.attempt("down", force=True) == []
    assert shop.todo() == [
        "up run output_damaged",
        "down maybe upstream_pending",
        "last maybe upstream_pending",
    ]
    assert shop.build() == ["up"]
    assert shop.todo() == []


def test_damage_is_not_tried_again(shop: Shop) -> None:
    shop.define(CHAIN.replace("@asset\ndef down", "@asset(retry=Retry(max_retries=3))\ndef down"))
    shop.build()
    flip(stored(shop, "up"))
    shop.attempt("down", force=True)
    assert [e.retry_in for e in shop.of(AttemptFailed)] == [None]


def test_one_damaged_partition_is_not_left_out_of_a_sum(shop: Shop) -> None:
    """Its term still counts, so what is made without it would be taken for what is made with it."""
    shop.define(PARTS)
    shop.build()
    flip(stored(shop, "up", "b"))
    shop.edit("    return up.num_rows\n", "    return up.num_rows + 0\n")
    shop.edit("else up.num_rows", "else up.num_rows + 0")
    assert shop.attempt("total") == []
    assert shop.outcomes() == {"total": "failed"}
    for reader in ("total", "maybe_total"):
        assert shop.todo(reader) == [f"{reader} blocked input_missing"]
        assert shop.attempt(reader) == []
    assert shop.build() == ["maybe_total", "total", "up@b"]
    assert (shop.value("total"), shop.value("maybe_total")) == (3, 3)
    assert shop.todo() == []


def test_what_one_reader_finds_damaged_no_other_reader_of_the_run_is_given(shop: Shop) -> None:
    shop.define(PARTS)
    shop.build()
    shutil.rmtree(stored(shop, "up", "b"))
    assert shop.attempt("total maybe_total", force=True) == []
    assert sorted(shop.outcomes().values()) == ["blocked", "failed"]
    assert [(e.upstream, e.reason) for e in shop.of(Blocked)] == [
        ("up", "`up` is damaged or missing")
    ]


RELATED = """
@asset
def customers() -> pa.Table:
    return pa.table({"id": [1, 2]})


@asset(checks=[relationship("customer", to="customers", column="id")])
def orders() -> pa.Table:
    ran("orders")
    return pa.table({"customer": [1, 2]})
"""


def test_a_check_that_cannot_read_another_asset_has_no_result(shop: Shop) -> None:
    """A recorded error would stand: what it read is made again with equal content."""
    shop.define(RELATED)
    shop.build()
    shop.edit('"customer": [1, 2]', '"customer": [2, 1]')
    flip(stored(shop, "customers"))
    assert shop.attempt("orders") == ["orders"]
    assert shop.failure("orders").message.startswith("`customers` cannot be read: ")
    assert shop.todo()[0] == "customers run output_damaged"
    assert shop.build() == ["orders"]
    assert shop.todo() == []


def test_a_check_of_a_damaged_version_has_no_result_and_the_version_is_made_again(
    shop: Shop,
) -> None:
    shop.define(RELATED)
    shop.build()
    shop.edit("checks=[relationship", 'checks=[not_null("customer"), relationship')
    flip(stored(shop, "orders"))
    assert shop.todo() == ["orders checks not_null(customer)"]
    assert shop.attempt() == []
    assert [c.check for c in shop.result.failed_checks] == ["not_null(customer)"]  # type: ignore[union-attr]
    assert shop.todo() == ["orders run output_damaged"]
    assert shop.build() == ["orders"]
    assert shop.todo() == []


def test_a_damaged_candidate_is_made_again_instead_of_judged(shop: Shop) -> None:
    shop.define(RELATED.replace('"customer": [1, 2]', '"customer": [3]'))
    assert shop.attempt() == ["orders"]
    assert shop.outcomes()["orders"] == "rejected"
    home = shop.project().definitions.home
    with shop.project().reading() as reader:
        made = reader.history("default", "orders", "", 1)[0]
    flip(home.version_of(made))
    shop.edit('"id": [1, 2]', '"id": [1, 2, 3]')
    assert shop.attempt() == []
    assert shop.todo() == ["orders run never_materialized"]
    assert shop.build() == ["orders"]

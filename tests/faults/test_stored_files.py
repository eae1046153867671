"""Row 17: whatever happens to a stored file, it is found, not fed on, and made again."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from assets_core.errors import StoreError
from assets_core.project.verifying import Verified, verify
from assets_core.project.wishes import Wish
from tests.scenarios.shops import Shop

TWO = """
keys = StaticPartitions(["a", "b"])


@asset(partitions=keys)
def rows(context: AssetContext) -> pa.Table:
    ran("rows", context.partition.key)
    return pa.table({"x": [1, 2, 3], "key": [context.partition.key] * 3})


@asset
def other() -> pa.Table:
    ran("other")
    return pa.table({"x": [3, 2, 1], "key": ["b", "b", "b"]})


@asset
def note() -> str:
    ran("note")
    return "text"


@asset
def down(rows: pa.Table) -> int:
    ran("down")
    return rows.num_rows
"""


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    shop = Shop.at(tmp_path / "project")
    shop.define(TWO)
    shop.build()
    return shop


def home(shop: Shop) -> Path:
    return shop.root / ".assets"


def file_of(shop: Shop, asset: str, partition: str = "") -> Path:
    made = shop.project().definitions.home
    with shop.project().reading() as reader:
        record = reader.current_of("default", asset)[partition]  # type: ignore[index]
    return made.version(record.asset, partition, record.attempt) / record.written.files[0].name


def looked(shop: Shop, *select: str, every: bool = False, **wish: object) -> Verified:
    return verify(shop.project(), Wish(select, **wish), every=every)  # type: ignore[arg-type]


def found(verified: Verified) -> dict[str, str]:
    return {
        f"{s.record.asset}@{s.record.partition}": str(s.soundness and s.soundness.value)
        for s in verified.suspects
    }


def cut(file: Path, other: Path) -> None:
    os.truncate(file, file.stat().st_size - 1)


def empty(file: Path, other: Path) -> None:
    os.truncate(file, 0)


def flip(file: Path, other: Path) -> None:
    data = bytearray(file.read_bytes())
    data[len(data) // 3] ^= 4
    file.write_bytes(data)


def swap(file: Path, other: Path) -> None:
    shutil.copyfile(other, file)


def delete(file: Path, other: Path) -> None:
    file.unlink()


def delete_all(file: Path, other: Path) -> None:
    shutil.rmtree(file.parent)


def link(file: Path, other: Path) -> None:
    kept = file.with_name("kept")
    file.rename(kept)
    file.symlink_to(kept)


def link_the_folder(file: Path, other: Path) -> None:
    kept = file.parent.with_name("kept")
    file.parent.rename(kept)
    file.parent.symlink_to(kept)


def link_the_partition(file: Path, other: Path) -> None:
    kept = file.parents[1].with_name("kept")
    file.parents[1].rename(kept)
    file.parents[1].symlink_to(kept)


def a_pipe(file: Path, other: Path) -> None:
    file.unlink()
    os.mkfifo(file)


DAMAGE = [
    cut,
    empty,
    flip,
    swap,
    delete,
    delete_all,
    link,
    link_the_folder,
    a_pipe,
]


@pytest.mark.parametrize("damage", DAMAGE)
def test_verify_finds_it_and_the_next_run_makes_it_again(
    shop: Shop, damage: Callable[[Path, Path], None]
) -> None:
    damage(file_of(shop, "rows", "a"), file_of(shop, "other"))
    state = "missing" if damage in (delete, delete_all) else "damaged"
    verified = looked(shop)
    assert found(verified) == {"rows@a": state}
    assert (verified.versions, verified.counts["sound"], verified.ok) == (5, 4, False)
    assert shop.todo() == [f"rows@a run output_{state}", "down maybe upstream_pending"]
    assert shop.build() == ["rows@a"]
    assert looked(shop).ok
    assert shop.todo() == []


def test_a_link_in_place_of_a_folder_is_found_and_never_written_through(shop: Shop) -> None:
    folder = file_of(shop, "rows", "a").parents[1]
    kept = folder.rename(folder.with_name("kept"))
    folder.symlink_to(kept)
    assert found(looked(shop)) == {"rows@a": "damaged"}
    before = sorted(kept.iterdir())
    shop.attempt()
    assert shop.failure("rows").kind == "E618"
    assert sorted(kept.iterdir()) == before
    folder.unlink()
    assert shop.build() == ["rows@a"]
    assert looked(shop).ok


def test_what_is_not_asked_for_is_not_read(shop: Shop) -> None:
    flip(file_of(shop, "rows", "a"), Path())
    assert looked(shop, "other").ok
    assert looked(shop, "rows", partitions=("b",)).versions == 1
    assert found(looked(shop, "rows", partitions=("a",))) == {"rows@a": "damaged"}


def test_what_is_put_back_is_current_again(shop: Shop) -> None:
    file = file_of(shop, "note")
    file.rename(file.with_name("away"))
    assert found(looked(shop)) == {"note@": "missing"}
    assert shop.todo() == ["note run output_missing"]
    file.with_name("away").rename(file)
    verified = looked(shop)
    assert (verified.ok, verified.counts["recovered"]) == (True, 1)
    assert shop.todo() == []


def test_all_means_earlier_versions_too(shop: Shop) -> None:
    earlier = file_of(shop, "note")
    shop.build("note", force=True)
    flip(earlier, Path())
    assert looked(shop).ok
    verified = looked(shop, every=True)
    assert [(s.record.asset, s.current) for s in verified.suspects] == [("note", False)]
    assert verified.versions == 6
    assert shop.todo() == []


def test_a_look_that_finds_nothing_writes_nothing(shop: Shop) -> None:
    with shop.project().reading() as reader:
        before = reader.sequence()
    looked(shop, every=True)
    with shop.project().reading() as reader:
        assert reader.sequence() == before


def test_a_disk_that_is_not_mounted_makes_nothing_out_of_date(shop: Shop) -> None:
    data = home(shop) / "data"
    data.rename(home(shop) / "unmounted")
    with pytest.raises(StoreError, match="E619"):
        looked(shop)
    data.mkdir()  # where a disk was mounted, an empty folder stays
    with pytest.raises(StoreError, match="E619"):
        looked(shop)
    assert shop.todo() == []
    data.rmdir()
    (home(shop) / "unmounted").rename(data)
    assert looked(shop).ok


def test_no_run_starts_where_a_disk_is_not_mounted(shop: Shop) -> None:
    data = home(shop) / "data"
    data.rename(home(shop) / "unmounted")
    data.mkdir()
    shop.edit("return rows.num_rows", "return rows.num_rows + 0")
    with pytest.raises(StoreError, match="E619"):
        shop.attempt()
    assert (shop.calls(), list(data.iterdir())) == ([], [])
    data.rmdir()
    (home(shop) / "unmounted").rename(data)
    assert shop.build() == ["down"]


def test_data_that_is_gone_for_good_can_be_made_again(shop: Shop) -> None:
    shutil.rmtree(home(shop) / "data")
    shop.build(force=True)
    assert looked(shop).ok


def test_everything_missing_below_a_folder_that_is_ours_is_marked(shop: Shop) -> None:
    for name in ("rows", "other", "note", "down"):
        shutil.rmtree(home(shop) / "data" / name)
    assert looked(shop).counts["missing"] == 5
    assert len(shop.build()) == 5


def test_every_version_is_read_however_many_there_are(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With batches of two, as with those of a thousand."""
    for module in ("verifying", "stored_data"):
        monkeypatch.setattr(f"assets_core.project.{module}.BATCH", 2)
    flip(file_of(shop, "rows", "b"), Path())
    flip(file_of(shop, "down"), Path())
    for every in (False, True):
        verified = looked(shop, every=every)
        assert found(verified) == {"rows@b": "damaged", "down@": "damaged"}
        assert verified.versions == 5


def test_sql_never_reads_damaged_bytes(shop: Shop) -> None:
    from assets_core.project.querying import query

    flip(file_of(shop, "other"), Path())
    with pytest.raises(StoreError, match="E310"):
        query(shop.project(), "select * from other")


SPOILT = {
    "pointers": "UPDATE pointers SET packed = zeroblob(length(packed)) WHERE asset = 'note'",
    "candidates": "INSERT INTO candidates SELECT * FROM pointers WHERE asset = 'note'",
    "failures": "INSERT INTO failures SELECT env, asset, partition, materialization FROM pointers",
    "durations": "UPDATE durations SET mean_s = mean_s + 1",
    "counters": "UPDATE counters SET sequence = 1",
}


@pytest.mark.parametrize("table", SPOILT)
def test_a_derived_table_that_contradicts_the_facts_is_named(shop: Shop, table: str) -> None:
    assert looked(shop).store == []
    with sqlite3.connect(home(shop) / "state.sqlite") as connection:
        connection.execute(SPOILT[table])
    connection.close()
    (said,) = looked(shop).store
    assert f"`{table}`" in said


def test_a_fact_that_refers_to_nothing_is_named(shop: Shop) -> None:
    with sqlite3.connect(home(shop) / "state.sqlite") as connection:
        connection.execute(
            "DELETE FROM materializations WHERE number = 1 + (SELECT min(number) FROM pointer_moves, materializations)"
        )
        connection.execute(
            "DELETE FROM materializations WHERE number IN (SELECT materialization FROM pointers WHERE asset = 'note')"
        )
    connection.close()
    assert any("refers to one that is not there" in text for text in looked(shop, "other").store)

"""Faults 17 and 24: stored files that are not what was recorded, and links in their place, are never fed downstream."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from assets_core.errors import CorruptionError
from assets_core.project.querying import query
from tests.scenarios.shops import Shop

PROJECT = """
@asset
def left() -> pa.Table:
    return pa.table({"n": list(range(1000)), "t": ["x"] * 1000})


@asset
def right() -> pa.Table:
    return pa.table({"n": list(range(1000, 2000)), "t": ["x"] * 1000})


@asset(partitions=StaticPartitions(["a", "b"]))
def parts(context: AssetContext) -> pa.Table:
    return pa.table({"n": [len(context.partition.key)]})


@asset
def reader(left: pa.Table, parts: dict[str, pa.Table]) -> int:
    ran("reader", str(sum(left["n"].to_pylist())))
    return 1


@asset
def projected(left: Annotated[pa.Table, Input("left", columns=["n"])]) -> int:
    ran("projected", str(sum(left["n"].to_pylist())))
    return 1


queried = sql_asset("queried", 'select sum(n) as n from "left"')


@asset
def bystander(right: pa.Table) -> int:
    print("kept")
    return right.num_rows
"""
READERS = ("reader", "projected", "queried")
RIGHT_SUM = str(sum(range(1000)))


def file_of(shop: Shop, asset: str) -> Path:
    (found,) = (shop.root / ".assets" / "data" / asset).glob("~*/data.parquet")
    return found


def cut(file: Path, other: Path) -> None:
    os.truncate(file, file.stat().st_size // 2)


def empty(file: Path, other: Path) -> None:
    os.truncate(file, 0)


def grow(file: Path, other: Path) -> None:
    with file.open("ab") as out:
        out.write(b"\0")


def flip(at: float) -> Callable[[Path, Path], None]:
    def flipped(file: Path, other: Path) -> None:
        data = bytearray(file.read_bytes())
        data[int(at * (len(data) - 1))] ^= 0x10
        file.write_bytes(data)

    return flipped


def swap(file: Path, other: Path) -> None:
    shutil.copyfile(other, file)


def delete(file: Path, other: Path) -> None:
    file.unlink()


def link(file: Path, other: Path) -> None:
    """Even to the very bytes that were recorded: whoever owns the target may change them between two reads."""
    target = file.rename(file.parents[4] / "elsewhere.parquet")
    file.symlink_to(target)


DAMAGE = {
    "cut": cut, "empty": empty, "grown": grow, "flipped at the start": flip(0.01), "flipped in a page": flip(0.3),
    "flipped in the footer": flip(0.97), "another asset's": swap, "deleted": delete, "a link": link,
}  # fmt: skip


@pytest.fixture(scope="module")
def _built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    shop = Shop.at(tmp_path_factory.mktemp("built") / "project")
    shop.define(PROJECT)
    shop.build()
    (shop.root / "calls.log").unlink()
    return shop.root


@pytest.fixture
def built(_built: Path, tmp_path: Path) -> Shop:
    """The project with everything current; every reader has an edit that makes it due."""
    shutil.copytree(_built, tmp_path / "project")
    shop = Shop(tmp_path / "project")
    text = (shop.root / "shop.py").read_text()
    text = text.replace("return 1\n", "return 2\n").replace("sum(n) as n", "sum(n) + 1 as n")
    (shop.root / "shop.py").write_text(text.replace("return right.num_rows", "return 7"))
    return shop


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("damage", DAMAGE)
def test_damage_is_found_when_it_is_read_and_goes_no_further(
    built: Shop, damage: str, reader: str
) -> None:
    DAMAGE[damage](file_of(built, "left"), file_of(built, "right"))
    seen = built.attempt(reader, "bystander")
    assert [line for line in seen if not line.endswith(f"@{RIGHT_SUM}")] == []
    assert built.outcomes()[reader] == "failed"
    assert built.outcomes()["bystander"] == "materialized"
    assert built.failure(reader).kind in {"E310", "E311"}
    assert "data/left/~" in built.failure(reader).message


@pytest.mark.parametrize("damage", DAMAGE)
def test_damage_is_found_by_whoever_loads_or_asks(built: Shop, damage: str) -> None:
    DAMAGE[damage](file_of(built, "left"), file_of(built, "right"))
    with pytest.raises(CorruptionError, match="data/left/~"):
        built.value("left")
    with pytest.raises(CorruptionError, match="data/left/~"):
        query(built.project(), 'select * from "left"')


def test_once_it_is_found_nothing_reads_it_until_it_is_made_again(built: Shop) -> None:
    cut(file_of(built, "left"), file_of(built, "right"))
    built.attempt(*READERS, "bystander")
    outcomes = [built.outcomes()[asset] for asset in READERS]
    assert outcomes.count("failed") >= 1
    assert set(outcomes) <= {"failed", "blocked"}


# --- links ------------------------------------------------------------------------------------------------------


def turned_into_link(folder: Path, outside: Path) -> None:
    """What lay there now lies outside, behind a link."""
    shutil.move(folder, outside)
    folder.symlink_to(outside)


def listing(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


@pytest.mark.parametrize("folder", ["left", "left/~", "parts", "parts/a", "parts/a/"])
def test_a_folder_that_is_a_link_is_neither_read_nor_written_through(
    built: Shop, tmp_path: Path, folder: str
) -> None:
    data = built.root / ".assets" / "data"
    place = data / folder
    if folder.endswith(("~", "/")):
        (place,) = (data / folder.rstrip("~")).iterdir()
    outside = tmp_path / "outside"
    turned_into_link(place, outside)
    before = listing(outside)
    built.attempt("reader")
    assert built.outcomes() == {"reader": "failed"}
    assert built.failure("reader").kind in {"E310", "E618"}
    built.attempt(force=True)
    outcomes = built.outcomes()
    assert outcomes["bystander"] == "materialized"
    if place.parent == data or folder == "parts/a":
        key = "parts@a" if folder.startswith("parts") else "left"
        assert outcomes[key] == "failed"
    assert listing(outside) == before


@pytest.mark.parametrize("folder", ["data", "logs", "runs", "cache"])
def test_a_folder_of_the_home_that_is_a_link_is_refused_before_anything_is_written(
    built: Shop, tmp_path: Path, folder: str
) -> None:
    outside = tmp_path / "outside"
    turned_into_link(built.root / ".assets" / folder, outside)
    before = listing(outside)
    with pytest.raises(CorruptionError, match="symbolic link") as caught:
        built.attempt(force=True)
    assert caught.value.code == "E618"
    assert caught.value.place is not None
    assert caught.value.place.file.endswith(f".assets/{folder}")
    assert listing(outside) == before


def test_data_that_is_configured_to_lie_behind_a_link_is_the_users_choice(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "chosen").symlink_to(tmp_path / "disk")
    shop = Shop.at(tmp_path / "project", f"data = '{tmp_path / 'chosen'}'\n")
    shop.define(PROJECT)
    shop.build()
    assert list((tmp_path / "disk" / "left").iterdir()) != []

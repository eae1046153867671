"""Faults 12 and 18: a run killed before its last partition, and an asset that becomes partitioned and back."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.scenarios.shops import Shop

COUNT = 250
KILLED = f"""
import os
import signal

MANY = StaticPartitions([f"p{{n:04}}" for n in range({COUNT})])


@asset(partitions=MANY)
def part(context: AssetContext) -> int:
    if context.partition.key == "p{COUNT - 1:04}" and not Path("again").exists():
        Path("again").touch()
        os.kill(os.getpid(), signal.SIGKILL)
    ran("part", context.partition.key)
    return 1
"""
RUN = "import sys; from assets_core import Project; Project.load(sys.argv[1]).materialize()"


def test_after_a_kill_before_the_last_of_many_partitions_one_is_left(shop: Shop) -> None:
    shop.define(KILLED)
    done = subprocess.run([sys.executable, "-c", RUN, str(shop.root)], cwd=shop.root, check=False)
    assert done.returncode == -signal.SIGKILL
    assert len(shop.calls()) == COUNT - 1
    assert shop.build() == [f"part@p{COUNT - 1:04}"]
    assert shop.build() == []
    assert shop.todo() == []


WHOLE = """
@asset
def one() -> int:
    ran("one")
    return 1


@asset
def reader(one: int) -> int:
    ran("reader")
    return one
"""
PARTS = """
@asset(partitions=StaticPartitions(["~", "_", "one"]))
def one(context: AssetContext) -> int:
    ran("one", context.partition.key)
    return 2


@asset
def reader(one: dict[str, int]) -> int:
    ran("reader")
    return sum(one.values())
"""


def stored(shop: Shop) -> set[Path]:
    folder = shop.root / ".assets" / "data" / "one"
    return {path.relative_to(folder) for path in folder.rglob("*") if path.is_file()}


def test_partitioned_and_unpartitioned_versions_of_one_asset_never_share_a_path(shop: Shop) -> None:
    shop.define(WHOLE)
    shop.build()
    first = stored(shop)
    shop.define(PARTS)
    assert shop.build() == ["one@_", "one@one", "one@~", "reader"]
    assert shop.value("reader") == 6
    assert shop.value("one", partition="~") == 2
    both = stored(shop)
    assert first < both
    assert len(both) == 4
    shop.define(WHOLE)
    shop.build()
    assert shop.value("one") == 1
    assert shop.value("reader") == 1
    assert both <= stored(shop)
    assert shop.todo() == []


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """A project of its own."""
    return Shop.at(tmp_path / "project")

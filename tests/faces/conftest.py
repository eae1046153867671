"""Small projects that the faces are tested on. Their values are JSON, so that no test waits for pandas."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.faces.command import Command

SHOP = '''\
from __future__ import annotations

import json
from pathlib import Path

from assets_core import AssetContext, StaticPartitions, asset, check, file_digest, source

regions = StaticPartitions(["eu", "us", "asia"])


@source(observe=file_digest("data/orders.json"), group="raw")
def raw_orders() -> dict:
    return json.loads(Path("data/orders.json").read_text())


def clean(rows: list[int]) -> list[int]:
    return [row for row in rows if row > 0]


@asset(partitions=regions, group="staging", owners=["team:data"], tags={"domain": "ops"})
def orders(context: AssetContext, raw_orders: dict) -> list:
    """The orders of one region."""
    print("orders of", context.partition.key)
    return clean(raw_orders[context.partition.key])


@asset(group="mart")
def total(orders: dict[str, list]) -> int:
    """Everything that was sold."""
    return sum(sum(rows) for rows in orders.values())


@asset(group="mart")
def label(total: int) -> str:
    return "big" if total > 100 else "small"


@check(asset=total)
def total_is_positive(total: int) -> bool:
    return total > 0
'''


def make_shop(folder: Path) -> Command:
    """Write the project; nothing has run."""
    (folder / "shop").mkdir(parents=True)
    (folder / "data").mkdir()
    (folder / "assets.toml").write_text('module = "shop"\nexecutor = "inline"\n')
    (folder / "shop" / "__init__.py").write_text("")
    (folder / "shop" / "orders.py").write_text(SHOP)
    (folder / "data" / "orders.json").write_text('{"eu": [5, 0, 7], "us": [3], "asia": []}')
    return Command(folder)


@pytest.fixture
def shop(tmp_path: Path) -> Command:
    """The project before its first run."""
    return make_shop(tmp_path / "project")


@pytest.fixture(scope="session")
def _built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("built") / "project"
    done = make_shop(folder)("materialize")
    assert done.code == 0, done.err
    return folder


@pytest.fixture
def built(_built: Path, tmp_path: Path) -> Command:
    """A copy of the project after its first run."""
    shutil.copytree(_built, tmp_path / "project")
    return Command(tmp_path / "project")


@pytest.fixture
def empty(tmp_path: Path) -> Command:
    """A folder without a project."""
    return Command(tmp_path)

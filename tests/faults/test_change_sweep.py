"""A rollback or a renaming that is killed at any point happened as a whole or did not."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.scenarios.shops import Shop


def swept(what: str, template: Path, scratch: Path) -> dict[str, Any]:
    """The answer of a sweep in which nothing was found between before and after."""
    sweep = Path(__file__).with_name("change_sweep.py")
    argv = [sys.executable, str(sweep), what, str(template), str(scratch / "scratch")]
    env = {**os.environ, "PYTHONPATH": str(sweep.parents[2])}
    done = subprocess.run(argv, capture_output=True, text=True, check=False, env=env)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    assert found["bad"] == {}
    assert found["found"]["before"] > 5
    assert found["found"]["after"] + found["found"]["before"] == len(found["points"])
    return found


PARTS = """
keys = StaticPartitions(["a", "b", "c"])
NUMBER = 1


@asset(partitions=keys)
def up(context: AssetContext) -> int:
    return NUMBER
"""


def test_a_rollback_killed_at_any_point_moved_everything_or_nothing(tmp_path: Path) -> None:
    shop = Shop.at(tmp_path / "project")
    shop.define(PARTS)
    shop.build()
    shop.edit("NUMBER = 1", "NUMBER = 2")
    shop.build()
    found = swept("rollback", shop.root, tmp_path)
    assert (found["before"][1:], found["after"][1:]) == ([[], [], []], [["up"], [], []])
    assert found["before"][0].keys() == found["after"][0].keys()
    assert not set(found["before"][0].values()) & set(found["after"][0].values())
    assert found["points"].count("commit") >= 2


READ = """

@asset
def total(up: dict[str, int]) -> int:
    return sum(up.values())
"""


def test_a_renaming_that_is_killed_happened_or_did_not(tmp_path: Path) -> None:
    shop = Shop.at(tmp_path / "project")
    shop.define(PARTS + READ)
    shop.build()
    shop.edit("def up(", "def above(")
    shop.edit("def total(up:", "def total(above:")
    shop.edit("sum(up.", "sum(above.")
    found = swept("rename", shop.root, tmp_path)
    assert found["before"][2:] == [["above", "total"], []]
    assert found["after"][2:] == [[], []]
    assert list(found["before"][0]) == ["total"]
    assert list(found["after"][0]) == ["above@a", "above@b", "above@c", "total"]

"""A rollback that is killed at any point left readers with the newer versions of all or the older ones of all."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.scenarios.shops import Shop

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
    sweep = Path(__file__).with_name("rollback_sweep.py")
    argv = [sys.executable, str(sweep), str(shop.root), str(tmp_path / "scratch")]
    env = {**os.environ, "PYTHONPATH": str(sweep.parents[2])}
    done = subprocess.run(argv, capture_output=True, text=True, check=False, env=env)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["bad"] == {}
    assert (found["before"][1:], found["after"][1:]) == ([[], []], [["up"], []])
    assert found["before"][0].keys() == found["after"][0].keys()
    assert not set(found["before"][0].values()) & set(found["after"][0].values())
    assert found["points"].count("commit") >= 2
    assert found["found"]["before"] > 5
    assert found["found"]["after"] + found["found"]["before"] == len(found["points"])

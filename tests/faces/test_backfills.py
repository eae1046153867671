"""Backfills over the real command: killed half way and resumed, asked for in every form, and looked at when large."""

from __future__ import annotations

import signal
from collections import Counter
from pathlib import Path

import pytest

from tests.faces.command import Command

HOURS = """\
from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

from assets_core import AssetContext, HourlyPartitions, Output, asset

hours = HourlyPartitions("{start}", "2026-01-01", timezone="America/New_York")


@asset(partitions=hours, batch=100)
def hour(context: AssetContext) -> Iterator[Output[int]]:
    for key in context.partition.keys:
        with Path("calls.log").open("a") as log:
            log.write(key + "\\n")
        if key == {killed!r} and Path("kill").exists():
            os.kill(os.getpid(), signal.SIGKILL)
        yield Output(1, partition=key)


@asset
def total(hour: dict[str, int]) -> int:
    return len(hour)
"""


def project(folder: Path, start: str, killed: str = "") -> Command:
    (folder / "shop").mkdir()
    (folder / "assets.toml").write_text('module = "shop"\nexecutor = "inline"\n')
    (folder / "shop" / "__init__.py").write_text("")
    command = Command(folder)
    command.write(hours=HOURS.format(start=start, killed=killed))
    return command


def calls(command: Command) -> Counter[str]:
    return Counter((command.folder / "calls.log").read_text().splitlines())


def counts(command: Command) -> dict[str, int]:
    """How many partitions of ``hour`` are in each state."""
    found = command.json("partitions", "hour")["status"]
    return {name: one["count"] for name, one in found.items() if one["count"]}


def killed_and_resumed(folder: Path, start: str, killed: str, size: int) -> None:
    command = project(folder, start, killed)
    (folder / "kill").touch()
    assert command("materialize", "-q").code == -signal.SIGKILL
    (folder / "kill").unlink()
    first = calls(command)
    recorded = counts(command)["current"]
    lost = sum(first.values()) - recorded
    assert size // 3 < recorded < size * 2 // 3
    assert 0 < lost <= 100, "at most the call that was killed"
    done = command("materialize", "-q")
    assert (done.code, done.err) == (0, "")
    again = calls(command)
    assert len(again) == size
    assert sum(again.values()) == size + lost, "nothing that was recorded was computed again"
    assert max(again.values()) <= 2
    assert counts(command) == {"current": size}
    assert command("materialize", "-q").code == 0
    assert calls(command) == again
    assert command.json("runs", "ls")["runs"][-1]["status"] != "succeeded"


def test_a_backfill_that_was_killed_goes_on_where_it_was(tmp_path: Path) -> None:
    killed_and_resumed(tmp_path, "2025-12-01", "2025-12-16T00:00", 744)


@pytest.mark.soak
@pytest.mark.timeout(0)
def test_a_backfill_of_twenty_thousand_that_was_killed_goes_on_where_it_was(tmp_path: Path) -> None:
    killed_and_resumed(tmp_path, "2023-09-20", "2024-11-15T00:00", 20_016)


FIVE_YEARS = """\
hour  hourly, 43,824 partitions
  {cells}
  2021-01-01T00:00 .. 2025-12-31T23:00  a cell is 439 partitions
  + 43,798 missing  2021-01-01T00:00..2022-07-03T23:00, 2022-07-05T00:00..2025-12-31T21:00
  ~ 43,798 stale  2021-01-01T00:00..2022-07-03T23:00, 2022-07-05T00:00..2025-12-31T21:00
  * 26 current  2022-07-04T00:00..2022-07-04T23:00, 2025-12-31T22:00..2025-12-31T23:00
"""


def test_five_years_of_hours_are_a_strip_and_a_few_ranges(tmp_path: Path) -> None:
    command = project(tmp_path, "2021-01-01")
    assert command("materialize", "hour", "-q", "-p", "2022-07-04", "-p", "last:2").code == 0
    done = command("partitions", "hour")
    assert (done.code, done.err) == (0, "")
    assert done.out == FIVE_YEARS.format(cells="+" * 100), "each cell shows the worst of its own"
    status = command.json("partitions", "hour")["status"]
    assert status["missing"] == {
        "count": 43_798,
        "ranges": [
            ["2021-01-01T00:00", "2022-07-03T23:00", 13_175],
            ["2022-07-05T00:00", "2025-12-31T21:00", 30_623],
        ],
    }
    assert status["current"]["count"] == 26

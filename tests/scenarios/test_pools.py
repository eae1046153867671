"""Pools, priorities and rate limits of runs: what overlaps, in which order calls start, and what waits for what."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from assets_core.model.events import Event, HeldUp, StepFinished, StepStarted
from assets_core.model.records import AttemptStatus, RunStatus
from assets_core.schemas import schema
from tests.faces.command import Command
from tests.faults.processes_seen import eventually
from tests.scenarios.shops import FakeClock, Shop
from tests.warm_process import Warm

POOLS = """
[tool.assets.pools]
duckdb = 1
warehouse = { slots = 3 }
"""
PARTS = """
@asset(partitions=StaticPartitions([f"p{n}" for n in range(8)]), pool=POOL)
def pooled(context: AssetContext) -> int:
    with open("events", "a") as file:
        file.write("+")
    with open("events", "a") as file:
        file.write("-")
    return 1


@asset(partitions=StaticPartitions([f"p{n}" for n in range(4)]))
def free() -> int:
    return 1
"""


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop.at(tmp_path / "project", POOLS)


class Overlap:
    """How many calls of each asset there are between their claim and their record, as the run tells of them."""

    def __init__(self) -> None:
        self.most: Counter[str] = Counter()
        self._now: Counter[str] = Counter()
        self._calls: dict[str, str] = {}

    def __call__(self, event: Event) -> None:
        if isinstance(event, StepStarted):
            self._calls[event.call] = event.assets[0]
            self._now[event.assets[0]] += 1
        elif isinstance(event, StepFinished):
            self._now[self._calls.pop(event.call)] -= 1
        self.most |= self._now


@pytest.mark.parametrize(
    ("pool", "slots"), [('"duckdb"', 1), ('{"warehouse": 1}', 3), ('["duckdb", "warehouse"]', 1)]
)
def test_no_more_calls_run_at_once_than_the_pool_has_slots(
    pool: str, slots: int, shop: Shop
) -> None:
    shop.define(PARTS.replace("POOL", pool))
    seen = Overlap()
    shop.build(executor="processes", jobs=4, on_event=seen)
    assert seen.most["pooled"] == slots
    assert seen.most["free"] > 1 or slots == 3, "what needs no slot goes on beside them"
    depth = deepest = 0
    for mark in (shop.root / "events").read_text():
        depth += 1 if mark == "+" else -1
        deepest = max(deepest, depth)
    assert deepest <= slots
    assert shop.todo() == []


def test_a_call_that_needs_two_slots_takes_two(shop: Shop) -> None:
    shop.define(PARTS.replace("POOL", '{"warehouse": 2}'))
    seen = Overlap()
    shop.build("pooled", executor="processes", jobs=4, on_event=seen)
    assert seen.most["pooled"] == 1


def test_what_waits_for_a_full_pool_blocks_nothing_and_is_said_once(shop: Shop) -> None:
    shop.define(PARTS.replace("POOL", '"duckdb"'))
    shop.build(executor="processes", jobs=4)
    (held,) = shop.of(HeldUp)
    assert held == HeldUp("pooled", "duckdb", None, 1, 1, (), None)
    starts = [e.assets[0] for e in shop.of(StepStarted)]
    assert Counter(starts[:4])["free"] >= 3


def test_a_batch_and_a_multi_asset_hold_one_slot_per_call(shop: Shop) -> None:
    shop.define("""
        @asset(partitions=StaticPartitions(["a", "b", "c"]), batch="all", pool="duckdb")
        def batch(context: AssetContext) -> dict[str, int]:
            return {key: 1 for key in context.partition.keys}


        @multi_asset(outputs=["left", "right"], pool={"warehouse": 3}, priority=1)
        def both() -> Iterator[Output[int]]:
            yield Output(1, "left")
            yield Output(2, "right")


        rows = sql_asset("rows", "select 1 as n", pool=["duckdb"], priority=-1)
        """)
    shop.build(executor="processes", jobs=4)
    assert shop.todo() == []


# --- priorities -------------------------------------------------------------------------------------------------------


def test_of_what_is_ready_greater_priority_goes_first(shop: Shop) -> None:
    shop.define("""
        @asset
        def a_later() -> int:
            ran("a_later")
            return 1


        @asset(partitions=StaticPartitions(["x", "y"]), priority=5)
        def b_first(context: AssetContext) -> int:
            ran("b_first", context.partition.key)
            return 1


        @asset
        def c_later() -> int:
            ran("c_later")
            return 1


        @asset(priority=-1)
        def d_last() -> int:
            ran("d_last")
            return 1


        @asset(priority=9)
        def e_reads(c_later: int) -> int:
            ran("e_reads")
            return 1
        """)
    assert shop.attempt() == [
        "b_first@x", "b_first@y", "a_later", "c_later", "e_reads", "d_last",
    ]  # fmt: skip


def test_pools_and_priorities_are_no_part_of_the_code_version(shop: Shop) -> None:
    shop.define("""
        @asset(pool="duckdb", priority=3)
        def one() -> int:
            return 1


        two = sql_asset("two", "select 1 as n", pool="duckdb", priority=3)


        @multi_asset(outputs=["left", "right"], pool="duckdb", priority=3)
        def both() -> Iterator[Output[int]]:
            yield Output(1, "left")
            yield Output(2, "right")
        """)
    shop.build()
    path = shop.root / "shop.py"
    text = path.read_text()
    path.write_text(text.replace('pool="duckdb", priority=3', 'pool={"warehouse": 2}, priority=4'))
    assert shop.todo() == []
    path.write_text(
        text.replace(', pool="duckdb", priority=3', "").replace('pool="duckdb", priority=3', "")
    )
    assert shop.todo() == []


# --- retries ----------------------------------------------------------------------------------------------------------


def test_a_slot_is_free_while_a_retry_waits(shop: Shop) -> None:
    """With a single slot, the other calls run during the delay; the next try takes the slot again."""
    shop.clock = FakeClock()
    shop.define("""
        @asset(pool="duckdb", retry=Retry(max_retries=1, delay=60.0))
        def a_fails() -> int:
            ran("a_fails")
            if not Path("failed").exists():
                Path("failed").touch()
                raise ValueError("once")
            return 1


        @asset(pool="duckdb")
        def b_other() -> int:
            ran("b_other")
            return 1
        """)
    assert shop.attempt() == ["a_fails", "b_other", "a_fails"]
    assert shop.result is not None
    assert shop.result.ok


def test_the_next_try_waits_for_a_slot_that_another_run_took_meanwhile(shop: Shop) -> None:
    shop.define("""
        @asset(pool="duckdb", retry=Retry(max_retries=1, delay=60.0))
        def fails() -> int:
            ran("fails")
            if not Path("failed").exists():
                Path("failed").touch()
                raise ValueError("once")
            return 1


        @asset(pool="duckdb")
        def other() -> int:
            ran("other")
            Path("other.started").touch()
            while not Path("go").exists():
                __import__("time").sleep(0.005)
            return 1
        """)
    processes: list[Warm] = []

    class Clock(FakeClock):
        def sleep(self, seconds: float) -> None:
            if not processes:
                processes.append(run_of(shop, "other"))
                assert eventually((shop.root / "other.started").exists)
            super().sleep(seconds)

    def waited(event: Event) -> None:
        if isinstance(event, HeldUp):
            (shop.root / "go").touch()
            processes[0].communicate(timeout=100)

    shop.clock = Clock()
    assert shop.attempt("fails", on_event=waited) == ["fails", "other", "fails"]
    (held,) = shop.of(HeldUp)
    assert (held.asset, held.pool, len(held.runs)) == ("fails", "duckdb", 1)
    assert shop.result is not None
    assert shop.result.ok
    assert processes[0].returncode == 0


# --- several runs -----------------------------------------------------------------------------------------------------

EXCLUSIVE = """
import os
import time


def alone(name):
    ran(name)
    os.close(os.open("held", os.O_CREAT | os.O_EXCL))  # refuses a second one
    Path(f"{name}.started").touch()
    while not Path(f"{name}.go").exists():
        time.sleep(0.005)
    os.unlink("held")
    return 1


@asset(pool="duckdb", code_version="1")
def one() -> int:
    return alone("one")


@asset(pool="duckdb", code_version="1")
def two() -> int:
    return alone("two")
"""

RUN = """
import sys
from datetime import datetime
from pathlib import Path
from assets_core import Project
from assets_core.model.events import HeldUp
from assets_core.project.wishes import Wish

folder, name = Path(sys.argv[1]), sys.argv[2]

def see(event):
    if isinstance(event, HeldUp) and event.runs:
        (folder / f"{name}.waits").touch()

now = datetime.fromisoformat("2026-01-10T00:00:00+00:00")
result = Project.load(folder).materialize(Wish((name,)), now=now, on_event=see)
sys.exit(0 if result.ok else 1)
"""


def run_of(shop: Shop, asset: str) -> Warm:
    """A run of one asset in a process of its own."""
    return Warm([str(shop.root), asset], shop.root, code=RUN)


Start = Callable[[str], Warm]


@pytest.fixture
def start(shop: Shop) -> Iterator[Start]:
    """Starts runs that the end of the test ends."""
    runs: list[Warm] = []

    def one(asset: str) -> Warm:
        runs.append(run_of(shop, asset))
        return runs[-1]

    yield one
    for run in runs:
        run.kill()
        run.communicate()


def first_runs_second_waits(shop: Shop, start: Start) -> tuple[Any, Any]:
    """Two runs that need the same slot: one holds it, the other says that it waits for it."""
    shop.define(EXCLUSIVE)
    one = start("one")
    assert eventually((shop.root / "one.started").exists)
    two = start("two")
    assert eventually(lambda: (shop.root / "two.waits").exists() or two.poll() is not None)
    assert two.poll() is None, two.communicate()
    assert not (shop.root / "two.started").exists()
    return one, two


def test_two_runs_share_a_pool_and_the_second_goes_on_when_the_first_is_done(
    shop: Shop, start: Start
) -> None:
    one, two = first_runs_second_waits(shop, start)
    for name in ("one.go", "two.go"):
        (shop.root / name).touch()
    assert one.wait(100) == 0, one.communicate()
    assert two.wait(100) == 0, two.communicate()
    assert shop.calls() == ["one", "two"]


def test_the_slot_of_a_run_that_is_killed_is_free_for_the_next(shop: Shop, start: Start) -> None:
    one, two = first_runs_second_waits(shop, start)
    with shop.project().reading() as reader:
        (holder,) = reader.slot_holders()
    one.kill()
    (shop.root / "held").unlink()
    (shop.root / "two.go").touch()
    assert two.wait(100) == 0, two.communicate()
    assert shop.calls() == ["one", "two"]
    with shop.project().reading() as reader:
        assert [h for h in reader.slot_holders() if h != holder] == []


def test_show_says_what_an_asset_needs_and_who_has_it(shop: Shop, start: Start) -> None:
    first_runs_second_waits(shop, start)
    command = Command(shop.root)
    with shop.project().reading() as reader:
        (holder,) = reader.slot_holders()
    document = command.json("show", "two")
    assert document["pools"] == [
        {"name": "duckdb", "slots": 1, "size": 1, "taken": 1, "runs": [holder.run]}
    ]
    assert (document["priority"], document["rate_limits"]) == (0, [])
    shown = command("show", "two").out
    assert "  pool       duckdb: 1 slot of 1 (1 taken now)\n" in shown
    assert "priority" not in shown
    names = [row["name"] for row in command.json("config", "show")["settings"]]
    assert {"pools.duckdb", "pools.warehouse"} <= set(names)


# --- rate limits ------------------------------------------------------------------------------------------------------

LIMITED = """
@asset(partitions=StaticPartitions([f"p{n}" for n in range(7)]), tags={"api": "github"})
def fetched(context: AssetContext) -> int:
    ran("fetched", context.partition.key)
    return 1


@asset
def other() -> int:
    ran("other")
    return 1
"""


def limited(tmp_path: Path, limits: str) -> Shop:
    shop = Shop.at(tmp_path / "limited", f"[tool.assets.rate_limits]\n{limits}\n")
    shop.clock = FakeClock()
    return shop


@pytest.mark.parametrize("name", ["fetched", '"tag:api=github"', '"tag:api"'])
def test_a_rate_limit_spreads_calls_over_time_and_holds_up_nothing_else(
    name: str, tmp_path: Path
) -> None:
    shop = limited(tmp_path, f'{name} = "3/minute"')
    shop.define(LIMITED)
    started: list[tuple[str, float]] = []

    def see(event: Event) -> None:
        if isinstance(event, StepStarted):
            started.append((event.assets[0], event.at))

    shop.attempt(on_event=see)
    assert [at for asset, at in started if asset == "fetched"] == pytest.approx(
        [0.0] * 3 + [60.0] * 3 + [120.0], abs=0.01
    )
    assert ("other", 0.0) in started
    (held,) = shop.of(HeldUp)
    assert held.limit == name.strip('"')
    assert held.again_in_s == pytest.approx(60.0)
    assert isinstance(shop.clock, FakeClock)
    assert len(shop.clock.slept) <= 250, "it waits and looks for a cancellation now and then"
    assert shop.todo() == []


def test_a_limit_is_told_as_an_event_and_shown(tmp_path: Path) -> None:
    shop = limited(tmp_path, '"tag:api" = "4/second"')
    shop.define(LIMITED.replace("@asset\n", "@asset(priority=2)\n"))
    command = Command(shop.root)
    done = command("materialize", "--jsonl")
    assert done.code == 0, done.err
    events = [json.loads(line) for line in done.out.splitlines()]
    for event in events:
        Draft202012Validator(schema(event["schema"])).validate(event)
    (held,) = [e for e in events if e.get("event") == "held_up"]
    assert (held["asset"], held["limit"], held["pool"]) == ("fetched", "tag:api", None)
    assert 0 < held["again_in_s"] <= 1
    shown = command("show", "fetched").out
    assert "  rate limit tag:api: 4/second\n" in shown
    assert command.json("show", "fetched")["rate_limits"] == [
        {"name": "tag:api", "starts": 4, "window_s": 1.0}
    ]
    assert "  priority   2\n" in command("show", "other").out


def test_runs_one_after_the_other_share_a_limit(tmp_path: Path) -> None:
    shop = limited(tmp_path, 'other = "1/hour"')
    shop.define(LIMITED)
    shop.build("other")
    assert isinstance(shop.clock, FakeClock)
    before = shop.clock.at
    shop.build("other", force=True)
    assert shop.clock.at - before == pytest.approx(3600.0)


def test_a_run_that_waits_for_a_limit_ends_when_its_time_is_over(tmp_path: Path) -> None:
    shop = limited(tmp_path, 'other = "1/hour"')
    shop.define(LIMITED)
    shop.build("other")
    shop.attempt("other", force=True, timeout_s=30.0)
    assert shop.result is not None
    assert shop.result.status is RunStatus.TIMED_OUT
    with shop.project().reading() as reader:
        latest = reader.runs("default", 1)[0][0]
        assert [a.status for a in reader.attempts(latest.run)] == []


def test_a_retry_counts_for_the_limit(tmp_path: Path) -> None:
    shop = limited(tmp_path, 'fails = "1/minute"')
    shop.define("""
        @asset(retry=Retry(max_retries=1, delay=1.0))
        def fails() -> int:
            ran("fails")
            raise ValueError("again")
        """)
    assert shop.attempt() == ["fails", "fails"]
    assert isinstance(shop.clock, FakeClock)
    assert shop.clock.at == pytest.approx(1060.0)
    with shop.project().reading() as reader:
        latest = reader.runs("default", 1)[0][0]
        assert [a.status for a in reader.attempts(latest.run)] == [AttemptStatus.FAILED] * 2

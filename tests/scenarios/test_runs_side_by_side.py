"""Several writers on one store: who computes, who adopts, and what is recorded of what was read."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from assets_core.model.events import Adopted, Superseded
from tests.scenarios.shops import FakeClock, Shop
from tests.warm_process import Warm

DAYS = """
days = DailyPartitions(start="2026-01-01", end="2026-01-09")


@asset(partitions=days)
def raw(context: AssetContext) -> int:
    ran("raw", context.partition.key)
    return int(context.partition.key[-1])


@asset(partitions=days)
def double(context: AssetContext, raw: int) -> int:
    ran("double", context.partition.key)
    return 2 * raw


@asset
def total(double: dict[str, int]) -> int:
    ran("total")
    return sum(double.values())
"""

RUNNER = """
import sys, time
from datetime import datetime
from pathlib import Path
from assets_core import Project

folder, name, others = Path(sys.argv[1]), sys.argv[2], sys.argv[3:]

def met(planned):
    (folder / f"{name}.planned").touch()
    while not all((folder / f"{other}.planned").exists() for other in others):
        time.sleep(0.005)

project = Project.load(folder)
result = project.materialize(now=datetime.fromisoformat("2026-01-10T00:00:00+00:00"), planned=met)
print(result.counts["materialized"], flush=True)
sys.exit(0 if result.ok else 1)
"""


def runner(shop: Shop, name: str, *others: str) -> Warm:
    """A process that plans, waits until the others have planned too, and runs."""
    return Warm([str(shop.root), name, *others], shop.root, code=RUNNER)


def ended(process: Warm) -> int:
    """How a process ended."""
    return process.wait(100)


def test_two_runs_that_planned_the_same_compute_everything_once(shop: Shop) -> None:
    shop.define(DAYS)
    both = [runner(shop, "one", "two"), runner(shop, "two", "one")]
    told = [process.communicate(timeout=100) for process in both]
    assert [process.returncode for process in both] == [0, 0], told
    assert Counter(shop.calls()) == Counter(
        [f"{name}@2026-01-0{n}" for name in ("raw", "double") for n in range(1, 9)] + ["total"]
    )
    assert sum(int(out) for out, _ in told) == 17
    assert shop.value("total") == 72
    assert shop.todo() == []


def test_what_another_run_made_after_the_plan_is_adopted(shop: Shop) -> None:
    shop.define(DAYS)

    def meanwhile(_: object) -> None:
        assert ended(runner(shop, "other")) == 0

    assert len(shop.attempt(planned=meanwhile)) == 17, "all by the other run"
    assert len(shop.of(Adopted)) == 17
    assert shop.result is not None
    assert shop.result.ok
    assert shop.todo() == []


TABLES = """
@asset(code_version="1")
def wide() -> pa.Table:
    ran("wide")
    return pa.table({"n": [int(Path("n").read_text())], "m": [0]})


@asset(code_version="1")
def narrow(wide: Annotated[pa.Table, Input("wide", columns=["n"])]) -> int:
    ran("narrow")
    return wide["n"][0].as_py()
"""


def test_what_is_recorded_is_what_was_read_where_another_run_moved_it_after_the_plan(
    shop: Shop,
) -> None:
    shop.write("n", "1")
    shop.define(TABLES)
    shop.build()
    shop.edit('@asset(code_version="1")\ndef narrow', '@asset(code_version="2")\ndef narrow')
    other = """
from assets_core import Project
from assets_core.project.wishes import Wish
import sys
Project.load(sys.argv[1]).materialize(Wish(("wide",), force=True))
"""

    def meanwhile(_: object) -> None:
        shop.write("n", "2")
        assert ended(Warm([str(shop.root)], shop.root, code=other)) == 0

    assert shop.attempt("narrow", planned=meanwhile) == ["wide", "narrow"]
    assert shop.value("narrow") == 2
    assert shop.todo() == []
    shop.write("n", "1")
    shop.build("wide", force=True)
    assert shop.todo() == ["narrow run input_changed"]


MOVING = """
import subprocess
import sys

OTHER = '''
from assets_core import Project
from assets_core.project.wishes import Wish
import sys
Project.load(sys.argv[1]).materialize(Wish(("up",), force=True))
'''


@asset(code_version="1")
def up() -> int:
    ran("up")
    return int(Path("n").read_text())


@asset(code_version="1")
def down(up: int) -> int:
    ran("down")
    if Path("n").read_text() == "1":
        Path("n").write_text("2")
        subprocess.run([sys.executable, "-c", OTHER, str(Path.cwd())], check=True)
    return up
"""


def test_an_upstream_that_moves_while_its_reader_runs_leaves_it_stale_at_once(shop: Shop) -> None:
    shop.write("n", "1")
    shop.define(MOVING)
    assert shop.attempt() == ["up", "down", "up"]
    assert shop.result is not None
    assert shop.result.ok
    assert shop.value("down") == 1
    assert shop.value("up") == 2
    assert shop.todo() == ["down run input_changed"]
    assert shop.build() == ["down"]
    assert shop.value("down") == 2


STEAL = """
from datetime import UTC, datetime
from assets_core.model.keys import AssetKey, AssetPartition
from assets_core.model.records import RunRecord
from assets_core.store import open_store

at = datetime.now(UTC)
store = open_store("sqlite:///" + str(Path(".assets/state.sqlite").resolve()), alive=lambda run: False)
with store.writing() as tx:
    tx.start_run(RunRecord("thief", "default", at, at, {}))
    tx.release(tx.claim("default", "thief", [(AssetPartition(AssetKey("slow"), ""), "theirs")]))
store.close()
"""


def test_an_attempt_whose_claim_was_taken_is_superseded_and_decided_again(shop: Shop) -> None:
    """Another host takes the claim, as it may when it holds the run for dead, and gives it up."""
    shop.define("""
        @asset(code_version="1")
        def slow() -> int:
            ran("slow")
            steal = Path("steal.txt")
            if steal.exists():
                text = steal.read_text()
                steal.unlink()
                exec(text)
            return 1
        """)
    shop.write("steal.txt", STEAL)
    assert shop.attempt() == ["slow", "slow"]
    assert shop.result is not None
    assert shop.result.ok
    (lost,) = shop.of(Superseded)
    assert lost.asset == "slow"
    with shop.project().reading() as reader:
        run, _ = next(r for r in reader.runs("default", 5) if r[0].run != "thief")
        statuses = [a.status.value for a in reader.attempts(run.run)]
    assert statuses == ["superseded", "materialized"]
    assert shop.todo() == []


def test_a_claim_that_is_taken_while_a_retry_waits_is_decided_again(shop: Shop) -> None:
    shop.define("""
        @asset(code_version="1", retry=Retry(max_retries=2, delay=5.0))
        def slow() -> int:
            ran("slow")
            steal = Path("steal.txt")
            if steal.exists():
                text = steal.read_text()
                steal.unlink()
                Path("later.txt").write_text(text)
                raise ValueError("once")
            return 1


        @asset(code_version="1")
        def after(slow: int) -> int:
            ran("after")
            return slow
        """)
    shop.write("steal.txt", STEAL)

    class Clock(FakeClock):
        def sleep(self, seconds: float) -> None:
            later = shop.root / "later.txt"
            if later.exists():
                text = later.read_text().replace("Path(", f"Path({str(shop.root)!r}, ")
                later.unlink()
                exec(text, {"Path": Path})
            super().sleep(seconds)

    shop.clock = Clock()
    assert shop.attempt() == ["slow", "slow", "after"]
    assert shop.result is not None
    assert shop.result.ok
    assert shop.todo() == []


def test_a_dead_run_holds_nobody_up(shop: Shop) -> None:
    shop.define(DAYS)
    die = '    if Path("die").exists():\n        __import__("os")._exit(9)\n'
    shop.edit('    ran("total")\n', '    ran("total")\n' + die)
    shop.write("die", "")
    assert ended(runner(shop, "dying")) == 9
    assert len(shop.calls()) == 17
    (shop.root / "die").unlink()
    assert shop.build() == ["total"]

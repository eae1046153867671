"""``run_retries``: a run that left failures is followed by others, each with what was not recorded."""

from __future__ import annotations

from pathlib import Path

import pytest

from assets_core.execution.runner import Runner
from assets_core.model.events import AttemptFailed, Event
from assets_core.model.records import RunStatus
from tests.faces.command import Command
from tests.scenarios.shops import FakeClock, Shop

FAILING = """
LEFT = Path(__file__).with_name("failures")


@asset(partitions=StaticPartitions(["a", "b"]))
def part(context: AssetContext) -> int:
    ran("part", context.partition.key)
    left = int(LEFT.read_text())
    if context.partition.key == "b" and left:
        LEFT.write_text(str(left - 1))
        raise ValueError(f"{left} left")
    return 1


@asset
def after(part: dict[str, int]) -> int:
    ran("after")
    return sum(part.values())
"""
CONFIG = "run_retries = 2\n[tool.assets.retry]\ndelay = 10\nbackoff = 2\n"


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """A project one partition of which fails as often as a file says."""
    shop = Shop.at(tmp_path / "project", CONFIG)
    shop.define(FAILING)
    return shop


@pytest.fixture
def clock(shop: Shop) -> FakeClock:
    """Time that passes only by waiting."""
    shop.clock = FakeClock()
    return shop.clock


def recorded(shop: Shop) -> list[tuple[int, str, int | None]]:
    """(number, status, the number of the run it retried) of every run, oldest first."""
    with shop.project().reading() as reader:
        runs = list(reader.runs("default", 9))[::-1]
    numbers = {record.run: record.number for record, _ in runs}
    return [
        (r.number, end.status.value if end else "open", numbers.get(r.retry_of or ""))
        for r, end in runs
    ]


def test_failures_are_run_again_after_growing_delays_and_nothing_else_is(
    shop: Shop, clock: FakeClock
) -> None:
    shop.write("failures", "2")
    assert shop.attempt() == ["part@a", "part@b", "part@b", "part@b", "after"]
    assert shop.result is not None
    assert (shop.result.number, shop.result.status) == (3, RunStatus.SUCCEEDED)
    assert recorded(shop) == [(1, "failed", None), (2, "failed", 1), (3, "succeeded", 2)]
    assert sum(clock.slept) == 30.0
    assert shop.todo() == []


def test_the_last_run_counts_when_the_retries_are_used_up(shop: Shop, clock: FakeClock) -> None:
    shop.write("failures", "9")
    assert shop.attempt() == ["part@a", "part@b", "part@b", "part@b"]
    assert shop.result is not None
    assert (shop.result.number, shop.result.status) == (3, RunStatus.FAILED)


def test_no_run_follows_where_another_made_it_meanwhile(shop: Shop, clock: FakeClock) -> None:
    class Helpful(FakeClock):
        def sleep(self, seconds: float) -> None:
            super().sleep(seconds)
            if len(self.slept) == 1:
                Shop(shop.root, clock=FakeClock()).attempt()

    shop.clock = Helpful()
    shop.write("failures", "1")
    shop.attempt()
    assert [status for _, status, _ in recorded(shop)] == ["failed", "succeeded"]
    assert sum(shop.clock.slept) == 10.0


def test_what_was_forced_is_made_once(shop: Shop, clock: FakeClock) -> None:
    shop.write("failures", "0")
    shop.build()
    shop.write("failures", "1")
    assert shop.attempt("part", force=True) == ["part@a", "part@b", "part@b"]


def test_no_run_follows_where_the_predicate_refuses_every_failure(
    shop: Shop, clock: FakeClock
) -> None:
    shop.edit("@asset(part", "@asset(retry=Retry(when=lambda error: False), part")
    shop.write("failures", "9")
    assert shop.attempt() == ["part@a", "part@b"]
    assert recorded(shop) == [(1, "failed", None)]


def test_no_run_follows_for_what_a_check_kept_back(shop: Shop, clock: FakeClock) -> None:
    shop.edit("raise ValueError", "return len")
    shop.edit(
        "@asset\ndef after",
        "@check(asset=part)\ndef is_one(part: int) -> bool:\n    return part == 1\n\n\n@asset\ndef after",
    )
    shop.write("failures", "9")
    assert shop.attempt() == ["part@a", "part@b"]
    assert recorded(shop) == [(1, "failed", None)]


def test_no_run_follows_one_that_was_cancelled(shop: Shop, clock: FakeClock) -> None:
    runners: list[Runner] = []

    def stop(event: Event) -> None:
        if isinstance(event, AttemptFailed):
            runners[-1].request_stop()

    shop.write("failures", "9")
    assert shop.attempt(on_runner=runners.append, on_event=stop) == ["part@a", "part@b"]
    assert recorded(shop) == [(1, "cancelled", None)]


def test_who_stops_while_it_waits_for_another_run_gets_none(shop: Shop, clock: FakeClock) -> None:
    runners: list[Runner] = []

    class Stopping(FakeClock):
        def sleep(self, seconds: float) -> None:
            super().sleep(seconds)
            runners[-1].request_stop()

    shop.clock = Stopping()
    shop.write("failures", "9")
    assert shop.attempt(on_runner=runners.append) == ["part@a", "part@b"]
    assert recorded(shop) == [(1, "failed", None)]
    assert len(shop.clock.slept) == 1, "it does not wait to the end"


def test_the_command_tells_of_each_run_and_ends_with_the_last(tmp_path: Path) -> None:
    shop = Shop.at(tmp_path / "project")
    shop.define(FAILING)
    command = Command(shop.root)
    shop.write("failures", "1")
    done = command("materialize", "--run-retries", "1")
    assert done.code == 0, done.err
    assert "note: run 1 left 1 asset-partition failed; again now (1 of 1)" in done.err
    assert "2 materialized" in done.out
    assert command("runs", "ls").out.splitlines()[0].endswith("retry of 1")
    shop.write("failures", "2")
    failed = command("materialize", "part", "--force", "--run-retries", "1", "--json")
    assert (failed.code, failed.document["number"]) == (1, 4)
    assert command("retry", "--run-retries", "1", "--json").document["status"] == "succeeded"
    assert command("materialize", "--run-retries=-1").code == 2

"""What fails, what is tried again and when, and what goes on without it."""

from __future__ import annotations

from pathlib import Path

import pytest

from assets_core.execution.retries import delay_s
from assets_core.model.assets import Retry
from assets_core.model.events import AttemptFailed, Blocked
from assets_core.model.records import RunStatus
from tests.scenarios.shops import FakeClock, Shop

FLAKY = """
FAILURES = Path(__file__).with_name("failures")


@asset(retry=Retry(max_retries=3, delay=2.0, backoff=3.0))
def flaky() -> int:
    ran("flaky")
    left = int(FAILURES.read_text())
    if left:
        FAILURES.write_text(str(left - 1))
        raise ValueError(f"{left} left")
    return 1


@asset
def after(flaky: int) -> int:
    ran("after")
    return flaky
"""


@pytest.fixture
def clock(shop: Shop) -> FakeClock:
    """Time that passes only by waiting."""
    shop.clock = FakeClock()
    return shop.clock


def delays(shop: Shop) -> list[float]:
    """After how many seconds each failed attempt was to be tried again."""
    return [e.retry_in for e in shop.of(AttemptFailed) if e.retry_in is not None]


def test_a_failed_call_is_tried_again_after_growing_delays(shop: Shop, clock: FakeClock) -> None:
    shop.write("failures", "2")
    shop.define(FLAKY)
    assert shop.build() == ["after", "flaky", "flaky", "flaky"]
    assert delays(shop) == [2.0, 6.0]
    assert sum(clock.slept) == 8.0
    told = shop.of(AttemptFailed)
    assert [(e.failure.kind, e.failure.message, e.retry_in) for e in told] == [
        ("ValueError", "2 left", 2.0),
        ("ValueError", "1 left", 6.0),
    ]
    assert len({e.attempt for e in told}) == 2
    with shop.project().reading() as reader:
        (run, end), *_ = reader.runs("default", 1)
        assert end is not None
        assert end.status is RunStatus.SUCCEEDED
        statuses = [a.status.value for a in reader.attempts(run.run) if a.asset == "flaky"]
    assert statuses == ["failed", "failed", "materialized"]


def test_when_retries_are_used_up_the_rest_goes_on_and_the_next_run_tries_again(
    shop: Shop, clock: FakeClock
) -> None:
    shop.write("failures", "4")
    shop.define(FLAKY + '\n\n@asset\ndef other() -> int:\n    ran("other")\n    return 1\n')
    assert sorted(shop.attempt()) == ["flaky"] * 4 + ["other"]
    assert delays(shop) == [2.0, 6.0, 18.0]
    assert sum(clock.slept) == 26.0
    assert shop.outcomes() == {"flaky": "failed", "after": "blocked", "other": "materialized"}
    assert [(e.asset, e.upstream) for e in shop.of(Blocked)] == [("after", "flaky")]
    assert shop.todo() == ["flaky run never_materialized", "after run never_materialized"]
    assert [a.code for a in shop.plan().plan.annotations] == ["last_attempt_failed"]
    assert shop.build() == ["after", "flaky"]
    assert shop.plan().plan.annotations == ()


def test_the_predicate_decides_by_exception(shop: Shop, clock: FakeClock) -> None:
    for wanted, calls in (("ValueError", 4), ("KeyError", 1), ("Broken", 1)):
        shop.write("failures", "9")
        shop.define(
            "class Broken(Exception):\n    pass\n\n\n"
            f"def again(error):\n    if {wanted} is Broken:\n        raise Broken\n"
            f"    return isinstance(error, {wanted})\n"
            + FLAKY.replace("backoff=3.0)", "when=again)")
        )
        assert shop.attempt("flaky") == ["flaky"] * calls, wanted


@pytest.mark.parametrize("body", ["raise SystemExit(0)", "__import__('sys').exit('bye')"])
def test_an_exit_is_a_failure_and_is_not_tried_again(
    shop: Shop, clock: FakeClock, body: str
) -> None:
    shop.define(f"""
        @asset(retry=Retry(max_retries=3))
        def leaver() -> int:
            ran("leaver")
            {body}
            return 1
        """)
    assert shop.attempt() == ["leaver"]
    assert shop.failure("leaver").kind == "SystemExit"


def test_an_exception_that_is_no_exception_is_a_failure_too(shop: Shop) -> None:
    shop.define("""
        import asyncio


        @asset
        async def cancelled() -> int:
            raise asyncio.CancelledError("stop it")


        @asset
        def other() -> int:
            ran("other")
            return 1
        """)
    assert shop.attempt() == ["other"]
    assert shop.outcomes() == {"cancelled": "failed", "other": "materialized"}
    assert shop.failure("cancelled").kind == "asyncio.exceptions.CancelledError"


def test_jitter_spreads_the_delay_and_never_below_zero() -> None:
    retry = Retry(max_retries=9, delay=10.0, backoff=2.0, jitter=0.5)
    assert [delay_s(retry, 0, r) for r in (0.0, 0.5, 0.999)] == [5.0, 10.0, pytest.approx(14.99)]
    assert delay_s(retry, 3, 0.5) == 80.0
    assert delay_s(Retry(1, delay=1.0, jitter=3.0), 0, 0.0) == 0.0


def test_only_the_partitions_that_failed_are_tried_again(shop: Shop, clock: FakeClock) -> None:
    shop.write("failures", "1")
    shop.define("""
        days = DailyPartitions(start="2026-01-01", end="2026-01-05")
        FAILURES = Path(__file__).with_name("failures")


        @asset(partitions=days, batch="all", retry=Retry(max_retries=2, delay=1.0))
        def raw(context: AssetContext) -> Iterator[Output[int]]:
            ran("raw", *context.partition.keys)
            for key in context.partition.keys:
                if key.endswith("3") and FAILURES.read_text() == "1":
                    FAILURES.write_text("0")
                    raise ValueError("half way")
                yield Output(1, partition=key)
        """)
    assert shop.attempt() == [f"raw@2026-01-0{n}" for n in (1, 2, 3, 4, 3, 4)]
    assert set(shop.outcomes().values()) == {"materialized"}
    assert sum(clock.slept) == 1.0


def test_a_retry_of_part_of_a_batch_is_given_that_part_alone(shop: Shop, clock: FakeClock) -> None:
    """Else what it reads says nothing of what it is to make, and copying it yields what nobody asked for."""
    shop.write("failures", "1")
    shop.define("""
        days = DailyPartitions(start="2026-01-01", end="2026-01-05")
        FAILURES = Path(__file__).with_name("failures")


        @asset(partitions=days)
        def raw(context: AssetContext) -> int:
            return int(context.partition.key[-1])


        @asset(partitions=days, batch="all", retry=Retry(max_retries=1))
        def double(raw: dict[str, int]) -> Iterator[Output[int]]:
            ran("double", *raw)
            for key, number in raw.items():
                if key.endswith("3") and FAILURES.read_text() == "1":
                    FAILURES.write_text("0")
                    raise ValueError("half way")
                yield Output(2 * number, partition=key)
        """)
    assert shop.attempt() == [f"double@2026-01-0{n}" for n in (1, 2, 3, 4, 3, 4)]
    assert set(shop.outcomes().values()) == {"materialized"}
    assert shop.value("double", partition="2026-01-04") == 8
    assert shop.todo() == []


def test_other_work_goes_on_while_a_retry_waits(shop: Shop, clock: FakeClock) -> None:
    shop.write("failures", "1")
    shop.define(FLAKY + "".join(
        f'\n\n@asset\ndef other{n}() -> int:\n    ran("other{n}")\n    return 1\n' for n in range(3)))  # fmt: skip
    calls = shop.attempt()
    assert calls.index("flaky") == 0
    assert calls[-2:] == ["flaky", "after"]
    assert sum(clock.slept) == 2.0


def test_fail_fast_starts_nothing_new_and_records_what_came_back(
    shop: Shop, clock: FakeClock
) -> None:
    shop.define("""
        @asset
        def a() -> int:
            ran("a")
            return 1


        @asset
        def b() -> int:
            ran("b")
            raise ValueError("no")


        @asset
        def c() -> int:
            ran("c")
            return 1
        """)
    assert shop.attempt(fail_fast=True) == ["a", "b"]
    assert shop.result is not None
    assert shop.result.status is RunStatus.FAILED
    assert shop.todo() == ["b run never_materialized", "c run never_materialized"]


def test_fail_fast_waits_for_retries(shop: Shop, clock: FakeClock) -> None:
    shop.write("failures", "1")
    shop.define(FLAKY)
    assert shop.build(fail_fast=True) == ["after", "flaky", "flaky"]


def test_a_failure_blocks_what_reads_it_even_if_an_older_version_is_there(shop: Shop) -> None:
    shop.write("failures", "0")
    shop.define(FLAKY.replace("max_retries=3", "max_retries=0"))
    shop.build()
    shop.write("failures", "1")
    shop.edit("return flaky", "return flaky + 1")
    shop.edit('ran("flaky")\n', 'ran("flaky", "x")\n')
    assert shop.attempt() == ["flaky@x"]
    assert shop.outcomes() == {"flaky": "failed", "after": "blocked"}
    assert shop.value("after") == 1
    assert shop.attempt("after") == ["after"], "asked for alone, it reads what is published"


def test_a_diamond_is_blocked_once_and_its_other_side_is_built(shop: Shop) -> None:
    shop.define("""
        @asset
        def top() -> int:
            return 1


        @asset
        def left(top: int) -> int:
            raise ValueError("no")


        @asset
        def right(top: int) -> int:
            return top


        @asset
        def bottom(left: int, right: int) -> int:
            return left + right


        @asset
        def below(bottom: int) -> int:
            return bottom
        """)
    shop.attempt()
    assert shop.outcomes() == {
        "top": "materialized",
        "left": "failed",
        "right": "materialized",
        "bottom": "blocked",
        "below": "blocked",
    }
    assert [(e.asset, e.upstream) for e in shop.of(Blocked)] == [
        ("bottom", "left"),
        ("below", "bottom"),
    ]
    assert shop.result is not None
    assert shop.result.counts == {
        "materialized": 2, "unchanged": 0, "restored": 0, "failed": 1, "blocked": 2, "current": 0,
    }  # fmt: skip


def test_a_failure_shows_the_users_own_frames_and_what_was_printed(shop: Shop) -> None:
    shop.define("""
        def helper():
            raise KeyError("missing")


        @asset
        def bad() -> int:
            print("before it broke")
            helper()
            return 1
        """)
    shop.attempt()
    failure = shop.failure("bad")
    assert (failure.kind, failure.message) == ("KeyError", "'missing'")
    assert failure.file.endswith("shop.py")
    assert "helper()" in failure.traceback
    assert "assets_core/execution" not in failure.traceback
    (told,) = shop.of(AttemptFailed)
    assert told.tail == ("before it broke",)
    assert told.log is not None


def test_an_endless_message_is_cut(shop: Shop) -> None:
    shop.define("""
        @asset
        def bad() -> int:
            raise ValueError("x" * 50_000_000)
        """)
    shop.attempt()
    failure = shop.failure("bad")
    assert len(failure.message) < 100_000
    assert len(failure.traceback) < 200_000


def test_an_endless_recursion_is_told_briefly(shop: Shop) -> None:
    shop.define("""
        def down(n):
            return down(n + 1)


        @asset
        def bad() -> int:
            return down(0)
        """)
    shop.attempt()
    assert shop.failure("bad").kind == "RecursionError"
    assert len(shop.failure("bad").traceback.splitlines()) < 250


def test_a_value_that_no_materializer_takes_is_a_failure_that_says_so(shop: Shop) -> None:
    shop.define("""
        @asset
        def bad() -> object:
            return object()


        @asset
        def other() -> int:
            return 1
        """)
    shop.attempt()
    assert shop.failure("bad").kind == "E511"
    assert shop.outcomes()["other"] == "materialized"


@pytest.mark.parametrize("call", ["Path('nowhere').read_text()", "pa.array([{}, 1])"])
def test_the_place_of_a_failure_is_the_users_line_also_inside_a_library(
    shop: Shop, call: str
) -> None:
    shop.define(f"""
        @asset
        def bad() -> int:
            {call}
            return 1
        """)
    shop.attempt()
    failure = shop.failure("bad")
    assert Path(failure.file).name == "shop.py"
    assert Path(failure.file).read_text().splitlines()[failure.line - 1].strip() == call


@pytest.mark.parametrize(
    ("value", "where"),
    [("float('nan')", "x.y[1]"), ("10 ** 400", "x.y[1]"), ("b'raw'", "x.y[1]"),
     ("__import__('datetime').datetime(2026, 1, 1)", "x.y[1]"), ("'m' * 5_000_000", "metadata"),
     ("object()", "x.y[1]")],
)  # fmt: skip
def test_metadata_that_cannot_be_stored_is_refused_with_its_path(
    shop: Shop, value: str, where: str
) -> None:
    shop.define(f"""
        @asset
        def bad(context: AssetContext) -> int:
            context.add_metadata(x={{"y": [1, {value}]}})
            return 1
        """)
    shop.attempt()
    assert shop.failure("bad").kind == "E530"
    assert f"`{where}`" in shop.failure("bad").message

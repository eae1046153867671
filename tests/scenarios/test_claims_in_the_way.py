"""Another live run holds what this one wants: to wait for it and decide again, to take its outcome, or to fail."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest

from assets_core import materialize
from assets_core.errors import UsageError
from assets_core.model.conflicts import OnConflict
from assets_core.model.events import Adopted, ClaimRefused, Joined, Materialized, RunExtended
from assets_core.model.records import AttemptStatus, RunStatus
from assets_core.project import Project
from assets_core.project.run_retries import run_with_retries
from assets_core.project.running import RunOptions
from assets_core.project.wishes import Wish
from tests.faults.processes_seen import eventually
from tests.scenarios.shops import FakeClock, Shop
from tests.warm_process import Warm

WAIT, JOIN, FAIL = OnConflict.WAIT, OnConflict.JOIN, OnConflict.FAIL

VALUE = """
import time


def held():
    # in the run that comes first, and in its next try where that is asked for
    if Path("hold").exists():
        Path("hold").unlink()
        Path("holding").touch()
        while not Path("go").exists():
            time.sleep(0.005)
        if Path("hold-again").exists():
            Path("go").unlink()
            Path("hold-again").rename("hold")


@asset(code_version="1")
def value() -> int:
    ran("value")
    held()
    if Path("fails").exists():
        Path("fails").unlink()
        raise ValueError("no luck")
    return 1


@asset(code_version="1")
def reader(value: int) -> int:
    ran("reader")
    return value + 1


@asset(code_version="1")
def other() -> int:
    ran("other")
    return 3
"""

RUN = """
import sys
from assets_core import Project
from assets_core.project.wishes import Wish
sys.exit(0 if Project.load(sys.argv[1]).materialize(Wish((sys.argv[2],), (), tuple(sys.argv[3:]))).ok else 1)
"""


STARTED: list[Warm] = []


@pytest.fixture(autouse=True)
def ended() -> Iterator[None]:
    """No run outlives its test, also where that fails."""
    yield
    while STARTED:
        process = STARTED.pop()
        process.kill()
        process.wait()


@dataclass
class Meanwhile(FakeClock):
    """A clock that does something with the other run whenever this one waits: by default, let it go on to its end."""

    shop: Shop = field(kw_only=True)
    select: str = "value"
    partitions: tuple[str, ...] = ()
    steps: list[Callable[[Meanwhile], object]] = field(default_factory=list)

    def __post_init__(self) -> None:
        (self.shop.root / "hold").touch()
        arguments = [str(self.shop.root), self.select, *self.partitions]
        self.process = Warm(arguments, self.shop.root, code=RUN)
        STARTED.append(self.process)
        assert eventually((self.shop.root / "holding").exists)
        self.shop.clock = self

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds)
        if self.steps:
            self.steps.pop(0)(self)
        else:
            self.finish()

    def finish(self) -> None:
        (self.shop.root / "go").touch()
        self.process.wait(100)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


def log(shop: Shop) -> list[str]:
    """Every call of both runs, in order."""
    return (shop.root / "calls.log").read_text().splitlines()


def detail(shop: Shop, asset: str) -> str:
    """What is said of an asset beside its outcome."""
    assert shop.result is not None
    return next(step.detail for step in shop.result.steps if step.asset == asset)


@pytest.fixture
def held(shop: Shop) -> Shop:
    """A project of which run 1 holds ``value``."""
    shop.define(VALUE)
    return shop


def test_who_waits_goes_on_with_everything_else_and_adopts_what_is_equal(held: Shop) -> None:
    Meanwhile(shop=held)
    held.attempt()
    assert log(held) == ["value", "other", "reader"]
    assert held.outcomes() == {
        "value": "current",
        "reader": "materialized",
        "other": "materialized",
    }
    (refused,) = held.of(ClaimRefused)
    assert (refused.asset, refused.number, refused.on_conflict) == ("value", 1, WAIT)
    assert [e.asset for e in held.of(Adopted)] == ["value"]
    assert detail(held, "value") == "waited for run 1"
    assert held.todo() == []


def test_who_waits_computes_what_was_made_of_other_code(held: Shop) -> None:
    Meanwhile(shop=held)
    held.edit('@asset(code_version="1")\ndef value', '@asset(code_version="2")\ndef value')
    held.attempt()
    assert log(held) == ["value", "other", "value", "reader"]
    assert held.outcomes()["value"] == "materialized"
    assert held.todo() == []


def test_who_waits_for_a_run_that_fails_computes_it(held: Shop) -> None:
    (held.root / "fails").touch()
    Meanwhile(shop=held)
    held.attempt()
    assert log(held) == ["value", "other", "value", "reader"]
    assert set(held.outcomes().values()) == {"materialized"}


def test_who_joins_takes_what_was_made_even_of_other_code(held: Shop) -> None:
    Meanwhile(shop=held)
    held.edit('@asset(code_version="1")\ndef value', '@asset(code_version="2")\ndef value')
    held.attempt(on_conflict=JOIN)
    assert log(held) == ["value", "other", "reader"], "it is not computed here, not even at last"
    assert held.of(RunExtended) == []
    (joined,) = held.of(Joined)
    assert (joined.asset, joined.number, joined.outcome) == ("value", 1, AttemptStatus.MATERIALIZED)
    assert detail(held, "value") == "made by run 1"
    assert held.result is not None
    assert held.result.ok
    assert held.todo() == ["value run code_changed", "reader maybe upstream_pending"]


def test_who_joins_a_run_that_fails_fails_without_computing(held: Shop) -> None:
    (held.root / "fails").touch()
    Meanwhile(shop=held)
    held.attempt(on_conflict=JOIN)
    assert log(held) == ["value", "other"]
    assert held.outcomes() == {"value": "failed", "reader": "blocked", "other": "materialized"}
    assert detail(held, "value") == "failed in run 1"
    assert held.failure("value").message == "no luck"
    assert detail(held, "reader") == "`value` failed in run 1"
    assert held.result is not None
    assert held.result.status is RunStatus.FAILED


def test_who_joins_waits_for_the_last_try(held: Shop) -> None:
    retried = '@asset(code_version="1", retry=Retry(max_retries=1))\ndef value'
    held.edit('@asset(code_version="1")\ndef value', retried)
    (held.root / "fails").touch()
    Meanwhile(shop=held)
    held.attempt(on_conflict=JOIN)
    assert log(held) == ["value", "other", "value", "reader"], "twice by run 1"
    assert held.outcomes()["value"] == "current"
    assert held.todo() == []


CHECKED = """

@check(asset=value)
def never(value: int) -> bool:
    return False
"""


def test_who_joins_a_run_whose_check_keeps_it_back_has_it_kept_back(held: Shop) -> None:
    held.define(VALUE + CHECKED)
    Meanwhile(shop=held)
    held.attempt(on_conflict=JOIN)
    assert log(held) == ["value", "other"]
    assert held.outcomes() == {"value": "rejected", "reader": "blocked", "other": "materialized"}
    assert detail(held, "value") == "kept back by a check in run 1"
    assert detail(held, "reader") == "`value` was kept back by a check in run 1"


@pytest.mark.parametrize("on_conflict", [WAIT, JOIN])
def test_what_a_run_that_dies_held_is_computed(held: Shop, on_conflict: OnConflict) -> None:
    Meanwhile(shop=held, steps=[Meanwhile.kill])
    held.attempt(on_conflict=on_conflict)
    assert log(held) == ["value", "other", "value", "reader"]
    assert set(held.outcomes().values()) == {"materialized"}
    assert held.todo() == []


def test_the_death_of_a_run_is_no_outcome_also_where_another_recorded_it(held: Shop) -> None:
    def buried(meanwhile: Meanwhile) -> None:
        meanwhile.kill()
        Project.load(held.root).materialize(Wish(("other",), force=True))

    Meanwhile(shop=held, steps=[buried])
    held.attempt(on_conflict=JOIN)
    assert log(held) == ["value", "other", "other", "value", "reader"]
    with held.project().reading() as reader:
        dead = reader.run("1")
        assert dead is not None
        assert [a.status for a in reader.attempts(dead[0].run)] == [AttemptStatus.DIED]
    assert held.outcomes()["value"] == "materialized"


def test_a_try_that_failed_is_no_outcome_of_a_run_that_dies_in_the_next(held: Shop) -> None:
    retried = '@asset(code_version="1", retry=Retry(max_retries=1))\ndef value'
    held.edit('@asset(code_version="1")\ndef value', retried)
    for name in ("fails", "hold-again"):
        (held.root / name).touch()

    def next_try(meanwhile: Meanwhile) -> None:
        (held.root / "holding").unlink()
        (held.root / "go").touch()
        assert eventually((held.root / "holding").exists)

    Meanwhile(shop=held, steps=[next_try, Meanwhile.kill])
    held.attempt(on_conflict=JOIN)
    assert log(held) == ["value", "other", "value", "value", "reader"], "twice by run 1"
    assert set(held.outcomes().values()) == {"materialized"}


def test_who_does_not_wait_ends_with_nothing_claimed_and_nothing_lost(held: Shop) -> None:
    meanwhile = Meanwhile(shop=held)
    held.attempt(on_conflict=FAIL)
    assert meanwhile.slept == []
    assert log(held) == ["value"], "what was claimed beside it was given back"
    assert held.result is not None
    assert held.result.status is RunStatus.FAILED
    assert held.result.conflicted
    failure = held.failure("value")
    assert (failure.kind, failure.message) == ("E626", "run 1 holds it")
    meanwhile.finish()
    assert held.build() == ["other", "reader"]
    assert held.todo() == []


PARTS = """
import time

parts = StaticPartitions([f"p{n}" for n in range(8)])


@asset(partitions=parts, batch=8)
def part(context: AssetContext) -> Iterator[Output[int]]:
    ran("part", *context.partition.keys)
    if Path("hold").exists():
        Path("hold").unlink()
        Path("holding").touch()
        while not Path("go").exists():
            time.sleep(0.005)
    for key in context.partition.keys:
        yield Output(int(key[1:]), partition=key)
"""


@pytest.mark.parametrize("on_conflict", [WAIT, JOIN])
def test_only_the_partition_that_is_held_waits(shop: Shop, on_conflict: OnConflict) -> None:
    shop.define(PARTS)
    before: list[str] = []

    def look(meanwhile: Meanwhile) -> None:
        before.extend(log(shop))
        meanwhile.finish()

    Meanwhile(shop=shop, select="part", partitions=("p3",), steps=[look])
    shop.attempt(on_conflict=on_conflict)
    calls = ["p3", "p0", "p1", "p2", "p4", "p5", "p6", "p7"]
    assert before == log(shop) == [f"part@{key}" for key in calls]
    assert len(shop.of(Materialized)) == 7
    assert shop.todo() == []


def test_a_retry_does_about_conflicts_what_its_run_did(held: Shop) -> None:
    (held.root / "fails").touch()
    held.attempt("value", on_conflict=JOIN)
    project = held.project()
    assert recorded(held, "1") == "join"
    with project.reading() as reader:
        found = reader.run("1")
    assert found is not None

    from assets_core.project.retrying import retry

    retry(project, found[0], RunOptions(), on_event=lambda _: None, planned=lambda _: None)
    assert recorded(held, "2") == "join"
    held.attempt("other", force=True)
    assert recorded(held, "3") == "wait"


def recorded(shop: Shop, run: str) -> object:
    """What a run was to do about conflicts."""
    with shop.project().reading() as reader:
        found = reader.run(run)
    assert found is not None
    return found[0].options["on_conflict"]


def test_the_setting_says_it_where_the_run_does_not(held: Shop) -> None:
    held.write(
        "pyproject.toml", (held.root / "pyproject.toml").read_text() + 'on_conflict = "fail"\n'
    )
    meanwhile = Meanwhile(shop=held)
    held.attempt()
    assert held.result is not None
    assert held.result.conflicted
    held.attempt(on_conflict=WAIT)
    assert held.outcomes()["value"] == "current"
    assert meanwhile.process.returncode == 0


def test_a_run_that_ended_for_a_conflict_is_not_followed_by_another(held: Shop) -> None:
    held.write("pyproject.toml", (held.root / "pyproject.toml").read_text() + "run_retries = 3\n")
    meanwhile = Meanwhile(shop=held)
    project = held.project()
    seen = run_with_retries(
        project,
        lambda options: project.materialize(options=options),
        RunOptions(on_conflict=FAIL),
        on_event=lambda event: None,
        planned=lambda planned: None,
    )
    assert seen is not None
    assert seen.number == 2
    meanwhile.finish()


def test_python_takes_the_three_names(held: Shop) -> None:
    meanwhile = Meanwhile(shop=held)
    assert materialize(held.project(), on_conflict="fail").conflicted
    meanwhile.finish()
    assert materialize(held.project(), on_conflict="join").ok
    with pytest.raises(UsageError) as caught:
        materialize(held.project(), on_conflict="soon")  # type: ignore[arg-type]
    assert caught.value.code == "E438"

"""``assets wipe`` as it is used, on a real terminal where somebody is asked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from assets_core.execution.paths import new_id
from assets_core.model.keys import AssetKey, AssetPartition
from assets_core.model.records import RunRecord
from assets_core.project import Project
from assets_core.store.liveness import RunLock, lock_path
from tests.faces.command import Command
from tests.faces.test_terminal_and_signals import finish, spawn


@contextmanager
def lease_of_a_live_run(folder: Path, asset: str) -> Iterator[None]:
    """This process as a run that is making the asset."""
    project, run = Project.load(folder), new_id()
    now = project.clock.now()
    with RunLock(lock_path(folder / ".assets", run)), project.writing() as store:
        with store.writing() as tx:
            tx.start_run(RunRecord(run, "default", now, now, {}))
            leases = tx.claim("default", run, [(AssetPartition(AssetKey(asset), ""), new_id())])
            assert isinstance(leases, list)
        yield
        with store.writing() as tx:
            tx.release(leases)


def actions(shop: Command) -> dict[str, str]:
    return {step["asset"]: step["action"] for step in shop.json("plan")["steps"]}


def test_a_wiped_asset_was_never_materialized_and_its_data_stays(built: Command) -> None:
    data = [p for p in (built.folder / ".assets" / "data" / "total").rglob("*") if p.is_file()]
    done = built("wipe", "total", "-y")
    assert (done.code, done.err) == (0, "")
    assert done.out == (
        "Forgot 1 current version of total.   Make it again: assets materialize total\n"
    )
    (step,) = [s for s in built.json("plan")["steps"] if s["asset"] == "total"]
    assert [reason["code"] for reason in step["reasons"]] == ["never_materialized"]
    assert actions(built) == {"total": "run", "label": "run"}
    assert all(file.exists() for file in data)
    assert built("verify").code == 0
    assert built("materialize").code == 0
    assert actions(built) == {}


def test_partitions_are_named_as_everywhere(built: Command) -> None:
    assert built.json("wipe", "orders", "-p", "eu", "-y")["wiped"] == ["eu"]
    (step,) = [s for s in built.json("plan")["steps"] if s["asset"] == "orders"]
    assert step["partitions"]["ranges"] == [["eu", "eu", 1]]
    assert built.json("wipe", "orders", "-y")["wiped"] == ["asia", "us"]
    assert built("wipe", "orders").out.startswith("Nothing to forget")
    wrong = built("wipe", "orders", "-p", "mars", "-y")
    assert (wrong.code, "E351" in wrong.err) == (2, True)


def test_without_a_terminal_it_needs_yes(built: Command) -> None:
    refused = built("wipe", "total")
    assert refused.code == 2
    assert "error[E930]: this deletes something, and there is nobody to ask" in refused.err
    assert "say -y to do it; `assets show total` says what it is" in refused.err
    assert actions(built) == {}


def test_an_asset_that_is_not_there_is_named(built: Command) -> None:
    done = built("wipe", "totals", "-y")
    assert (done.code, "did you mean `total`?" in done.err) == (4, True)


def test_nothing_recorded_is_nothing_to_forget_and_no_state_appears(shop: Command) -> None:
    done = shop("wipe", "total", "-y")
    assert (done.code, done.out) == (0, "Nothing to forget: total has no current version.\n")
    assert not (shop.folder / ".assets" / "state.sqlite").exists()


def test_what_a_live_run_is_making_is_not_wiped(built: Command) -> None:
    with lease_of_a_live_run(built.folder, "total"):
        done = built("wipe", "total", "-y")
    assert done.code == 5
    assert "is making `total` at this moment" in done.err
    assert actions(built) == {}
    assert built("wipe", "total", "-y").code == 0


@pytest.mark.parametrize(("answer", "goes_on"), [("y", True), ("", False), ("no", False)])
def test_on_a_terminal_it_asks_first(built: Command, answer: str, goes_on: bool) -> None:
    child = spawn(built, "wipe", "total")
    child.expect_exact("Forget 1 current version of total? [y/N] ")
    child.sendline(answer)
    said, code = finish(child)
    assert code == 0
    assert ("nothing was changed" in said) is not goes_on
    assert bool(actions(built)) is goes_on

"""What is said of requests: overrides, periods in which nothing exists, sources that cannot be seen, what runs now."""

from __future__ import annotations

import os
import signal

from tests.faces.command import Command
from tests.faces.test_terminal_and_signals import slow, start

__all__ = ["slow"]

OBSERVER = """
def seen() -> str:
    return str(1 / 0)


"""


def test_a_plan_decides_with_overrides_and_saves_them(shop: Command) -> None:
    shop.edit("shop/orders.py", "StaticPartitions, asset", "Config, StaticPartitions, asset")
    shop.edit("shop/orders.py", "def label(total: int)", "def label(total: int, limits: Limits)")
    shop.edit(
        "shop/orders.py", "def clean", "class Limits(Config):\n    big: int = 1\n\n\ndef clean"
    )
    assert shop("materialize").code == 0
    done = shop("plan", "--config", "label.big=2", "--out", "wider.json", "--exit-code")
    assert done.code == 3
    assert "config changed: limits.big" in done.out
    assert (
        "Run it: assets materialize --config label.big=2\n"
        in shop("plan", "--config", "label.big=2").out
    )
    done = shop("materialize", "--plan", "wider.json")
    assert ": 1 materialized," in done.out
    assert "note: runs without these --config overrides will find this out of date\n" in done.err
    assert "~ label" in shop("plan").out


def test_a_candidate_that_passes_now_is_said_to_be_published(built: Command) -> None:
    built.edit("shop/orders.py", "return total > 0", "return total > 1_000")
    built.edit("shop/orders.py", "return sum(sum(rows)", "return 2 * sum(sum(rows)")
    assert built("materialize").code == 1
    built.edit("shop/orders.py", "return total > 1_000", "return total > 1")
    done = built("materialize")
    assert done.code == 0, done.err
    assert "\n  + total  published\n" in done.err
    assert "\n  + label  same content  " in done.err


def test_a_period_in_which_nothing_exists_is_an_error_that_says_what_there_is(
    shop: Command,
) -> None:
    shop.edit(
        "shop/orders.py", "StaticPartitions, asset", "DailyPartitions, StaticPartitions, asset"
    )
    shop.edit(
        "shop/orders.py",
        "def clean",
        'days = DailyPartitions("2026-01-01", end="2026-01-15")\n'
        'later = DailyPartitions("2026-02-01", end="2026-02-03")\n\n\n'
        "@asset(partitions=days)\ndef sales() -> int:\n    return 1\n\n\n"
        "@asset(partitions=later)\ndef returns() -> int:\n    return 1\n\n\ndef clean",
    )
    done = shop("plan", "sales", "total", "-p", "2027-01")
    assert done.code == 2
    assert done.out == ""
    assert done.err == (
        "error[E209]: `-p` `2027-01` names no partition that exists: "
        "`sales` has 2026-01-01..2026-01-14\n"
        "help: name partitions within that, or leave `-p` out\n"
    )
    done = shop("plan", "sales", "returns", "-p", "2026-01")
    assert done.code == 0
    assert "14 of 14" in done.out
    assert done.err == (
        "note: nothing of `returns` is selected: `returns` has 2026-02-01..2026-02-02\n"
    )


def test_a_source_that_cannot_be_observed_is_named_with_the_users_frames(built: Command) -> None:
    named = '@source(observe=file_digest("data/orders.json")'
    built.edit("shop/orders.py", named, OBSERVER + "@source(observe=seen")
    said = (
        "not observed: raw_orders: ZeroDivisionError: division by zero\n"
        "  Traceback (most recent call last):\n"
        "    ... 3 frames of assets-core\n"
        f'    File "{built.folder}/shop/orders.py", line 13, in seen\n'
        "      return str(1 / 0)\n"
    )
    advice = (
        "  help: orders cannot be decided without it; "
        "correct the source or what it reads, and run this again\n"
    )
    for done in (built("materialize"), built("plan")):
        assert said in done.err
        assert advice in done.err
    document = built("materialize", "--json").document
    (detail,) = {s["detail"] for s in document["steps"] if s["asset"] == "orders"}
    assert detail == "raw_orders could not be observed: division by zero"


def test_a_source_that_fails_in_our_observer_is_named_with_its_definition(built: Command) -> None:
    (built.folder / "data" / "orders.json").unlink()
    done = built("materialize")
    assert done.code == 1
    assert "not observed: raw_orders: " in done.err
    assert "(shop/orders.py:11" in done.err
    assert "Traceback" not in done.err


def test_doctor_lists_every_executor_that_may_be_named(built: Command) -> None:
    (found,) = [f for f in built.json("doctor")["findings"] if f["name"] == "executors"]
    assert found["message"] == "inline, processes"


def test_what_runs_now_can_be_selected_and_what_a_dead_run_held_is_not_running(
    slow: Command,
) -> None:
    run = start(slow)
    listed = slow("ls", "status:running", "--json").document["assets"]
    assert [asset["key"] for asset in listed] == ["slow"]
    assert listed[0]["status"]["running"] == 1
    assert [step["asset"] for step in slow.json("plan", "status:running")["steps"]] == ["slow"]
    (row,) = [line for line in slow("ls").out.splitlines() if " slow " in line]
    assert row.split() == [">", "slow", "python", "default", "3", "1", "running,", "2", "missing"]
    strip = slow("partitions", "slow").out.splitlines()
    assert strip[1].strip() == ">++"
    assert "  > 1 running  a" in strip
    assert slow("partitions", "slow", "--status", "running").out == "a\n"
    os.killpg(run.pid, signal.SIGKILL)
    run.communicate(timeout=60)
    assert slow("ls", "status:running", "--json").document["assets"] == []

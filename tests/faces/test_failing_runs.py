"""Failures, checks that keep a version back, and going on afterwards."""

from __future__ import annotations

import re

import pytest

from tests.faces.command import Command


@pytest.fixture
def broken(built: Command) -> Command:
    """The project with a bug that two of three partitions meet."""
    built.edit(
        "shop/orders.py",
        "    return clean(raw_orders[context.partition.key])",
        '    if context.partition.key != "us":\n        raise ValueError("bad row")\n'
        "    return clean(raw_orders[context.partition.key])",
    )
    return built


def test_a_failure_shows_the_users_frames_the_last_output_and_the_log_once(broken: Command) -> None:
    done = broken("materialize")
    assert done.code == 1
    assert re.match(
        r"Failed in .*: 1 materialized, 0 unchanged, 2 failed, 2 blocked, 0 current\.   Next: assets retry 2\n",
        done.out,
    )
    assert "failed: orders[eu] and 1 more: ValueError: bad row\n" in done.err
    assert '    raise ValueError("bad row")\n' in done.err
    assert re.search(r"\.\.\. \d+ frames? of assets-core", done.err)
    assert "  | orders of eu\n" in done.err
    assert re.search(r"  log: \.assets/logs/\S+\.log\n", done.err)
    assert done.err.count("Traceback") == 1


def test_a_failed_run_is_one_valid_document(broken: Command) -> None:
    done = broken("materialize", "--json")
    assert done.code == 1
    document = done.document
    assert document["status"] == "failed"
    assert document["counts"]["failed"] == 2
    errors = [step["error"] for step in document["steps"] if step["outcome"] == "failed"]
    assert [error["message"] for error in errors] == ["bad row", "bad row"]


def test_retry_runs_what_failed_and_nothing_that_was_recorded(broken: Command) -> None:
    assert broken("materialize").code == 1
    broken.edit("shop/orders.py", 'raise ValueError("bad row")', "pass")
    done = broken("retry", "--json")
    assert done.code == 0, done.err
    ran = [
        (s["asset"], s["partition"])
        for s in done.document["steps"]
        if s["outcome"] == "materialized"
    ]
    assert ("orders", "us") not in ran
    assert {("orders", "eu"), ("orders", "asia")} <= set(ran)


def test_retry_of_a_run_that_succeeded_has_nothing_to_do(built: Command) -> None:
    done = built("retry")
    assert done.code == 2
    assert "error[E917]: there is nothing to retry: the latest run succeeded\n" in done.err
    assert built("retry", "1").out == "Nothing to do: 0 current.\n"
    assert built("retry", "99").code == 4


def test_fail_fast_starts_nothing_after_the_first_failure(broken: Command) -> None:
    document = broken("materialize", "-x", "--json").document
    assert [s["partition"] for s in document["steps"] if s["outcome"] == "failed"] == ["eu"]


def test_a_blocking_check_keeps_the_version_back_until_the_check_is_fixed(built: Command) -> None:
    built.edit("shop/orders.py", "return total > 0", "return total > 1_000")
    counting = 'Path("calls.txt").open("a").write("x")\n    return 2 * sum(sum(rows)'
    built.edit("shop/orders.py", "return sum(sum(rows)", counting)
    done = built("materialize")
    assert done.code == 1
    assert "total kept back: check total_is_positive failed" in done.err
    again = built("materialize", "--json")
    assert again.code == 1
    assert again.document["counts"]["materialized"] == 0
    plan = built("plan")
    assert "  ! total" in plan.out
    assert "check total_is_positive failed on the candidate of run 2" in plan.out
    built.edit("shop/orders.py", "return total > 1_000", "return total > 1")
    fixed = built("materialize", "--json")
    assert fixed.code == 0, fixed.err
    assert (built.folder / "calls.txt").read_text() == "x"
    assert built("plan", "--exit-code").code == 0


def test_check_evaluates_what_is_missing_and_nothing_else(built: Command) -> None:
    done = built("check")
    assert (done.code, done.out) == (0, "  + total  total_is_positive  passed\n")
    built.edit("shop/orders.py", "return total > 0", "return total > 1_000")
    failed = built("check", "--json")
    assert failed.code == 1
    assert failed.document["counts"] == {"passed": 0, "failed": 1, "errored": 0}
    assert "  ! total  total_is_positive  failed (blocking)\n" in built("check").out


def test_logs_are_shown_call_by_call(built: Command) -> None:
    done = built("runs", "logs")
    assert done.code == 0
    assert "==> orders[eu] <==\norders of eu\n" in done.out
    assert built("runs", "logs", "-f").out == done.out


def test_a_run_is_shown_with_its_attempts(broken: Command) -> None:
    assert broken("materialize").code == 1
    listed = broken("runs", "ls")
    assert re.search(
        r"^2  failed .* 1 materialized, 2 failed, 2 blocked\n1  succeeded ", listed.out
    )
    shown = broken("runs", "show")
    assert shown.out.startswith("run 2 failed  started ")
    assert "orders[eu]: ValueError: bad row" in shown.out
    assert broken.json("runs", "show", "2")["counts"]["failed"] == 2

"""The ordinary day: plan, materialize, plan again, edit, and everything that must then be said."""

from __future__ import annotations

import gc
import json

from jsonschema import Draft202012Validator

from assets_core.schemas import schema
from tests.faces.command import Command


def test_the_first_plan_says_what_is_missing_and_how_to_run_it(shop: Command) -> None:
    done = shop("plan")
    assert done.code == 0
    assert done.out == (
        "Plan: 3 assets, 5 partitions to run   (0 current)\n"
        "  + orders   3 of 3   eu..asia   never materialized\n"
        "  + total         1              never materialized\n"
        "  + label         1              never materialized\n"
        "Nothing has run.  Run it: assets materialize\n"
    )
    assert done.err == ""
    assert not (shop.folder / ".assets" / "state.sqlite").exists()


def test_a_run_ends_with_one_line_on_stdout_and_tells_its_progress_on_stderr(shop: Command) -> None:
    done = shop("materialize")
    assert done.code == 0
    assert done.out.startswith("Done in ")
    assert done.out.endswith(
        ": 5 materialized, 0 unchanged, 0 failed, 0 current.   Next: assets ls\n"
    )
    assert "run 1: 5 asset-partitions" in done.err
    assert "  + orders  3 materialized" in done.err


def test_a_second_run_does_nothing_says_so_and_records_nothing(built: Command) -> None:
    done = built("materialize")
    assert (done.code, done.out, done.err) == (0, "Nothing to do: 5 current.\n", "")
    assert len(built.json("runs", "ls")["runs"]) == 1
    assert built.json("materialize")["run"] is None


def test_an_edit_is_named_by_function_and_line_and_its_downstream_may_follow(
    built: Command,
) -> None:
    built.edit("shop/orders.py", "row > 0", "row >= 1")
    done = built("plan", "--exit-code")
    assert done.code == 3
    assert "  ~ orders   3 of 3   eu..asia   code changed: shop/orders.py:16 clean()\n" in done.out
    assert "  ? total         1              if orders changes\n" in done.out
    ran = built.json("materialize")
    assert ran["counts"] == {
        "materialized": 3, "unchanged": 2, "restored": 0, "failed": 0, "blocked": 0, "current": 0,
    }  # fmt: skip
    assert built("plan", "--exit-code").code == 0


def test_plan_diff_names_everything_that_changed(built: Command) -> None:
    built.edit("shop/orders.py", "row > 0", "row >= 1")
    done = built("plan", "--diff")
    assert "\norders\n  edited   shop/orders.py:16 clean()\n" in done.out


def test_a_comment_changes_nothing(built: Command) -> None:
    built.edit("shop/orders.py", "def clean", "# a comment\n\ndef clean")
    assert built("plan", "--exit-code").out == "Nothing to do: 5 current.\n"


def test_the_command_that_a_plan_suggests_runs_that_plan(shop: Command) -> None:
    done = shop("plan", "orders", "--exclude", "total", "-p", "eu", "--force")
    assert "Run it: assets materialize orders --exclude total -p eu --force\n" in done.out


def test_selected_partitions_only(shop: Command) -> None:
    ran = shop.json("materialize", "orders", "-p", "eu", "-p", "asia")
    assert [(s["asset"], s["partition"]) for s in ran["steps"]] == [
        ("orders", "eu"),
        ("orders", "asia"),
    ]
    assert "1 of 3" in shop("plan", "orders").out


def test_selections_come_from_a_file_too(shop: Command) -> None:
    (shop.folder / "list.txt").write_text("# the first layer\norders\n\ntotal  # and the next\n")
    document = shop.json("plan", "--select", "@list.txt")
    assert {step["asset"] for step in document["steps"]} == {"orders", "total"}


def test_a_status_that_matches_nothing_exits_zero_and_says_so(built: Command) -> None:
    for arguments in (("plan", "status:stale"), ("materialize", "status:stale")):
        done = built(*arguments)
        assert (done.code, done.out) == (0, "Nothing to do: 0 current.\n")
        assert done.err == "note: nothing is selected: no asset-partition is in that state\n"
    assert built("plan", "-p", "stale").code == 0


def test_events_are_streamed_as_lines_of_json(shop: Command) -> None:
    done = shop("materialize", "--jsonl")
    assert done.code == 0
    events = [json.loads(line) for line in done.out.splitlines()]
    for event in events:
        Draft202012Validator(schema("event")).validate(event)
    names = [event["event"] for event in events]
    assert names[0] == "run_started"
    assert names[-1] == "run_finished"
    assert names.count("materialized") == 5


def test_a_run_names_what_it_reads_as_it_is(built: Command) -> None:
    built.edit("shop/orders.py", "row > 0", "row >= 1")
    done = built("materialize", "label", "--force")
    assert done.err.startswith(
        "note: orders is out of date too but not selected and read as it is; "
        "put `+` before the selection to include what is upstream\n"
    )


def test_force_runs_what_is_current(built: Command) -> None:
    assert built.json("materialize", "label", "--force")["counts"]["materialized"] == 1


def test_an_override_holds_for_this_run_only(shop: Command) -> None:
    shop.edit("shop/orders.py", "StaticPartitions, asset", "Config, StaticPartitions, asset")
    shop.edit(
        "shop/orders.py",
        "def label(total: int) -> str:",
        "def label(total: int, limits: Limits) -> str:",
    )
    shop.edit(
        "shop/orders.py", "def clean", "class Limits(Config):\n    big: int = 1\n\n\ndef clean"
    )
    assert shop("materialize").code == 0
    done = shop("materialize", "--config", "label.big=2")
    assert ": 1 materialized," in done.out
    assert "note: runs without these --config overrides will find this out of date\n" in done.err
    done = shop("plan")
    assert "~ label" in done.out
    assert "config changed: limits.big" in done.out


def test_process_workers_run_two_independent_assets(shop: Command) -> None:
    done = shop("materialize", "--executor", "processes", "-j", "2", "--json")
    assert done.code == 0, done.err
    assert done.document["counts"]["materialized"] == 5


def test_garbage_is_collected_rarely_while_a_project_loads_and_as_usual_while_it_runs(
    empty: Command,
) -> None:
    (empty.folder / "assets.toml").write_text('module = "memory"\nexecutor = "inline"\n')
    (empty.folder / "memory.py").write_text(
        "import gc\nfrom pathlib import Path\n\nfrom assets_core import asset\n\n"
        'Path("loading").write_text(str(gc.get_threshold()[0]))\n\n'
        "@asset\ndef one() -> int:\n"
        '    Path("running").write_text(str(gc.get_threshold()))\n    return 1\n'
    )
    assert empty("materialize").code == 0
    assert int((empty.folder / "loading").read_text()) > 10 * gc.get_threshold()[0]
    assert (empty.folder / "running").read_text() == str(gc.get_threshold())

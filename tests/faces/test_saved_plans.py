"""``plan --out`` and ``materialize --plan``: what was reviewed is what runs, or nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.faces.command import Command


@pytest.fixture
def saved(shop: Command) -> Command:
    done = shop("plan", "orders", "-p", "eu", "--out", "plan.json")
    assert done.code == 0
    assert "Run it: assets materialize --plan plan.json\n" in done.out
    return shop


def test_a_saved_plan_runs_with_its_own_selection(saved: Command) -> None:
    ran = saved.json("materialize", "--plan", "plan.json")
    assert [(s["asset"], s["partition"]) for s in ran["steps"]] == [("orders", "eu")]


def test_commits_that_change_no_step_are_no_drift(saved: Command) -> None:
    assert saved("materialize", "orders", "-p", "us").code == 0
    assert saved("materialize", "--plan", "plan.json").code == 0


def test_an_edit_meanwhile_is_a_conflict_that_names_the_step(saved: Command) -> None:
    saved.edit("shop/orders.py", "row > 0", "row >= 1")
    done = saved("materialize", "--plan", "plan.json")
    assert done.code == 5
    assert done.err == (
        "error[E915]: the saved plan is no longer the plan:\n"
        "  orders: run with other code or config\n"
        "  --> plan.json\n"
        "help: look at today's with `assets plan`, and save it again with `--out`\n"
    )
    assert done.out == ""


def test_a_step_that_was_done_meanwhile_is_a_conflict(saved: Command) -> None:
    assert saved("materialize").code == 0
    done = saved("materialize", "--plan", "plan.json", "--json")
    assert done.code == 5
    assert done.document["message"].endswith("orders: run is no longer needed")


def test_a_saved_plan_stands_alone(saved: Command) -> None:
    done = saved("materialize", "orders", "--plan", "plan.json")
    assert done.code == 2
    assert "error[E907]: `--plan` stands alone" in done.err


def test_a_saved_plan_belongs_to_its_environment(saved: Command) -> None:
    assert saved("materialize", "--plan", "plan.json", "--env", "prod").code == 2


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "it is not JSON"),
        ("[" * 100_000, "it is not JSON"),
        ("[]", "it is no document of the form assets.plan/1"),
        ('{"schema": "assets.plan/1"}', "something in it is missing or of another type"),
        (
            '{"schema": "assets.plan/1", "options": 3}',
            "something in it is missing or of another type",
        ),
    ],
)
def test_what_is_no_saved_plan_is_refused(empty: Command, text: str, reason: str) -> None:
    (empty.folder / "odd.json").write_text(text)
    done = empty("materialize", "--plan", "odd.json")
    assert done.code == 2
    assert done.err.startswith(f"error[E914]: `odd.json` is not a saved plan: {reason}\n")


def test_a_plan_that_cannot_be_written_is_an_error(shop: Command) -> None:
    done = shop("plan", "--out", str(Path("missing") / "plan.json"))
    assert done.code == 2
    assert "error[E913]: the plan cannot be written to `missing/plan.json`" in done.err


def test_the_file_holds_the_plan_document(saved: Command) -> None:
    document = json.loads((saved.folder / "plan.json").read_text())
    shown = saved.json("plan", "orders", "-p", "eu")
    assert document["steps"] == shown["steps"]

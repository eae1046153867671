"""``assets rollback`` as it is used, on a real terminal where somebody is asked."""

from __future__ import annotations

import pytest

from tests.faces.command import Command
from tests.faces.test_terminal_and_signals import finish, spawn
from tests.faces.test_wipe import actions, lease_of_a_live_run


@pytest.fixture
def twice(built: Command) -> Command:
    """The shop whose orders were made twice, the second time with zeros in them."""
    built.edit("shop/orders.py", "row > 0", "row >= 0")
    assert built("materialize").code == 0
    return built


def numbers(shop: Command, address: str) -> list[int]:
    return [one["number"] for one in shop.json("show", address)["materializations"]]


def test_the_version_before_is_current_again_and_held(twice: Command) -> None:
    new, old = numbers(twice, "orders@eu")
    done = twice("rollback", "orders@eu", "-y")
    assert (done.code, done.err) == (0, "")
    moved, said = done.out.splitlines()
    assert moved.startswith(f"  < orders[eu]  version {new} -> version {old}, made 2")
    assert said == (
        "Rolled back 1 asset-partition, held from now on.   "
        "Let it be made again: assets rollback orders --clear"
    )
    assert actions(twice) == {"total": "run", "label": "maybe"}
    assert twice("materialize").code == 0
    assert actions(twice) == {}
    assert twice("verify").code == 0


def test_every_verb_says_that_it_is_held(twice: Command) -> None:
    twice("rollback", "orders@eu", "-y")
    (note,) = twice.json("plan")["annotations"]
    assert (note["code"], note["asset"]) == ("held", "orders")
    assert note["partitions"] == {"count": 1, "ranges": [["eu", "eu", 1]]}
    (shown,) = twice.json("show", "orders")["held"]
    assert shown == {"partitions": note["partitions"], "since": note["since"]}
    assert twice.json("show", "orders@us")["held"] == []
    (listed,) = twice.json("ls", "orders")["assets"]
    assert (listed["status"]["held"], listed["status"]["current"]) == (1, 3)
    assert twice.json("partitions", "orders")["status"]["held"] == note["partitions"]
    assert twice("partitions", "orders", "--status", "held").out == "eu\n"
    (why,) = twice.json("why", "orders@eu")["explanations"]
    assert (why["state"], why["since"]) == ("held", note["since"])
    assert [cause["reason"]["code"] for cause in why["causes"]] == ["code_changed"]
    assert twice("ls", "status:held").out.split() == [
        "=", "orders", "python", "staging", "3", "1", "held,", "2", "current",
    ]  # fmt: skip


def test_people_read_since_when_and_what_ends_it(twice: Command) -> None:
    twice("rollback", "orders@eu", "-y")
    text = "when it was rolled back: nothing makes it again but `--force`, or `assets rollback orders --clear` first"
    planned = twice("plan")
    assert "note: orders is held since 2" in planned.out
    assert text in planned.out
    assert text in twice("materialize", "orders").err
    state, cause, way_out, *_ = twice("why", "orders@eu").out.splitlines()
    assert state.startswith("orders[eu] is held since 2")
    assert cause == "  although shop/orders.py:16 clean() was edited"
    assert way_out == "  `assets rollback orders --clear` lets it be made again"


def test_show_says_which_version_is_current(twice: Command) -> None:
    new, old = numbers(twice, "total")
    for to, marked in ((old, [False, True]), (new, [True, False])):
        twice("rollback", "total", "--to", str(to), "-y")
        lines = [li for li in twice("show", "total").out.splitlines() if li.startswith("  version")]
        assert [int(line.split()[1]) for line in lines] == [new, old]
        assert [line.endswith("  current") for line in lines] == marked


def test_clearing_lets_it_be_made_again(twice: Command) -> None:
    twice("rollback", "orders", "-y")
    assert twice.json("rollback", "orders@eu", "--clear")["released"] == [
        {"asset": "orders", "partition": "eu"}
    ]
    assert twice("materialize").code == 0
    assert twice("rollback", "orders", "--clear").out == (
        "2 asset-partitions of orders held no more.   Make it again: assets materialize orders\n"
    )
    assert twice("rollback", "orders", "--clear").out == "Nothing is held of orders.\n"


def test_a_dry_run_says_it_and_changes_nothing(twice: Command) -> None:
    shown = twice.json("rollback", "orders", "-p", "eu", "-p", "us", "--dry-run")
    assert shown["dry_run"] is True
    assert [move["partition"] for move in shown["moved"]] == ["eu", "us"]
    assert twice.json("plan")["annotations"] == []
    done = twice.json("rollback", "orders", "-p", "eu", "-p", "us", "-y")
    assert (done["moved"], done["dry_run"]) == (shown["moved"], False)


def test_a_version_is_named_by_its_number(twice: Command) -> None:
    new, old = numbers(twice, "total")
    done = twice.json("rollback", "total", "--to", str(old), "-y")
    assert done["moved"] == [{"asset": "total", "partition": None, "from": new, "to": old}]
    again = twice.json("rollback", "total", "--to", str(new), "-y")
    assert again["moved"] == [{"asset": "total", "partition": None, "from": old, "to": new}]


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (
            ("total", "--to", "1", "-y"), 2,
            ("error[E932]: `total` has no version `1` that could be current again\n"
            "help: choose one of `{0}` or `{1}`\n"),
        ),
        (
            ("orders", "--to", "1", "-y"), 2,
            ("error[E932]: `--to` names a version of one asset-partition, and 3 of `orders` are asked for\n"
            "help: name one, such as `orders@asia`\n"),
        ),
        (
            ("label", "-y"), 2,
            ("error[E931]: `label` can't be rolled back: there is no version before the current one\n"
            "help: see `assets show label`; correct the code and run `assets materialize label`\n"),
        ),
        (
            ("raw_orders", "-y"), 2,
            ("error[E931]: `raw_orders` can't be rolled back: it is a source: observed, not made\n"
            "help: see `assets show raw_orders`; correct the code and run `assets materialize raw_orders`\n"),
        ),
        (
            ("total", "--clear", "--to", "1"), 2,
            "error[E907]: `--clear` moves nothing\nhelp: leave `--to` and `--dry-run` out\n",
        ),
        (
            ("total",), 2,
            ("error[E930]: this changes what readers see, and there is nobody to ask\n"
            "help: say -y to do it; `--dry-run` says what it is\n"),
        ),
        (
            ("totals", "-y"), 4,
            "error[E912]: there is no asset `totals`\nhelp: did you mean `total`?\n",
        ),
    ],
)  # fmt: skip
def test_what_can_not_be_done_is_said(
    twice: Command, arguments: tuple[str, ...], code: int, said: str
) -> None:
    done = twice("rollback", *arguments)
    assert done.code == code
    assert done.err.endswith(said.format(*numbers(twice, "total")))
    assert twice.json("plan")["annotations"] == []


def test_what_gc_condemned_or_lost_is_not_chosen(twice: Command) -> None:
    with (twice.folder / "assets.toml").open("a") as file:
        file.write("gc.keep = 1\n")
    assert twice("gc", "-y").code == 0
    done = twice("rollback", "total", "-y")
    assert (done.code, "there is no version before the current one" in done.err) == (2, True)


def test_what_is_held_is_never_collected(twice: Command) -> None:
    with (twice.folder / "assets.toml").open("a") as file:
        file.write("gc.keep = 1\ngc.grace = 0\n")
    new, old = numbers(twice, "total")
    twice("rollback", "total", "-y")
    for _ in range(2):
        assert twice("gc", "-y").code == 0
    assert twice("verify").code == 0
    assert twice.json("rollback", "total", "--to", str(old), "-y")["moved"][0]["to"] == old
    assert twice("rollback", "total", "--to", str(new), "-y").code == 2


def test_what_a_live_run_is_making_is_not_rolled_back(twice: Command) -> None:
    with lease_of_a_live_run(twice.folder, "total"):
        done = twice("rollback", "total", "-y")
    assert done.code == 5
    assert "is making `total` at this moment" in done.err
    assert "wait for the run or stop it, then roll back again" in done.err
    assert twice("rollback", "total", "-y").code == 0


def test_a_plan_that_was_saved_before_is_no_longer_the_plan(twice: Command) -> None:
    twice.edit("shop/orders.py", "row >= 0", "row > 1")
    assert twice("plan", "--out", "plan.json").code == 0
    assert twice("rollback", "total", "-y").code == 0
    done = twice("materialize", "--plan", "plan.json")
    assert (done.code, "total: maybe is no longer needed" in done.err) == (5, True)
    assert twice("plan", "--out", "plan.json").code == 0
    ran = twice.json("materialize", "--plan", "plan.json")
    assert {step["asset"] for step in ran["steps"]} == {"orders"}


@pytest.mark.parametrize(("answer", "goes_on"), [("y", True), ("", False), ("no", False)])
def test_on_a_terminal_it_asks_first(twice: Command, answer: str, goes_on: bool) -> None:
    child = spawn(twice, "rollback", "total")
    child.expect_exact("Roll 1 asset-partition back? [y/N] ")
    child.sendline(answer)
    said, code = finish(child)
    assert code == 0
    assert ("nothing was changed" in said) is not goes_on
    assert bool(twice.json("plan")["annotations"]) is goes_on

"""What was rolled back is held: nothing makes it again but force, and what reads it follows in the ordinary way."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from assets_core.errors import ConflictError, StoreError, UsageError
from assets_core.project.retrying import retry
from assets_core.project.rolling_back import clear_holds, plan_rollback, roll_back
from assets_core.project.running import RunOptions
from tests.scenarios.shops import Shop

CHAIN = """
class Size(Config):
    factor: int = 1


@source(observe=file_digest("number.txt"))
def number() -> int:
    return int(Path("number.txt").read_text())


@asset
def up(number: int, size: Size) -> int:
    ran("up")
    return number * size.factor


@asset
def down(up: int) -> int:
    ran("down")
    return up + 1
"""

SELF = """
days = DailyPartitions(start="2026-01-01", end="2026-01-05")


@asset(partitions=days)
def up(context: AssetContext) -> int:
    ran("up", context.partition.key)
    return 1


@asset(partitions=days)
def total(
    context: AssetContext,
    up: int,
    before: Annotated[int | None, Input("total", mapping=TimeWindow(-1, -1), optional=True)],
) -> int:
    ran("total", context.partition.key)
    return up + (before or 0)
"""

TWO = """
@asset
def up() -> int:
    return 1


@multi_asset(outputs=[Out("left"), Out("right")]{options})
def both(up: int) -> Iterator[Output[int]]:
    ran("both")
    yield Output(up, "left")
    yield Output(up * 10, "right")
"""


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    shop = Shop.at(tmp_path / "project")
    shop.write("number.txt", "1")
    shop.define(CHAIN)
    shop.build()
    return shop


def edit_number(shop: Shop, number: int) -> None:
    shop.write("number.txt", str(number))


def back(shop: Shop, name: str, *terms: str, to: str | None = None) -> list[str]:
    """What moved."""
    project = shop.project()
    found = plan_rollback(project, name, terms, to)
    roll_back(project, found)
    return [str(move.key) for move in found.moves]


def released(shop: Shop, name: str, *terms: str) -> list[str]:
    return [str(one) for one in clear_holds(shop.project(), name, terms)[1]]


def notes(shop: Shop) -> list[str]:
    return [note.code for note in shop.plan().plan.annotations]


def numbers(shop: Shop, asset: str) -> list[int]:
    """The versions of an asset, the newest first."""
    with shop.project().reading() as reader:
        return [one.number for one in reader.history("default", asset, None, 99)]


def test_what_reads_it_is_made_of_the_older_version_and_the_rest_stays(shop: Shop) -> None:
    edit_number(shop, 2)
    assert shop.build() == ["down", "up"]
    assert back(shop, "up") == ["up"]
    assert shop.todo() == ["down run input_changed"]
    assert notes(shop) == ["held"]
    assert shop.build() == ["down"]
    assert (shop.value("up"), shop.value("down")) == (1, 2)
    assert (shop.build(), shop.plan().plan.steps) == ([], ())


@pytest.mark.parametrize("what", ["code", "config", "input"])
def test_no_change_makes_it_again(shop: Shop, what: str) -> None:
    edit_number(shop, 2)
    shop.build()
    back(shop, "up")
    shop.build()
    if what == "code":
        shop.edit("number * size.factor", "number * size.factor + 5")
    elif what == "config":
        shop.edit("factor: int = 1", "factor: int = 7")
    else:
        edit_number(shop, 3)
    assert shop.build() == []
    assert shop.value("up") == 1
    assert released(shop, "up") == ["up"]
    assert shop.build() == ["down", "up"]
    assert (notes(shop), released(shop, "up")) == ([], [])


def test_force_makes_it_again_and_ends_the_hold(shop: Shop) -> None:
    edit_number(shop, 2)
    shop.build()
    back(shop, "up")
    shop.build()
    assert "held" not in [note.code for note in shop.plan("up", force=True).plan.annotations]
    assert shop.build("up", force=True) == ["up"]
    assert notes(shop) == []
    edit_number(shop, 3)
    assert shop.build() == ["down", "up"]


def test_each_rollback_goes_one_version_further(shop: Shop) -> None:
    for number in (2, 3):
        edit_number(shop, number)
        shop.build()
    for expected in (2, 1):
        back(shop, "up")
        assert shop.value("up") == expected
    with pytest.raises(UsageError, match=r"E931.*no version before the current one"):
        back(shop, "up")
    latest = str(numbers(shop, "up")[0])
    back(shop, "up", to=latest)
    assert shop.value("up") == 3


def test_what_was_wiped_goes_back_to_what_it_was(shop: Shop) -> None:
    from assets_core.project.wiping import versions_to_wipe, wipe

    project = shop.project()
    wipe(project, versions_to_wipe(project, "up", ())[1])
    back(shop, "up")
    assert (shop.value("up"), shop.build()) == (1, [])


def test_a_version_that_is_damaged_is_refused_and_others_are_named(shop: Shop) -> None:
    for number in (2, 3):
        edit_number(shop, number)
        shop.build()
    third, second, first = numbers(shop, "up")
    home = shop.project().definitions.home
    with shop.project().reading() as reader:
        made = {one.number: one for one in reader.history("default", "up", None, 9)}
    one = made[second]
    shutil.rmtree(home.version_of(one))
    with pytest.raises(ConflictError, match=rf"E933.*version {second} of `up`") as caught:
        back(shop, "up")
    assert caught.value.help == (
        f"nothing was changed; choose another with `--to`: `{third}` or `{first}`"
    )
    assert (shop.value("up"), shop.build()) == (3, [])
    with shop.project().reading() as reader:
        assert reader.soundness([second])[second] == "missing"
    back(shop, "up", to=str(first))
    assert shop.value("up") == 1


def test_a_disk_that_is_not_mounted_is_said_and_marks_nothing(shop: Shop) -> None:
    edit_number(shop, 2)
    shop.build()
    data = shop.root / ".assets" / "data"
    data.rename(shop.root / "elsewhere")
    with pytest.raises(StoreError, match="E619"):
        back(shop, "up")
    (shop.root / "elsewhere").rename(data)
    back(shop, "up")
    assert shop.value("up") == 1


def test_what_is_held_and_lost_blocks_its_readers_and_is_not_made_again(shop: Shop) -> None:
    edit_number(shop, 2)
    shop.build()
    back(shop, "up")
    home = shop.project().definitions.home
    with shop.project().reading() as reader:
        made = reader.current_of("default", "up")[""]
    shutil.rmtree(home.version_of(made))
    shop.attempt("down")  # finds out
    assert shop.todo() == ["up blocked output_missing", "down blocked input_missing"]
    assert shop.attempt() == []
    assert shop.outcomes() == {"up": "blocked", "down": "blocked"}
    assert shop.build("up", force=True) == ["up"]
    assert shop.build() == []


def test_later_partitions_are_not_decided_through_one_that_is_held(tmp_path: Path) -> None:
    shop = Shop.at(tmp_path / "project")
    shop.define(SELF)
    shop.build()
    shop.build("total", partitions=["2026-01-02"], force=True)
    assert back(shop, "total", "2026-01-02") == ["total@2026-01-02"]
    shop.edit('ran("up", context.partition.key)\n    return 1', "return 2")
    assert shop.build() == ["total@2026-01-01", "total@2026-01-03", "total@2026-01-04"]
    assert [shop.value("total", partition=f"2026-01-0{n}") for n in (1, 2, 3)] == [2, 2, 4]


def test_an_output_that_no_call_makes_alone_holds_the_others(tmp_path: Path) -> None:
    shop = Shop.at(tmp_path / "project")
    shop.define(TWO.format(options=""))
    shop.build()
    shop.edit("return 1", "return 2")
    shop.build()
    assert back(shop, "left") == ["left"]
    assert (shop.value("left"), shop.value("right")) == (1, 20)
    shop.edit("return 2", "return 3")
    assert shop.build() == []
    held = {note.asset for note in shop.plan().plan.annotations}
    assert held == {"left", "right"}
    assert released(shop, "right") == ["left"]
    assert shop.build() == ["both"]


def test_an_output_that_can_be_made_alone_is_not_held_with_another(tmp_path: Path) -> None:
    shop = Shop.at(tmp_path / "project")
    shop.define(TWO.format(options=", can_subset=True"))
    shop.build()
    shop.edit("return 1", "return 2")
    shop.build()
    back(shop, "left")
    shop.edit("return 2", "return 3")
    assert shop.build() == ["both"]
    assert (shop.value("left"), shop.value("right")) == (1, 30)


def test_what_is_published_together_goes_back_together(tmp_path: Path) -> None:
    shop = Shop.at(tmp_path / "project")
    shop.define(TWO.format(options=', publish="together"'))
    shop.build()
    shop.edit("return 1", "return 2")
    shop.build()
    assert sorted(back(shop, "right")) == ["left", "right"]
    assert (shop.value("left"), shop.value("right")) == (1, 10)
    assert released(shop, "left") == ["left", "right"]


def test_what_stores_nothing_is_refused(tmp_path: Path) -> None:
    shop = Shop.at(tmp_path / "project")
    shop.define("@asset\ndef sent() -> None:\n    ran('sent')\n")
    shop.build()
    shop.build("sent", force=True)
    with pytest.raises(UsageError, match=r"E931.*what it did elsewhere can't be taken back"):
        back(shop, "sent")


def test_a_rollback_while_a_run_goes_on_is_heeded_by_it(shop: Shop) -> None:
    edit_number(shop, 2)
    shop.build()
    shop.edit("return up + 1", "return up + 2")
    command = [str(Path(sys.executable).parent / "assets"), "rollback", "down", "-y"]
    text = f"import subprocess; subprocess.run({command!r}, check=True, capture_output=True)"
    shop.edit('ran("up")', f'ran("up"); {text}')
    assert shop.attempt() == ["up"]
    assert shop.outcomes()["down"] == "current"
    assert shop.value("down") == 2


def test_a_retry_of_a_forced_run_leaves_what_was_rolled_back_since(shop: Shop) -> None:
    edit_number(shop, 2)
    shop.edit("return up + 1", "raise ValueError(up)")
    shop.attempt(force=True)
    assert shop.outcomes()["up"] == "materialized"
    back(shop, "up")
    shop.edit("raise ValueError(up)", "return up + 1")
    project = shop.project()
    with project.reading() as reader:
        record = reader.runs("default", 1)[0][0]
    shop.calls()
    retry(project, record, RunOptions(), on_event=lambda e: None, planned=lambda p: None)
    assert shop.calls() == ["down"]
    assert (shop.value("up"), shop.value("down")) == (1, 2)

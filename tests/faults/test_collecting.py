"""``gc`` on real projects: what goes, what stays, and what is never touched."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from assets_core.errors import CorruptionError
from assets_core.execution.attempt_folders import delete_folder, made_at
from assets_core.execution.paths import new_id
from assets_core.project.collecting import Collected, collect
from assets_core.project.verifying import verify
from assets_core.project.wishes import Wish
from assets_core.store.liveness import RunLock, lock_path
from tests.scenarios.shops import Shop

ONE = """
@asset
def up() -> int:
    return 1


@asset
def down(up: int) -> int:
    return up
"""
EAGER = "gc = { keep = 1, grace = 0, candidates = 0 }"


def later(shop: Shop, **ago: float) -> None:
    """Pretend that it is later."""
    shop.clock = Later(timedelta(**ago))


class Later:
    def __init__(self, by: timedelta) -> None:
        self.by = by

    def now(self) -> datetime:
        return datetime.now(UTC) + self.by

    def monotonic(self) -> float:
        return 0.0

    def sleep(self, seconds: float) -> None: ...


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """Two assets, each with a version that was replaced; an eager collector."""
    shop = Shop.at(tmp_path / "project", EAGER)
    shop.define(ONE)
    shop.build()
    shop.build(force=True)
    return shop


def gc(shop: Shop, *, dry_run: bool = False) -> Collected:
    return collect(shop.project(), dry_run=dry_run)


def counts(done: Collected) -> dict[str, int]:
    names = ("condemned", "deleted", "waiting", "attempts", "logs")
    return {n: getattr(done, n).number for n in names if getattr(done, n).number}


def folders(shop: Shop) -> list[str]:
    """The attempts on disk."""
    data = shop.root / ".assets" / "data"
    return sorted(p.name for p in data.glob("*/~*"))


def current(shop: Shop) -> list[str]:
    with shop.project().reading() as reader:
        return sorted(f"~{reader.current_of('default', k)[''].attempt}" for k in ("up", "down"))  # type: ignore[arg-type]


def healthy(shop: Shop) -> bool:
    """Everything current is whole, the store agrees with itself, and nothing is out of date."""
    return verify(shop.project(), Wish(), every=True).ok and shop.todo() == []


def test_what_was_replaced_goes_and_what_is_current_stays(shop: Shop) -> None:
    assert len(folders(shop)) == 4
    assert counts(gc(shop, dry_run=True)) == {"condemned": 2}
    assert len(folders(shop)) == 4
    assert counts(gc(shop)) == {"condemned": 2, "deleted": 2}
    assert folders(shop) == current(shop)
    assert healthy(shop)
    assert gc(shop).nothing
    with shop.project().reading() as reader:
        assert len(reader.history("default", "up", "", 9)) == 2  # type: ignore[arg-type]


def test_the_last_versions_are_kept_and_data_goes_after_the_grace(tmp_path: Path) -> None:
    shop = Shop.at(tmp_path / "project", "gc = { keep = 2, grace = 600 }")
    shop.define(ONE)
    for _ in range(3):
        shop.build(force=True)
    assert counts(gc(shop)) == {"condemned": 2, "waiting": 2}
    assert len(folders(shop)) == 6
    later(shop, seconds=500)
    assert gc(shop).nothing
    later(shop, seconds=700)
    assert counts(gc(shop)) == {"deleted": 2}
    assert len(folders(shop)) == 4


def test_what_a_check_kept_back_stays_for_its_time(tmp_path: Path) -> None:
    shop = Shop.at(tmp_path / "project", "gc = { keep = 1, grace = 0, candidates = 600 }")
    shop.define("@check(asset='up')\ndef good(up: int) -> bool:\n    return up > 1\n\n\n" + ONE)
    shop.attempt()
    assert gc(shop).nothing
    later(shop, seconds=700)
    assert counts(gc(shop)) == {"condemned": 1, "deleted": 1}
    shop.edit("return up > 1", "return up > 0")
    assert shop.todo()[0] == "up run never_materialized"
    shop.build()
    assert healthy(shop)


def test_what_a_run_that_goes_on_may_read_is_kept(tmp_path: Path) -> None:
    """The run itself collects, between its steps: its own inputs were just replaced by another run."""
    shop = Shop.at(tmp_path / "project", EAGER)
    shop.define(ONE)
    shop.build()
    other = Shop(shop.root)
    seen: list[dict[str, int]] = []

    def meanwhile(event: object) -> None:
        if type(event).__name__ == "StepStarted" and not seen:
            other.build("up", force=True)
            seen.append(counts(gc(other)))

    shop.attempt("down", force=True, on_event=meanwhile)
    assert seen == [{}]
    assert shop.result is not None
    assert shop.result.ok
    assert counts(gc(shop))["deleted"] == 2


def leftovers(shop: Shop) -> Path:
    """The folder of an attempt that was killed."""
    folder = shop.root / ".assets" / "data" / "up" / f"~{new_id()}"
    folder.mkdir()
    (folder / "half").write_text("written")
    return folder


def test_the_output_of_killed_attempts_goes(shop: Shop) -> None:
    folder = leftovers(shop)
    (folder / "link").symlink_to(shop.root)
    assert counts(gc(shop))["attempts"] == 1
    assert not folder.exists()
    assert (shop.root / "shop.py").exists()
    assert healthy(shop)


def test_what_is_being_written_stays(tmp_path: Path) -> None:
    shop = Shop.at(tmp_path / "project", EAGER)
    shop.define(ONE.replace("return 1", "import gcnow; gcnow.run(); return 1"))
    shop.write(
        "gcnow.py",
        "from pathlib import Path\n"
        "def run():\n"
        "    from assets_core.project import Project\n"
        "    from assets_core.project.collecting import collect\n"
        "    collect(Project.load(Path(__file__).parent), dry_run=False)\n",
    )
    shop.build()
    assert healthy(shop)


def test_a_lost_state_store_never_costs_the_data(shop: Shop) -> None:
    before = folders(shop)
    for file in (shop.root / ".assets").glob("state.sqlite*"):
        file.unlink()
    assert gc(shop).nothing
    shop.build()
    done = gc(shop)
    assert len(done.strangers) == 1
    assert done.attempts.number == 0
    assert set(before) <= set(folders(shop))


def test_a_data_folder_that_two_projects_share_is_safe(shop: Shop, tmp_path: Path) -> None:
    other = Shop.at(tmp_path / "other", f'data = "{shop.root}/.assets/data"\n{EAGER}')
    other.define(
        ONE.replace("def up", "def up2")
        .replace("up: int", "up2: int")
        .replace("return up", "return up2")
        .replace("def down", "def down2")
    )
    other.build()
    for one in (shop, other):
        assert len(gc(one).strangers) == 1
        assert healthy(one)


@pytest.mark.parametrize("what", ["version", "asset"])
def test_nothing_is_deleted_through_a_link(shop: Shop, tmp_path: Path, what: str) -> None:
    (replaced,) = (
        set(folders(shop))
        - set(current(shop))
        - {p.name for p in (shop.root / ".assets/data/down").glob("~*")}
    )
    folder = shop.root / ".assets" / "data" / "up"
    folder = folder / replaced if what == "version" else folder
    elsewhere = folder.rename(tmp_path / "elsewhere")
    folder.symlink_to(elsewhere)
    before = sorted(p.name for p in elsewhere.rglob("*"))
    done = gc(shop)
    assert ["is a symbolic link" in why or "symbolic link" in why for _, why in done.failed] == [
        True
    ]
    assert sorted(p.name for p in elsewhere.rglob("*")) == before
    folder.unlink()
    elsewhere.rename(folder)
    assert counts(gc(shop)) == {"deleted": 1}
    assert healthy(shop)


def test_only_the_folder_of_an_attempt_can_be_deleted(tmp_path: Path) -> None:
    (tmp_path / "data" / "up").mkdir(parents=True)
    for folder in (tmp_path / "data" / "up", tmp_path / "data"):
        with pytest.raises(ValueError, match="not the folder of an attempt"):
            delete_folder(folder)
    assert (tmp_path / "data" / "up").exists()


def test_an_attempt_behind_a_link_is_not_deleted(tmp_path: Path) -> None:
    folder = tmp_path / "elsewhere" / f"~{new_id()}"
    folder.mkdir(parents=True)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "up").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(CorruptionError, match="E618"):
        delete_folder(tmp_path / "data" / "up" / folder.name)
    assert folder.exists()


def test_an_id_tells_when_it_was_made() -> None:
    made = made_at(new_id())
    assert made is not None
    assert abs(made - datetime.now(UTC)) < timedelta(minutes=1)
    assert [made_at(t) for t in ("data", "~" + new_id(), "i" * 26, "")] == [None] * 4


def test_logs_go_when_they_are_old_and_their_run_is_over(tmp_path: Path) -> None:
    shop = Shop.at(tmp_path / "project", "gc = { logs = 86400 }")
    shop.define(ONE)
    shop.build()
    home = shop.root / ".assets"
    assert gc(shop).nothing
    later(shop, days=2)
    alive = new_id()
    (home / "logs" / alive).mkdir(parents=True)
    with RunLock(lock_path(home, alive)):
        assert gc(shop).logs.number >= 2
        assert [p.name for p in (home / "logs").iterdir()] == [alive]
        assert [p.stem for p in (home / "runs").iterdir()] == [alive]
    later(shop, days=3)
    gc(shop)
    assert not list((home / "runs").iterdir())


def test_gc_killed_at_any_point_is_taken_up_by_the_next(shop: Shop, tmp_path: Path) -> None:
    leftovers(shop)
    sweep = Path(__file__).with_name("gc_sweep.py")
    argv = [sys.executable, str(sweep), str(shop.root), str(tmp_path / "scratch")]
    env = {**os.environ, "PYTHONPATH": str(sweep.parents[2])}
    done = subprocess.run(argv, capture_output=True, text=True, check=False, env=env)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["points"].count("commit") >= 4
    assert "rmdir" in found["points"]
    assert found["bad"] == {}

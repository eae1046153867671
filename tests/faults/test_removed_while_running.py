"""Row 32: the state or the data is removed while a run goes on, or is simply not there. Nothing is deleted for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faces.command import Command

PROJECT = """
from __future__ import annotations

import shutil
from pathlib import Path

from assets_core import asset

HOME = Path(__file__).parent / ".assets"


def remove() -> None:
    target = HOME / Path(__file__).with_name("target").read_text()
    if Path(__file__).with_name("armed").exists():
        Path(__file__).with_name("armed").unlink()
        shutil.rmtree(target) if target.is_dir() else target.unlink()


@asset
def first() -> int:
    return 1


@asset
def second(first: int) -> int:
    remove()
    return first + 1


@asset
def third(first: int, second: int) -> int:
    return first + second
"""


@pytest.fixture
def project(tmp_path: Path) -> Command:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "assets.toml").write_text('module = "shop"\nexecutor = "inline"\n')
    (folder / "shop.py").write_text(PROJECT)
    return Command(folder)


def arm(project: Command, target: str) -> None:
    """What is removed in the middle of the next run."""
    (project.folder / "target").write_text(target)
    (project.folder / "armed").touch()


def files(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


@pytest.mark.parametrize("target", [".", "state.sqlite"])
def test_a_state_store_that_is_removed_ends_the_run_with_what_to_do(
    project: Command, target: str
) -> None:
    arm(project, target)
    done = project("materialize")
    assert done.code == 6
    assert "error[E613]: the state store was removed or replaced while it was in use" in done.err
    assert "nothing was recorded since" in done.err
    assert "Traceback" not in done.err
    again = project("materialize")
    assert again.code == 0, again.err
    assert "3 materialized" in again.out


def test_data_that_is_removed_is_missed_and_made_again(project: Command) -> None:
    arm(project, "data")
    done = project("materialize")
    assert done.code == 1
    assert "Traceback" not in done.err
    assert "`first` cannot be read" in done.err
    assert "output is missing" in project("plan").out
    assert project("materialize").code == 0
    assert project("verify").code == 0


def test_without_a_state_store_the_data_of_before_stays(project: Command) -> None:
    (project.folder / "target").write_text(".")
    assert project("materialize").code == 0
    data = project.folder / ".assets" / "data"
    before = files(data)
    for file in (project.folder / ".assets").glob("state.sqlite*"):
        file.unlink()
    assert "Verified 0 versions" in project("verify").out
    assert project("gc", "-y", ASSETS_GC__GRACE="0").out == "Nothing to collect.\n"
    assert project("materialize").code == 0
    done = project("gc", "-y", ASSETS_GC__GRACE="0")
    assert "other state stores wrote here too" in done.out
    after = files(data)
    assert {name: after.get(name) for name in before} == before
    assert len(after) > len(before)

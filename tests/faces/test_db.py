"""``assets db`` as it is used."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from tests.faces.command import Command

V1 = Path(__file__).parents[1] / "contracts" / "store" / "schemas" / "v1.sql"


@pytest.fixture
def old(shop: Command) -> Command:
    """A project whose state is of the first schema."""
    (shop.folder / ".assets").mkdir()
    connection = sqlite3.connect(shop.folder / ".assets" / "state.sqlite")
    connection.executescript(V1.read_text("utf-8"))
    connection.close()
    return shop


def test_the_status_says_where_it_is_and_what_is_in_it(built: Command) -> None:
    done = built("db", "status")
    assert (done.code, done.err) == (0, "")
    lines = dict(line.split(maxsplit=1) for line in done.out.splitlines())
    assert lines["place"] == str(built.folder / ".assets" / "state.sqlite")
    assert lines["engine"] == "sqlite"
    assert lines["schema"].endswith("(current)")
    assert lines["content"].startswith("1 run, 5 attempts, 5 materializations, 1 check result,")
    assert lines["state"] == "whole"
    document = built.json("db", "status")
    assert (document["version"], document["problems"]) == (document["latest"], [])
    assert document["rows"]["materializations"] == 5


def test_nothing_recorded_yet_is_said_and_nothing_is_created(shop: Command) -> None:
    done = shop("db", "status")
    assert (done.code, "nothing has run yet" in done.out) == (0, True)
    assert shop.json("db", "upgrade")["before"] is None
    assert shop("db", "backup").code == 2
    assert not (shop.folder / ".assets").exists()


def test_definitions_that_cannot_be_loaded_are_no_obstacle(built: Command) -> None:
    built.write(orders="this is no Python")
    assert built("db", "status").code == 0
    assert built("db", "backup").code == 0


def test_a_state_store_that_contradicts_itself_is_exit_6(built: Command) -> None:
    with sqlite3.connect(built.folder / ".assets" / "state.sqlite") as connection:
        connection.execute("UPDATE durations SET mean_s = 9")
    connection.close()
    done = built("db", "status")
    assert done.code == 6
    assert "  x the table `durations` is not what the recorded facts say\n" in done.out


def test_an_older_schema_is_refused_with_the_command_and_upgraded_by_it(old: Command) -> None:
    refused = old("ls")
    assert (refused.code, "run `assets db upgrade`" in refused.err) == (6, True)
    assert "Next: assets db upgrade" in old("db", "status").out
    done = old("db", "upgrade")
    backup = old.folder / ".assets" / "state.sqlite.schema-1"
    assert done.code == 0
    assert done.out.startswith("Migrated from schema 1 to ")
    assert str(backup) in done.out
    assert backup.exists()
    assert old("db", "upgrade").out.startswith("Nothing to do: ")
    assert old("ls").code == 0


def test_a_backup_can_be_put_in_the_place_of_the_state(built: Command) -> None:
    done = built.json("db", "backup", "copy.sqlite")
    assert done["file"] == str(built.folder / "copy.sqlite")
    again = built("db", "backup", "copy.sqlite")
    assert (again.code, "E943" in again.err) == (2, True)
    state = built.folder / ".assets" / "state.sqlite"
    for file in state.parent.glob("state.sqlite*"):
        file.unlink()
    (built.folder / "copy.sqlite").rename(state)
    assert built.json("plan")["steps"] == []
    assert built("materialize").code == 0


def test_a_backup_without_a_name_lies_in_the_state_directory(built: Command) -> None:
    done = built.json("db", "backup")
    assert Path(done["file"]).parent == built.folder / ".assets"
    assert Path(done["file"]).name.startswith("state-20")

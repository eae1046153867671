"""The state store as a database: looked at, brought up to date and copied, whatever schema it is of."""

from __future__ import annotations

import os
import sqlite3
import stat
import threading
from pathlib import Path
from typing import Any

import pytest

from assets_core.errors import CorruptionError, StoreError, UsageError
from assets_core.store import open_store
from assets_core.store.databases import back_up_database, database_status, upgrade_database
from assets_core.store.sql_schema import SCHEMA_VERSION
from assets_core.store.sqlite import create
from tests.contracts.store.test_sqlite_migrations import SCHEMAS, dump, restored
from tests.postgres_server import PostgresServer


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A store of the first schema, with every kind of fact in it."""
    return restored(1, tmp_path / "home" / "state.db")


@pytest.fixture
def new(tmp_path: Path) -> Path:
    """A store of today's schema."""
    return restored(SCHEMA_VERSION, tmp_path / "home" / "state.db")


def url(path: Path) -> str:
    return f"sqlite:///{path}"


def version(path: Path) -> int:
    connection = sqlite3.connect(path)
    found = connection.execute("PRAGMA user_version").fetchone()[0]
    connection.close()
    return int(found)


def files(path: Path) -> set[str]:
    return {one.name for one in path.parent.iterdir()}


def dangle(path: Path) -> None:
    """Make a row refer to one that is not there."""
    connection = sqlite3.connect(path)
    connection.execute(
        "UPDATE attempts SET run = 99 WHERE sequence = (SELECT min(sequence) FROM attempts)"
    )
    connection.commit()
    connection.close()


# --- status -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("schema", range(1, SCHEMA_VERSION + 1))
def test_every_schema_can_be_looked_at_and_is_left_as_it_is(schema: int, tmp_path: Path) -> None:
    path = restored(schema, tmp_path / "home" / "state.db")
    before = dump(path)
    found = database_status(url(path))
    assert (found.engine, found.place, found.schema) == ("sqlite", str(path), schema)
    assert found.latest == SCHEMA_VERSION
    assert list(found.problems) == []
    assert found.rows is not None
    assert (found.rows["runs"], found.rows["attempts"]) == (2, 19)
    assert found.size >= path.stat().st_size
    assert (version(path), dump(path)) == (schema, before)


def test_what_does_not_exist_is_not_created_by_looking_or_upgrading(tmp_path: Path) -> None:
    path = tmp_path / "home" / "state.db"
    assert database_status(url(path)).schema is None
    assert upgrade_database(url(path)).before is None
    assert not path.parent.exists()


def test_a_reference_to_nothing_is_a_problem(new: Path) -> None:
    dangle(new)
    (problem,) = set(database_status(url(new)).problems)
    assert "of the table `attempts` refers to one that is not there" in problem


def test_derived_tables_that_contradict_the_facts_are_problems(new: Path) -> None:
    connection = sqlite3.connect(new)
    connection.execute("UPDATE durations SET mean_s = mean_s + 1")
    connection.commit()
    connection.close()
    found = database_status(url(new)).problems
    assert list(found) == ["the table `durations` is not what the recorded facts say"]


def test_a_schema_from_the_future_is_refused_untouched_by_all_three(new: Path) -> None:
    connection = sqlite3.connect(new)
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    connection.close()
    before = dump(new)
    for act in (database_status, upgrade_database):
        with pytest.raises(StoreError, match="E605"):
            act(url(new))
    target = new.with_name("copy.db")
    with pytest.raises(StoreError, match="E605"):
        back_up_database(url(new), target)
    assert dump(new) == before
    assert not target.exists()


# --- upgrade ----------------------------------------------------------------------------------------------------


def test_an_older_schema_is_migrated_once_with_the_file_as_it_was_beside_it(old: Path) -> None:
    before = dump(old)
    done = upgrade_database(url(old))
    assert (done.before, done.latest) == (1, SCHEMA_VERSION)
    assert done.backup is not None
    assert dump(done.backup) == before
    assert (version(old), version(done.backup)) == (SCHEMA_VERSION, 1)
    left, content = files(old), dump(old)
    again = upgrade_database(url(old))
    assert (again.before, again.backup) == (None, None)
    assert (files(old), dump(old)) == (left, content)


# --- backup -----------------------------------------------------------------------------------------------------


def test_a_backup_is_a_store_of_the_same_schema_for_its_owner_alone(
    old: Path, tmp_path: Path
) -> None:
    target = tmp_path / "copies" / "copy.db"
    target.parent.mkdir()
    before = os.umask(0)
    try:
        done = back_up_database(url(old), target)
    finally:
        os.umask(before)
    assert (done.file, done.schema, done.size) == (target, 1, target.stat().st_size)
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert [one.name for one in target.parent.iterdir()] == ["copy.db"]
    assert dump(target) == dump(old)
    store: Any = open_store(url(target), alive=bool)
    assert [r.run for r, _ in store.runs("default", 9)] == ["run-2", "run-1"]
    assert store.examine() == []
    store.close()


def test_a_backup_overwrites_nothing_and_says_what_is_in_the_way(new: Path) -> None:
    target = new.with_name("copy.db")
    target.write_text("mine")
    link = new.with_name("link.db")
    link.symlink_to(new.with_name("nowhere.db"))
    for taken in (target, link, new):
        left = files(new)
        with pytest.raises(UsageError, match="E943"):
            back_up_database(url(new), taken)
        assert files(new) == left
    assert target.read_text() == "mine"
    assert database_status(url(new)).schema == SCHEMA_VERSION


def test_a_backup_that_fails_leaves_nothing_behind(new: Path) -> None:
    with pytest.raises(UsageError, match=r"E944: .*No such file"):
        back_up_database(url(new), new.parent / "nowhere" / "copy.db")


def test_a_store_that_is_not_whole_is_not_copied(new: Path) -> None:
    dangle(new)
    with pytest.raises(CorruptionError, match=r"E609: .*refers to one that is not there"):
        back_up_database(url(new), new.with_name("copy.db"))
    with new.open("r+b") as file:
        file.seek(3 * 4096)
        file.write(b"\xff" * 2048)
    with pytest.raises(CorruptionError, match="E609"):
        back_up_database(url(new), new.with_name("copy.db"))
    assert not [name for name in files(new) if name.startswith("copy")]


def test_nothing_recorded_and_nothing_on_disk_cannot_be_backed_up(tmp_path: Path) -> None:
    target = tmp_path / "copy.db"
    for store in (url(tmp_path / "state.db"), "memory://"):
        with pytest.raises(UsageError, match="E942"):
            back_up_database(store, target)
    assert not target.exists()


def test_a_backup_holds_one_committed_state_while_another_connection_writes(
    tmp_path: Path,
) -> None:
    """Every transaction writes both rows alike, so a copy of half of one would show."""
    path = tmp_path / "state.db"
    create(path)
    connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
    connection.execute("CREATE TABLE pairs (name TEXT PRIMARY KEY, number INTEGER, filler BLOB)")
    connection.executemany("INSERT INTO pairs VALUES (?, 0, zeroblob(200000))", [("a",), ("b",)])
    done, started = threading.Event(), threading.Event()

    def write() -> None:
        number = 0
        while not done.is_set():
            number += 1
            connection.execute("BEGIN IMMEDIATE")
            for name in ("a", "b"):
                values = (number, name)
                connection.execute(
                    "UPDATE pairs SET number = ?, filler = randomblob(200000) WHERE name = ?",
                    values,
                )
            connection.execute("COMMIT")
            started.set()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        assert started.wait(60)
        numbers = [pairs(path, tmp_path / f"copy-{n}.db") for n in range(5)]
    finally:
        done.set()
        writer.join()
        connection.close()
    assert all(a == b > 0 for a, b in numbers)


def pairs(path: Path, target: Path) -> tuple[int, int]:
    back_up_database(url(path), target)
    copy = sqlite3.connect(target)
    (a,), (b,) = copy.execute("SELECT number FROM pairs ORDER BY name").fetchall()
    copy.close()
    return a, b


# --- PostgreSQL -------------------------------------------------------------------------------------------------


def restored_server(schema: int, postgres: PostgresServer) -> str:
    address = postgres.new_url()
    text = (SCHEMAS / f"postgres-v{schema}.sql").read_text("utf-8")
    with postgres.connect() as admin:
        admin.execute(f"SET search_path = {address.rpartition('%3D')[2]}")
        admin.execute(text)
    return address


@pytest.mark.postgres
def test_a_server_is_looked_at_and_upgraded_once(postgres: PostgresServer) -> None:
    address = restored_server(1, postgres)
    found = database_status(address)
    assert (found.engine, found.schema, found.place) == (
        "postgresql", 1, "postgresql://postgres@/postgres",
    )  # fmt: skip
    assert found.rows is not None
    assert (found.rows["runs"], found.size > 100_000) == (2, True)
    done = upgrade_database(address)
    assert (done.before, done.latest, done.backup) == (1, SCHEMA_VERSION, None)
    assert upgrade_database(address).before is None
    assert database_status(address).schema == SCHEMA_VERSION
    assert list(database_status(address).problems) == []


@pytest.mark.postgres
def test_an_empty_schema_on_a_server_stays_empty(postgres: PostgresServer) -> None:
    address = postgres.new_url()
    assert database_status(address).schema is None
    assert upgrade_database(address).before is None
    assert database_status(address).schema is None


@pytest.mark.postgres
def test_a_server_is_backed_up_with_its_own_tool(postgres: PostgresServer, tmp_path: Path) -> None:
    address = postgres.new_url("postgres:secret")
    with pytest.raises(UsageError, match="E941") as caught:
        back_up_database(address, tmp_path / "copy.db")
    assert "pg_dump --format=custom" in str(caught.value)
    assert "secret" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.postgres
def test_derived_tables_on_a_server_that_contradict_the_facts_are_problems(
    postgres: PostgresServer,
) -> None:
    address = restored_server(SCHEMA_VERSION, postgres)
    with postgres.connect() as admin:
        admin.execute(f"UPDATE {address.rpartition('%3D')[2]}.durations SET mean_s = mean_s + 1")
    found = database_status(address).problems
    assert list(found) == ["the table `durations` is not what the recorded facts say"]


def test_an_address_of_nothing_known_is_refused_by_all_three(tmp_path: Path) -> None:
    for act in (database_status, upgrade_database):
        with pytest.raises(StoreError, match="E601"):
            act("mysql://me:secret@host/db")
    with pytest.raises(StoreError, match="E601"):
        back_up_database("mysql://me:secret@host/db", tmp_path / "copy.db")

"""Every released schema can be read by today's code; an older one is backed up and migrated whole or not at all.

``schemas/v1.sql`` is a store of schema 1 with every kind of fact in it, as SQL text. It is never regenerated: a change
of the schema adds the next file, and a step to ``migrating.STEPS``.
"""

from __future__ import annotations

import os
import re
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from alembic.operations import Operations
from sqlalchemy import Column, Text

from assets_core.errors import StoreError
from assets_core.partitions import DailyPartitions
from assets_core.ports import SlotHolder
from assets_core.store import open_store
from assets_core.store.migrating import STEPS, migrate
from assets_core.store.sql_schema import SCHEMA_VERSION
from assets_core.store.sqlite import schema_sql

SCHEMAS = Path(__file__).parent / "schemas"
DAYS = DailyPartitions(start="2010-01-01", end="2014-01-01")


def restored(version: int, path: Path) -> Path:
    """A state file of that schema."""
    path.parent.mkdir(parents=True)
    connection = sqlite3.connect(path)
    connection.executescript((SCHEMAS / f"v{version}.sql").read_text("utf-8"))
    connection.execute("PRAGMA journal_mode = WAL")
    connection.close()
    return path


def tables(sql: str) -> set[str]:
    """The statements that make tables and indexes, blanks folded."""
    found = re.findall(r"CREATE (?:TABLE|INDEX)[^;]*", sql)
    return {" ".join(one.split()) for one in found}


def dump(path: Path) -> list[str]:
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        return list(connection.iterdump())
    finally:
        connection.close()


def test_the_schema_is_the_one_that_was_released() -> None:
    """Where this fails, the schema has changed: it needs a new version, a fixture and a migration."""
    released = (SCHEMAS / f"v{SCHEMA_VERSION}.sql").read_text("utf-8")
    assert tables(schema_sql()) == tables(released)
    assert sorted(STEPS) == list(range(1, SCHEMA_VERSION))


@pytest.mark.parametrize("version", range(1, SCHEMA_VERSION + 1))
def test_every_released_schema_is_read_and_rebuilt(version: int, tmp_path: Path, kit: Any) -> None:
    path = restored(version, tmp_path / "home" / "state.db")
    store: Any = open_store(f"sqlite:///{path}", alive=bool)
    world = kit.World(store, f"sqlite:///{path}", attempts=1000)
    assert [r.run for r, _ in store.runs("default", 9)] == ["run-2", "run-1"]
    assert len(world.rows(("days", DAYS))) == 12
    assert set(world.kept("b")) == {("b", 0)}
    assert len(store.history("default", "a", None, 9)) == 2
    assert [c.outcome.name for c in store.checks("default", "a", 9)] == ["late", "not_null(id)"]
    keys = ((0, "x", True), (1, "y", False), (2, "z", True))
    assert store.dynamic_partitions("default") == {"customers": keys}
    assert store.documents(["d1"]) == {"d1": "text"}
    assert store.observations("default", ["source"])[0].token == "token"
    assert [a.status for a in store.attempts("run-2")] == ["failed", "superseded"]
    before = dump(path)
    store.rebuild({"default": [("days", DAYS)]})
    after = [line for line in dump(path) if "chunks" not in line and "projections" not in line]
    assert after == [line for line in before if "chunks" not in line and "projections" not in line]
    slots = (SlotHolder(22, "run-2", (("warehouse", 2),)),) if version >= 5 else ()
    assert tuple(store.slot_holders()) == slots
    world.publish("days@2010-02-02", run="run-2")
    assert len(world.rows(("days", DAYS))) == 13
    store.close()


@pytest.mark.parametrize("version", range(1, SCHEMA_VERSION))
def test_a_migrated_schema_is_that_of_a_new_store(version: int, tmp_path: Path) -> None:
    path = restored(version, tmp_path / "home" / "state.db")
    open_store(f"sqlite:///{path}", alive=bool).close()
    assert path.with_name(f"state.db.schema-{version}").exists()
    assert tables(";".join(dump(path))) == tables(schema_sql())


# --- the machinery, on a migration made up for it ----------------------------------------------------------------


def add_column(operations: Operations) -> None:
    with operations.batch_alter_table("runs") as batch:
        batch.add_column(Column("host", Text, nullable=True))
        batch.alter_column("options", nullable=True)


def break_reference(operations: Operations) -> None:
    operations.execute("DELETE FROM materializations")


def fail_half_way(operations: Operations) -> None:
    add_column(operations)
    operations.execute("SELECT * FROM no_such_table")


@pytest.fixture
def old(tmp_path: Path) -> Path:
    return restored(1, tmp_path / "home" / "state.db")


def test_a_migration_keeps_every_row_and_a_backup(old: Path) -> None:
    before = dump(old)
    saved = migrate(old, 1, target=2, steps={1: add_column})
    assert saved == old.with_name("state.db.schema-1")
    assert stat.S_IMODE(saved.stat().st_mode) == 0o600
    assert dump(saved) == before
    connection = sqlite3.connect(old)
    assert connection.execute("PRAGMA user_version").fetchone() == (2,)
    assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    assert connection.execute("SELECT count(*), max(host) FROM runs").fetchone() == (2, None)
    assert connection.execute("SELECT count(*) FROM pointers").fetchone()[0] > 10
    connection.close()


@pytest.mark.parametrize("step", [break_reference, fail_half_way])
def test_a_migration_that_fails_leaves_the_file_as_it_was(step: Any, old: Path) -> None:
    before = dump(old)
    with pytest.raises(StoreError) as caught:
        migrate(old, 1, target=2, steps={1: step})
    assert caught.value.place is not None
    assert caught.value.place.file == str(old)
    assert dump(old) == before
    store = open_store(f"sqlite:///{old}", alive=bool)
    assert store.sequence() > 0
    store.close()


def test_a_reference_that_would_break_is_named(old: Path) -> None:
    with pytest.raises(StoreError) as caught:
        migrate(old, 1, target=2, steps={1: break_reference})
    assert re.fullmatch(
        r"E616: migrating the state store would break a reference from table `\w+` \(.*\); "
        "nothing was changed; please report this with the output of `assets doctor`",
        str(caught.value),
    )


def test_a_schema_without_a_way_to_today_is_refused(old: Path) -> None:
    before = dump(old)
    with pytest.raises(StoreError) as caught:
        migrate(old, 1, target=3, steps={2: add_column})
    assert str(caught.value) == (
        f"E615: the state store has schema 1, which is too old to be migrated ({old}); "
        "install an earlier version of assets-core and run any command with it first"
    )
    assert dump(old) == before


KILLED = """
import os, sys
from pathlib import Path
from assets_core.store.migrating import migrate

def step(operations):
    operations.execute("ALTER TABLE runs ADD COLUMN host TEXT")
    operations.execute("DELETE FROM chunks")
    os._exit(9)

migrate(Path(sys.argv[1]), 1, target=2, steps={1: step})
"""


def test_a_migration_killed_half_way_leaves_the_old_schema(old: Path) -> None:
    before = dump(old)
    code = subprocess.run([sys.executable, "-c", KILLED, str(old)], check=False).returncode
    assert code == 9
    assert dump(old) == before
    assert migrate(old, 1, target=2, steps={1: add_column}).exists()


OLDER = """
import sys
from pathlib import Path
from assets_core.store import migrating, sql_schema

NOW = sql_schema.SCHEMA_VERSION
sql_schema.SCHEMA_VERSION = NOW + 1
migrating.STEPS[NOW] = lambda operations: operations.execute("ALTER TABLE runs ADD COLUMN host TEXT")
migrating.migrate.__kwdefaults__["target"] = NOW + 1
from assets_core.errors import StoreError
from assets_core.store import open_store
try:
    store = open_store(sys.argv[1], alive=bool, read_only=sys.argv[2] == "ro")
    print(store.sequence(), "alembic" in sys.modules)
    store.close()
except StoreError as error:
    print(error)
"""


def run_as_next_version(path: Path, mode: str) -> str:
    argv = [sys.executable, "-c", OLDER, f"sqlite:///{path}", mode]
    found = subprocess.run(argv, capture_output=True, text=True, check=True, env=dict(os.environ))
    return found.stdout.strip()


def test_an_older_schema_is_migrated_by_a_writer_and_refused_by_a_reader(tmp_path: Path) -> None:
    old = restored(SCHEMA_VERSION, tmp_path / "home" / "state.db")
    saved = old.with_name(f"state.db.schema-{SCHEMA_VERSION}")
    assert run_as_next_version(old, "ro") == (
        f"E606: the state store has schema {SCHEMA_VERSION}, this version of assets reads "
        f"{SCHEMA_VERSION + 1} ({old}); run `assets db upgrade`, which backs it up and migrates it"
    )
    assert not saved.exists()
    sequence = run_as_next_version(old, "rw").split()[0]
    assert int(sequence) > 0
    assert saved.exists()
    assert run_as_next_version(old, "ro") == f"{sequence} True"
    with pytest.raises(StoreError, match=f"knows up to {SCHEMA_VERSION}"):
        open_store(f"sqlite:///{old}", alive=bool)

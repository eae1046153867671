"""Every released schema on PostgreSQL is brought up to date whole or not at all, however often that is begun.

``schemas/postgres-v1.sql`` holds what ``v1.sql`` holds, as a dump of PostgreSQL; it is never regenerated either.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from alembic.operations import Operations
from sqlalchemy import Column, Connection, Text, create_engine, inspect

from assets_core.errors import StoreError
from assets_core.partitions import DailyPartitions
from assets_core.ports import SlotHolder
from assets_core.store import open_store
from assets_core.store.postgres_schema import bring_up_to_date
from assets_core.store.sql_schema import SCHEMA_VERSION
from tests.postgres_server import PostgresServer

pytestmark = pytest.mark.postgres
SCHEMAS = Path(__file__).parent / "schemas"
DAYS = DailyPartitions(start="2010-01-01", end="2014-01-01")
NEXT = SCHEMA_VERSION + 1


def restored(version: int, postgres: PostgresServer) -> str:
    """The URL of a store of that schema."""
    url = postgres.new_url()
    text = (SCHEMAS / f"postgres-v{version}.sql").read_text("utf-8")
    with postgres.connect() as admin:
        admin.execute(f"SET search_path = {schema_of(url)}")
        admin.execute(text)
    return url


def schema_of(url: str) -> str:
    return url.rpartition("%3D")[2]


@pytest.fixture
def old(postgres: PostgresServer) -> str:
    """A store of today's schema, as a dump."""
    return restored(SCHEMA_VERSION, postgres)


@pytest.fixture
def connection(old: str) -> Iterator[Connection]:
    engine = create_engine(old)
    with engine.begin() as connection:
        yield connection
    engine.dispose()


def shape(url: str) -> dict[str, Any]:
    """Columns, keys and indexes of every table."""
    engine = create_engine(url)
    look = inspect(engine)
    found = {
        name: (
            [(c["name"], repr(c["type"]), c["nullable"]) for c in look.get_columns(name)],
            look.get_pk_constraint(name)["constrained_columns"],
            sorted(
                (k["constrained_columns"], k["referred_table"]) for k in look.get_foreign_keys(name)
            ),
            sorted((str(i["name"]), i["column_names"]) for i in look.get_indexes(name)),
        )
        for name in look.get_table_names()
    }
    engine.dispose()
    return found


def content(postgres: PostgresServer, url: str) -> dict[str, list[Any]]:
    with postgres.connect() as admin:
        return {
            name: sorted(admin.execute(f'SELECT * FROM {schema_of(url)}."{name}"').fetchall())
            for name in shape(url)
            if name != "assets_commits"
        }


def version(postgres: PostgresServer, url: str) -> int:
    with postgres.connect() as admin:
        found = admin.execute(f"SELECT version FROM {schema_of(url)}.assets_store").fetchone()
        return int(found[0])


def test_the_schema_is_the_one_that_was_released(postgres: PostgresServer, old: str) -> None:
    """Where this fails, the schema has changed: it needs a new version, a fixture and a migration."""
    new = postgres.new_url()
    open_store(new, alive=bool).close()
    assert shape(old) == shape(new)


@pytest.mark.parametrize("released", range(1, SCHEMA_VERSION + 1))
def test_every_released_schema_is_migrated_read_and_rebuilt(
    released: int, postgres: PostgresServer, old: str, kit: Any
) -> None:
    url = restored(released, postgres)
    before = content(postgres, url)
    store: Any = open_store(url, alive=bool)
    assert shape(url) == shape(old)
    assert version(postgres, url) == SCHEMA_VERSION
    after = content(postgres, url)
    for name in before.keys() - {"assets_store"}:
        columns = len(before[name][0]) if before[name] else 0
        assert [row[:columns] for row in after[name]] == before[name]
    world = kit.World(store, url, attempts=1000)
    assert [r.run for r, _ in store.runs("default", 9)] == ["run-2", "run-1"]
    assert len(world.rows(("days", DAYS))) == 12
    assert set(world.kept("b")) == {("b", 0)}
    store.rebuild({"default": [("days", DAYS)]})
    assert content(postgres, url)["pointers"] == after["pointers"]
    slots = (SlotHolder(22, "run-2", (("warehouse", 2),)),) if released >= 5 else ()
    assert tuple(store.slot_holders()) == slots
    world.publish("days@2010-02-02", run="run-2")
    assert len(world.rows(("days", DAYS))) == 13
    store.close()


def test_an_older_schema_is_left_alone_by_readers(postgres: PostgresServer, old: str) -> None:
    with postgres.connect() as admin:
        admin.execute(f"UPDATE {schema_of(old)}.assets_store SET version = 0")
    with pytest.raises(StoreError) as caught:
        open_store(old, alive=bool, read_only=True)
    assert str(caught.value) == (
        f"E606: the state store has schema 0, this version of assets reads {SCHEMA_VERSION} "
        "(postgresql://postgres@/postgres); run `assets db upgrade`, which migrates it"
    )
    with pytest.raises(StoreError, match="E615: the state store has schema 0, which is too old"):
        open_store(old, alive=bool)
    assert version(postgres, old) == 0


# --- the machinery, on a migration made up for it ----------------------------------------------------------------


def add_column(operations: Operations) -> None:
    operations.add_column("runs", Column("host", Text, nullable=True))


def fail_half_way(operations: Operations) -> None:
    add_column(operations)
    operations.drop_table("no_such_table")


def test_a_migration_that_fails_leaves_everything_as_it_was(
    postgres: PostgresServer, old: str
) -> None:
    before, rows = shape(old), content(postgres, old)
    engine = create_engine(old)
    with pytest.raises(Exception, match="no_such_table"), engine.begin() as connection:
        bring_up_to_date("here", connection, target=NEXT, steps={SCHEMA_VERSION: fail_half_way})
    engine.dispose()
    assert shape(old) == before
    assert content(postgres, old) == rows


MIGRATE = """
import os, sys
from sqlalchemy import Column, Text, create_engine
from assets_core.store.postgres_schema import bring_up_to_date

url, version, mode = sys.argv[1], int(sys.argv[2]), sys.argv[3]

def step(operations):
    print("migrating", flush=True)
    sys.stdin.readline()
    operations.add_column("runs", Column("host", Text, nullable=True))
    operations.drop_table("chunks")
    if mode == "killed":
        os._exit(9)

from assets_core.store import postgres_schema
postgres_schema.SCHEMA_VERSION = version + 1  # the next release's
with create_engine(url).begin() as connection:
    bring_up_to_date("here", connection, target=version + 1, steps={version: step})
print("done")
"""


def migrating(url: str, mode: str = "") -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", MIGRATE, url, str(SCHEMA_VERSION), mode],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def test_a_migration_killed_half_way_leaves_the_old_schema(
    postgres: PostgresServer, old: str
) -> None:
    before = shape(old)
    process = migrating(old, "killed")
    process.communicate("go\n")
    assert process.returncode == 9
    assert shape(old) == before
    assert version(postgres, old) == SCHEMA_VERSION
    out, err = migrating(old).communicate("go\n")
    assert (out, err) == ("migrating\ndone\n", "")
    assert version(postgres, old) == NEXT
    assert "chunks" not in shape(old)


def test_a_migration_that_is_started_twice_happens_once(postgres: PostgresServer, old: str) -> None:
    first = migrating(old)
    assert first.stdout is not None
    assert first.stdout.readline() == "migrating\n"
    second = migrating(old)
    with postgres.connect() as admin:
        waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
        while not admin.execute(waiting).fetchone()[0]:
            pass
    assert first.communicate("go\n") == ("done\n", "")
    assert second.communicate("go\n") == ("done\n", ""), "it found nothing left to do"
    assert version(postgres, old) == NEXT


OPEN = """
import sys
from assets_core.store import open_store
sys.stdin.readline()
store = open_store(sys.argv[1], alive=bool)
with store.writing() as tx:
    tx.set_dynamic("default", "n", [sys.argv[2]], [])
store.close()
"""


@pytest.mark.parametrize("released", [None, 1])
def test_several_that_come_first_at_once_create_or_migrate_it_once(
    released: int | None, postgres: PostgresServer
) -> None:
    url = postgres.new_url() if released is None else restored(released, postgres)
    started = [
        subprocess.Popen(
            [sys.executable, "-c", OPEN, url, str(n)],
            stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for n in range(4)
    ]  # fmt: skip
    for process in started:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    assert [process.communicate()[1] for process in started] == [""] * 4
    store = open_store(url, alive=bool, read_only=True)
    assert [n for n, *_ in store.dynamic_partitions("default")["n"]] == [0, 1, 2, 3]
    store.close()

"""Whose database it is, who may open it, and what is said where that does not work."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text

from assets_core.errors import StoreError
from assets_core.partitions import Unpartitioned
from assets_core.store import open_store
from tests.postgres_server import PostgresServer

pytestmark = pytest.mark.postgres


def refusal(url: str, *, read_only: bool = False) -> str:
    """What opening it says, in one line."""
    with pytest.raises(StoreError) as caught:
        open_store(url, alive=bool, read_only=read_only)
    assert caught.value.exit_code == 6
    return str(caught.value)


def names(postgres: PostgresServer, url: str) -> set[str]:
    """The tables in the schema of a store's URL."""
    with postgres.connect() as admin:
        found = admin.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = %s", [url.rpartition("%3D")[2]]
        )
        return {name for (name,) in found}


def test_a_reader_of_what_does_not_exist_sees_an_empty_store_and_creates_nothing(
    postgres: PostgresServer, postgres_url: str, kit: Any
) -> None:
    asked = [("a", Unpartitioned())]
    reader = open_store(postgres_url, alive=bool, read_only=True)
    assert reader.sequence() == 0
    assert reader.lineage("default", asked).current == ()
    assert reader.runs("default", 5) == []
    assert reader.durations("default", ["a"]) == {}
    assert reader.examine() == []
    assert names(postgres, postgres_url) == set()
    world = kit.World(open_store(postgres_url, alive=bool), postgres_url)
    world.start()
    world.publish("a")
    assert reader.sequence() == world.store.sequence() > 1, "it looks again"
    assert set(kit.World(reader, postgres_url).rows("a")) == {("a", 0)}
    with pytest.raises(StoreError, match="E614"), reader.writing():
        pass
    reader.close()
    world.store.close()


def test_a_schema_with_tables_of_another_application_is_left_alone(
    postgres: PostgresServer, postgres_url: str
) -> None:
    schema = postgres_url.rpartition("%3D")[2]
    with postgres.connect() as admin:
        admin.execute(f"CREATE TABLE {schema}.runs (id int)")
    for read_only in (False, True):
        assert refusal(postgres_url, read_only=read_only) == (
            "E604: the state store's schema holds tables of another application, such as `runs` "
            "(postgresql://postgres@/postgres); name another database in the store's URL, "
            "or another schema: ?options=-csearch_path%3DNAME; nothing was changed"
        )
    assert names(postgres, postgres_url) == {"runs"}


def test_a_newer_schema_is_refused_untouched(postgres: PostgresServer, postgres_url: str) -> None:
    open_store(postgres_url, alive=bool).close()
    schema = postgres_url.rpartition("%3D")[2]
    with postgres.connect() as admin:
        admin.execute(f"UPDATE {schema}.assets_store SET version = 99")
    for read_only in (False, True):
        said = refusal(postgres_url, read_only=read_only)
        assert said.startswith("E605: the state store has schema 99, this version of assets knows")
        assert said.endswith("upgrade assets-core; nothing was changed")


def test_a_schema_or_database_that_is_not_there_is_named(postgres: PostgresServer) -> None:
    assert refusal(postgres.url("nowhere")) == (
        "E633: the connection's search path names no schema that exists "
        "(postgresql://postgres@/postgres); "
        "create it (CREATE SCHEMA NAME), or name another one in the store's URL"
    )
    said = refusal(postgres.url("public").replace("/postgres?", "/nothing?"))
    assert said.startswith("E633: the state store's database cannot be opened: connection failed: ")
    assert 'FATAL: database "nothing" does not exist (postgresql://postgres@/nothing)' in said


def test_a_refused_login_tells_no_password(postgres: PostgresServer) -> None:
    with postgres.connect() as admin:
        admin.execute("CREATE ROLE guarded LOGIN PASSWORD 'right-one'")
    said = refusal(postgres.new_url("guarded:wr0ng-secret"))
    assert said.startswith("E631: the PostgreSQL server refused the login: ")
    assert said.endswith(
        "(postgresql://guarded@/postgres); "
        "check the user and the password that the store's URL, PGPASSWORD or ~/.pgpass give"
    )
    assert "secret" not in said
    open_store(postgres.new_url("guarded:right-one"), alive=bool).close()


def test_a_server_without_a_connection_left_is_a_located_error(postgres: PostgresServer) -> None:
    with postgres.connect() as admin:
        admin.execute("CREATE ROLE crowded LOGIN CONNECTION LIMIT 0")
    assert refusal(postgres.new_url("crowded")) == (
        "E632: the PostgreSQL server has no connection left for the state store "
        "(postgresql://crowded@/postgres); end other programs that use it, "
        "or raise max_connections (or the role's limit) of the server"
    )


def test_a_user_without_rights_is_told_what_to_ask_for(postgres: PostgresServer) -> None:
    with postgres.connect() as admin:
        admin.execute("CREATE ROLE reader LOGIN")
    schema = postgres.new_url().rpartition("%3D")[2]
    with postgres.connect() as admin:
        admin.execute(f"GRANT USAGE ON SCHEMA {schema} TO reader")
    said = refusal(postgres.url(schema, "reader"))
    assert said.startswith("E607: the state store cannot be written to: permission denied for")


def test_a_server_that_is_not_there_is_named() -> None:
    said = refusal("postgresql://someone@127.0.0.1:1/db")
    assert said.startswith("E630: the PostgreSQL server of the state store cannot be reached: ")
    assert "(postgresql://someone@127.0.0.1:1/db); check that it runs" in said


@pytest.mark.parametrize(
    "url", ["postgresql://u:p:ss%@h:x/d", "postgresql://host/", "postgresql://h/d?retry_s=soon"]
)
def test_a_url_that_cannot_be_read_is_not_repeated(url: str) -> None:
    assert refusal(url) == (
        "E601: the URL of the state store in PostgreSQL cannot be read; "
        "write postgresql+psycopg://user@host:port/database, with %40 for @ in a password"
    )


def test_commits_are_durable_whatever_the_role_says(postgres: PostgresServer) -> None:
    with postgres.connect() as admin:
        admin.execute("CREATE ROLE hasty LOGIN")
        admin.execute("ALTER ROLE hasty SET synchronous_commit = off")
    store: Any = open_store(postgres.new_url("hasty"), alive=bool)
    with store._engine.writing() as session:
        found = session.execute(text("SHOW synchronous_commit")).fetchone()
    assert tuple(found) == ("on",)
    store.close()

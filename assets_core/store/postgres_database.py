"""A store in PostgreSQL as a database: a look at it, of whatever schema it is, and its migration."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, cast, create_engine, func, inspect, select
from sqlalchemy.dialects.postgresql import REGCLASS
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from assets_core.store.databases import DatabaseStatus, Upgrade
from assets_core.store.opening import postgres_engine, postgres_url
from assets_core.store.postgres import shown, with_settings
from assets_core.store.postgres_errors import store_error
from assets_core.store.postgres_marks import MARKS
from assets_core.store.postgres_schema import schema_version
from assets_core.store.row_counts import row_counts
from assets_core.store.sql_schema import METADATA, SCHEMA_VERSION
from assets_core.store.sql_store import SqlStore


def server_status(url: str) -> DatabaseStatus:
    """What the schema holds, and what is wrong with it."""
    where = shown_place(url)
    with _looking(url) as connection:
        version = schema_version(where, connection)
        if version is None:
            return DatabaseStatus("postgresql", where, SCHEMA_VERSION)
        size, rows = _size(connection), row_counts(connection)
    problems = _contradictions(url) if version == SCHEMA_VERSION else []
    return DatabaseStatus("postgresql", where, SCHEMA_VERSION, version, size, rows, problems)


def upgrade_server(url: str) -> Upgrade:
    """Migrate the schema in one transaction, where that is due; an empty one is left empty."""
    with _looking(url) as connection:
        if schema_version(shown_place(url), connection) is None:
            return Upgrade("postgresql", SCHEMA_VERSION)
    engine = postgres_engine(url, read_only=False)
    engine.close()
    return Upgrade("postgresql", SCHEMA_VERSION, engine.migrated_from)


def shown_place(url: str) -> str:
    """Where the store is, without the password."""
    return shown(postgres_url(url)[0])


def _contradictions(url: str) -> list[str]:
    store = SqlStore(postgres_engine(url, read_only=True), bool)
    try:
        return list(store.examine())
    finally:
        store.close()


def _size(connection: Connection) -> int:
    """Of all our tables with their indexes."""
    names = inspect(connection).get_table_names()
    tables = [name for name in names if name in METADATA.tables or name in MARKS.tables]
    quote = connection.dialect.identifier_preparer.quote
    sizes = [func.pg_total_relation_size(cast(quote(name), REGCLASS)) for name in tables]
    return sum(connection.execute(select(*sizes)).one())


@contextmanager
def _looking(url: str) -> Iterator[Connection]:
    """A snapshot of the database, whatever the schema is."""
    parsed = postgres_url(url)[0]
    engine = create_engine(with_settings(parsed), poolclass=NullPool).execution_options(
        isolation_level="REPEATABLE READ", postgresql_readonly=True
    )
    try:
        with engine.begin() as connection:
            yield connection
    except DBAPIError as error:
        raise store_error(shown(parsed), error) from error

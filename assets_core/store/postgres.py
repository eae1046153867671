"""PostgreSQL, and nothing else: connections, the writers' lock, look-ups by key, bulk writes.

Writers are READ COMMITTED and begin by locking the counter row, which puts them one after the other as SQLite does, so
that sequence numbers follow the order of commits and two of our writers cannot deadlock. Readers see one snapshot and
wait for nobody. Every commit is durable (``synchronous_commit`` is set in the transaction that needs it), and nothing
waits for ever: a writer that was stopped in its transaction loses it after a while.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any

from sqlalchemy import (
    ARRAY,
    JSON,
    BigInteger,
    Column,
    Connection,
    Select,
    Table,
    bindparam,
    cast,
    column,
    create_engine,
    delete,
    func,
    select,
    tuple_,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError

from assets_core.errors import CorruptionError, Place
from assets_core.store.encoding import UnreadableRow, dumps
from assets_core.store.postgres_empty import EmptySession
from assets_core.store.postgres_errors import is_starting, lost, store_error, unusable
from assets_core.store.postgres_marks import (
    BEAT,
    BEATING,
    COMMITTED,
    FORGET,
    LAST_COMMIT,
    NOW_S,
    STOP_BEATING,
)
from assets_core.store.postgres_schema import (
    bring_up_to_date,
    older,
    schema_version,
)
from assets_core.store.postgres_session import (
    MovedMeanwhile,
    OutcomeUnknown,
    Patience,
    ReadSession,
    WriteSession,
)
from assets_core.store.sql_engine import WANTED, Kind, Session, Values, Wanted
from assets_core.store.sql_schema import SCHEMA_VERSION, TEXT, counters

_OLDEST_SERVER = (14,)
_CONNECT = {
    "application_name": "assets",
    "connect_timeout": "10",
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "4",
    "tcp_user_timeout": "30000",
}
_SESSION = {
    "idle_in_transaction_session_timeout": "30s",
    "jit": "off",
    "lock_timeout": "60s",
    "statement_timeout": "300s",
}
"""Whoever is stopped in a transaction loses it before those who wait for its locks give up."""


class PostgresEngine:
    """One database. ``read_only`` never creates, migrates or writes anything."""

    def __init__(self, url: URL, *, patience_s: float, read_only: bool) -> None:
        self.where = shown(url)
        self.read_only = read_only
        self._patience_s = patience_s
        self._engine = create_engine(with_settings(url), pool_size=2, max_overflow=-1)
        self._readers = self._engine.execution_options(
            isolation_level="REPEATABLE READ", postgresql_readonly=True
        )
        self._writers = self._engine.execution_options(isolation_level="READ COMMITTED")
        self._writer = uuid.uuid4().hex
        self._number = 0
        self._exists = False
        self._closed = False
        self.migrated_from: int | None = None
        """The schema that was found, where opening the store migrated it."""
        try:
            self._prepare()
        except BaseException:
            self.close()
            raise

    # --- opening ------------------------------------------------------------------------------------------------

    def _prepare(self) -> None:
        """Look at the schema; a writer creates or migrates it. Only a server that is starting up is waited for."""
        patience = Patience(self._patience_s)
        while True:
            try:
                self._look() if self.read_only else self._bring_up_to_date()
                return
            except DBAPIError as error:
                if not is_starting(error):
                    raise store_error(self.where, error) from error
                with self._translated():
                    patience.wait(error)

    def _look(self) -> None:
        with self._readers.begin() as connection:
            self._exists = self._is_there(connection)

    def _bring_up_to_date(self) -> None:
        with self._writers.begin() as connection:
            if self._is_current(connection):
                for forget in FORGET:
                    connection.execute(forget)
                self._exists = True
                return
        with self._writers.begin() as connection:
            self.migrated_from = bring_up_to_date(self.where, connection)
        self._exists = True

    def _is_current(self, connection: Connection) -> bool:
        self._require_usable(connection)
        return schema_version(self.where, connection) == SCHEMA_VERSION

    def _is_there(self, connection: Connection) -> bool:
        """Whether a reader finds today's schema; False where there is none yet."""
        self._require_usable(connection)
        version = schema_version(self.where, connection)
        if version is not None and version < SCHEMA_VERSION:
            raise older(self.where, version)
        return version is not None

    def _require_usable(self, connection: Connection) -> None:
        found = connection.dialect.server_version_info
        if found is not None and found < _OLDEST_SERVER:
            raise unusable(
                self.where,
                f"the PostgreSQL server has version {'.'.join(map(str, found))}, which is too old",
                f"use version {_OLDEST_SERVER[0]} or newer",
                "E634",
            )
        if connection.dialect.default_schema_name is None:
            raise unusable(
                self.where,
                "the connection's search path names no schema that exists",
                "create it (CREATE SCHEMA NAME), or name another one in the store's URL",
                "E633",
            )

    # --- transactions -------------------------------------------------------------------------------------------

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """One snapshot of the database."""
        with self._translated():
            if not self._exists:
                self._look()
            if not self._exists:
                yield EmptySession()
                return
            session = ReadSession(self._readers.connect, self._patience_s)
            try:
                yield session
            finally:
                session.close()

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """Wait for our turn, begin, commit; begun again where the server went away meanwhile."""
        if self.read_only or self._closed:
            raise unusable(
                self.where, "the state store is closed, or was opened for reading only", "", "E614"
            )
        self._number += 1
        values = {"writer": self._writer, "number": self._number}
        mark = (COMMITTED, values)
        with self._translated():
            session = WriteSession(self._begin, self._patience_s, mark, self._is_committed)
            try:
                yield session
                session.commit()
            finally:
                session.close()

    def _begin(self) -> Connection:
        """A connection whose transaction holds the counter row and will be durable."""
        connection = self._writers.connect()
        try:
            row = connection.execute(_LOCK).fetchone()
        except BaseException:
            connection.close()
            raise
        if row is None or row[0] != "on":
            connection.close()
            raise unusable(
                self.where,
                "the state store was emptied while it was in use"
                if row is None
                else "the PostgreSQL server does not make commits durable (synchronous_commit)",
                "put it back and run the command again; nothing was recorded since",
                "E613",
            )
        return connection

    def _is_committed(self, connection: Connection) -> bool:
        """Whether this writer's transaction under way is there. Asked under the lock that it held."""
        found = connection.execute(LAST_COMMIT, {"writer": self._writer}).scalar()
        return found == self._number

    def now(self, connection: Session) -> float:
        """The server's clock, at this moment."""
        row = connection.execute(NOW_S).fetchone()
        assert row is not None
        return float(row[0])

    # --- proof of life --------------------------------------------------------------------------------------------

    def is_beating(self, connection: Session, run: str) -> bool:
        """Whether the run was kept alive lately, by the server's clock."""
        found = connection.execute(BEATING, {"run": run}).fetchone()
        return found is not None and bool(found[0])

    def beat(self, run: str, lease_s: float) -> None:
        """Take the run for alive for so many seconds from now."""
        with self._translated(), self._writers.begin() as connection:
            connection.execute(BEAT, {"run": run, "lease_s": lease_s})

    def stop_beating(self, run: str) -> None:
        """Take the run for dead from now on."""
        with self._translated(), self._writers.begin() as connection:
            connection.execute(STOP_BEATING, {"run": run})

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except DBAPIError as error:
            raise store_error(self.where, error) from error
        except MovedMeanwhile as error:
            why = "the connection was lost, and another run wrote before it was back"
            raise lost(self.where, why) from error
        except OutcomeUnknown as error:
            why = "it went away while a transaction was being committed"
            raise lost(self.where, why) from error
        except UnreadableRow as error:
            raise CorruptionError(
                "E609",
                f"the state store is damaged: {error}",
                place=Place(self.where),
                help="restore a backup of the database; the data of your assets is not in it and stays where it is",
            ) from error

    def examine(self, connection: Session) -> Iterable[str]:
        """Nothing: a server checks its pages and references by itself."""
        return ()

    def close(self) -> None:
        """Close every connection."""
        self._closed = True
        self._engine.dispose()

    # --- SQL ----------------------------------------------------------------------------------------------------

    def wanted(self, *kinds: Kind) -> Wanted:
        """The keys as a JSON list of lists, which a function turns into rows numbered from 1."""
        keys = cast(bindparam(WANTED, type_=TEXT), JSON)
        table = (
            func.json_array_elements(keys)
            .table_valued(column("key", JSON), with_ordinality="place", name=f"wanted_{len(kinds)}")
            .render_derived()
        )
        position = (table.c.place - 1).label("position")
        fields = tuple(_field(table.c.key, n, kind) for n, kind in enumerate(kinds))
        return Wanted(table, position, fields, table.c.place)

    def keys(self, rows: Iterable[Sequence[str | int]]) -> object:
        return dumps([list(row) for row in rows])

    def values(self, values: Iterable[str | int]) -> object:
        return dumps([[value] for value in values])

    def insert(self, connection: Session, table: Table, rows: Sequence[Values]) -> None:
        connection.execute(_insert(table), _columns(rows))

    def upsert(self, connection: Session, table: Table, rows: Sequence[Values]) -> None:
        connection.execute(_upsert(table), _columns(rows))

    def delete(self, connection: Session, table: Table, keys: Sequence[Values]) -> None:
        connection.execute(_delete(table, len(keys[0])), _columns(keys))


_LOCK = select(
    func.set_config("synchronous_commit", "on", True), counters.c.sequence
).with_for_update()


def _field(key: Any, place: int, kind: Kind) -> Any:
    text = cast(key.op("->>")(place), TEXT)
    return text if kind == "text" else cast(text, BigInteger)


def _columns(rows: Sequence[Values]) -> dict[str, str]:
    """Rows as one array per column: one statement with few parameters, however many rows."""
    return {f"c{n}": _array(column) for n, column in enumerate(zip(*rows, strict=True))}


def _array(values: Sequence[Any]) -> str:
    """As PostgreSQL writes an array, each value put in quotes once: psycopg took eight times as long, in Python too."""
    elements = {value: _element(value) for value in set(values)}
    return "{" + ",".join([elements[value] for value in values]) + "}"


def _element(value: str | bytes | float | None) -> str:
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if isinstance(value, bytes):
        return f'"\\\\x{value.hex()}"'
    if not isinstance(value, int | float | None):
        raise TypeError(f"no column holds a {type(value).__name__}")
    return "NULL" if value is None else str(value)


def _given(columns: Sequence[Column[Any]]) -> Select[*tuple[Any, ...]]:
    """The rows that ``_columns`` binds."""
    arrays = [cast(bindparam(f"c{n}", type_=TEXT), ARRAY(c.type)) for n, c in enumerate(columns)]
    rows = func.unnest(*arrays).table_valued(
        *(column(c.name, c.type) for c in columns), name="given"
    )
    return select(*rows.render_derived().c)


@cache
def _insert(table: Table) -> Any:
    names = [c.name for c in table.columns]
    return insert(table).from_select(names, _given(list(table.columns)))


@cache
def _upsert(table: Table) -> Any:
    statement = _insert(table)
    keys = list(table.primary_key)
    others = {c.name: statement.excluded[c.name] for c in table.columns if c not in keys}
    return statement.on_conflict_do_update(index_elements=keys, set_=others)


@cache
def _delete(table: Table, size: int) -> Any:
    keys = list(table.primary_key)[:size]
    return delete(table).where(tuple_(*keys).in_(_given(keys)))


def shown(url: URL) -> str:
    """Where the store is, for errors: no password, no options."""
    return URL.create(
        "postgresql", username=url.username, host=url.host, port=url.port, database=url.database
    ).render_as_string()


def with_settings(url: URL) -> URL:
    """Our connection and session settings; those of the URL have the last word."""
    ours = " ".join(f"-c {name}={value}" for name, value in _SESSION.items())
    options = f"{ours} {url.query.get('options', '')}".strip()
    return url.set(query={**_CONNECT, **url.query, "options": options})

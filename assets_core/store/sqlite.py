"""SQLite, and nothing else: connections, pragmas, the one BEGIN hook, errors.

WAL with synchronous=FULL, so a commit is durable and readers never wait. Every write transaction is BEGIN IMMEDIATE
(deferred ones lost 120 of 160 concurrent read-modify-writes, or failed at once as "database is locked"). Writers queue
on file locks before BEGIN, because SQLite's busy handler is unfair: one of eight back-to-back committers got a single
commit in 6 s. Readers open the file ``mode=ro``; where there is no file yet they see an empty store and write nothing.
``fullfsync`` matters on macOS only.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import (
    Table,
    Text,
    bindparam,
    event,
    func,
)
from sqlalchemy.exc import DBAPIError
from sqlalchemy.schema import CreateIndex, CreateTable

from assets_core.disk_errors import remedy, what_failed
from assets_core.store.encoding import UnreadableRow, dumps
from assets_core.store.sql_engine import WANTED, Kind, Session, Values, Wanted
from assets_core.store.sql_schema import METADATA, SCHEMA_VERSION
from assets_core.store.sqlite_checks import file_problems
from assets_core.store.sqlite_dialect import dialect, engine_of
from assets_core.store.sqlite_errors import store_error
from assets_core.store.sqlite_files import (
    APPLICATION_ID,
    check_header,
    damaged,
    exists,
    is_immutable,
    make_directory,
    open_private,
    refuse_network,
    set_aside_log,
    sync_directory,
    unusable,
)
from assets_core.store.sqlite_queue import WriterQueue
from assets_core.store.sqlite_writes import delete_rows, insert_rows, upsert_rows

BUSY_S = 30.0
"""How long a reader waits while SQLite recovers a WAL; writers never wait for each other here."""


class SqliteEngine:
    """One state file. ``read_only`` never creates, migrates or writes anything."""

    def __init__(
        self, path: Path, *, read_only: bool, now: Callable[[], float] = time.time
    ) -> None:
        self.path = path
        self._now = now
        self.read_only = read_only
        self._reader = engine_of(self._connect_reader, "BEGIN")
        self._writer = engine_of(self._connect_writer, "BEGIN IMMEDIATE")
        self._queue: WriterQueue | None = None
        self._inode: tuple[int, int] | None = None
        self.migration: tuple[int, Path] | None = None
        """The schema that was found and the file's backup, where opening it migrated it."""
        event.listen(self._reader, "checkout", self._outdated)
        if exists(path):
            refuse_network(path)
            check_header(path)
        if not read_only:
            try:
                self._prepare()
            except BaseException:
                self.close()
                raise

    # --- opening ------------------------------------------------------------------------------------------------

    def _prepare(self) -> None:
        """Create what is missing and bring an older schema up to date, both under the writers' lock."""
        make_directory(self.path.parent)
        refuse_network(self.path.parent)
        self._queue = WriterQueue(self.path)
        with self._queue.turn():
            if not exists(self.path):
                create(self.path)
            with self._translated():
                version = self._schema_version()
            if version < SCHEMA_VERSION:
                from assets_core.store.migrating import migrate

                self.migration = version, migrate(self.path, version)
        status = self.path.stat()
        self._inode = (status.st_dev, status.st_ino)

    def _schema_version(self) -> int:
        """Also brings the file back to WAL, but only once it is known to be ours."""
        connection = connect(self.path, "rw")
        try:
            version = check_identity(self.path, connection)
            if connection.execute("PRAGMA journal_mode = WAL").fetchone()[0] != "wal":
                raise unusable(
                    self.path,
                    "the disk of the state store does not support write-ahead logs",
                    "set ASSETS_HOME to a directory on a local disk",
                )
            return version
        finally:
            connection.close()

    def _connect_writer(self) -> sqlite3.Connection:
        return connect(self.path, "rw")

    def _connect_reader(self) -> sqlite3.Connection:
        if not exists(self.path):
            return _empty()
        check_header(self.path)
        connection = connect(self.path, "ro")
        try:
            version = check_identity(self.path, connection)
        except BaseException:
            connection.close()
            raise
        if version < SCHEMA_VERSION:
            connection.close()
            raise unusable(
                self.path,
                f"the state store has schema {version}, this version of assets reads {SCHEMA_VERSION}",
                "run `assets db upgrade`, which backs it up and migrates it",
                "E606",
            )
        return connection

    def _outdated(self, connection: sqlite3.Connection, record: Any, _: object) -> None:
        """A reader that found no file looks again."""
        if record.info.get("file") is None:
            record.info["file"] = bool(connection.execute("PRAGMA database_list").fetchone()[2])
        if not record.info["file"] and exists(self.path):
            from sqlalchemy.exc import DisconnectionError

            raise DisconnectionError

    # --- transactions -------------------------------------------------------------------------------------------

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """One snapshot of the file."""
        with self._translated(), self._reader.begin() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """Wait for our turn, begin, commit."""
        if self._queue is None:
            raise unusable(
                self.path, "the state store is closed, or was opened for reading only", "", "E614"
            )
        with self._queue.turn():
            self._require_same_file()
            with self._translated(), self._writer.begin() as connection:
                yield connection

    def _require_same_file(self) -> None:
        """Writing on into a file that was deleted or replaced would lose every record without an error."""
        try:
            status = self.path.stat()
        except OSError:
            status = None
        if status is None or (status.st_dev, status.st_ino) != self._inode:
            raise unusable(
                self.path,
                "the state store was removed or replaced while it was in use",
                "put it back and run the command again; nothing was recorded since",
                "E613",
            )

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except DBAPIError as error:
            raise store_error(self.path, error.orig or error) from error
        except sqlite3.Error as error:
            raise store_error(self.path, error) from error
        except UnreadableRow as error:
            raise damaged(self.path, str(error)) from error
        except UnicodeDecodeError as error:  # the driver's own, over a garbled schema
            raise damaged(self.path, "its schema cannot be read") from error

    def now(self, connection: Session) -> float:
        """The host's clock."""
        return self._now()

    def is_beating(self, connection: Session, run: str) -> bool:
        """Never: the file is on this host, so its runs are known by their locks."""
        return False

    def close(self) -> None:
        """Close every connection; the last one out empties the WAL."""
        self._reader.dispose()
        self._writer.dispose()
        if self._queue is not None:
            self._queue.close()
            self._queue = None

    def examine(self, connection: Session) -> Iterable[str]:
        """Every page, index and reference."""
        return file_problems(connection)

    # --- SQL ----------------------------------------------------------------------------------------------------

    def wanted(self, *kinds: Kind) -> Wanted:
        """The keys as JSON: a list of lists, or of plain values, whose place in the list is their position.

        Values have the type that JSON gives them, and the outer table of a join keeps its order.
        """
        fields = len(kinds)
        table = func.json_each(bindparam(WANTED, type_=Text())).table_valued(
            "key", "value", name=f"wanted_{fields}"
        )
        if fields == 1:
            return Wanted(table, table.c.key, (table.c.value,))
        parts = tuple(func.json_extract(table.c.value, f"$[{n}]") for n in range(fields))
        return Wanted(table, table.c.key, parts)

    def keys(self, rows: Iterable[Sequence[str | int]]) -> object:
        return dumps(list(rows))

    def values(self, values: Iterable[str | int]) -> object:
        return dumps(list(values))

    def insert(self, connection: Session, table: Table, rows: Sequence[Values]) -> None:
        insert_rows(connection, table, rows)

    def upsert(self, connection: Session, table: Table, rows: Sequence[Values]) -> None:
        upsert_rows(connection, table, rows)

    def delete(self, connection: Session, table: Table, keys: Sequence[Values]) -> None:
        delete_rows(connection, table, keys)


def connect(path: Path, mode: str) -> sqlite3.Connection:
    """A connection with our settings; ``mode`` is ``ro`` or ``rw``, which never create the file."""
    if mode == "ro" and is_immutable(path):
        mode = "ro&immutable=1"
    connection = sqlite3.connect(
        f"file:{quote(str(path.absolute()))}?mode={mode}",
        uri=True,
        timeout=BUSY_S,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=256,
    )
    try:
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA fullfsync = ON")
    except BaseException:
        connection.close()
        raise
    return connection


def check_identity(path: Path, connection: sqlite3.Connection) -> int:
    """The schema's version; refuses another application's database and a schema from the future, untouched."""
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if application != APPLICATION_ID:
        raise unusable(
            path,
            "the state store is a SQLite database of another application",
            "name another file in the store's URL; nothing was changed",
            "E604",
        )
    if version > SCHEMA_VERSION:
        raise unusable(
            path,
            f"the state store has schema {version}, this version of assets knows up to {SCHEMA_VERSION}",
            "upgrade assets-core; nothing was changed",
            "E605",
        )
    if version < 1:
        raise damaged(path, "it has no schema version")
    return version


def create(path: Path) -> None:
    """Write a new state file beside its place and rename it, so that a killed process leaves none or all of it."""
    new = path.with_name(path.name + ".new")
    try:
        for suffix in ("", "-wal", "-shm", "-journal"):
            new.with_name(new.name + suffix).unlink(missing_ok=True)
        os.close(open_private(new))
        connection = sqlite3.connect(new, isolation_level=None)
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.executescript(f"BEGIN;\n{schema_sql()}\nCOMMIT;")
        finally:
            connection.close()
        fd = os.open(new, os.O_RDWR | os.O_CLOEXEC)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)
        set_aside_log(path)
        new.rename(path)
        sync_directory(path.parent)
    except sqlite3.Error as error:
        raise store_error(path, error) from error
    except OSError as error:
        raise unusable(
            path,
            f"the state store cannot be created: {what_failed(error, path)}",
            remedy(error, "check the permissions and the free space"),
        ) from error


@cache
def schema_sql() -> str:
    """The statements that make an empty store of today's schema."""
    statements = []
    for table in METADATA.sorted_tables:
        statements.append(str(CreateTable(table).compile(dialect=dialect())).strip())
        statements += [
            str(CreateIndex(index).compile(dialect=dialect()))
            for index in sorted(table.indexes, key=lambda i: str(i.name))
        ]
    statements += [
        "INSERT INTO counters VALUES (1, 0, 0, 0)",
        f"PRAGMA application_id = {APPLICATION_ID}",
        f"PRAGMA user_version = {SCHEMA_VERSION}",
    ]
    return ";\n".join(statements) + ";"


def _empty() -> sqlite3.Connection:
    """An empty store in memory, for readers that come before the first write."""
    connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    connection.executescript(schema_sql())
    return connection

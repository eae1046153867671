"""A state file as a database: a look at it, its migration, a copy of it."""

from __future__ import annotations

import os
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from sqlalchemy import Connection, create_engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from assets_core.errors import Place, UsageError
from assets_core.store.databases import Backup, DatabaseStatus, Upgrade
from assets_core.store.row_counts import row_counts
from assets_core.store.sql_schema import SCHEMA_VERSION
from assets_core.store.sql_store import SqlStore
from assets_core.store.sqlite import SqliteEngine, check_identity, connect
from assets_core.store.sqlite_checks import file_problems
from assets_core.store.sqlite_errors import store_error
from assets_core.store.sqlite_files import (
    check_header,
    damaged,
    exists,
    refuse_network,
    sync_directory,
)


def file_status(path: Path) -> DatabaseStatus:
    """What the file holds, and what is wrong with it."""
    if not exists(path):
        return DatabaseStatus("sqlite", str(path), SCHEMA_VERSION)
    with _looking(path) as connection:
        version = _identity(path, connection)
        problems = list(file_problems(connection))
        rows = {} if problems else row_counts(connection)
    if not problems and version == SCHEMA_VERSION:
        problems = _contradictions(path)
    return DatabaseStatus("sqlite", str(path), SCHEMA_VERSION, version, _size(path), rows, problems)


def upgrade_file(path: Path) -> Upgrade:
    """Back the file up and migrate it, where that is due."""
    if not exists(path):
        return Upgrade("sqlite", SCHEMA_VERSION)
    engine = SqliteEngine(path, read_only=False)
    engine.close()
    before, saved = engine.migration or (None, None)
    return Upgrade("sqlite", SCHEMA_VERSION, before, saved)


def back_up_file(path: Path, target: Path) -> Backup:
    """Copy the file through SQLite's backup API: one committed state, whoever writes meanwhile.

    The name is taken before anything is copied, so that nothing is ever overwritten, and the copy is put in its place
    once it was read and found whole.
    """
    if not exists(path):
        raise UsageError(
            "E942",
            "there is no state store yet: there is nothing to back up",
            place=Place(str(path)),
            help="run `assets materialize` first, or name the project with -C",
        )
    with _taken(target):
        fd, name = tempfile.mkstemp(prefix=f"{target.name}.", dir=target.parent)
        new = Path(name)
        try:
            version = _copy(path, new)
            os.fsync(fd)
            new.rename(target)
        except BaseException:
            new.unlink(missing_ok=True)
            raise
        finally:
            os.close(fd)
        sync_directory(target.parent)
    return Backup(target, version, target.stat().st_size)


@contextmanager
def _taken(target: Path) -> Iterator[None]:
    """The name is ours; given back where something goes wrong."""
    try:
        os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600))
    except FileExistsError:
        raise UsageError(
            "E943",
            "there is a file of that name already, and a backup never overwrites one",
            place=Place(str(target)),
            help="name another file, or none: then the name says the time",
        ) from None
    except OSError as error:
        raise _unwritable(target, error) from error
    try:
        yield
    except OSError as error:
        target.unlink(missing_ok=True)
        raise _unwritable(target, error) from error
    except BaseException:
        target.unlink(missing_ok=True)
        raise


def _unwritable(target: Path, error: OSError) -> UsageError:
    return UsageError(
        "E944",
        f"the backup cannot be written: {error.strerror}",
        place=Place(str(target)),
        help="name a file in a folder that exists, is yours and has the space",
    )


def _copy(path: Path, new: Path) -> int:
    """The schema of what was copied."""
    with _looking(path) as connection:
        version = _identity(path, connection)
        source = connection.connection.driver_connection
        assert isinstance(source, sqlite3.Connection)
        target = sqlite3.connect(new)
        try:
            source.backup(target)
            # A copy that says WAL would need files beside it to be opened; a store sets it again by itself.
            target.execute("PRAGMA journal_mode = DELETE")
        finally:
            target.close()
    with _looking(new) as copied:
        broken = next(file_problems(copied), None)
    if broken is not None:
        raise damaged(path, broken)
    return version


def _identity(path: Path, connection: Connection) -> int:
    raw = connection.connection.driver_connection
    assert isinstance(raw, sqlite3.Connection)
    return check_identity(path, raw)


def _contradictions(path: Path) -> list[str]:
    store = SqlStore(SqliteEngine(path, read_only=True), bool)
    try:
        return list(store.examine())
    finally:
        store.close()


def _size(path: Path) -> int:
    """With what is still in the log."""
    log = path.with_name(path.name + "-wal")
    return path.stat().st_size + (log.stat().st_size if log.exists() else 0)


@contextmanager
def _looking(path: Path) -> Iterator[Connection]:
    """A connection that reads the file, of whatever schema it is."""
    refuse_network(path)
    check_header(path)
    engine = create_engine("sqlite://", creator=partial(connect, path, "ro"), poolclass=NullPool)
    try:
        with engine.connect() as connection:
            yield connection
    except DBAPIError as error:
        raise store_error(path, error.orig or error) from error
    except sqlite3.Error as error:
        raise store_error(path, error) from error

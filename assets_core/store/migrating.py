"""Bringing an older state file up to date: backed up first, then every step in one transaction, or none.

Called under the writers' lock, and only when a migration is due, so alembic is never loaded otherwise. Foreign keys are
off before BEGIN and checked before COMMIT: a table that is recreated with them on would take its referers with it.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Mapping
from pathlib import Path

from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from assets_core.errors import Place, StoreError
from assets_core.store.refusals import schema_too_old
from assets_core.store.schema_steps import STEPS, Step
from assets_core.store.sql_schema import SCHEMA_VERSION
from assets_core.store.sqlite_errors import store_error
from assets_core.store.sqlite_files import open_private, sync_directory


def migrate(
    path: Path, version: int, *, target: int = SCHEMA_VERSION, steps: Mapping[int, Step] = STEPS
) -> Path:
    """Migrate the file from ``version`` to ``target``; the backup's path. A failure leaves the file as it was."""
    missing = [v for v in range(version, target) if v not in steps]
    if missing:
        raise schema_too_old(str(path), version)
    try:
        saved = back_up(path, version)
        _migrate(path, [steps[v] for v in range(version, target)], target)
    except DBAPIError as error:
        raise store_error(path, error.orig or error) from error
    except sqlite3.Error as error:
        raise store_error(path, error) from error
    return saved


def back_up(path: Path, version: int) -> Path:
    """A copy of the file through SQLite's backup API, complete or absent, for its owner alone."""
    saved = path.with_name(f"{path.name}.schema-{version}")
    new = path.with_name(f"{saved.name}.new")
    new.unlink(missing_ok=True)
    os.close(open_private(new))
    source, target = sqlite3.connect(path), sqlite3.connect(new)
    try:
        source.backup(target)
    finally:
        target.close()
        source.close()
    fd = os.open(new, os.O_RDWR | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
    new.rename(saved)
    sync_directory(path.parent)
    return saved


def _migrate(path: Path, steps: list[Step], target: int) -> None:
    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect(path, isolation_level=None)
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.execute("PRAGMA synchronous = FULL")
        return connection

    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    engine = create_engine("sqlite://", creator=connect, poolclass=NullPool)
    event.listen(engine, "begin", begin)
    with engine.begin() as connection:
        operations = Operations(MigrationContext.configure(connection))
        for step in steps:
            step(operations)
        broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchone()
        if broken is not None:
            raise StoreError(
                "E616",
                f"migrating the state store would break a reference from table `{broken[0]}`",
                place=Place(str(path)),
                help="nothing was changed; please report this with the output of `assets doctor`",
            )
        connection.exec_driver_sql(f"PRAGMA user_version = {int(target)}")

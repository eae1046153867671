"""The state store as a database: what it is, bringing it up to date, copying it.

An older schema can be looked at and copied as well: no store is opened for that, which would migrate it or refuse.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from assets_core.errors import UsageError
from assets_core.store.opening import is_shared, open_store, sqlite_file

Kind = Literal["sqlite", "postgresql", "memory"]


@dataclass(frozen=True, slots=True)
class DatabaseStatus:
    """What a look at the database found."""

    engine: Kind
    place: str
    """The file, or the server without the password."""
    latest: int
    """The schema that this version of assets writes."""
    schema: int | None = None
    """None where nothing was recorded yet."""
    size: int = 0
    """Bytes."""
    rows: Mapping[str, int] | None = None
    """How many there are of each kind of fact."""
    problems: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Upgrade:
    """What ``upgrade`` did: nothing where ``before`` is None."""

    engine: Kind
    latest: int
    before: int | None = None
    backup: Path | None = None
    """The copy of the file as it was; PostgreSQL is copied by its own tools."""


@dataclass(frozen=True, slots=True)
class Backup:
    """A copy of a state file that was read again and found whole."""

    file: Path
    schema: int
    size: int
    """Bytes."""


def database_status(url: str) -> DatabaseStatus:
    """Look at the database behind ``url``, reading all of it; nothing is created or changed. Raises StoreError."""
    from assets_core.store.sql_schema import SCHEMA_VERSION

    file = sqlite_file(url)
    if file is not None:
        from assets_core.store.sqlite_database import file_status

        return file_status(file)
    if is_shared(url):
        from assets_core.store.postgres_database import server_status

        return server_status(url)
    open_store(url, alive=bool).close()
    return DatabaseStatus("memory", url, SCHEMA_VERSION)


def upgrade_database(url: str) -> Upgrade:
    """Bring an older schema up to date in one transaction, a file after a backup; what does not exist is not created.

    Raises StoreError, with the database as it was.
    """
    from assets_core.store.sql_schema import SCHEMA_VERSION

    file = sqlite_file(url)
    if file is not None:
        from assets_core.store.sqlite_database import upgrade_file

        return upgrade_file(file)
    if is_shared(url):
        from assets_core.store.postgres_database import upgrade_server

        return upgrade_server(url)
    open_store(url, alive=bool).close()
    return Upgrade("memory", SCHEMA_VERSION)


def back_up_database(url: str, target: Path) -> Backup:
    """Copy a state file while it may be in use; raises UsageError for what is no file, or where ``target`` exists."""
    file = sqlite_file(url)
    if file is not None:
        from assets_core.store.sqlite_database import back_up_file

        return back_up_file(file, target)
    if is_shared(url):
        from assets_core.store.postgres_database import shown_place

        raise UsageError(
            "E941",
            "the state store is in PostgreSQL, which is backed up with a tool of its own: pg_dump",
            help=f"pg_dump --format=custom --file=state.dump '{shown_place(url)}'; restore it with pg_restore",
        )
    open_store(url, alive=bool).close()
    raise UsageError(
        "E942",
        "the state store is in memory and ends with the process: there is nothing to back up",
        help="set `store`, or leave it out for a file in the state directory",
    )

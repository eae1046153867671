"""What SQLite reports, as errors that say where and what to do. Damage is located by a check of the whole file."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from urllib.parse import quote

from assets_core.disk_errors import mount_of, room_on
from assets_core.errors import InternalError, StoreError
from assets_core.store.sqlite_files import damaged, unusable

_DAMAGE = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_FORMAT})


def store_error(path: Path, error: BaseException) -> StoreError | InternalError:
    """The error to raise instead of ``error``, which came from the driver."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in _DAMAGE:
        return damaged(path, _where(path) or str(error))
    if code == sqlite3.SQLITE_FULL:
        return unusable(
            path,
            f"the disk that holds the state store is full: {room_on(path)}",
            "free some space and run the command again; what was recorded is kept",
            "E610",
        )
    if code == sqlite3.SQLITE_IOERR:
        return unusable(
            path,
            f"the state store cannot be read or written: {error} on {mount_of(path)}",
            "check the disk and run the command again; what was recorded is kept",
            "E611",
        )
    if code in {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH}:
        return unusable(
            path,
            "the state store cannot be written to",
            "check the permissions of the file and of its directory",
        )
    if code == sqlite3.SQLITE_CANTOPEN:
        return unusable(
            path,
            "the state store cannot be opened",
            "check the permissions of the file and of its directory",
        )
    if code in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
        return unusable(
            path,
            "another program keeps the state store locked",
            "close the program that has the file open and run the command again",
            "E612",
        )
    if str(error).startswith(("no such table", "no such column")):
        return damaged(path, str(error))
    if str(error).startswith("Could not decode to UTF-8"):
        return damaged(path, "a row cannot be read (a text is not UTF-8)")
    found = _where(path)
    if found is not None:
        return damaged(path, found)
    return InternalError("E693", f"the state store refused a statement: {error}")


def _where(path: Path) -> str | None:
    """What a check of the whole file finds first; None where it finds nothing or cannot be done."""
    try:
        connection = sqlite3.connect(f"file:{quote(str(path.absolute()))}?mode=ro", uri=True)
        try:
            found = connection.execute("PRAGMA quick_check(1)").fetchone()
        finally:
            connection.close()
    except sqlite3.Error as error:
        return str(error)
    if found is None or found[0] == "ok":
        return None
    return " ".join(str(found[0]).replace("*** in database main ***", "").split())

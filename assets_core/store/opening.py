"""From a URL to a store. SQLAlchemy is imported only when a database is opened."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from assets_core.errors import StoreError
from assets_core.ports import LivenessProbe, StateStore

if TYPE_CHECKING:
    from sqlalchemy.engine import URL

    from assets_core.store.postgres import PostgresEngine

_SQLITE = "sqlite:///"
_MEMORY = "memory://"
_POSTGRES = ("postgresql://", "postgresql+psycopg://")
_PATIENCE_S = 60.0
"""How long a server that went away is waited for, where ``retry_s`` in the URL does not say."""


def open_store(
    url: str,
    *,
    alive: LivenessProbe,
    holds: LivenessProbe | None = None,
    read_only: bool = False,
    now: Callable[[], float] = time.time,
) -> StateStore:
    """The store at ``url``: ``sqlite:///path`` (relative to the working directory), ``postgresql+psycopg://user@host/db``
    or ``memory://``.

    ``alive`` says whether the run with an id still lives, ``holds`` whether its leases hold (by default, as long as it
    lives); where they cannot know, a store that several hosts share looks for the run's heartbeat. ``now``, in seconds
    since 1970, is what rate limits go by, except where a server has a clock. With ``read_only``
    nothing is ever created, migrated or written, and what does not exist yet reads as an empty store. Raises
    StoreError (E6xx) that names the file or the server, and the remedy.
    """
    file = sqlite_file(url)
    if file is not None:
        from assets_core.store.sql_store import SqlStore
        from assets_core.store.sqlite import SqliteEngine

        return SqlStore(SqliteEngine(file, read_only=read_only, now=now), alive, holds)
    if is_shared(url):
        from assets_core.store.sql_store import SqlStore

        return SqlStore(postgres_engine(url, read_only=read_only), alive, holds)
    if url == _MEMORY:
        from assets_core.store.memory import MemoryStore

        return MemoryStore(alive, holds or alive, now)
    scheme = url.partition(":")[0]
    raise StoreError(
        "E601",
        f"no state store can be opened with a URL that starts with `{scheme}:`",
        help="write sqlite:///path/to/state.db, or postgresql+psycopg://user@host/database",
    )


def open_for_a_look(
    url: str, *, alive: LivenessProbe, holds: LivenessProbe | None = None
) -> StateStore:
    """As ``open_store(read_only=True)``, for a reader that is closed before anything can appear.

    A state file that does not exist is an empty store in memory, and no database library is loaded (0.3 s) to say so.
    """
    file = sqlite_file(url)
    absent = file is not None and not os.path.lexists(file)
    where = _MEMORY if absent else url
    return open_store(where, alive=alive, holds=holds, read_only=True)


def sqlite_file(url: str) -> Path | None:
    """The state file that ``url`` names; None for a store that is no file."""
    path = url.removeprefix(_SQLITE)
    return Path(path) if path not in ("", url) and not path.endswith(":memory:") else None


def is_shared(url: str) -> bool:
    """Whether the store at ``url`` can be one for several hosts."""
    return url.startswith(_POSTGRES)


def postgres_engine(url: str, *, read_only: bool) -> PostgresEngine:
    """The engine behind a store in PostgreSQL."""
    parsed, patience_s = postgres_url(url)
    from assets_core.store.postgres import PostgresEngine

    return PostgresEngine(parsed, patience_s=patience_s, read_only=read_only)


def postgres_url(url: str) -> tuple[URL, float]:
    """The address of a store in PostgreSQL, and for how many seconds a server that went away is waited for."""
    from importlib.util import find_spec

    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    if find_spec("psycopg") is None:
        raise StoreError(
            "E602",
            "the state store is in PostgreSQL, but the package `psycopg` is not installed",
            help="pip install 'assets-core[postgres]'",
        )
    try:
        parsed = make_url(url).set(drivername="postgresql+psycopg")
        patience_s = float(str(parsed.query.get("retry_s", _PATIENCE_S)))
        if not parsed.database:
            raise ValueError("it names no database")
    except (ArgumentError, ValueError):
        # What is wrong is not quoted: it may be part of a password.
        raise StoreError(
            "E601",
            "the URL of the state store in PostgreSQL cannot be read",
            help="write postgresql+psycopg://user@host:port/database, with %40 for @ in a password",
        ) from None
    return parsed.difference_update_query(["retry_s"]), patience_s

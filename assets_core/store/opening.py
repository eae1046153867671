"""From a URL to a store. SQLAlchemy is imported only when a database is opened."""

from __future__ import annotations

import os
from pathlib import Path

from assets_core.errors import StoreError
from assets_core.ports import LivenessProbe, StateStore

_SQLITE = "sqlite:///"


def open_store(url: str, *, alive: LivenessProbe, read_only: bool = False) -> StateStore:
    """The store at ``url``: ``sqlite:///path`` (relative to the working directory) or ``memory://``.

    ``alive`` says whether the run with an id still lives, which decides whether its leases hold. With ``read_only``
    nothing is ever created, migrated or written, and a file that does not exist yet reads as an empty store. Raises
    StoreError (E6xx) that names the file and the remedy.
    """
    if url.startswith(_SQLITE) and len(url) > len(_SQLITE) and not url.endswith(":memory:"):
        file = Path(url.removeprefix(_SQLITE))
        if read_only and not os.path.lexists(file):
            return _empty(alive)
        from assets_core.store.sql_store import SqlStore
        from assets_core.store.sqlite import SqliteEngine

        return SqlStore(SqliteEngine(file, read_only=read_only), alive)
    if url == "memory://":
        return _empty(alive)
    scheme = url.partition(":")[0]
    raise StoreError(
        "E601",
        f"no state store can be opened with a URL that starts with `{scheme}:`",
        help="write sqlite:///path/to/state.db",
    )


def _empty(alive: LivenessProbe) -> StateStore:
    from assets_core.store.memory import MemoryStore

    return MemoryStore(alive)

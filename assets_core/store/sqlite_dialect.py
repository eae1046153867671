"""How SQLAlchemy speaks to SQLite: one dialect, and what it compiled, for all engines of the process."""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import Connection, Dialect, Engine, create_engine, event, make_url
from sqlalchemy.pool import QueuePool
from sqlalchemy.util import LRUCache


@cache
def dialect() -> Dialect:
    """SQLite's, whose parameters stand in order, so that rows can be given as tuples; a connection has set it up."""
    engine = create_engine("sqlite://")
    with engine.connect():
        pass
    engine.dispose()
    return engine.dialect


_COMPILED: LRUCache[Any, Any] = LRUCache(500)
"""Of all engines of the process: writing a query's text out took longer than SQLite took to answer it."""


def engine_of(connector: Any, begin: str) -> Engine:
    """An engine whose every transaction starts with ``begin``: the driver's own, lazy BEGIN is switched off."""
    pool = QueuePool(connector, pool_size=4, dialect=dialect())
    options = {"compiled_cache": _COMPILED}
    engine = Engine(pool, dialect(), make_url("sqlite://"), execution_options=options)

    def start(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    event.listen(engine, "begin", start)
    return engine

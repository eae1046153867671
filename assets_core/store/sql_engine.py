"""What differs between database engines, as one small port: connections, wide look-ups by key, upserts.

Everything else is SQLAlchemy Core that any engine understands.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

from sqlalchemy import Connection, FromClause, Row, Select, Table
from sqlalchemy.sql.elements import ColumnElement

Query: TypeAlias = "Select[*tuple[Any, ...]]"
AnyRow: TypeAlias = "Row[*tuple[Any, ...]]"
Values: TypeAlias = tuple[Any, ...]
"""One value per column, in the table's order."""

WANTED = "wanted"
"""The one bound parameter that carries all keys of a look-up."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """The keys of a look-up as a table: one bound value however many there are, so a query is compiled once.

    Join other tables to it with LEFT JOIN only. An inner join lets SQLite scan the other table and search this one,
    which has no index: 10,000 keys took 8 s instead of 0.01 s.
    """

    source: FromClause
    position: ColumnElement[int]
    fields: tuple[ColumnElement[Any], ...]


class SqlEngine(Protocol):
    """One database, opened and known to hold our schema. Its errors are AssetsErrors."""

    def reading(self) -> AbstractContextManager[Connection]:
        """A connection that sees one committed state until it is closed."""
        ...

    def writing(self) -> AbstractContextManager[Connection]:
        """The only write transaction there is: commits on leaving, rolls back on an exception."""
        ...

    def wanted(self, fields: int) -> Wanted:
        """A table of keys with this many fields, bound as ``WANTED``."""
        ...

    def keys(self, rows: Iterable[Sequence[str | int]]) -> object:
        """What to bind as ``WANTED`` for keys of several fields."""
        ...

    def values(self, values: Iterable[str | int]) -> object:
        """What to bind as ``WANTED`` for keys of one field."""
        ...

    def insert(self, connection: Connection, table: Table, rows: Sequence[Values]) -> None:
        """Insert rows, each with every column in the table's order. Past SQLAlchemy's own batching, which is slow."""
        ...

    def upsert(self, connection: Connection, table: Table, rows: Sequence[Values]) -> None:
        """Insert rows, each in place of the one with the same primary key."""
        ...

    def delete(self, connection: Connection, table: Table, keys: Sequence[Values]) -> None:
        """Delete the rows whose first primary key columns are these."""
        ...

    def close(self) -> None:
        """Close every connection. Idempotent."""
        ...

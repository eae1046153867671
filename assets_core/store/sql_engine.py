"""What differs between database engines, as one small port: connections, wide look-ups by key, upserts.

Everything else is SQLAlchemy Core that any engine understands.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeAlias

from sqlalchemy import Executable, FromClause, Result, Row, Select, Table
from sqlalchemy.sql.elements import ColumnElement

Query: TypeAlias = "Select[*tuple[Any, ...]]"
AnyRow: TypeAlias = "Row[*tuple[Any, ...]]"
Answer: TypeAlias = "Result[*tuple[Any, ...]]"
Values: TypeAlias = tuple[Any, ...]
"""One value per column, in the table's order."""

Kind: TypeAlias = Literal["text", "number"]
"""What a field of a key is compared with."""

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
    order: ColumnElement[int] | None = None
    """What to order by for rows that follow the keys' order; None where a join keeps that by itself."""

    def in_order(self, query: Query, *then: ColumnElement[Any]) -> Query:
        """``query`` with its rows key by key, and for each ``then``: the order of a table's primary key."""
        return query if self.order is None else query.order_by(self.order, *then)


class Session(Protocol):
    """One transaction, as a SQLAlchemy ``Connection`` is."""

    def execute(
        self,
        statement: Executable,
        parameters: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None,
        /,
    ) -> Answer:
        """Run one statement."""
        ...


class SqlEngine(Protocol):
    """One database, opened and known to hold our schema. Its errors are AssetsErrors."""

    def reading(self) -> AbstractContextManager[Session]:
        """A session that sees one committed state until it is closed."""
        ...

    def writing(self) -> AbstractContextManager[Session]:
        """The only write transaction there is: commits on leaving, rolls back on an exception."""
        ...

    def wanted(self, *kinds: Kind) -> Wanted:
        """A table of keys with fields of these kinds, bound as ``WANTED``."""
        ...

    def keys(self, rows: Iterable[Sequence[str | int]]) -> object:
        """What to bind as ``WANTED`` for keys of several fields."""
        ...

    def values(self, values: Iterable[str | int]) -> object:
        """What to bind as ``WANTED`` for keys of one field."""
        ...

    def insert(self, connection: Session, table: Table, rows: Sequence[Values]) -> None:
        """Insert rows, each with every column in the table's order. Past SQLAlchemy's own batching, which is slow."""
        ...

    def upsert(self, connection: Session, table: Table, rows: Sequence[Values]) -> None:
        """Insert rows, each in place of the one with the same primary key."""
        ...

    def delete(self, connection: Session, table: Table, keys: Sequence[Values]) -> None:
        """Delete the rows whose first primary key columns are these."""
        ...

    def examine(self, connection: Session) -> Iterable[str]:
        """What the database itself says is broken in it, found by reading all of it."""
        ...

    def now(self, connection: Session) -> float:
        """Seconds since 1970 of the one clock that everybody at this database has."""
        ...

    def is_beating(self, connection: Session, run: str) -> bool:
        """Whether a run of another host is kept alive; never where a database is one host's."""
        ...

    def close(self) -> None:
        """Close every connection. Idempotent."""
        ...

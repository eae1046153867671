"""Rows into SQLite and keys out of it, past SQLAlchemy and with many of them in a statement.

SQLAlchemy took longer to take rows apart than SQLite took to store them, and with one row in a statement almost half of
the time went into starting and ending statements: the rows of a version took 31 us so, and 16 us in blocks of 50.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache, partial
from itertools import chain

from sqlalchemy import Connection, Table, bindparam, delete
from sqlalchemy.dialects.sqlite import insert

from assets_core.store.sql_engine import Session, Values
from assets_core.store.sqlite_dialect import dialect

_BLOCK = 50
"""More are not faster; the widest table has 13 columns, and older libraries bind up to 999 values."""


def insert_rows(session: Session, table: Table, rows: Sequence[Values]) -> None:
    """Insert rows, each with every column in the table's order."""
    _run(session, partial(_insert_text, table), rows)


def upsert_rows(session: Session, table: Table, rows: Sequence[Values]) -> None:
    """Insert rows, each in place of the one with the same primary key."""
    _run(session, partial(_upsert_text, table), rows)


def delete_rows(session: Session, table: Table, keys: Sequence[Values]) -> None:
    """Delete the rows whose first primary key columns are these."""
    _run(session, partial(_delete_text, table, len(keys[0])), keys)


def _run(session: Session, text: Callable[[int], str], rows: Sequence[Values]) -> None:
    """``text(n)`` is the statement for n rows: whole blocks first, then what is left one by one."""
    assert isinstance(session, Connection)
    whole = len(rows) - len(rows) % _BLOCK
    blocks = [
        tuple(chain.from_iterable(rows[first : first + _BLOCK]))
        for first in range(0, whole, _BLOCK)
    ]
    if blocks:
        session.exec_driver_sql(text(_BLOCK), blocks)
    if whole < len(rows):
        session.exec_driver_sql(text(1), list(rows[whole:]))


@cache
def _insert_text(table: Table, rows: int) -> str:
    return _repeated(str(insert(table).compile(dialect=dialect())), table, rows)


@cache
def _upsert_text(table: Table, rows: int) -> str:
    statement = insert(table)
    keys = list(table.primary_key)
    others = {c.name: statement.excluded[c.name] for c in table.columns if c not in keys}
    statement = statement.on_conflict_do_update(index_elements=keys, set_=others)
    return _repeated(str(statement.compile(dialect=dialect())), table, rows)


def _repeated(text: str, table: Table, rows: int) -> str:
    """A statement for one row as one for many: to compile that takes SQLAlchemy 12 ms."""
    row = f"({', '.join('?' * len(table.columns))})"
    return text.replace(row, ", ".join([row] * rows), 1)


@cache
def _delete_text(table: Table, size: int, keys: int) -> str:
    """Not by IN over a list of rows, for which SQLite scans the table."""
    columns = list(table.primary_key)[:size]
    statement = delete(table).where(*(c == bindparam(f"{c.name}_") for c in columns))
    head, where, key = str(statement.compile(dialect=dialect())).partition(" WHERE ")
    return head + where + " OR ".join([f"({key})"] * keys)

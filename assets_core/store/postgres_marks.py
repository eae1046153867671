"""What writers leave in a PostgreSQL store beside the facts: their last commit, and the heartbeats of their runs."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Executable,
    Float,
    MetaData,
    Table,
    Text,
    bindparam,
    cast,
    delete,
    func,
    select,
)
from sqlalchemy.dialects.postgresql import insert

MARKS = MetaData()
_NOW = func.clock_timestamp()
"""The server's, at this moment: the transaction may have begun long before, when it started to wait for its turn."""

commits = Table(
    "assets_commits",
    MARKS,
    Column("writer", Text, primary_key=True),
    Column("number", BigInteger, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
)
"""The last transaction that each writer committed: what tells whether an unanswered COMMIT happened."""

heartbeats = Table(
    "assets_heartbeats",
    MARKS,
    Column("run", Text, primary_key=True),
    Column("until", DateTime(timezone=True), nullable=False),
)


def _upsert(table: Table, key: str, **values: object) -> Executable:
    row = insert(table).values({key: bindparam(key), **values})
    now = {name: row.excluded[name] for name in values}
    return row.on_conflict_do_update(index_elements=[table.c[key]], set_=now)


def _seconds(amount: object) -> object:
    return func.make_interval(0, 0, 0, 0, 0, 0, amount)


NOW_S = select(cast(func.extract("epoch", _NOW), Float)).execution_options(differs=True)
"""Answered differently every time: no reason to give a transaction up that is begun again."""
COMMITTED = _upsert(commits, "writer", number=bindparam("number"), at=_NOW)
LAST_COMMIT = select(commits.c.number).where(commits.c.writer == bindparam("writer"))
BEAT = _upsert(heartbeats, "run", until=_NOW + _seconds(bindparam("lease_s")))
STOP_BEATING = delete(heartbeats).where(heartbeats.c.run == bindparam("run"))
BEATING = select(heartbeats.c.until > _NOW).where(heartbeats.c.run == bindparam("run"))
_LONG_AGO = _NOW - _seconds(86_400)
FORGET = (
    delete(commits).where(commits.c.at < _LONG_AGO),
    delete(heartbeats).where(heartbeats.c.until < _LONG_AGO),
)
"""What those left who are long gone. A writer that comes back after a day leaves a new mark."""

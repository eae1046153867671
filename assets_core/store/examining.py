"""Whether a store is whole: its file by the engine's own check, what is derived by comparison with the facts.

Rows are compared as sums of digests, table by table, so that no two tables, nor two copies of one, are held at a time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from blake3 import blake3
from sqlalchemy import bindparam, func, select

from assets_core.model.packed import HEAD_SIZE, INPUT_SIZE, row_number
from assets_core.store.rebuilding import Facts
from assets_core.store.sql_engine import Session, SqlEngine, Values
from assets_core.store.sql_queries import Queries
from assets_core.store.sql_schema import attempts, chunks, counters, pointers, projections

_BITS = 128


def examine(engine: SqlEngine, queries: Queries) -> Sequence[str]:
    """What is wrong, in words; nothing where all is well. A broken file is not read any further."""
    with engine.reading() as connection:
        broken = list(engine.examine(connection))
        if broken:
            return broken
        facts = Facts(connection, engine, queries)
        return [*_differences(facts), *_packed_differences(connection, engine)]


def _differences(facts: Facts) -> Iterator[str]:
    connection = facts.connection
    for table, rows in facts.tables():
        there = connection.execute(select(table))
        if _sum(rows) != _sum(tuple(row) for row in there):
            yield f"the table `{table.name}` is not what the recorded facts say"
    given = connection.execute(select(counters)).fetchone()
    if given is None or any(now < least for now, least in zip(given, facts.counter(), strict=True)):
        yield "the table `counters` is behind the recorded facts"


def _sum(rows: Iterable[Values]) -> tuple[int, int]:
    """How many rows, and the sum of their digests: equal for equal sets of rows, in whatever order."""
    count = total = 0
    for row in rows:
        count += 1
        total += int.from_bytes(blake3(repr(row).encode()).digest(_BITS // 8), "little")
    return count, total % (1 << _BITS)


def _packed_differences(session: Session, engine: SqlEngine) -> Iterator[str]:
    """The assets whose chunks hold another row than the pointer had when they were packed, or not all of them."""
    p = projections.c
    for env, asset, sequence, unknown in session.execute(
        select(p.env, p.asset, p.sequence, p.unknown)
    ).fetchall():
        values = {"env": env, "asset": asset, "sequence": sequence}
        here = (pointers.c.env == bindparam("env"), pointers.c.asset == bindparam("asset"))
        there = session.execute(
            select(func.count())
            .select_from(pointers)
            .where(*here, pointers.c.materialization.is_not(None))
            .where(pointers.c.touched <= bindparam("sequence")),
            values,
        ).fetchone()
        assert there is not None
        same = _unchanged(session, engine, values)
        if same is None or not there[0] - unknown <= same <= there[0]:
            yield f"the packed rows of `{asset}` are not those of its versions"


def _unchanged(session: Session, engine: SqlEngine, values: dict[str, Any]) -> int | None:
    """How many rows in an asset's chunks are still their pointers'; None where one contradicts its pointer."""
    wanted, same = engine.wanted("number"), 0
    query = select(wanted.position, pointers.c.touched, pointers.c.packed).select_from(
        wanted.source.outerjoin(attempts, attempts.c.sequence == wanted.fields[0]).outerjoin(
            pointers,
            (pointers.c.env == bindparam("env"))
            & (pointers.c.asset == bindparam("asset"))
            & (pointers.c.partition == attempts.c.partition),
        )
    )
    mine = select(chunks.c.inputs, chunks.c.packed).where(
        chunks.c.env == bindparam("env"), chunks.c.asset == bindparam("asset")
    )
    for inputs, data in session.execute(mine, values):
        size = HEAD_SIZE + INPUT_SIZE * inputs
        rows = [data[at : at + size] for at in range(0, len(data), size)]
        keys = engine.values(map(row_number, rows))
        for position, touched, packed in session.execute(query, {**values, "wanted": keys}):
            if touched is None or (touched <= values["sequence"] and packed != rows[position]):
                return None
            same += touched <= values["sequence"]
    return same

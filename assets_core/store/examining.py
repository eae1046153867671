"""Whether a store is whole: its file by the engine's own check, what is derived by comparison with the facts.

Rows are compared as sums of digests, table by table, so that a table of any size takes the memory of a batch.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from blake3 import blake3
from sqlalchemy import select

from assets_core.store.rebuilding import Facts
from assets_core.store.sql_engine import SqlEngine, Values
from assets_core.store.sql_queries import Queries
from assets_core.store.sql_schema import counters

_BITS = 128


def examine(engine: SqlEngine, queries: Queries) -> Sequence[str]:
    """What is wrong, in words; nothing where all is well. A broken file is not read any further."""
    with engine.reading() as connection:
        broken = list(engine.examine(connection))
        if broken:
            return broken
        facts = Facts(connection, engine, queries)
        return list(_differences(facts))


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

"""Durable records: ``python -m benchmarks.ledger ours|raw URL OTHER COUNT AT_ONCE`` prints the seconds they took.

``ours`` goes through the store as a run does: each transaction records a batch and claims the next one. ``raw`` first
lets ``ours`` fill a store, untimed, and then writes the very rows that are left in it into the same tables of another
one, the same number in each transaction, through the driver alone: fences, looking up, claiming and deciding are what
it leaves out. Both commit durably (WAL and ``synchronous=FULL``; ``synchronous_commit=on``).
"""

from __future__ import annotations

import sqlite3
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

from assets_core.store.opening import sqlite_file

if TYPE_CHECKING:
    from assets_core.ports import Completion, Lease, StateStore

TABLES = ("attempts", "materializations", "pointer_moves", "pointers")
"""In the order of their foreign keys."""
ENV, RUN, ASSET = "default", "bench-run", "shop/orders"


def ours(url: str, count: int, at_once: int) -> float:
    """The seconds that the transactions of ``count`` records took in a new store at ``url``, ``at_once`` in each."""
    from assets_core.model.records import RunRecord
    from assets_core.store.opening import open_store

    now = datetime.now(UTC)
    store = open_store(url, alive=lambda run: True)
    try:
        with store.writing() as tx:
            tx.start_run(RunRecord(RUN, ENV, now, now, {}))
        return sum(_turns(store, count, at_once, now))
    finally:
        store.close()


def _turns(store: StateStore, count: int, at_once: int, now: datetime) -> Iterator[float]:
    """The seconds of each transaction. What comes back from workers is made between them, as it is in a run."""
    from assets_core.model.keys import AssetKey, AssetPartition
    from assets_core.ports import Lease, LimitFull, PoolFull

    held: Sequence[Lease] = ()
    for first in range(0, count + at_once, at_once):
        batch = range(first, min(first + at_once, count))
        wanted = [(AssetPartition(AssetKey(ASSET), f"{n:08}"), f"attempt-{n:08}") for n in batch]
        completions = [completion(lease, now) for lease in held]
        started = time.perf_counter()
        with store.writing() as tx:
            tx.record(completions)
            leases = tx.claim(ENV, RUN, wanted)
        yield time.perf_counter() - started
        assert not isinstance(leases, Lease | PoolFull | LimitFull), "nobody else is running"
        held = leases


def completion(lease: Lease, now: datetime) -> Completion:
    """A version of what is leased, made of nothing and published."""
    from assets_core.model.records import AttemptRecord, AttemptStatus, MaterializationRecord
    from assets_core.model.values import Written
    from assets_core.model.versions import CodeVersion, ConfigVersion, DataVersion, digest, term
    from assets_core.ports import Completion

    data = DataVersion(digest("content", lease.partition))
    attempt = AttemptRecord(
        lease.attempt, lease.run, ENV, lease.asset, lease.partition, lease.fence,
        now, now, AttemptStatus.MATERIALIZED, 0.001,
    )  # fmt: skip
    made = MaterializationRecord(
        lease.attempt, lease.run, ENV, lease.asset, lease.partition, CodeVersion("0" * 32),
        ConfigVersion("0" * 32), "0" * 32, (), Written("json", data, (), "json"),
        term(lease.partition, data), now,
    )  # fmt: skip
    return Completion(attempt, made, publish=True)


def raw(url: str, other: str, count: int, at_once: int) -> float:
    """The seconds for the rows of a store at ``url`` that ``ours`` filled, written into a new one at ``other``."""
    ours(url, count, at_once)
    ours(other, 0, at_once)  # its tables, and the run that the rows refer to
    rows = [_rows(url, name) for name in TABLES]
    with _connected(other) as (database, mark):
        cursor = database.cursor()
        inserts = [_insert(name, mark) for name in TABLES]
        started = time.perf_counter()
        for first in range(0, count, at_once):
            for insert, some in zip(inserts, rows, strict=True):
                cursor.executemany(insert, some[first : first + at_once])
            database.commit()
        return time.perf_counter() - started


def _rows(url: str, name: str) -> list[tuple[Any, ...]]:
    """A table in the order of its keys, which is the order in which it was written."""
    from sqlalchemy import create_engine

    from assets_core.store.sql_schema import METADATA

    table = METADATA.tables[name]
    engine = create_engine(url)
    with engine.connect() as connection:
        found = connection.execute(table.select().order_by(*table.primary_key))
        rows = [tuple(row) for row in found]
    engine.dispose()
    return rows


def _insert(name: str, mark: Literal["qmark", "format"]) -> str:
    from sqlalchemy.engine.default import DefaultDialect

    from assets_core.store.sql_schema import METADATA

    return str(METADATA.tables[name].insert().compile(dialect=DefaultDialect(paramstyle=mark)))


@contextmanager
def _connected(url: str) -> Iterator[tuple[Any, Literal["qmark", "format"]]]:
    """The driver alone, as durable as the store makes it."""
    file = sqlite_file(url)
    if file is not None:
        with closing(sqlite3.connect(file)) as database:
            for pragma in ("journal_mode=wal", "synchronous=full", "foreign_keys=on"):
                database.execute(f"pragma {pragma}")
            yield database, "qmark"
        return
    import psycopg
    from sqlalchemy.engine import make_url

    address = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(address) as database:
        yield database, "format"


def main(who: str, url: str, other: str, count: int, at_once: int) -> None:
    """Print the seconds, and nothing else."""
    print(ours(url, count, at_once) if who == "ours" else raw(url, other, count, at_once))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]), int(sys.argv[5]))

"""Recreating every derived table from the facts. Leases are neither: what is held stays held.

The rules are those of the ledger, read backwards from the facts: the latest move of a key is its pointer, and holds it
if that was a rollback; a rejected version that no move followed is its candidate; its last attempt, if it did not
materialize and no move followed, is its failure. A test compares every byte with what the ledger had written step by
step.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import TypeVar

from sqlalchemy import Subquery, Table, delete, func, literal, select
from sqlalchemy.sql.elements import ColumnElement

from assets_core.model.packed import withdrawn_row
from assets_core.model.records import AttemptStatus, FindingRecord
from assets_core.store import sql_rows
from assets_core.store.judging import pointed_row
from assets_core.store.ledger import mean_after
from assets_core.store.packing import Assets, due, project, replace_projection
from assets_core.store.sql_engine import AnyRow, Query, Session, SqlEngine, Values
from assets_core.store.sql_queries import Queries, with_records
from assets_core.store.sql_reader import evaluations_of
from assets_core.store.sql_schema import (
    DERIVED,
    attempts,
    cancel_requests,
    candidates,
    check_results,
    collected,
    condemned,
    counters,
    durations,
    dynamic_partitions,
    failures,
    findings,
    leases,
    materializations,
    observations,
    pointer_moves,
    pointers,
    run_ends,
    runs,
)
from assets_core.store.states import Evaluation

T = TypeVar("T")
_BATCH = 1000
_FACTS = (
    runs, run_ends, cancel_requests, attempts, check_results, pointer_moves, findings, condemned,
    collected, observations,
    dynamic_partitions,
)  # fmt: skip
_KEY = ("env", "asset", "partition")


def rebuild(engine: SqlEngine, queries: Queries, assets: Mapping[str, Assets]) -> None:
    """Recreate everything derived in one transaction; ``assets``, by environment, are packed as ``compact`` would."""
    with engine.writing() as connection:
        for table in DERIVED:
            connection.execute(delete(table))
        facts = Facts(connection, engine, queries)
        for table, rows in facts.tables():
            for batch in batches(rows):
                engine.insert(connection, table, batch)
        engine.upsert(connection, counters, [facts.counter()])
        for env, some in assets.items():
            for asset, definition in due(connection, engine, queries, env, some):
                projection = project(connection, queries, env, asset, definition)
                replace_projection(connection, engine, queries, env, projection)


class Facts:
    """The rows of every derived table but the packed ones, as the facts say they should be."""

    def __init__(self, connection: Session, engine: SqlEngine, queries: Queries) -> None:
        self.connection = connection
        self._engine = engine
        self._queries = queries

    def tables(self) -> Iterator[tuple[Table, Iterator[Values]]]:
        """Each table with its rows, in any order."""
        yield pointers, self._pointers()
        yield candidates, self._candidates()
        yield failures, self._failures()
        yield durations, self._durations()

    def _pointers(self) -> Iterator[Values]:
        last = _last(pointer_moves, "moved")
        head = (last.c.latest, *(last.c[name] for name in _KEY), pointer_moves.c.reason)
        joined = last.join(pointer_moves, pointer_moves.c.sequence == last.c.latest)
        records = with_records(joined, pointer_moves.c.materialization)
        return self._versions(select(*head, *sql_rows.MATERIALIZATION).select_from(records))

    def _candidates(self) -> Iterator[Values]:
        """Candidates have no move: what stands for it in a row is 0."""
        rejected = _last(attempts, "rejected", AttemptStatus.REJECTED)
        moved = _last(pointer_moves, "moved")
        joined = rejected.outerjoin(
            moved, (moved.c.env == rejected.c.env) & (moved.c.asset == rejected.c.asset)
            & (moved.c.partition == rejected.c.partition)
        )  # fmt: skip
        query = select(
            literal(0), *(rejected.c[name] for name in _KEY), literal(""), *sql_rows.MATERIALIZATION
        ).where(rejected.c.latest > func.coalesce(moved.c.latest, 0))
        query = query.where(
            materializations.c.number.is_not(None),
            materializations.c.number.not_in(select(condemned.c.materialization)),
        )
        return self._versions(query.select_from(with_records(joined, rejected.c.latest)))

    def _versions(self, query: Query) -> Iterator[Values]:
        for batch in batches(iter(self.connection.execute(query))):
            numbers = [row[-1] for row in batch if row[-1] is not None]
            by_number: dict[int, list[Evaluation]] = {}
            for one in evaluations_of(self.connection, self._engine, self._queries, numbers):
                by_number.setdefault(one.materialization, []).append(one)
            found_of = self._findings(numbers)
            for row in batch:
                yield _version(row, by_number.get(row[-1], []), found_of.get(row[-1], []))

    def _findings(self, numbers: Sequence[int]) -> dict[int, list[FindingRecord]]:
        found: dict[int, list[FindingRecord]] = {}
        values = {"wanted": self._engine.values(numbers)}
        for row in self.connection.execute(self._queries.findings, values):
            if row[1] is not None:
                one = sql_rows.finding_of(row)
                found.setdefault(one.materialization, []).append(one)
        return found

    def _failures(self) -> Iterator[Values]:
        yield from map(tuple, self.connection.execute(standing_failures()))

    def _durations(self) -> Iterator[Values]:
        counted = [AttemptStatus.MATERIALIZED.value, AttemptStatus.REJECTED.value]
        query = (
            select(attempts.c.env, attempts.c.asset, attempts.c.duration_s)
            .where(attempts.c.status.in_(counted))
            .order_by(attempts.c.sequence)
        )
        means: dict[tuple[str, str], tuple[int, float]] = {}
        for env, asset, duration in self.connection.execute(query):
            means[env, asset] = mean_after(*means.get((env, asset), (0, 0.0)), duration)
        yield from ((*key, *mean) for key, mean in means.items())

    def counter(self) -> Values:
        """The fence never goes back: one that was given may still be held by a process that sleeps."""
        sequence = max(self._greatest(table.c.sequence) for table in _FACTS)
        run = self._greatest(runs.c.number)
        fence = max(self._greatest(t.c.fence) for t in (counters, attempts, leases))
        return (1, sequence, run, fence)

    def _greatest(self, column: ColumnElement[int]) -> int:
        row = self.connection.execute(select(func.max(column))).fetchone()
        return 0 if row is None or row[0] is None else int(row[0])


def standing_failures(*where: ColumnElement[bool]) -> Query:
    """The rows of ``failures`` as the facts say they should be, of attempts that fulfil ``where``."""
    last = _last(attempts, "tried", None)
    moved = _last(pointer_moves, "moved")
    return (
        select(*(last.c[name] for name in _KEY), last.c.latest)
        .join_from(last, attempts, attempts.c.sequence == last.c.latest)
        .outerjoin(
            moved, (moved.c.env == last.c.env) & (moved.c.asset == last.c.asset)
            & (moved.c.partition == last.c.partition)
        )
        .where(attempts.c.status != AttemptStatus.MATERIALIZED.value, *where)
        .where(last.c.latest > func.coalesce(moved.c.latest, 0))
    )  # fmt: skip


def batches(rows: Iterator[T]) -> Iterator[list[T]]:
    """Lists of at most a thousand."""
    while batch := list(islice(rows, _BATCH)):
        yield batch


def _last(table: Table, name: str, status: AttemptStatus | None = None) -> Subquery:
    """The latest row of each key; of attempts, those with this status, or those that came to something."""
    query = select(*(table.c[part] for part in _KEY), func.max(table.c.sequence).label("latest"))
    if table is attempts:
        column = table.c.status
        came_to_nothing = [AttemptStatus.SUPERSEDED.value, AttemptStatus.CANCELLED.value]
        query = query.where(
            column.not_in(came_to_nothing) if status is None else column == status.value
        )
    return query.group_by(*(table.c[part] for part in _KEY)).subquery(name)


def _version(row: AnyRow, evaluations: list[Evaluation], findings: list[FindingRecord]) -> Values:
    """From (move, env, asset, partition, reason, materialization): the row of ``pointers`` or ``candidates``."""
    moved, env, asset, partition, reason = row[:5]
    if row[-1] is None:
        return (env, asset, partition, None, moved, withdrawn_row(moved))
    made = sql_rows.materialization_of(row)
    happened = [e.sequence for e in evaluations if e.env == env]
    happened += [f.sequence for f in findings if f.env == env]
    touched = max([moved or made.number, *happened])
    soundness = findings[-1].soundness if findings else None
    packed = pointed_row(made, env, moved, evaluations, soundness, held=reason == "rollback")
    return (env, asset, partition, made.number, touched, packed)

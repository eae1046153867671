"""The statements that read versions and their states.

Each is built once per store and only when first used: building one takes about 0.2 ms. The number of queries of a bulk
read never depends on the number of keys, which are bound as one value (``Wanted``).
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

from sqlalchemy import CompoundSelect, FromClause, Table, and_, bindparam, func, select, union
from sqlalchemy.sql.elements import ColumnElement

from assets_core.store import sql_rows
from assets_core.store.sql_engine import Query, SqlEngine
from assets_core.store.sql_history import HistoryQueries
from assets_core.store.sql_parameters import asset, env, limit, number, of_key, run
from assets_core.store.sql_schema import (
    attempts,
    candidates,
    check_results,
    chunks,
    condemned,
    counters,
    durations,
    failures,
    findings,
    leases,
    materializations,
    pointer_moves,
    pointers,
    projections,
    run_ends,
    runs,
)


def with_records(source: FromClause, number: ColumnElement[int]) -> FromClause:
    """``source`` with the materialization of that number, its attempt and run."""
    return (
        source.outerjoin(materializations, materializations.c.number == number)
        .outerjoin(attempts, attempts.c.sequence == materializations.c.number)
        .outerjoin(runs, runs.c.number == attempts.c.run)
    )


class Queries(HistoryQueries):
    """The statements for one engine. Parameters: ``env``, ``asset``, ``limit``, ``wanted`` and those named."""

    def __init__(self, engine: SqlEngine) -> None:
        super().__init__(engine)
        self._triples = engine.wanted("text", "text", "text")
        self._since = engine.wanted("text", "number")

    # --- versions -----------------------------------------------------------------------------------------------

    @cached_property
    def counter(self) -> Query:
        return select(counters.c.sequence, counters.c.run, counters.c.fence)

    @cached_property
    def counter_locked(self) -> Query:
        return self.counter.with_for_update()

    @cached_property
    def current(self) -> Query:
        """(position, materialization) of wanted keys."""
        return self._records_of(pointers)

    @cached_property
    def kept_back(self) -> Query:
        """(position, materialization) of wanted keys' candidates."""
        return self._records_of(candidates)

    def _records_of(self, table: Table) -> Query:
        joined = self._keys.source.outerjoin(table, of_key(table, self._keys))
        return select(self._keys.position, *sql_rows.MATERIALIZATION).select_from(
            with_records(joined, table.c.materialization)
        )

    @cached_property
    def current_of(self) -> Query:
        """The current materializations of one asset, by partition."""
        return (
            select(*sql_rows.MATERIALIZATION)
            .select_from(with_records(pointers, pointers.c.materialization))
            .where(pointers.c.env == env, pointers.c.asset == asset)
            .where(pointers.c.materialization.is_not(None))
            .order_by(pointers.c.partition)
        )

    @cached_property
    def first_current(self) -> Query:
        """The first of them."""
        return self.current_of.limit(limit)

    @cached_property
    def current_after(self) -> Query:
        """The first of those whose partition key comes after ``after``."""
        return self.first_current.where(pointers.c.partition > bindparam("after"))

    @cached_property
    def stored_after(self) -> Query:
        """The oldest materializations of one asset whose number is greater than ``after``."""
        newest = self.history.order_by(None).order_by(attempts.c.sequence)
        kept = materializations.c.number.not_in(select(condemned.c.materialization))
        return newest.where(attempts.c.sequence > bindparam("after"), kept)

    @cached_property
    def leases(self) -> Query:
        """Everything that is held, by key."""
        held = leases.c
        return (
            select(held.env, held.asset, held.partition, *sql_rows.LEASE)
            .where(held.env == env)
            .order_by(held.asset, held.partition)
        )

    @cached_property
    def history(self) -> Query:
        """The newest materializations of one asset."""
        return (
            select(*sql_rows.MATERIALIZATION)
            .join_from(attempts, materializations, materializations.c.number == attempts.c.sequence)
            .join(runs, runs.c.number == attempts.c.run)
            .where(attempts.c.env == env, attempts.c.asset == asset)
            .order_by(attempts.c.sequence.desc())
            .limit(limit)
        )

    @cached_property
    def history_of_partition(self) -> Query:
        """The newest materializations of one asset's ``partition``."""
        return self.history.where(attempts.c.partition == bindparam("partition"))

    @cached_property
    def columns(self) -> Query:
        """(asset, partition, details) of the current versions of wanted assets."""
        wanted = self._assets
        joined = wanted.source.outerjoin(
            pointers, and_(pointers.c.env == env, pointers.c.asset == wanted.fields[0])
        ).outerjoin(materializations, materializations.c.number == pointers.c.materialization)
        return select(
            pointers.c.asset, pointers.c.partition, materializations.c.details
        ).select_from(joined)

    # --- lineage ------------------------------------------------------------------------------------------------

    @cached_property
    def projections(self) -> Query:
        """(asset, codec, sequence, rows, unknown) of every packed asset."""
        return select(
            projections.c.asset,
            projections.c.codec,
            projections.c.sequence,
            projections.c.packed_rows,
            projections.c.unknown,
        ).where(projections.c.env == env)

    @cached_property
    def plain(self) -> Query:
        """(position, partition, row) of wanted assets, asset by asset."""
        wanted = self._assets
        joined = wanted.source.outerjoin(
            pointers, and_(pointers.c.env == env, pointers.c.asset == wanted.fields[0])
        )
        rows = select(wanted.position, pointers.c.partition, pointers.c.packed).select_from(joined)
        return wanted.in_order(rows, pointers.c.partition)

    @cached_property
    def plain_since(self) -> Query:
        """(position, partition, row) of wanted (asset, since): the rows touched later, asset by asset."""
        wanted = self._since
        rows = select(wanted.position, pointers.c.partition, pointers.c.packed).select_from(
            wanted.source.outerjoin(pointers, self._touched_since)
        )
        return wanted.in_order(rows, pointers.c.partition)

    @cached_property
    def plain_count(self) -> Query:
        """(position, count) of wanted (asset, since)."""
        wanted = self._since
        return (
            select(wanted.position, func.count(pointers.c.touched))
            .select_from(wanted.source.outerjoin(pointers, self._touched_since))
            .group_by(wanted.position)
        )

    @property
    def _touched_since(self) -> ColumnElement[bool]:
        return and_(
            pointers.c.env == env,
            pointers.c.asset == self._since.fields[0],
            pointers.c.touched > self._since.fields[1],
        )

    @cached_property
    def chunks(self) -> Query:
        """(position, chunk, inputs, rows, offsets, packed) of wanted assets."""
        wanted = self._assets
        joined = wanted.source.outerjoin(
            chunks, and_(chunks.c.env == env, chunks.c.asset == wanted.fields[0])
        )
        rows = select(
            wanted.position,
            chunks.c.chunk,
            chunks.c.inputs,
            chunks.c.packed_rows,
            chunks.c.offsets,
            chunks.c.packed,
        ).select_from(joined)
        return wanted.in_order(rows, chunks.c.chunk, chunks.c.inputs)

    @cached_property
    def all_candidates(self) -> Query:
        """(asset, partition, row) of an environment: there are few."""
        return (
            select(candidates.c.asset, candidates.c.partition, candidates.c.packed)
            .where(candidates.c.env == env)
            .order_by(candidates.c.asset, candidates.c.partition)
        )

    @cached_property
    def rows_of_asset(self) -> Query:
        """(partition, touched, row) of everything current of one asset."""
        return select(pointers.c.partition, pointers.c.touched, pointers.c.packed).where(
            pointers.c.env == env, pointers.c.asset == asset
        )

    # --- what a write has to know -------------------------------------------------------------------------------

    @cached_property
    def look(self) -> Query:
        """The state of wanted (asset, partition, attempt), and whether the attempt is recorded already."""
        wanted, known = self._triples, attempts.alias("known")
        joined = wanted.source
        for table in (leases, pointers, candidates, failures):
            joined = joined.outerjoin(table, of_key(table, wanted))
        joined = joined.outerjoin(known, known.c.attempt == wanted.fields[2]).outerjoin(
            materializations, materializations.c.number == known.c.sequence
        )
        return select(
            wanted.position,
            *sql_rows.LEASE,
            pointers.c.materialization, pointers.c.touched, pointers.c.packed,
            candidates.c.materialization, candidates.c.touched, candidates.c.packed,
            failures.c.attempt,
            known.c.sequence, known.c.status, materializations.c.number,
        ).select_from(joined)  # fmt: skip

    @cached_property
    def held(self) -> Query:
        """(position, lease) of wanted keys: all that claiming and letting go have to know."""
        joined = self._keys.source.outerjoin(leases, of_key(leases, self._keys))
        return select(self._keys.position, *sql_rows.LEASE).select_from(joined)

    @cached_property
    def materialized(self) -> Query:
        """(position, partition) of wanted assets: those that have a version."""
        wanted = self._assets
        here = and_(
            pointers.c.env == env,
            pointers.c.asset == wanted.fields[0],
            pointers.c.materialization.is_not(None),
        )
        joined = wanted.source.outerjoin(pointers, here)
        return select(wanted.position, pointers.c.partition).select_from(joined)

    @cached_property
    def leased(self) -> Query:
        """(position, partition, lease) of wanted assets."""
        wanted = self._assets
        here = and_(leases.c.env == env, leases.c.asset == wanted.fields[0])
        return select(wanted.position, leases.c.partition, *sql_rows.LEASE).select_from(
            wanted.source.outerjoin(leases, here)
        )

    @cached_property
    def holders(self) -> CompoundSelect[*tuple[Any, ...]]:
        """(env, asset, partition, materialization) wherever one of the wanted ones is current or a candidate.

        By IN and not by a join: neither table has an index by materialization, and this scans each of them once.
        """
        numbers = select(self._numbers.fields[0]).select_from(self._numbers.source)
        return union(
            *(
                select(
                    table.c.env, table.c.asset, table.c.partition, table.c.materialization
                ).where(table.c.materialization.in_(numbers))
                for table in (pointers, candidates)
            )
        )

    @cached_property
    def changes(self) -> Query:
        """The state of every key that moved, was checked or had something found of it after ``since``."""
        changed = union(
            *(
                select(table.c.asset, table.c.partition).where(
                    table.c.sequence > bindparam("since"), table.c.env == env
                )
                for table in (pointer_moves, check_results, findings)
            )
        ).subquery("changed")
        joined: FromClause = changed
        for table in (pointers, candidates):
            joined = joined.outerjoin(
                table,
                and_(
                    table.c.env == env,
                    table.c.asset == changed.c.asset,
                    table.c.partition == changed.c.partition,
                ),
            )
        return (
            select(
                changed.c.asset, changed.c.partition,
                pointers.c.materialization, pointers.c.touched, pointers.c.packed,
                candidates.c.materialization, candidates.c.touched, candidates.c.packed,
            )
            .select_from(joined)
            .order_by(changed.c.asset, changed.c.partition)
        )  # fmt: skip

    @cached_property
    def run_number(self) -> Query:
        """The number of the run with the id ``run``."""
        return select(runs.c.number).where(runs.c.run == run)

    @cached_property
    def end_of_run(self) -> Query:
        """Whether the run with this ``number`` has ended."""
        return select(run_ends.c.sequence).where(run_ends.c.run == number)

    @cached_property
    def known_durations(self) -> Query:
        """(position, samples, mean) of wanted assets."""
        wanted = self._assets
        joined = wanted.source.outerjoin(
            durations, and_(durations.c.env == env, durations.c.asset == wanted.fields[0])
        )
        return select(wanted.position, durations.c.samples, durations.c.mean_s).select_from(joined)

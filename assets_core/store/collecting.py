"""Which stored versions nothing refers to, found by reading alone; condemning them is a matter of one transaction.

A run pins only what is current or a candidate at some moment of its life. Everything that was so at any time since the
oldest run began that is alive is therefore left alone, and no pin has to be recorded. That is said of whole
asset-partitions: where a pointer moved or a version was rejected since then, nothing is condemned.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import bindparam, delete, func, select, union, union_all

from assets_core.model.records import AttemptStatus, MaterializationRecord
from assets_core.ports import LivenessProbe, Retention, Unreferenced
from assets_core.store import sql_rows
from assets_core.store.encoding import time_text
from assets_core.store.sql_engine import Query, Session, SqlEngine
from assets_core.store.sql_queries import Queries
from assets_core.store.sql_schema import (
    attempts,
    candidates,
    collected,
    condemned,
    leases,
    materializations,
    pointer_moves,
    pointers,
    run_ends,
    runs,
)

_NUMBER = materializations.c.number


def unreferenced(
    session: Session,
    queries: Queries,
    alive: LivenessProbe,
    retention: Retention,
    after: int,
    limit: int,
) -> Unreferenced:
    """See ``StateReader.unreferenced``."""
    counter = session.execute(queries.counter).fetchone()
    assert counter is not None
    values = {
        "horizon": _oldest_alive(session, alive, counter[0]),
        "keep": retention.keep,
        "candidates_since": time_text(retention.candidates_since),
        "after": after,
        "limit": limit,
    }
    rows = session.execute(_unreferenced(), values)
    return Unreferenced(counter[0], tuple(sql_rows.materialization_of(row) for row in rows))


def _oldest_alive(session: Session, alive: LivenessProbe, now: int) -> int:
    """The sequence at which the oldest run began that is alive; ``now`` where none is."""
    query = (
        select(runs.c.run, runs.c.sequence)
        .outerjoin(run_ends, run_ends.c.run == runs.c.number)
        .where(run_ends.c.sequence.is_(None))
        .order_by(runs.c.sequence)
    )
    return next((at for run, at in session.execute(query) if alive(run)), now)


def _unreferenced() -> Query:
    key = (attempts.c.env, attempts.c.asset, attempts.c.partition)
    moved = (
        select(
            pointer_moves.c.materialization.label("number"),
            func.max(pointer_moves.c.sequence).label("moved"),
        )
        .where(pointer_moves.c.materialization.is_not(None))
        .group_by(pointer_moves.c.materialization)
        .subquery("moved")
    )
    place = func.row_number().over(partition_by=key, order_by=moved.c.moved.desc())
    ranked = (
        select(moved.c.number, place.label("place"))
        .join_from(moved, attempts, attempts.c.sequence == moved.c.number)
        .subquery("ranked")
    )
    rejected = attempts.c.status == AttemptStatus.REJECTED.value
    events = union_all(
        select(pointer_moves.c.asset, pointer_moves.c.partition, pointer_moves.c.sequence),
        select(attempts.c.asset, attempts.c.partition, attempts.c.sequence).where(rejected),
    ).subquery("events")
    last = (
        select(events.c.asset, events.c.partition, func.max(events.c.sequence).label("sequence"))
        .group_by(events.c.asset, events.c.partition)
        .subquery("last")
    )
    pointed = select(pointers.c.materialization).where(pointers.c.materialization.is_not(None))
    kept_back = select(candidates.c.materialization).where(
        candidates.c.materialization.is_not(None)
    )
    return (
        select(*sql_rows.MATERIALIZATION)
        .join_from(materializations, attempts, attempts.c.sequence == _NUMBER)
        .join(runs, runs.c.number == attempts.c.run)
        .outerjoin(ranked, ranked.c.number == _NUMBER)
        .outerjoin(
            last, (last.c.asset == attempts.c.asset) & (last.c.partition == attempts.c.partition)
        )
        .where(bindparam("after") < _NUMBER)
        .where(_NUMBER.not_in(select(condemned.c.materialization)))
        .where(_NUMBER.not_in(pointed))
        .where(_NUMBER.not_in(kept_back) | (attempts.c.ended < bindparam("candidates_since")))
        .where(ranked.c.place.is_(None) | (ranked.c.place > bindparam("keep")))
        .where(func.coalesce(last.c.sequence, _NUMBER) <= bindparam("horizon"))
        .order_by(_NUMBER)
        .limit(bindparam("limit"))
    )


def condemned_until(
    session: Session, until: datetime, after: int, limit: int
) -> Sequence[MaterializationRecord]:
    """See ``StateReader.condemned``."""
    query = (
        select(*sql_rows.MATERIALIZATION)
        .join_from(condemned, materializations, condemned.c.materialization == _NUMBER)
        .join(attempts, attempts.c.sequence == _NUMBER)
        .join(runs, runs.c.number == attempts.c.run)
        .outerjoin(collected, collected.c.materialization == _NUMBER)
        .where(collected.c.sequence.is_(None), condemned.c.at <= bindparam("until"))
        .where(bindparam("after") < _NUMBER)
        .order_by(_NUMBER)
        .limit(bindparam("limit"))
    )
    values = {"until": time_text(until), "after": after, "limit": limit}
    return [sql_rows.materialization_of(row) for row in session.execute(query, values)]


def untouched(
    session: Session, engine: SqlEngine, numbers: Collection[int], as_of: int
) -> list[int]:
    """Those not condemned yet, of asset-partitions for which nothing was recorded after ``as_of``."""
    wanted = engine.wanted("number")
    changed = union(
        *(
            select(table.c.asset, table.c.partition).where(table.c.sequence > bindparam("since"))
            for table in (pointer_moves, attempts)
        )
    ).subquery("changed")
    query = (
        select(wanted.fields[0].label("number"))
        .select_from(
            wanted.source.outerjoin(attempts, attempts.c.sequence == wanted.fields[0])
            .outerjoin(condemned, condemned.c.materialization == wanted.fields[0])
            .outerjoin(
                changed,
                (changed.c.asset == attempts.c.asset)
                & (changed.c.partition == attempts.c.partition),
            )
        )
        .where(changed.c.asset.is_(None), condemned.c.sequence.is_(None))
    )
    values = {"wanted": engine.values(numbers), "since": as_of}
    return [row[0] for row in session.execute(query, values)]


def drop_candidates(session: Session, engine: SqlEngine, numbers: Collection[int]) -> None:
    """What is condemned is a candidate no longer, in whatever environment."""
    wanted = engine.wanted("number")
    chosen = select(wanted.fields[0]).select_from(wanted.source)
    statement = delete(candidates).where(candidates.c.materialization.in_(chosen))
    session.execute(statement, {"wanted": engine.values(numbers)})


def not_collected(session: Session, engine: SqlEngine, numbers: Collection[int]) -> list[int]:
    """Of these, those condemned and not recorded as collected."""
    wanted = engine.wanted("number")
    query = (
        select(wanted.fields[0])
        .select_from(
            wanted.source.outerjoin(
                condemned, condemned.c.materialization == wanted.fields[0]
            ).outerjoin(collected, collected.c.materialization == wanted.fields[0])
        )
        .where(condemned.c.sequence.is_not(None), collected.c.sequence.is_(None))
    )
    return [row[0] for row in session.execute(query, {"wanted": engine.values(numbers)})]


def abandoned(
    session: Session, engine: SqlEngine, ids: Collection[str], alive: LivenessProbe
) -> tuple[list[str], list[tuple[str, str, str]]]:
    """The attempts that nothing refers to and nothing will, and the keys of the leases that dead runs hold for them."""
    wanted, asked = engine.wanted("text"), list(ids)
    query = select(
        wanted.position, _NUMBER, collected.c.sequence,
        leases.c.env, leases.c.asset, leases.c.partition, leases.c.run,
    ).select_from(
        wanted.source.outerjoin(attempts, attempts.c.attempt == wanted.fields[0])
        .outerjoin(materializations, attempts.c.sequence == _NUMBER)
        .outerjoin(collected, collected.c.materialization == _NUMBER)
        .outerjoin(leases, leases.c.attempt == wanted.fields[0])
    )  # fmt: skip
    free: list[str] = []
    dead: list[tuple[str, str, str]] = []
    for position, number, gone, env, asset, partition, run in session.execute(
        query, {"wanted": engine.values(asked)}
    ):
        if (number is not None and gone is None) or (run is not None and alive(run)):
            continue
        free.append(asked[position])
        if run is not None:
            dead.append((env, asset, partition))
    return free, dead

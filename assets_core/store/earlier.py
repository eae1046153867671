"""Versions that a pointer may move back to: those that were current there before and are not condemned."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from sqlalchemy import select

from assets_core.model.keys import AssetKey, AssetPartition
from assets_core.model.records import MaterializationRecord
from assets_core.store import sql_rows
from assets_core.store.findings import latest_findings
from assets_core.store.sql_engine import Query, Session, SqlEngine
from assets_core.store.sql_parameters import asset as asset_name
from assets_core.store.sql_parameters import env as env_name
from assets_core.store.sql_queries import Queries, with_records
from assets_core.store.sql_reader import evaluations_of
from assets_core.store.sql_schema import condemned, materializations, pointer_moves
from assets_core.store.states import Earlier, Evaluation


def published(
    session: Session,
    engine: SqlEngine,
    env: str,
    asset: AssetKey,
    partitions: Collection[str] | None,
) -> list[MaterializationRecord]:
    """See ``StateReader.published``."""
    values: dict[str, object] = {"env": env, "asset": asset}
    if partitions is not None:
        values["wanted"] = engine.values(partitions)
    found = session.execute(_published(engine, every=partitions is None), values)
    return [sql_rows.materialization_of(row) for row in found]


def _published(engine: SqlEngine, *, every: bool) -> Query:
    wanted = engine.wanted("text")
    asked = select(wanted.fields[0]).select_from(wanted.source)
    moves = pointer_moves.c
    chosen = (
        select(moves.materialization)
        .where(moves.env == env_name, moves.asset == asset_name)
        .where(moves.materialization.is_not(None))
        .where(moves.materialization.not_in(select(condemned.c.materialization)))
    )
    if not every:
        chosen = chosen.where(moves.partition.in_(asked))
    were_current = chosen.distinct().subquery("were_current")
    return (
        select(*sql_rows.MATERIALIZATION)
        .select_from(with_records(were_current, were_current.c.materialization))
        .order_by(materializations.c.number)
    )


def earlier_versions(
    session: Session,
    engine: SqlEngine,
    queries: Queries,
    env: str,
    targets: Mapping[AssetPartition, int],
) -> dict[AssetPartition, Earlier]:
    """Of these targets, those that a pointer may move to, with all that their rows are made of."""
    made: dict[AssetPartition, MaterializationRecord] = {}
    for asset in dict.fromkeys(key.asset for key in targets):
        partitions = [key.partition for key in targets if key.asset == asset]
        for one in published(session, engine, env, asset, partitions):
            key = AssetPartition(asset, one.partition)
            if targets[key] == one.number:
                made[key] = one
    numbers = [one.number for one in made.values()]
    values = {"wanted": engine.values(numbers)}
    rows = session.execute(queries.findings, values)
    found = latest_findings(sql_rows.finding_of(row) for row in rows if row[1] is not None)
    evaluations = _by_number(evaluations_of(session, engine, queries, numbers))
    return {
        key: Earlier(one, evaluations.get(one.number, ()), found.get(one.number))
        for key, one in ((key, made[key]) for key in targets if key in made)
    }


def _by_number(evaluations: Iterable[Evaluation]) -> dict[int, list[Evaluation]]:
    found: dict[int, list[Evaluation]] = {}
    for one in evaluations:
        found.setdefault(one.materialization, []).append(one)
    return found

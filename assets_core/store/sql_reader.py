"""Bulk reads over SQL: one read transaction per call, a constant number of queries each."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from sqlalchemy import Connection

from assets_core.model.keys import AssetKey, AssetPartition
from assets_core.model.records import (
    AttemptRecord,
    CheckRecord,
    MaterializationRecord,
    ObservationRecord,
    PointerMove,
    RunEnd,
    RunRecord,
)
from assets_core.model.versions import digest
from assets_core.partitions import PartitionsDefinition
from assets_core.ports import ColumnRow, DurationStats, LineageRows, PackedRows
from assets_core.store import sql_rows
from assets_core.store.chunks import Chunk, unpack_chunks
from assets_core.store.dynamic import dynamic_live
from assets_core.store.encoding import loads, written_of
from assets_core.store.snapshots import PlainRow, check_records, packed_rows
from assets_core.store.sql_engine import AnyRow, Query, SqlEngine
from assets_core.store.sql_queries import Queries
from assets_core.store.states import Evaluation

Assets = Sequence[tuple[AssetKey, PartitionsDefinition]]
_DIGITS = 19
"""Numbers of fewer digits fit into a column."""


class SqlReader:
    """A StateReader over any engine."""

    def __init__(self, engine: SqlEngine) -> None:
        self._engine = engine
        self._queries = Queries(engine)

    def _rows(self, query: Query, **values: object) -> Sequence[AnyRow]:
        with self._engine.reading() as connection:
            return connection.execute(query, values).fetchall()

    # --- versions -----------------------------------------------------------------------------------------------

    def sequence(self) -> int:
        row = self._rows(self._queries.counter)[0]
        return int(row[0])

    def lineage(self, env: str, assets: Assets) -> LineageRows:
        with self._engine.reading() as connection:
            sequence = connection.execute(self._queries.counter).fetchone()
            assert sequence is not None
            since, packed, unknown = self._packed(connection, env, assets)
            keys = self._engine.keys(
                (key, after) for (key, _), after in zip(assets, since, strict=True)
            )
            values = {"env": env, "wanted": keys}
            plain = connection.execute(self._queries.plain, values).fetchall()
            kept = connection.execute(self._queries.all_candidates, {"env": env}).fetchall()
        rows: Iterator[PlainRow] = (row for row in plain if row[1] is not None)
        current = packed + packed_rows(assets, rows, unknown)
        return LineageRows(sequence[0], current, _candidates(assets, kept), unknown)

    def _packed(
        self, connection: Connection, env: str, assets: Assets
    ) -> tuple[list[int], tuple[PackedRows, ...], dict[int, int]]:
        """Per asset, after which sequence plain rows count; the chunks read; keys that no chunk could hold."""
        known = {row[0]: row for row in connection.execute(self._queries.projections, {"env": env})}
        since, unknown, usable = [-1] * len(assets), {}, []
        for position, (key, definition) in enumerate(assets if known else ()):
            row = known.get(key)
            if row is not None and row[1] == codec_digest(definition):
                since[position] = row[2]
                usable.append(position)
                if row[4]:
                    unknown[position] = row[4]
        if not usable:
            return since, (), unknown
        keys = self._engine.keys((assets[position][0],) for position in usable)
        found = connection.execute(self._queries.chunks, {"env": env, "wanted": keys})
        packed = unpack_chunks(
            (usable[row[0]], Chunk(*row[1:])) for row in found if row[1] is not None
        )
        return since, packed, unknown

    def columns(self, env: str, assets: Collection[AssetKey]) -> Iterable[ColumnRow]:
        keys = self._engine.keys((key,) for key in assets)
        found = []
        for asset, partition, text in self._rows(self._queries.columns, env=env, wanted=keys):
            if text is not None:
                made = written_of(text)
                found.append(ColumnRow(AssetKey(asset), partition, made.rows or 0, made.columns))
        return found

    def current(
        self, env: str, wanted: Collection[AssetPartition]
    ) -> Mapping[AssetPartition, MaterializationRecord]:
        with self._engine.reading() as connection:
            return self._records(connection, self._queries.current, env, wanted)

    def candidates(
        self, env: str, wanted: Collection[AssetPartition]
    ) -> Mapping[AssetPartition, MaterializationRecord]:
        with self._engine.reading() as connection:
            return self._records(connection, self._queries.kept_back, env, wanted)

    def _records(
        self, connection: Connection, query: Query, env: str, wanted: Collection[AssetPartition]
    ) -> Mapping[AssetPartition, MaterializationRecord]:
        return records_of(connection, self._engine, query, env, wanted)

    def current_of(self, env: str, asset: AssetKey) -> Mapping[str, MaterializationRecord]:
        rows = self._rows(self._queries.current_of, env=env, asset=asset)
        made = map(sql_rows.materialization_of, rows)
        return {one.partition: one for one in made}

    def history(
        self, env: str, asset: AssetKey, partition: str | None, limit: int
    ) -> Sequence[MaterializationRecord]:
        values: dict[str, object] = {"env": env, "asset": asset, "limit": limit}
        query = self._queries.history
        if partition is not None:
            query = self._queries.history_of_partition
            values["partition"] = partition
        return [sql_rows.materialization_of(row) for row in self._rows(query, **values)]

    # --- what happened ------------------------------------------------------------------------------------------

    def checks(self, env: str, asset: AssetKey, limit: int) -> Sequence[CheckRecord]:
        rows = self._rows(self._queries.checks, env=env, asset=asset, limit=limit)
        found = [r for row in rows for r in reversed(check_records(sql_rows.evaluation_of(row)))]
        return found[:limit]

    def check_results(self, materializations: Collection[int]) -> Sequence[CheckRecord]:
        with self._engine.reading() as connection:
            found = evaluations_of(connection, self._engine, self._queries, materializations)
        return [record for evaluation in found for record in check_records(evaluation)]

    def pointer_moves(self, env: str, asset: AssetKey, limit: int) -> Sequence[PointerMove]:
        rows = self._rows(self._queries.moves, env=env, asset=asset, limit=limit)
        return [sql_rows.move_of(row) for row in rows]

    def last_failures(self, env: str, assets: Collection[AssetKey]) -> Sequence[AttemptRecord]:
        keys = self._engine.keys((key,) for key in assets)
        rows = self._rows(self._queries.last_failures, env=env, wanted=keys)
        return [sql_rows.attempt_of(row) for row in rows if row[1] is not None]

    def runs(self, env: str, limit: int) -> Sequence[tuple[RunRecord, RunEnd | None]]:
        rows = self._rows(self._queries.runs, env=env, limit=limit)
        return [sql_rows.run_of(row) for row in rows]

    def run(self, run: str) -> tuple[RunRecord, RunEnd | None] | None:
        rows = self._rows(self._queries.run_by_id, run=run)
        if not rows and run.isdecimal() and len(run) < _DIGITS:
            rows = self._rows(self._queries.run_by_number, number=int(run))
        return sql_rows.run_of(rows[0]) if rows else None

    def attempts(self, run: str) -> Sequence[AttemptRecord]:
        return [sql_rows.attempt_of(row) for row in self._rows(self._queries.attempts, run=run)]

    def observations(self, env: str, assets: Collection[AssetKey]) -> Sequence[ObservationRecord]:
        keys = self._engine.keys((key,) for key in assets)
        rows = self._rows(self._queries.observations, env=env, wanted=keys)
        return [sql_rows.observation_of(row) for row in rows if row[1] is not None]

    def durations(self, env: str, assets: Collection[AssetKey]) -> Mapping[AssetKey, DurationStats]:
        asked = list(assets)
        keys = self._engine.keys((key,) for key in asked)
        rows = self._rows(self._queries.known_durations, env=env, wanted=keys)
        return {
            asked[position]: DurationStats(samples, mean)
            for position, samples, mean in rows
            if samples is not None
        }

    def documents(self, digests: Collection[str]) -> Mapping[str, str]:
        keys = self._engine.keys((digest,) for digest in digests)
        rows = self._rows(self._queries.documents, wanted=keys)
        return {digest: loads(content) for _, digest, content in rows if digest is not None}

    def dynamic_partitions(self, env: str) -> Mapping[str, Sequence[tuple[int, str]]]:
        known: dict[str, dict[str, tuple[int, bool]]] = {}
        for name, key, ordinal, live in self._rows(self._queries.dynamic, env=env):
            known.setdefault(name, {})[key] = (ordinal, bool(live))
        live_keys = {name: dynamic_live(keys) for name, keys in known.items()}
        return {name: keys for name, keys in live_keys.items() if keys}


def codec_digest(definition: PartitionsDefinition) -> str:
    """The digest under which chunks of this definition are kept."""
    return digest("codec", definition.codec)


def records_of(
    connection: Connection,
    engine: SqlEngine,
    query: Query,
    env: str,
    wanted: Collection[AssetPartition],
) -> dict[AssetPartition, MaterializationRecord]:
    """The materializations that ``query`` finds for these keys."""
    asked = list(wanted)
    values = {"env": env, "wanted": engine.keys(asked)}
    return {
        asked[row[0]]: sql_rows.materialization_of(row)
        for row in connection.execute(query, values)
        if row[1] is not None
    }


def evaluations_of(
    connection: Connection, engine: SqlEngine, queries: Queries, numbers: Iterable[int]
) -> list[Evaluation]:
    """Every evaluation of these materializations, in order."""
    values = {"wanted": engine.keys((number,) for number in numbers)}
    rows = connection.execute(queries.evaluations, values)
    return [sql_rows.evaluation_of(row) for row in rows if row[1] is not None]


def _candidates(assets: Assets, rows: Sequence[AnyRow]) -> tuple[PackedRows, ...]:
    if not rows:
        return ()
    positions = {key: position for position, (key, _) in enumerate(assets)}
    mine = (
        (positions[asset], partition, row) for asset, partition, row in rows if asset in positions
    )
    return packed_rows(assets, mine, {})

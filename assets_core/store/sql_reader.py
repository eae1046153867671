"""Bulk reads over SQL: one read transaction per call, a constant number of queries each."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import TypeVar

from assets_core.model.keys import AssetKey, AssetPartition
from assets_core.model.records import (
    AttemptRecord,
    CancelRequest,
    CheckRecord,
    MaterializationRecord,
    ObservationRecord,
    PointerMove,
    RunEnd,
    RunRecord,
    Soundness,
)
from assets_core.model.versions import digest
from assets_core.partitions import DynamicKey, PartitionsDefinition
from assets_core.ports import (
    ColumnRow,
    DurationStats,
    Lease,
    LineageRows,
    PackedRows,
    SlotHolder,
)
from assets_core.store import sql_rows
from assets_core.store.chunks import Chunk, unpack_chunks
from assets_core.store.dynamic import dynamic_keys
from assets_core.store.findings import latest_findings
from assets_core.store.snapshots import PlainRow, check_records, packed_rows
from assets_core.store.sql_admission import SLOT_HOLDERS
from assets_core.store.sql_engine import AnyRow, Query, Session, SqlEngine
from assets_core.store.sql_queries import Queries
from assets_core.store.states import Evaluation, KeyState, KnownAttempt

T = TypeVar("T")
Assets = Sequence[tuple[AssetKey, PartitionsDefinition]]
_DIGITS = 19
"""Numbers of fewer digits fit into a column."""


class SqlReader:
    """A StateReader over any engine."""

    def __init__(self, engine: SqlEngine) -> None:
        self._engine = engine
        self._queries = Queries(engine)

    def _rows(self, decode: Callable[[AnyRow], T], query: Query, **values: object) -> list[T]:
        """Decoded before the engine is left, which says of a row that cannot be read in which file it stands."""
        with self._engine.reading() as connection:
            return [decode(row) for row in connection.execute(query, values)]

    def _found(self, decode: Callable[[AnyRow], T], query: Query, **values: object) -> list[T]:
        """The same for wanted keys, leaving out those of which there is nothing behind their position."""
        with self._engine.reading() as connection:
            rows = connection.execute(query, values)
            return [decode(row) for row in rows if row[1] is not None]

    # --- versions -----------------------------------------------------------------------------------------------

    def sequence(self) -> int:
        return self._rows(lambda row: int(row[0]), self._queries.counter)[0]

    def lineage(self, env: str, assets: Assets) -> LineageRows:
        with self._engine.reading() as connection:
            sequence = connection.execute(self._queries.counter).fetchone()
            assert sequence is not None
            unknown: dict[int, int] = {}
            since = self._projected(connection, env, assets, unknown)
            packed = self._packed(connection, env, assets, since)
            plain = self._plain(connection, env, assets, since)
            kept = connection.execute(self._queries.all_candidates, {"env": env}).fetchall()
            current = packed + packed_rows(assets, plain, unknown)
            return LineageRows(sequence[0], current, _candidates(assets, kept), unknown)

    def _projected(
        self, connection: Session, env: str, assets: Assets, unknown: dict[int, int]
    ) -> dict[int, int]:
        """By position, those with chunks of today's codec: the sequence up to which these hold everything."""
        found = connection.execute(self._queries.projections, {"env": env})
        known = {row[0]: row for row in found}
        since = {}
        for position, (key, definition) in enumerate(assets if known else ()):
            row = known.get(key)
            if row is not None and row[1] == codec_digest(definition):
                since[position] = row[2]
                if row[4]:
                    unknown[position] = row[4]
        return since

    def _packed(
        self, connection: Session, env: str, assets: Assets, since: dict[int, int]
    ) -> tuple[PackedRows, ...]:
        if not since:
            return ()
        usable = list(since)
        keys = self._engine.values(assets[position][0] for position in usable)
        found = connection.execute(self._queries.chunks, {"env": env, "wanted": keys})
        return unpack_chunks(
            (usable[row[0]], Chunk(*row[1:])) for row in found if row[1] is not None
        )

    def _plain(
        self, connection: Session, env: str, assets: Assets, since: dict[int, int]
    ) -> list[PlainRow]:
        """Every row of assets without chunks, and of the others what is newer than theirs."""
        others = [n for n in range(len(assets)) if n not in since] if since else range(len(assets))
        names = self._engine.values(assets[n][0] for n in others)
        values = {"env": env, "wanted": names}
        found = connection.execute(self._queries.plain, values).fetchall()
        if not since:
            return [row for row in found if row[1] is not None]
        plain = [(others[row[0]], row[1], row[2]) for row in found if row[1] is not None]
        keys = self._engine.keys((assets[n][0], after) for n, after in since.items())
        usable, values = list(since), {"env": env, "wanted": keys}
        newer = connection.execute(self._queries.plain_since, values)
        return plain + [(usable[row[0]], row[1], row[2]) for row in newer if row[1] is not None]

    def columns(self, env: str, assets: Collection[AssetKey]) -> Iterable[ColumnRow]:
        keys = self._engine.values(assets)
        return self._found(sql_rows.column_row_of, self._queries.columns, env=env, wanted=keys)

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
        self, connection: Session, query: Query, env: str, wanted: Collection[AssetPartition]
    ) -> Mapping[AssetPartition, MaterializationRecord]:
        return records_of(connection, self._engine, query, env, wanted)

    def current_of(self, env: str, asset: AssetKey) -> Mapping[str, MaterializationRecord]:
        query = self._queries.current_of
        made = self._rows(sql_rows.materialization_of, query, env=env, asset=asset)
        return {one.partition: one for one in made}

    def current_page(
        self, env: str, asset: AssetKey, after: str | None, limit: int
    ) -> Sequence[MaterializationRecord]:
        values: dict[str, object] = {"env": env, "asset": asset, "limit": limit}
        query = self._queries.first_current
        if after is not None:
            query, values["after"] = self._queries.current_after, after
        return self._rows(sql_rows.materialization_of, query, **values)

    def stored_page(
        self, env: str, asset: AssetKey, after: int, limit: int
    ) -> Sequence[MaterializationRecord]:
        query = self._queries.stored_after
        values: dict[str, object] = {"env": env, "asset": asset, "after": after, "limit": limit}
        return self._rows(sql_rows.materialization_of, query, **values)

    def soundness(self, materializations: Collection[int]) -> Mapping[int, Soundness]:
        keys = self._engine.values(materializations)
        return latest_findings(
            self._found(sql_rows.finding_of, self._queries.findings, wanted=keys)
        )

    def history(
        self, env: str, asset: AssetKey, partition: str | None, limit: int
    ) -> Sequence[MaterializationRecord]:
        values: dict[str, object] = {"env": env, "asset": asset, "limit": limit}
        query = self._queries.history
        if partition is not None:
            query = self._queries.history_of_partition
            values["partition"] = partition
        return self._rows(sql_rows.materialization_of, query, **values)

    # --- what happened ------------------------------------------------------------------------------------------

    def checks(self, env: str, asset: AssetKey, limit: int) -> Sequence[CheckRecord]:
        query = self._queries.checks
        latest = self._rows(sql_rows.evaluation_of, query, env=env, asset=asset, limit=limit)
        return [record for one in latest for record in reversed(check_records(one))][:limit]

    def check_results(self, materializations: Collection[int]) -> Sequence[CheckRecord]:
        with self._engine.reading() as connection:
            found = evaluations_of(connection, self._engine, self._queries, materializations)
        return [record for evaluation in found for record in check_records(evaluation)]

    def pointer_moves(self, env: str, asset: AssetKey, limit: int) -> Sequence[PointerMove]:
        query = self._queries.moves
        return self._rows(sql_rows.move_of, query, env=env, asset=asset, limit=limit)

    def moves_at(self, sequences: Collection[int]) -> Sequence[PointerMove]:
        keys = self._engine.values(sequences)
        return self._found(sql_rows.move_of, self._queries.moves_at, wanted=keys)

    def last_failures(self, env: str, assets: Collection[AssetKey]) -> Sequence[AttemptRecord]:
        keys = self._engine.values(assets)
        query = self._queries.last_failures
        return self._found(sql_rows.attempt_of, query, env=env, wanted=keys)

    def runs(self, env: str, limit: int) -> Sequence[tuple[RunRecord, RunEnd | None]]:
        return self._rows(sql_rows.run_of, self._queries.runs, env=env, limit=limit)

    def run(self, run: str) -> tuple[RunRecord, RunEnd | None] | None:
        found = self._rows(sql_rows.run_of, self._queries.run_by_id, run=run)
        if not found and run.isdecimal() and len(run) < _DIGITS:
            found = self._rows(sql_rows.run_of, self._queries.run_by_number, number=int(run))
        return found[0] if found else None

    def cancel_request(self, run: str) -> CancelRequest | None:
        found = self._rows(sql_rows.cancel_request_of, self._queries.cancel_request, run=run)
        return found[0] if found else None

    def attempts(self, run: str) -> Sequence[AttemptRecord]:
        return self._rows(sql_rows.attempt_of, self._queries.attempts, run=run)

    def observations(self, env: str, assets: Collection[AssetKey]) -> Sequence[ObservationRecord]:
        keys = self._engine.values(assets)
        query = self._queries.observations
        return self._found(sql_rows.observation_of, query, env=env, wanted=keys)

    def leases(self, env: str) -> Sequence[Lease]:
        query = self._queries.leases
        return self._rows(
            lambda row: sql_rows.lease_of(row[0], AssetKey(row[1]), row[2], row[3:8]),
            query,
            env=env,
        )

    def slot_holders(self) -> Sequence[SlotHolder]:
        return self._rows(sql_rows.slot_holder_of, SLOT_HOLDERS)

    def durations(self, env: str, assets: Collection[AssetKey]) -> Mapping[AssetKey, DurationStats]:
        asked = list(assets)
        keys = self._engine.values(asked)
        rows = self._found(tuple, self._queries.known_durations, env=env, wanted=keys)
        return {asked[position]: DurationStats(*stats) for position, *stats in rows}

    def documents(self, digests: Collection[str]) -> Mapping[str, str]:
        keys = self._engine.values(digests)
        return dict(self._found(sql_rows.document_of, self._queries.documents, wanted=keys))

    def dynamic_partitions(self, env: str) -> Mapping[str, Sequence[DynamicKey]]:
        known: dict[str, dict[str, tuple[int, bool]]] = {}
        for name, key, ordinal, live in self._rows(tuple, self._queries.dynamic, env=env):
            known.setdefault(name, {})[key] = (ordinal, bool(live))
        return {name: dynamic_keys(keys) for name, keys in known.items()}


def codec_digest(definition: PartitionsDefinition) -> str:
    """The digest under which chunks of this definition are kept."""
    return digest("codec", definition.rows_codec)


def records_of(
    connection: Session,
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


def states_of(
    connection: Session,
    engine: SqlEngine,
    queries: Queries,
    env: str,
    wanted: Iterable[tuple[AssetPartition, str]],
) -> tuple[dict[AssetPartition, KeyState], dict[str, KnownAttempt]]:
    """The states of these keys, and which of the attempts beside them are recorded already."""
    asked = list(wanted)
    keys = engine.keys((*key, attempt) for key, attempt in asked)
    states: dict[AssetPartition, KeyState] = {}
    known: dict[str, KnownAttempt] = {}
    for row in connection.execute(queries.look, {"env": env, "wanted": keys}).fetchall():
        key, attempt = asked[row[0]]
        states[key], before = sql_rows.state_of(env, key, row)
        if before is not None:
            known[attempt] = before
    return states, known


def held_of(
    connection: Session,
    engine: SqlEngine,
    queries: Queries,
    env: str,
    wanted: Iterable[AssetPartition],
) -> dict[AssetPartition, KeyState]:
    """Of the states of these keys nothing but the leases: not to decide over versions."""
    asked = list(wanted)
    values = {"env": env, "wanted": engine.keys(asked)}
    states = {key: KeyState() for key in asked}
    for row in connection.execute(queries.held, values).fetchall():
        if row[1] is not None:
            key = asked[row[0]]
            states[key].lease = sql_rows.lease_of(env, *key, row[1:6])
    return states


def evaluations_of(
    connection: Session, engine: SqlEngine, queries: Queries, numbers: Iterable[int]
) -> list[Evaluation]:
    """Every evaluation of these materializations, in order."""
    values = {"wanted": engine.values(numbers)}
    rows = connection.execute(queries.evaluations, values)
    return [sql_rows.evaluation_of(row) for row in rows if row[1] is not None]


def _candidates(assets: Assets, rows: Sequence[AnyRow]) -> tuple[PackedRows, ...]:
    if not rows:
        return ()
    positions = {key: position for position, (key, _) in enumerate(assets)}
    mine = [
        (positions[asset], partition, row) for asset, partition, row in rows if asset in positions
    ]
    return packed_rows(assets, mine, {})

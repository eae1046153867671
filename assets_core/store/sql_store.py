"""A StateStore over SQL: the reader, the one write transaction at a time, and the packing of partitioned assets."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import partial

from assets_core.model.keys import AssetKey
from assets_core.model.records import MaterializationRecord
from assets_core.partitions import PartitionsDefinition
from assets_core.ports import LivenessProbe, Retention, Transaction, Unreferenced
from assets_core.store.collecting import condemned_until, unreferenced
from assets_core.store.earlier import published
from assets_core.store.examining import examine
from assets_core.store.packing import Assets, compact
from assets_core.store.rebuilding import rebuild
from assets_core.store.sql_engine import Session, SqlEngine
from assets_core.store.sql_reader import SqlReader
from assets_core.store.sql_transaction import SqlTransaction


class SqlStore(SqlReader):
    """The state of a project in one database."""

    def __init__(
        self, engine: SqlEngine, alive: LivenessProbe, holds: LivenessProbe | None = None
    ) -> None:
        super().__init__(engine)
        self._alive = alive
        self._holds = holds or alive
        self._run_numbers: dict[str, int] = {}

    @contextmanager
    def writing(self) -> Iterator[Transaction]:
        with self._engine.writing() as connection:
            numbers = dict(self._run_numbers)
            transaction = SqlTransaction(
                connection,
                self._engine,
                self._queries,
                numbers,
                partial(self._known, connection, self._alive),
                partial(self._known, connection, self._holds),
            )
            yield transaction
            transaction.finish()
        self._run_numbers = numbers

    def _known(self, session: Session, probe: LivenessProbe, run: str) -> bool:
        known = probe(run)
        return self._engine.is_beating(session, run) if known is None else known

    def is_alive(self, run: str) -> bool:
        with self._engine.reading() as session:
            return self._known(session, self._alive, run)

    def compact(self, env: str, assets: Sequence[tuple[AssetKey, PartitionsDefinition]]) -> None:
        compact(self._engine, self._queries, env, assets)

    def rebuild(self, assets: Mapping[str, Assets] | None = None) -> None:
        """Recreate every derived table from the facts; the assets given, by environment, are packed at once."""
        rebuild(self._engine, self._queries, assets or {})

    def unreferenced(self, retention: Retention, after: int, limit: int) -> Unreferenced:
        with self._engine.reading() as connection:
            alive = partial(self._known, connection, self._alive)
            return unreferenced(connection, self._queries, alive, retention, after, limit)

    def condemned(self, until: datetime, after: int, limit: int) -> Sequence[MaterializationRecord]:
        with self._engine.reading() as connection:
            return condemned_until(connection, until, after, limit)

    def published(
        self, env: str, asset: AssetKey, partitions: Collection[str] | None
    ) -> Sequence[MaterializationRecord]:
        with self._engine.reading() as connection:
            return published(connection, self._engine, env, asset, partitions)

    def examine(self) -> Sequence[str]:
        return examine(self._engine, self._queries)

    def close(self) -> None:
        self._engine.close()

"""A StateStore in plain dictionaries, for tests and throw-away projects: the same ledger, nothing durable.

Readers and the writer share one lock, so a reader in another thread never sees a transaction half done.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import islice

from assets_core.errors import StoreError
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
from assets_core.partitions import DynamicKey, PartitionsDefinition
from assets_core.ports import (
    ColumnRow,
    DurationStats,
    Lease,
    LineageRows,
    LivenessProbe,
    PackedRows,
    Retention,
    SlotHolder,
    Transaction,
    Unreferenced,
)
from assets_core.store.dynamic import dynamic_keys
from assets_core.store.findings import latest_findings
from assets_core.store.memory_admission import slot_holders
from assets_core.store.memory_collecting import unreferenced
from assets_core.store.memory_earlier import published
from assets_core.store.memory_tables import ByAsset, Tables
from assets_core.store.memory_transaction import MemoryTransaction
from assets_core.store.snapshots import check_records, packed_rows


class MemoryStore:
    """Everything that a store keeps, in this process only."""

    def __init__(
        self, alive: LivenessProbe, holds: LivenessProbe, now: Callable[[], float] = time.time
    ) -> None:
        self._alive = alive
        self._holds = holds
        self._now = now
        self._lock = threading.RLock()
        self._tables = Tables()
        self._closed = False

    # --- writing ------------------------------------------------------------------------------------------------

    @contextmanager
    def writing(self) -> Iterator[Transaction]:
        """A transaction that is undone step by step if its body raises."""
        with self._lock:
            if self._closed:
                raise StoreError("E614", "the state store is closed")
            transaction = MemoryTransaction(self._tables, self._alive, self._holds, self._now)
            try:
                yield transaction
            except BaseException:
                transaction.undo()
                raise

    def is_alive(self, run: str) -> bool:
        return bool(self._alive(run))

    def compact(self, env: str, assets: Sequence[tuple[AssetKey, PartitionsDefinition]]) -> None:
        """Nothing to do: there are no projections beside the rows."""

    def close(self) -> None:
        """Refuse further writes."""
        self._closed = True

    # --- versions -----------------------------------------------------------------------------------------------

    def sequence(self) -> int:
        return self._tables.counter.sequence

    def lineage(
        self, env: str, assets: Sequence[tuple[AssetKey, PartitionsDefinition]]
    ) -> LineageRows:
        with self._lock:
            unknown: dict[int, int] = {}
            current = self._packed(env, assets, self._tables.currents, unknown)
            candidates = self._packed(env, assets, self._tables.candidates, {})
            return LineageRows(self._tables.counter.sequence, current, candidates, unknown)

    def _packed(
        self,
        env: str,
        assets: Sequence[tuple[AssetKey, PartitionsDefinition]],
        table: ByAsset,
        unknown: dict[int, int],
    ) -> tuple[PackedRows, ...]:
        rows = [
            (position, partition, version.row)
            for position, (asset, _) in enumerate(assets)
            for partition, version in table.get((env, asset), {}).items()
        ]
        return packed_rows(assets, rows, unknown)

    def columns(self, env: str, assets: Collection[AssetKey]) -> Iterable[ColumnRow]:
        with self._lock:
            return [
                ColumnRow(asset, partition, made.written.rows or 0, made.written.columns)
                for asset in assets
                for partition, made in self.current_of(env, asset).items()
            ]

    def current(
        self, env: str, wanted: Collection[AssetPartition]
    ) -> Mapping[AssetPartition, MaterializationRecord]:
        with self._lock:
            return self._tables.versions(self._tables.currents, env, wanted)

    def candidates(
        self, env: str, wanted: Collection[AssetPartition]
    ) -> Mapping[AssetPartition, MaterializationRecord]:
        with self._lock:
            return self._tables.versions(self._tables.candidates, env, wanted)

    def current_of(self, env: str, asset: AssetKey) -> Mapping[str, MaterializationRecord]:
        with self._lock:
            found = self._tables.currents.get((env, asset), {})
            made = self._tables.materializations
            return {p: made[found[p].number] for p in sorted(found) if found[p].number}

    def current_page(
        self, env: str, asset: AssetKey, after: str | None, limit: int
    ) -> Sequence[MaterializationRecord]:
        with self._lock:
            made = self.current_of(env, asset)
            return [one for p, one in made.items() if after is None or p > after][:limit]

    def stored_page(
        self, env: str, asset: AssetKey, after: int, limit: int
    ) -> Sequence[MaterializationRecord]:
        with self._lock:
            found = (
                made
                for number, made in self._tables.materializations.items()
                if (made.env, made.asset) == (env, asset) and number > after
                if number not in self._tables.condemned
            )
            return list(islice(found, limit))

    def soundness(self, materializations: Collection[int]) -> Mapping[int, Soundness]:
        with self._lock:
            found = latest_findings(self._tables.findings)
            return {n: found[n] for n in materializations if n in found}

    def unreferenced(self, retention: Retention, after: int, limit: int) -> Unreferenced:
        with self._lock:
            found = unreferenced(self._tables, self._alive, retention, after)
            return Unreferenced(self._tables.counter.sequence, tuple(islice(found, limit)))

    def condemned(self, until: datetime, after: int, limit: int) -> Sequence[MaterializationRecord]:
        with self._lock:
            due = sorted(
                number
                for number, at in self._tables.condemned.items()
                if at <= until and number > after and number not in self._tables.collected
            )
            return [self._tables.materializations[number] for number in due[:limit]]

    def examine(self) -> Sequence[str]:
        """Nothing: there is no file, and nothing derived that outlives the process."""
        return ()

    def history(
        self, env: str, asset: AssetKey, partition: str | None, limit: int
    ) -> Sequence[MaterializationRecord]:
        with self._lock:
            found = (
                made
                for made in reversed(self._tables.materializations.values())
                if (made.env, made.asset) == (env, asset) and partition in {None, made.partition}
            )
            return list(islice(found, limit))

    def published(
        self, env: str, asset: AssetKey, partitions: Collection[str] | None
    ) -> Sequence[MaterializationRecord]:
        with self._lock:
            return published(self._tables, env, asset, partitions)

    # --- what happened ------------------------------------------------------------------------------------------

    def checks(self, env: str, asset: AssetKey, limit: int) -> Sequence[CheckRecord]:
        with self._lock:
            found = (
                record
                for evaluation in reversed(self._tables.evaluations)
                if (evaluation.env, evaluation.asset) == (env, asset)
                for record in reversed(check_records(evaluation))
            )
            return list(islice(found, limit))

    def check_results(self, materializations: Collection[int]) -> Sequence[CheckRecord]:
        with self._lock:
            wanted = set(materializations)
            return [
                record
                for evaluation in self._tables.evaluations
                if evaluation.materialization in wanted
                for record in check_records(evaluation)
            ]

    def pointer_moves(self, env: str, asset: AssetKey, limit: int) -> Sequence[PointerMove]:
        with self._lock:
            moves = (
                move
                for move in reversed(self._tables.moves)
                if (move.env, move.asset) == (env, asset)
            )
            return list(islice(moves, limit))

    def moves_at(self, sequences: Collection[int]) -> Sequence[PointerMove]:
        with self._lock:
            wanted = set(sequences)
            return [move for move in self._tables.moves if move.sequence in wanted]

    def last_failures(self, env: str, assets: Collection[AssetKey]) -> Sequence[AttemptRecord]:
        with self._lock:
            failures = self._tables.failures
            return [
                self._tables.attempts[failures[env, asset][partition]]
                for asset in assets
                for partition in sorted(failures.get((env, asset), {}))
            ]

    def runs(self, env: str, limit: int) -> Sequence[tuple[RunRecord, RunEnd | None]]:
        with self._lock:
            found = (
                (run, self._tables.ends.get(run.run))
                for run in reversed(self._tables.runs.values())
                if run.env == env
            )
            return list(islice(found, limit))

    def run(self, run: str) -> tuple[RunRecord, RunEnd | None] | None:
        with self._lock:
            found = self._tables.runs.get(run)
            if found is None and run.isdecimal():
                found = next((r for r in self._tables.runs.values() if r.number == int(run)), None)
            return None if found is None else (found, self._tables.ends.get(found.run))

    def cancel_request(self, run: str) -> CancelRequest | None:
        with self._lock:
            return self._tables.cancels.get(run)

    def attempts(self, run: str) -> Sequence[AttemptRecord]:
        with self._lock:
            return [attempt for attempt in self._tables.attempts.values() if attempt.run == run]

    def observations(self, env: str, assets: Collection[AssetKey]) -> Sequence[ObservationRecord]:
        with self._lock:
            wanted = set(assets)
            return [
                observation
                for (_, asset, _), observation in sorted(self._tables.observed.items())
                if observation.env == env and asset in wanted
            ]

    def leases(self, env: str) -> Sequence[Lease]:
        with self._lock:
            return [
                held[partition]
                for (of, _), held in sorted(self._tables.leases.items())
                if of == env
                for partition in sorted(held)
            ]

    def slot_holders(self) -> Sequence[SlotHolder]:
        with self._lock:
            return slot_holders(self._tables)

    def durations(self, env: str, assets: Collection[AssetKey]) -> Mapping[AssetKey, DurationStats]:
        with self._lock:
            known = self._tables.durations
            return {a: DurationStats(*known[env, a]) for a in assets if (env, a) in known}

    def documents(self, digests: Collection[str]) -> Mapping[str, str]:
        with self._lock:
            known = self._tables.documents
            return {digest: known[digest] for digest in digests if digest in known}

    def dynamic_partitions(self, env: str) -> Mapping[str, Sequence[DynamicKey]]:
        with self._lock:
            return {
                name: dynamic_keys(keys)
                for (of, name), keys in self._tables.dynamic.items()
                if of == env and keys
            }

"""Writing state: one durable transaction at a time."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol

from assets_core.model.keys import AssetKey, AssetPartition
from assets_core.model.pools import NO_NEEDS, Needs
from assets_core.model.records import (
    CancelRequest,
    CheckRecord,
    FindingRecord,
    MaterializationRecord,
    ObservationRecord,
    RunEnd,
    RunRecord,
)
from assets_core.partitions import DynamicKey, PartitionsDefinition
from assets_core.ports.reading import StateReader
from assets_core.ports.rows import (
    Completion,
    Lease,
    LimitFull,
    PackedChange,
    PoolFull,
    Recorded,
    Refusal,
    Renaming,
)


class Transaction(Protocol):
    """One durable write transaction. Everything in it commits together or not at all; no user code runs inside."""

    @property
    def sequence(self) -> int:
        """The number of the last event, those of this transaction included: what pins taken now are as of."""
        ...

    def changes(self, env: str, since: int) -> Sequence[PackedChange]:
        """What moved, was checked or found damaged after ``since``.

        A current row ends its candidate unless that follows it.
        """
        ...

    def pins(
        self, env: str, wanted: Collection[AssetPartition]
    ) -> Mapping[AssetPartition, MaterializationRecord]:
        """The current materializations of these asset-partitions as of this transaction."""
        ...

    def candidates(
        self, env: str, wanted: Collection[AssetPartition]
    ) -> Mapping[AssetPartition, MaterializationRecord]:
        """The candidates kept back for these asset-partitions as of this transaction."""
        ...

    def taken(
        self, env: str, assets: Collection[AssetKey]
    ) -> Mapping[AssetPartition, Lease | None]:
        """Every partition of these assets that has a version or the lease of a live run, with the lease if any."""
        ...

    def claim(
        self,
        env: str,
        run: str,
        wanted: Sequence[tuple[AssetPartition, str]],
        needs: Needs = NO_NEEDS,
    ) -> Sequence[Lease] | Refusal:
        """Lease every (asset-partition, attempt id) of one call with the slots it needs, or nothing and what refuses.

        Raises ConflictError E622 for a run that was cancelled.
        """
        ...

    def claim_again(self, leases: Sequence[Lease], needs: Needs) -> PoolFull | LimitFull | None:
        """Give the held ones of these leases, all of one call, the slots back that a failed try gave up."""
        ...

    def renew(self, lease: Lease, attempt: str) -> Lease:
        """Hand a held lease, with its slots, to the next attempt of the same claim (a retry)."""
        ...

    def release(self, leases: Sequence[Lease]) -> None:
        """Give up leases without a record."""
        ...

    def record(self, completions: Sequence[Completion]) -> Sequence[Recorded]:
        """Insert the facts; where the fence still holds, move the pointer or keep the candidate."""
        ...

    def record_checks(
        self,
        records: Sequence[CheckRecord],
        *,
        publish_candidate: bool,
        keep: Collection[str] | None = None,
    ) -> bytes | None:
        """Record results on one existing version, all of the same materialization; its new row.

        Results replace earlier ones of the same check name. ``keep`` names the checks whose earlier results still
        count (those the asset has today); None keeps them all. With ``publish_candidate`` a candidate that no
        blocking check fails any more becomes current. None: the version is neither current nor a candidate any more.
        """
        ...

    def retire_checks(
        self,
        env: str,
        of: AssetPartition,
        materialization: int,
        *,
        keep: Collection[str],
        run: str,
        at: datetime,
        publish_candidate: bool,
    ) -> bytes | None:
        """``record_checks`` without a new result: only the checks named in ``keep`` count from now on."""
        ...

    def find(self, findings: Sequence[FindingRecord]) -> None:
        """Record what was found of stored bytes, for every environment that refers to the version.

        A finding that says what is known already adds nothing. What is current stays current, and says so in its row.
        """
        ...

    def condemn(self, numbers: Collection[int], as_of: int, at: datetime) -> Collection[int]:
        """Condemn these versions, for ever: from here on no pointer moves to them, and they are no candidates.

        Refused, and not among those returned, is what belongs to an asset-partition where anything was recorded after
        ``as_of``, the sequence as of which nothing referred to them: that is decided again another time.
        """
        ...

    def collect(self, numbers: Collection[int], at: datetime) -> None:
        """Record that the data of condemned versions is deleted."""
        ...

    def abandon(self, attempts: Collection[str]) -> Collection[str]:
        """Of these attempts, those whose output nothing refers to and nothing ever will.

        They recorded no version, or one that is collected, and no run that is alive holds them. The lease of a dead
        run is taken away: if it wakes up, what it made is superseded.
        """
        ...

    def withdraw(
        self, env: str, wanted: Collection[AssetPartition], at: datetime
    ) -> Collection[AssetPartition]:
        """Let these have no current version and no candidate; those that had a version. Facts and data stay."""
        ...

    def roll_back(
        self, env: str, targets: Mapping[AssetPartition, int], at: datetime
    ) -> Collection[AssetPartition]:
        """Point each to a version that was current there before, and hold it; candidates are dropped.

        Refused are those whose version was never current there or is condemned. They are returned, and if there is
        one, nothing is changed.
        """
        ...

    def release_holds(
        self, env: str, wanted: Collection[AssetPartition], at: datetime
    ) -> Collection[AssetPartition]:
        """Let these be made again as any other; those that were held."""
        ...

    def rename(self, env: str, renaming: Renaming) -> None:
        """Call assets otherwise: all that is recorded of them in this environment, also as inputs of others.

        Contents, numbers and places on disk stay. Raises ConflictError E627 while a run goes on there, E936 where
        there are versions under a new name already.
        """
        ...

    def observe(self, observations: Sequence[ObservationRecord]) -> None:
        """Record source tokens; equal ones that are already the latest add nothing."""
        ...

    def document(self, texts: Mapping[str, str]) -> None:
        """Store content-addressed texts (digest -> text); known ones add nothing."""
        ...

    def start_run(self, run: RunRecord) -> RunRecord:
        """Record a run and give it its number."""
        ...

    def request_cancel(self, request: CancelRequest) -> None:
        """Record that a run is to end. From the commit on it is leased nothing: ConflictError E622."""
        ...

    def cancel_request(self, run: str) -> CancelRequest | None:
        """The last request to cancel a run, as of this transaction."""
        ...

    def end_run(self, end: RunEnd) -> None:
        """Record how a run ended, once; releases what it still held."""
        ...

    def set_dynamic(
        self, env: str, name: str, add: Sequence[str], remove: Sequence[str]
    ) -> Sequence[DynamicKey]:
        """Remove and add keys of dynamic partitions and return those that changed; an ordinal is never reused."""
        ...


class StateStore(StateReader, Protocol):
    """A reader that can also commit."""

    def writing(self) -> AbstractContextManager[Transaction]:
        """A write transaction: begins IMMEDIATE, commits on leaving, rolls back on an exception."""
        ...

    def compact(self, env: str, assets: Sequence[tuple[AssetKey, PartitionsDefinition]]) -> None:
        """Rebuild the packed projections of partitioned assets that have many plain rows laid over them."""
        ...

    def close(self) -> None:
        """Release connections. Idempotent."""
        ...

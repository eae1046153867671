"""Reading state: bulk reads of one consistent state each."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

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
from assets_core.ports.rows import (
    ColumnRow,
    DurationStats,
    Lease,
    LineageRows,
    Retention,
    SlotHolder,
    Unreferenced,
)

if TYPE_CHECKING:
    pass


class StateReader(Protocol):
    """Bulk reads. A reader never writes, and sees one consistent state per call."""

    def sequence(self) -> int:
        """The number of the last committed event; it follows commit order."""
        ...

    def lineage(
        self, env: str, assets: Sequence[tuple[AssetKey, PartitionsDefinition]]
    ) -> LineageRows:
        """Everything the planner needs, in a number of queries that does not depend on the number of assets."""
        ...

    def columns(self, env: str, assets: Collection[AssetKey]) -> Iterable[ColumnRow]:
        """Column digests of the current versions of these assets."""
        ...

    def current(
        self, env: str, wanted: Collection[AssetPartition]
    ) -> Mapping[AssetPartition, MaterializationRecord]:
        """The current materializations of these asset-partitions; absent ones are left out."""
        ...

    def candidates(
        self, env: str, wanted: Collection[AssetPartition]
    ) -> Mapping[AssetPartition, MaterializationRecord]:
        """The blocked candidates of these asset-partitions."""
        ...

    def current_of(self, env: str, asset: AssetKey) -> Mapping[str, MaterializationRecord]:
        """Every current materialization of one asset, by partition key."""
        ...

    def current_page(
        self, env: str, asset: AssetKey, after: str | None, limit: int
    ) -> Sequence[MaterializationRecord]:
        """At most ``limit`` current materializations of one asset, by partition key, those after ``after``."""
        ...

    def stored_page(
        self, env: str, asset: AssetKey, after: int, limit: int
    ) -> Sequence[MaterializationRecord]:
        """At most ``limit`` materializations of one asset that are not condemned, by number, those after ``after``."""
        ...

    def soundness(self, materializations: Collection[int]) -> Mapping[int, Soundness]:
        """What was found last of these, where anything ever was."""
        ...

    def unreferenced(self, retention: Retention, after: int, limit: int) -> Unreferenced:
        """At most ``limit`` versions with greater numbers than ``after`` that may be condemned, of all environments.

        Not among them: what a pointer refers to, the last versions to be kept, candidates in retention, whatever may
        be pinned by a run that is alive (all that was current or a candidate at any time since it began), and what is
        condemned already.
        """
        ...

    def condemned(self, until: datetime, after: int, limit: int) -> Sequence[MaterializationRecord]:
        """At most ``limit`` versions with greater numbers that were condemned until then and are not collected yet."""
        ...

    def examine(self) -> Sequence[str]:
        """What is wrong with the store itself: its file, or something derived that is not what the facts say."""
        ...

    def history(
        self, env: str, asset: AssetKey, partition: str | None, limit: int
    ) -> Sequence[MaterializationRecord]:
        """The latest materializations, newest first."""
        ...

    def published(
        self, env: str, asset: AssetKey, partitions: Collection[str] | None
    ) -> Sequence[MaterializationRecord]:
        """Every version that was current there at some time and is not condemned, by number; None: of all."""
        ...

    def checks(self, env: str, asset: AssetKey, limit: int) -> Sequence[CheckRecord]:
        """The latest check results of an asset, newest first."""
        ...

    def check_results(self, materializations: Collection[int]) -> Sequence[CheckRecord]:
        """The results recorded for these materializations."""
        ...

    def pointer_moves(self, env: str, asset: AssetKey, limit: int) -> Sequence[PointerMove]:
        """The latest pointer moves of an asset, newest first."""
        ...

    def moves_at(self, sequences: Collection[int]) -> Sequence[PointerMove]:
        """The pointer moves that are these events."""
        ...

    def last_failures(self, env: str, assets: Collection[AssetKey]) -> Sequence[AttemptRecord]:
        """The latest attempt of each asset-partition, where it did not materialize."""
        ...

    def runs(self, env: str, limit: int) -> Sequence[tuple[RunRecord, RunEnd | None]]:
        """The latest runs, newest first."""
        ...

    def is_alive(self, run: str) -> bool:
        """Whether the run with this id lives, on whatever host."""
        ...

    def run(self, run: str) -> tuple[RunRecord, RunEnd | None] | None:
        """One run by id, by number as text, or None."""
        ...

    def cancel_request(self, run: str) -> CancelRequest | None:
        """The last request to cancel the run with this id."""
        ...

    def attempts(self, run: str) -> Sequence[AttemptRecord]:
        """Every recorded attempt of a run, in order."""
        ...

    def observations(self, env: str, assets: Collection[AssetKey]) -> Sequence[ObservationRecord]:
        """The latest observation of each source partition."""
        ...

    def leases(self, env: str) -> Sequence[Lease]:
        """What runs hold, also runs that died meanwhile: whether one lives is not the store's to know."""
        ...

    def slot_holders(self) -> Sequence[SlotHolder]:
        """The calls that hold slots of pools, of every environment, also those of runs that died meanwhile."""
        ...

    def durations(self, env: str, assets: Collection[AssetKey]) -> Mapping[AssetKey, DurationStats]:
        """Recent durations, for estimates."""
        ...

    def documents(self, digests: Collection[str]) -> Mapping[str, str]:
        """Content-addressed texts: code parts and input shapes by digest."""
        ...

    def dynamic_partitions(self, env: str) -> Mapping[str, Sequence[DynamicKey]]:
        """Every key that was ever added to dynamic partitions, by their name and in order of ordinals."""
        ...

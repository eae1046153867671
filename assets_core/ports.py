"""The protocols between the core and what serves it. If a test fake needs more than 40 lines, the port is too big.

Materializers store values, checks judge staged ones, executors place steps, stores keep facts. All four are found
through entry points or configuration; the core never imports an implementation.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from assets_core.model.checks import CheckOutcome, CheckResult, CheckSpec
from assets_core.model.json import JSON
from assets_core.model.keys import AssetKey, AssetPartition
from assets_core.model.outcomes import CheckRunOutcome, StepOutcome
from assets_core.model.records import (
    AttemptRecord,
    CheckRecord,
    MaterializationRecord,
    ObservationRecord,
    PointerMove,
    RunEnd,
    RunRecord,
)
from assets_core.model.values import ColumnDigest, StoredPart, Written
from assets_core.model.versions import CodeVersion, ConfigVersion, InputVersion
from assets_core.partitions import PartitionsDefinition

if TYPE_CHECKING:
    import numpy as np

# --- values -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class WriteOptions:
    """What a definition says about how its output is written."""

    options: Mapping[str, JSON] = field(default_factory=dict)
    canonical: bool = False
    """Write rows in canonical order: ``row_key`` first, then every remaining column."""
    row_key: tuple[str, ...] = ()


class Materializer(Protocol):
    """How one family of values is stored and read back. It only ever writes to a fresh location it is given."""

    name: str

    def accepts(self, value: object) -> bool:
        """Whether this is the natural materializer of ``value``, judged without importing its library."""
        ...

    def write(self, value: object, location: Path, options: WriteOptions) -> Written:
        """Write ``value`` below the existing empty directory ``location``, digesting as it writes."""
        ...

    def load(
        self, parts: Sequence[StoredPart], columns: tuple[str, ...] | None, as_type: object
    ) -> object:
        """Read one value from these partitions, in their order; raises CorruptionError with the file.

        ``as_type`` is an annotation, or None for the type it was produced as. Several partitions give one
        concatenated frame; a materializer that cannot join values raises StepError saying to annotate
        ``dict[str, T]``, which the caller resolves by loading the parts one at a time.
        """
        ...

    def tables(self, parts: Sequence[StoredPart]) -> Sequence[Path] | None:
        """The Parquet files that hold these partitions, or None where the values are not tabular."""
        ...

    def verify(self, part: StoredPart) -> None:
        """Re-read every byte of a stored version; raises CorruptionError that names the file."""
        ...

    def delete(self, location: Path, written: Written) -> None:
        """Remove what ``write`` put there."""
        ...


@dataclass(frozen=True, slots=True)
class Staged:
    """A written version that a check judges: before publication, or one that exists."""

    asset: AssetKey
    partition: str
    parts: tuple[StoredPart, ...]
    """One part, or every partition of the asset for a check of scope ``asset``."""
    tables: tuple[Path, ...] | None
    """The Parquet files of ``parts``; None where the value is not tabular."""


@dataclass(frozen=True, slots=True)
class RelatedTable:
    """Another asset that a check reads: stored Parquet files, or a table in memory that a source returned."""

    asset: AssetKey
    tables: tuple[Path, ...] = ()
    value: object = None


class Check(Protocol):
    """An evaluator of one kind of check."""

    kind: str

    def evaluate(
        self, spec: CheckSpec, staged: Staged, related: Mapping[str, RelatedTable]
    ) -> CheckResult:
        """Judge ``staged``; ``related`` is keyed as in ``spec.relations``. What it raises is recorded as errored."""
        ...


# --- steps ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ProjectRef:
    """How a worker finds the same project with the same settings."""

    config_file: Path
    env: str
    overrides: tuple[str, ...] = ()
    """``--config KEY.field=value`` as given."""
    fingerprint: str = ""
    """Digest over the bytes of every loaded module: a worker whose project differs reports a conflict."""


@dataclass(frozen=True, slots=True)
class PinnedInput:
    """One input of a call, pinned at the claim: the stored parts to read, or a source to load."""

    upstream: AssetKey
    parameter: str | None
    parts: tuple[StoredPart, ...]
    columns: tuple[str, ...] | None = None
    source: bool = False
    partitions: tuple[str, ...] = ()
    """The upstream partition keys, in order; for a source there are no parts."""
    tokens: tuple[tuple[str, str], ...] = ()
    """For a source: the token expected per partition, as observed by the planner."""


@dataclass(frozen=True, slots=True)
class OutputTask:
    """One asset-partition that a call is to produce, and where."""

    asset: AssetKey
    partition: str
    ordinal: int
    attempt: str
    location: Path


@dataclass(frozen=True, slots=True)
class StepRequest:
    """One call of one definition: everything a worker needs, in plain data."""

    call: str
    run: str
    env: str
    key: AssetKey
    """The definition's key."""
    outputs: tuple[OutputTask, ...]
    inputs: tuple[PinnedInput, ...]
    related: tuple[PinnedInput, ...]
    """What the checks of the outputs read, keyed by ``upstream``."""
    code: tuple[tuple[AssetKey, CodeVersion], ...]
    config: tuple[tuple[AssetKey, ConfigVersion], ...]
    check_versions: tuple[tuple[AssetKey, str, str], ...]
    """(asset, check name, version) of every check to evaluate."""
    project: ProjectRef
    log: Path
    now: datetime


@dataclass(frozen=True, slots=True)
class CheckRequest:
    """Checks to evaluate on a version that exists."""

    call: str
    run: str
    env: str
    key: AssetKey
    asset: AssetKey
    partition: str
    part: StoredPart
    others: tuple[StoredPart, ...]
    """Every partition of the asset, for checks of scope ``asset``."""
    related: tuple[PinnedInput, ...]
    check_versions: tuple[tuple[AssetKey, str, str], ...]
    project: ProjectRef
    log: Path


Request: TypeAlias = "StepRequest | CheckRequest"
Outcome: TypeAlias = "StepOutcome | CheckRunOutcome"


class Executor(Protocol):
    """Where steps run. A future never raises for user code: a failed step is an outcome."""

    name: str
    capacity: int
    """How many requests run at once."""

    def submit(self, request: Request) -> Future[Outcome]:
        """Start a request; the future fails only when its worker died (StepError with the reason)."""
        ...

    def cancel(self, call: str, grace_s: float) -> None:
        """Stop a running request: ask, wait ``grace_s``, then kill with every descendant."""
        ...

    def close(self) -> None:
        """Stop the workers. Idempotent."""
        ...


class Clock(Protocol):
    """Time, injectable where faults are simulated."""

    def now(self) -> datetime:
        """Aware UTC wall-clock time: shown and recorded, never compared for freshness."""
        ...

    def monotonic(self) -> float:
        """Seconds that only grow."""
        ...

    def sleep(self, seconds: float) -> None:
        """Let that much time pass; only called while nothing is running."""
        ...


# --- state ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PackedRows:
    """Packed rows (``model.packed``) that all have ``inputs`` inputs, of any assets, later ones overriding earlier."""

    inputs: int
    assets: np.ndarray[Any, np.dtype[np.int64]]
    """Per row: the asset's position in the list that was asked for."""
    ordinals: np.ndarray[Any, np.dtype[np.int64]]
    """Per row: the partition's ordinal in the asset's definition."""
    data: bytes
    """The rows, ``104 + 32 * inputs`` bytes each."""


@dataclass(frozen=True, slots=True)
class LineageRows:
    """One bulk read: what is recorded of the assets asked for, all as of one sequence."""

    sequence: int
    current: tuple[PackedRows, ...]
    candidates: tuple[PackedRows, ...]
    unknown: Mapping[int, int]
    """How many recorded partitions of an asset its definition no longer knows; they stay recorded."""


@dataclass(frozen=True, slots=True)
class PackedChange:
    """A pointer that moved, or whose checks were evaluated, after some sequence."""

    asset: AssetKey
    partition: str
    row: bytes
    candidate: bool


@dataclass(frozen=True, slots=True)
class ColumnRow:
    """The column digests of one current version, for column-aware inputs."""

    asset: AssetKey
    partition: str
    rows: int
    columns: tuple[ColumnDigest, ...] | None


@dataclass(frozen=True, slots=True)
class DurationStats:
    """Recorded call durations of an asset, per asset-partition."""

    samples: int
    mean_s: float


@dataclass(frozen=True, slots=True)
class Lease:
    """The right of one attempt to publish one asset-partition."""

    env: str
    asset: AssetKey
    partition: str
    fence: int
    attempt: str
    run: str


@dataclass(frozen=True, slots=True)
class Completion:
    """One attempt's end, to be recorded and, if its fence still holds, published."""

    attempt: AttemptRecord
    materialization: MaterializationRecord | None = None
    checks: tuple[CheckOutcome, ...] = ()
    related: tuple[tuple[str, InputVersion], ...] = ()
    """Per check name: the sum of what it read of other assets."""
    publish: bool = False
    release: bool = True
    """False while a retry of the same claim follows."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """What became of a completion: its row as now current (or kept as a candidate), or None when superseded."""

    row: bytes | None
    superseded: bool
    number: int = 0


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

    def history(
        self, env: str, asset: AssetKey, partition: str | None, limit: int
    ) -> Sequence[MaterializationRecord]:
        """The latest materializations, newest first."""
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

    def last_failures(self, env: str, assets: Collection[AssetKey]) -> Sequence[AttemptRecord]:
        """The latest attempt of each asset-partition, where it did not materialize."""
        ...

    def runs(self, env: str, limit: int) -> Sequence[tuple[RunRecord, RunEnd | None]]:
        """The latest runs, newest first."""
        ...

    def run(self, run: str) -> tuple[RunRecord, RunEnd | None] | None:
        """One run by id, by number as text, or None."""
        ...

    def attempts(self, run: str) -> Sequence[AttemptRecord]:
        """Every recorded attempt of a run, in order."""
        ...

    def observations(self, env: str, assets: Collection[AssetKey]) -> Sequence[ObservationRecord]:
        """The latest observation of each source partition."""
        ...

    def durations(self, env: str, assets: Collection[AssetKey]) -> Mapping[AssetKey, DurationStats]:
        """Recent durations, for estimates."""
        ...

    def documents(self, digests: Collection[str]) -> Mapping[str, str]:
        """Content-addressed texts: code parts and input shapes by digest."""
        ...

    def dynamic_partitions(self, env: str) -> Mapping[str, Sequence[tuple[int, str]]]:
        """The keys of every dynamic partitions definition: (stable ordinal, key), live ones only."""
        ...


class Transaction(Protocol):
    """One durable write transaction. Everything in it commits together or not at all; no user code runs inside."""

    sequence: int
    """The sequence at its start: what the caller has to have seen before it claims."""

    def changes(self, env: str, since: int) -> Sequence[PackedChange]:
        """What other writers moved after ``since``."""
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

    def claim(
        self, env: str, run: str, wanted: Sequence[tuple[AssetPartition, str]]
    ) -> Sequence[Lease] | Lease:
        """Lease every (asset-partition, attempt id) or none; the lease that refuses where a live run holds one."""
        ...

    def renew(self, lease: Lease, attempt: str) -> Lease:
        """Hand a held lease to the next attempt of the same claim (a retry)."""
        ...

    def release(self, leases: Sequence[Lease]) -> None:
        """Give up leases without a record."""
        ...

    def record(self, completions: Sequence[Completion]) -> Sequence[Recorded]:
        """Insert the facts; where the fence still holds, move the pointer or keep the candidate."""
        ...

    def record_checks(
        self, records: Sequence[CheckRecord], *, publish_candidate: bool
    ) -> bytes | None:
        """Record results on one existing version, all of the same materialization; its new row.

        With ``publish_candidate`` a candidate that no blocking check fails any more becomes current.
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

    def end_run(self, end: RunEnd) -> None:
        """Record how a run ended, once; releases what it still held."""
        ...

    def set_dynamic(self, env: str, name: str, add: Sequence[str], remove: Sequence[str]) -> None:
        """Add and remove keys of a dynamic partitions definition; an ordinal is never reused."""
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


LivenessProbe: TypeAlias = Callable[[str], bool]
"""Whether the run with this id is alive: on one host, whether its lock file is held."""

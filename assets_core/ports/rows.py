"""The values that cross the border of a state store: packed rows, leases, completions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeAlias

from assets_core.model.checks import CheckOutcome
from assets_core.model.keys import AssetKey
from assets_core.model.records import AttemptRecord, InputRecord, MaterializationRecord
from assets_core.model.values import ColumnDigest
from assets_core.model.versions import (
    CodeVersion,
    InputVersion,
    SourceVersion,
    column_term,
    sum_terms,
)

if TYPE_CHECKING:
    import numpy as np


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

    def version(self, columns: tuple[str, ...]) -> InputVersion:
        """The version of these columns of the partition: a term per column and one for the row count.

        A column that is not there adds nothing; the term count tells. Case does not count in what SQL reads, so columns
        that differ only by it all count.
        """
        wanted = {name.casefold() for name in columns}
        return sum_terms(
            [
                column_term(self.partition, "", "", self.rows, ""),
                *(
                    column_term(self.partition, c.name, c.type, self.rows, c.digest)
                    for c in self.columns or ()
                    if c.name.casefold() in wanted
                ),
            ]
        )


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
    claim: int = 0
    """The fence of the first lease of its call: what the leases of one call have in common."""
    slots: tuple[tuple[str, int], ...] = ()
    """(pool, slots) that the call holds, in each of its leases: with the last of them they are free."""


@dataclass(frozen=True, slots=True)
class SlotHolder:
    """A call that holds slots of pools."""

    claim: int
    run: str
    slots: tuple[tuple[str, int], ...]

    def in_pool(self, pool: str) -> int:
        """How many it holds of one pool."""
        return dict(self.slots).get(pool, 0)


@dataclass(frozen=True, slots=True)
class PoolFull:
    """A claim that found too few free slots: ``taken`` of ``size`` are held by these runs."""

    pool: str
    size: int
    taken: int
    runs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LimitFull:
    """A claim that came too soon for a rate limit."""

    limit: str
    again_in_s: float


Refusal: TypeAlias = "Lease | PoolFull | LimitFull"
"""Why a claim got nothing: a live run's lease, a pool or a rate limit."""


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


def _as_recorded(item: InputRecord) -> InputVersion:
    return item.version


@dataclass(frozen=True, slots=True)
class Renaming:
    """Assets that are called otherwise from now on."""

    names: Mapping[AssetKey, AssetKey]
    """Former key -> today's."""
    codes: Mapping[AssetKey, tuple[CodeVersion, CodeVersion]]
    """By today's key, of renamed assets and of those that read one: a code version that may be recorded, and today's,
    which differs from it only by the names."""
    sources: Mapping[SourceVersion, SourceVersion] = field(default_factory=dict)
    """Likewise the versions of renamed sources, which hold their code version."""
    read: Callable[[InputRecord], InputVersion] = _as_recorded
    """What a record read of a renamed source, as the sum that it is today."""


@dataclass(frozen=True, slots=True)
class Retention:
    """What is kept though nothing refers to it any more."""

    keep: int
    """The last published versions of each asset-partition, the current one included; at least 1."""
    candidates_since: datetime
    """Candidates that were made since then."""


@dataclass(frozen=True, slots=True)
class Unreferenced:
    """Stored versions that nothing refers to, as of one sequence, by number."""

    as_of: int
    records: tuple[MaterializationRecord, ...]


LivenessProbe: TypeAlias = Callable[[str], "bool | None"]
"""Whether the run with this id is alive: whether its lock file is held. None where there is none on this host."""

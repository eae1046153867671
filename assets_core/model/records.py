"""The facts a store keeps. Each class is one row of an append-only table; only a renaming changes one later.

Only pointers, candidates and the packed rows of ``lineage.py`` are derived from them, and can be rebuilt. Times are
aware UTC datetimes: they are shown and never compared to decide freshness.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Literal, TypeAlias

from assets_core.model.checks import CheckOutcome
from assets_core.model.json import JSON
from assets_core.model.keys import AssetKey
from assets_core.model.values import Written
from assets_core.model.versions import (
    CodeVersion,
    ConfigVersion,
    InputVersion,
    SourceVersion,
    Term,
)


class RunStatus(StrEnum):
    """How a run stands. Only RUNNING is not terminal, and a terminal status never changes."""

    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    CANCEL_FAILED = "cancel_failed"
    """Cancelled, but a process that it started could not be killed; the attempts name it."""
    TIMED_OUT = "timed_out"
    DIED = "died"


@dataclass(frozen=True, slots=True)
class RunRecord:
    """A run as it was started: what ``retry`` needs to plan again with the same options."""

    run: str
    env: str
    started: datetime
    now: datetime
    """The fixed ``now`` that decides which partitions exist."""
    options: Mapping[str, JSON]
    """Selection, partitions, forced set and overrides, as given."""
    retry_of: str | None = None
    number: int = 0
    """A small number for people, in order of starting; given by the store."""


@dataclass(frozen=True, slots=True)
class RunEnd:
    """How a run ended: one row per run, written once."""

    run: str
    status: RunStatus
    ended: datetime
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class CancelRequest:
    """Somebody wants a run to end: it claims nothing after this is recorded."""

    run: str
    grace_s: float
    """Seconds that its calls have to clean up before they are killed."""
    at: datetime


class AttemptStatus(StrEnum):
    """How one attempt at one asset-partition ended."""

    MATERIALIZED = "materialized"
    """Published: the pointer moved to it."""
    REJECTED = "rejected"
    """Written and recorded as a candidate: a blocking check failed."""
    FAILED = "failed"
    SUPERSEDED = "superseded"
    """Another attempt took the lease meanwhile; nothing visible changed."""
    CANCELLED = "cancelled"
    """Stopped from outside: the run was cancelled, or its time was over. That says nothing against the asset."""
    DIED = "died"
    """Its process ended without an outcome."""


CANCELLED = AttemptStatus.CANCELLED.value
DEAD = AttemptStatus.DIED.value
"""The kinds of failure that are not failures of the asset's code."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an attempt failed, in plain data. ``traceback`` holds the user's own frames, ours folded to one line."""

    kind: str
    """An exception's qualified name, an error's code (``E513``), or a word such as ``died`` or ``not_yielded``."""
    message: str
    traceback: str = ""
    file: str | None = None
    line: int = 0
    retryable: bool = True

    @property
    def status(self) -> AttemptStatus:
        """How the attempt that ended with it is recorded."""
        if self.kind in {CANCELLED, DEAD}:
            return AttemptStatus(self.kind)
        return AttemptStatus.FAILED


@dataclass(frozen=True, slots=True)
class AttemptRecord:
    """One attempt that ended, with or without a version."""

    attempt: str
    run: str
    env: str
    asset: AssetKey
    partition: str
    fence: int
    started: datetime
    ended: datetime
    status: AttemptStatus
    duration_s: float
    failure: Failure | None = None
    log: str | None = None
    """The captured output's path below the state directory."""


@dataclass(frozen=True, slots=True)
class InputRecord:
    """What one output read from one input. Which partitions changed later follows from ``as_of``, not from pairs."""

    upstream: AssetKey
    partitions: str
    """The upstream partitions as text (``PartitionSet.to_text`` of their ordinals)."""
    columns: tuple[str, ...] | None
    version: InputVersion
    as_of: int
    """The store's sequence at the claim that pinned these versions."""


@dataclass(frozen=True, slots=True)
class MaterializationRecord:
    """One written version of one asset-partition: immutable, published or kept back as a candidate."""

    attempt: str
    run: str
    env: str
    asset: AssetKey
    partition: str
    code: CodeVersion
    config: ConfigVersion
    shape: str
    """Digest of the input shape: upstreams, mappings and columns, in the order of ``inputs``."""
    inputs: tuple[InputRecord, ...]
    written: Written
    term: Term
    created: datetime
    metadata: Mapping[str, JSON] = field(default_factory=dict)
    deterministic: bool = True
    number: int = 0
    """The store's number for it; pointers refer to this."""
    stored_as: AssetKey | None = None
    """The asset's key when it was written, where it was renamed since: the files lie below that."""


@dataclass(frozen=True, slots=True)
class CheckRecord:
    """One evaluation of one check against one materialization."""

    env: str
    asset: AssetKey
    partition: str
    materialization: int
    run: str
    outcome: CheckOutcome
    related: InputVersion
    """The sum of the terms of the other assets it read."""
    at: datetime


class Soundness(StrEnum):
    """What a look at the stored bytes of a version found."""

    SOUND = "sound"
    """Every byte is there as recorded; said only of what was found otherwise before."""
    MISSING = "missing"
    DAMAGED = "damaged"


@dataclass(frozen=True, slots=True)
class FindingRecord:
    """What was found of one version's stored bytes; the latest finding counts, until a newer version is published."""

    env: str
    asset: AssetKey
    partition: str
    materialization: int
    soundness: Soundness
    message: str
    run: str | None
    """The run whose step read it, None where ``verify`` did."""
    at: datetime
    sequence: int = 0


@dataclass(frozen=True, slots=True)
class ObservationRecord:
    """A source's token at one partition, as seen by a planner or by the worker that loaded it."""

    env: str
    asset: AssetKey
    partition: str
    token: str
    version: SourceVersion
    at: datetime


MoveReason: TypeAlias = Literal[
    "published", "check_passed", "rollback", "released", "restored", "promoted", "wiped"
]
"""Why a pointer moved. What a ``rollback`` pointed to is held until the next move, ``released`` if to the same."""


@dataclass(frozen=True, slots=True)
class PointerMove:
    """What readers see changed: ``materialization`` is None where an asset-partition was withdrawn."""

    env: str
    asset: AssetKey
    partition: str
    materialization: int | None
    reason: MoveReason
    run: str | None
    at: datetime
    sequence: int = 0

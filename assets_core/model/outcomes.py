"""What a worker returns for a step: plain data, one outcome per asset-partition. Workers never see the store."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from assets_core.model.checks import CheckOutcome
from assets_core.model.json import JSON
from assets_core.model.keys import AssetKey
from assets_core.model.records import Failure, Soundness
from assets_core.model.values import Written


@dataclass(frozen=True, slots=True)
class Produced:
    """A version was written, checked and made durable; whether it is published is the runner's to record."""

    asset: AssetKey
    partition: str
    attempt: str
    written: Written
    checks: tuple[CheckOutcome, ...]
    metadata: Mapping[str, JSON] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NotProduced:
    """The attempt failed for this asset-partition; other partitions of the same call may have been produced."""

    asset: AssetKey
    partition: str
    attempt: str
    failure: Failure


@dataclass(frozen=True, slots=True)
class Omitted:
    """A wanted optional output that the call chose not to yield."""

    asset: AssetKey
    partition: str
    attempt: str


OutputOutcome: TypeAlias = "Produced | NotProduced | Omitted"


@dataclass(frozen=True, slots=True)
class SourceRead:
    """The token a worker saw before and after loading a source; ``partition`` is ``""`` for the whole source."""

    asset: AssetKey
    partition: str
    token: str


@dataclass(frozen=True, slots=True)
class Unsound:
    """A stored version that a worker was to read and that is not what was recorded."""

    asset: AssetKey
    partition: str
    number: int
    """The store's number of the version."""
    soundness: Soundness
    message: str


@dataclass(frozen=True, slots=True)
class StepOutcome:
    """Everything that came of one call."""

    call: str
    outputs: tuple[OutputOutcome, ...]
    sources: tuple[SourceRead, ...] = ()
    duration_s: float = 0.0
    log: str | None = None
    tail: tuple[str, ...] = ()
    """The last twenty captured lines."""
    undeclared_files: tuple[str, ...] = ()
    """Files the code opened outside its inputs and outputs, reported once per asset."""
    added_partitions: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """Keys to add to dynamic partitions, by their name, in the transaction that records the outputs."""
    unsound: tuple[Unsound, ...] = ()


@dataclass(frozen=True, slots=True)
class CheckRunOutcome:
    """What came of evaluating checks on a version that exists already."""

    call: str
    asset: AssetKey
    partition: str
    checks: tuple[CheckOutcome, ...]
    sources: tuple[SourceRead, ...] = ()
    """The tokens of the sources that the checks read."""
    unsound: tuple[Unsound, ...] = ()
    """Where there is any, nothing was judged."""

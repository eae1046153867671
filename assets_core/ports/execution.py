"""Where calls run, and the plain data that goes to them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeAlias

from assets_core.model.keys import AssetKey
from assets_core.model.outcomes import CheckRunOutcome, StepOutcome
from assets_core.model.values import StoredPart
from assets_core.model.versions import CodeVersion, ConfigVersion

if TYPE_CHECKING:
    from concurrent.futures import Future


@dataclass(frozen=True, slots=True)
class ProjectRef:
    """How a worker finds the same project with the same settings."""

    config_file: Path | None
    """None for definitions made at hand, which no other process can load."""
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
    like: StoredPart | None = None
    """Where nothing is selected of an asset: a partition that is not read, whose columns an empty table has."""


@dataclass(frozen=True, slots=True)
class Limit:
    """How long a call may take, and how long it has to clean up once it was asked to stop; in seconds."""

    seconds: float
    grace_s: float


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
    values: tuple[tuple[str, str], ...]
    """(name, digest) of every module value that takes part in the planned code version."""
    check_versions: tuple[tuple[AssetKey, str, str], ...]
    """(asset, check name, version) of every check to evaluate."""
    project: ProjectRef
    log: Path
    now: datetime
    limit: Limit | None = None


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
    limit: Limit | None = None


Request: TypeAlias = "StepRequest | CheckRequest"
Outcome: TypeAlias = "StepOutcome | CheckRunOutcome"


class Executor(Protocol):
    """Where steps run. A future never raises for user code: a failed step is an outcome."""

    name: str
    capacity: int
    """How many requests run at once."""
    token: str | None
    """The mark of every process that calls start, by which they are found; None where calls run in this process."""

    def submit(self, request: Request) -> Future[Outcome]:
        """Start a request; the future fails only when its worker died or was stopped (StepError with the reason)."""
        ...

    def cancel(self, call: str, grace_s: float) -> None:
        """Stop a running request: ask, wait ``grace_s``, then kill with every descendant. Its future fails (E556)."""
        ...

    @property
    def survivors(self) -> tuple[int, ...]:
        """The ids of processes that calls started and that could not be killed."""
        ...

    def close(self) -> None:
        """Stop the workers. Idempotent."""
        ...

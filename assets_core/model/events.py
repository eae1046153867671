"""What happens during a run, as it happens: for progress displays, ``--jsonl`` and tests. Named in the past tense."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from assets_core.model.conflicts import OnConflict
from assets_core.model.keys import AssetKey
from assets_core.model.records import AttemptStatus, Failure, RunStatus


@dataclass(frozen=True, slots=True)
class RunStarted:
    run: str
    number: int
    steps: int
    """Asset-partitions to run, plus those that may."""


@dataclass(frozen=True, slots=True)
class StepStarted:
    """One call was handed to the executor; ``partitions`` are its keys."""

    call: str
    assets: tuple[AssetKey, ...]
    partitions: tuple[str, ...]
    at: float
    """Monotonic seconds since the run started."""


@dataclass(frozen=True, slots=True)
class StepFinished:
    """The call came back and was recorded."""

    call: str
    duration_s: float
    at: float


@dataclass(frozen=True, slots=True)
class Materialized:
    asset: AssetKey
    partition: str
    attempt: str
    duration_s: float
    changed: bool
    """False where the content equals what it replaced: the wave ends here."""


@dataclass(frozen=True, slots=True)
class Published:
    """A candidate that was kept back passes the checks as they are today; nothing was computed."""

    asset: AssetKey
    partition: str
    attempt: str


@dataclass(frozen=True, slots=True)
class RunExtended:
    """What the run itself made due, such as readers of a candidate that was published."""

    asset: AssetKey
    steps: int
    """Asset-partitions that may run, too."""


@dataclass(frozen=True, slots=True)
class Unchanged:
    """Early cutoff: its inputs turned out to be what they were, so it was not run."""

    asset: AssetKey
    partition: str


@dataclass(frozen=True, slots=True)
class Adopted:
    """Another run had made it current meanwhile."""

    asset: AssetKey
    partition: str


@dataclass(frozen=True, slots=True)
class Rejected:
    """Written, but kept back as a candidate: these blocking checks failed."""

    asset: AssetKey
    partition: str
    attempt: str
    checks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AttemptFailed:
    asset: AssetKey
    partition: str
    attempt: str
    failure: Failure
    log: str | None
    tail: tuple[str, ...]
    retry_in: float | None
    """Seconds until the next attempt, None where there is none."""


@dataclass(frozen=True, slots=True)
class Blocked:
    """Not run because of ``upstream``, or None where its own candidate or missing input is the cause."""

    asset: AssetKey
    partition: str
    upstream: AssetKey | None
    reason: str


@dataclass(frozen=True, slots=True)
class HeldUp:
    """Ready, but something of it waits for slots of ``pool`` or for the rate limit ``limit``; told once per asset.

    ``runs`` are the other runs that hold slots; ``again_in_s`` is when the limit lets the next call start.
    """

    asset: AssetKey
    pool: str | None
    limit: str | None
    taken: int | None
    """Slots that are taken of those that the pool has."""
    size: int | None
    runs: tuple[str, ...]
    again_in_s: float | None


@dataclass(frozen=True, slots=True)
class ClaimRefused:
    """The live run ``number`` holds it; ``on_conflict`` is what this run does about that. Told once per such run."""

    asset: AssetKey
    partition: str
    run: str
    number: int
    on_conflict: OnConflict


@dataclass(frozen=True, slots=True)
class Joined:
    """What became of it in run ``number`` counts here; it was not computed."""

    asset: AssetKey
    partition: str
    run: str
    number: int
    outcome: AttemptStatus
    """``materialized``, ``rejected`` or ``failed``, with the failure of that run."""
    failure: Failure | None


@dataclass(frozen=True, slots=True)
class Superseded:
    asset: AssetKey
    partition: str
    attempt: str


@dataclass(frozen=True, slots=True)
class CheckEvaluated:
    asset: AssetKey
    partition: str
    check: str
    passed: bool
    blocking: bool
    count: int | None
    message: str
    published: bool
    """Whether the version it judged is one that readers see."""


@dataclass(frozen=True, slots=True)
class UndeclaredFilesRead:
    asset: AssetKey
    files: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PartitionsAdded:
    """A call of ``asset`` added these to the dynamic partitions ``name``; the next plan has them."""

    asset: AssetKey
    name: str
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RunFinished:
    run: str
    status: RunStatus
    duration_s: float


Event: TypeAlias = (
    "RunStarted | StepStarted | StepFinished | Materialized | Published | RunExtended | Unchanged"
    " | Adopted | Rejected | AttemptFailed | Blocked | HeldUp | ClaimRefused | Joined | Superseded"
    " | CheckEvaluated | UndeclaredFilesRead | PartitionsAdded | RunFinished"
)

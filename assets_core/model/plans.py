"""A plan as a value: steps with their reasons. The CLI, the TUI, JSON and the runner all read this same object.

``partitions`` are sets of ordinals in the asset's own definition. One step per (asset, action, reasons); assets stand
in topological order. Nothing here knows a clock or a store.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import ClassVar, TypeAlias

from assets_core.model.keys import AssetKey
from assets_core.model.versions import CodeVersion, ConfigVersion
from assets_core.partitions import PartitionSet


class Action(StrEnum):
    """What a plan means to do with a set of asset-partitions. CURRENT ones are counted, not listed."""

    RUN = "run"
    MAYBE = "maybe"
    BLOCKED = "blocked"


@dataclass(frozen=True, slots=True)
class NeverMaterialized:
    code: ClassVar[str] = "never_materialized"


@dataclass(frozen=True, slots=True)
class CodeChanged:
    """``old`` and ``new`` are the recorded and today's versions; what changed in between is derived on display."""

    old: CodeVersion
    new: CodeVersion
    code: ClassVar[str] = "code_changed"


@dataclass(frozen=True, slots=True)
class ConfigChanged:
    old: ConfigVersion
    new: ConfigVersion
    code: ClassVar[str] = "config_changed"


@dataclass(frozen=True, slots=True)
class InputChanged:
    upstream: AssetKey
    code: ClassVar[str] = "input_changed"


@dataclass(frozen=True, slots=True)
class InputAdded:
    """The upstream is new to this asset, or its mapping is."""

    upstream: AssetKey
    remapped: bool = False
    """It was an input before, and its partitions are mapped in another way now."""
    code: ClassVar[str] = "input_added"


@dataclass(frozen=True, slots=True)
class InputRemoved:
    upstream: AssetKey
    code: ClassVar[str] = "input_removed"


@dataclass(frozen=True, slots=True)
class PartitionsChanged:
    """The same key stands for another time now: ``before`` and ``after`` say of which windows; empty for none."""

    before: str
    after: str
    code: ClassVar[str] = "partitions_changed"


@dataclass(frozen=True, slots=True)
class UpstreamPending:
    """MAYBE: decided when these have run. ``roots`` are the steps that run for a reason of their own."""

    upstreams: tuple[AssetKey, ...]
    roots: tuple[AssetKey, ...]
    code: ClassVar[str] = "upstream_pending"


@dataclass(frozen=True, slots=True)
class OutputMissing:
    code: ClassVar[str] = "output_missing"


@dataclass(frozen=True, slots=True)
class OutputDamaged:
    code: ClassVar[str] = "output_damaged"


@dataclass(frozen=True, slots=True)
class Forced:
    code: ClassVar[str] = "forced"


@dataclass(frozen=True, slots=True)
class RunsTogether:
    """Current itself, but an output of the same multi-asset is not and a call makes all of them."""

    output: AssetKey
    code: ClassVar[str] = "runs_together"


@dataclass(frozen=True, slots=True)
class CheckBlocked:
    """The candidate of today's versions still fails these blocking checks."""

    checks: tuple[str, ...]
    run: str
    code: ClassVar[str] = "check_blocked"


@dataclass(frozen=True, slots=True)
class InputMissing:
    """A required upstream partition has no version and none is going to be made by this plan."""

    upstream: AssetKey
    code: ClassVar[str] = "input_missing"


@dataclass(frozen=True, slots=True)
class ObservationFailed:
    """A source could not be observed, so nothing can be said of what reads it."""

    source: AssetKey
    message: str
    code: ClassVar[str] = "observation_failed"


@dataclass(frozen=True, slots=True)
class UpstreamBlocked:
    """An upstream that is blocked has no published version to read."""

    upstream: AssetKey
    code: ClassVar[str] = "upstream_blocked"


Reason: TypeAlias = (
    "NeverMaterialized | CodeChanged | ConfigChanged | InputChanged | InputAdded | InputRemoved"
    " | PartitionsChanged | UpstreamPending | OutputMissing | OutputDamaged | Forced | RunsTogether"
    " | CheckBlocked | InputMissing | ObservationFailed | UpstreamBlocked"
)


@dataclass(frozen=True, slots=True)
class LastAttemptFailed:
    """An annotation: the last attempt at these failed. It makes nothing stale by itself."""

    asset: AssetKey
    partitions: PartitionSet
    code: ClassVar[str] = "last_attempt_failed"


@dataclass(frozen=True, slots=True)
class CheckFailing:
    """An annotation: a blocking check fails on what readers see of these; nothing new is built on them."""

    asset: AssetKey
    partitions: PartitionSet
    code: ClassVar[str] = "check_failing"


@dataclass(frozen=True, slots=True)
class Held:
    """An annotation: these were rolled back, or are made together with what was, and run only when forced."""

    asset: AssetKey
    partitions: PartitionSet
    since: datetime | None
    """When they were rolled back; None where that happened after the snapshot was taken."""
    code: ClassVar[str] = "held"


Annotation: TypeAlias = "LastAttemptFailed | CheckFailing | Held"


@dataclass(frozen=True, slots=True)
class Step:
    """What is to happen to some partitions of one asset, and why."""

    asset: AssetKey
    index: int
    """The asset's number in the graph the plan was made of."""
    action: Action
    reasons: tuple[Reason, ...]
    partitions: PartitionSet
    estimate_s: float | None = None
    """Seconds of work, from at least three recorded samples; None where there are fewer."""


@dataclass(frozen=True, slots=True)
class CheckStep:
    """Check results that are missing on versions that exist: evaluated by ``materialize``, nothing is recomputed."""

    asset: AssetKey
    index: int
    checks: tuple[str, ...]
    partitions: PartitionSet
    candidate: bool = False
    """Whether the version is a candidate kept back, which is published if it passes now."""
    whole: bool = False
    """Whether the checks judge all these partitions together: checks of scope ``asset``."""

    @property
    def evaluations(self) -> int:
        """How many results there will be."""
        return len(self.checks) * (1 if self.whole else len(self.partitions))


@dataclass(frozen=True, slots=True)
class Plan:
    """What is out of date among the selected asset-partitions, and why."""

    env: str
    now: datetime
    as_of: int
    """The store's sequence that the plan was decided against."""
    steps: tuple[Step, ...]
    checks: tuple[CheckStep, ...]
    current: int
    """How many selected asset-partitions are CURRENT."""
    unselected_stale: tuple[AssetKey, ...] = ()
    """Upstreams of the selection that are out of date themselves but were not selected."""
    annotations: tuple[Annotation, ...] = ()
    pins: Mapping[str, str] = field(default_factory=dict)
    """Code, config and source versions the plan was decided with, by ``<kind>:<asset>``."""

    @property
    def is_empty(self) -> bool:
        """No steps and no missing checks."""
        return not self.steps and not self.checks

    def held(self, asset: AssetKey) -> list[Held]:
        """What of one asset is held."""
        return [n for n in self.annotations if isinstance(n, Held) and n.asset == asset]

    def count(self, action: Action) -> int:
        """How many asset-partitions have this action."""
        return sum(len(step.partitions) for step in self.steps if step.action is action)

"""What the planner's pass has decided of one asset: before, and after what is missing upstream was looked at."""

from __future__ import annotations

from dataclasses import dataclass, field

from assets_core.model.keys import AssetKey
from assets_core.model.plans import Step
from assets_core.partitions import PartitionSet
from assets_core.planning.staleness import Verdict

_NONE = PartitionSet.EMPTY


@dataclass(slots=True)
class Fate:
    """What the pass decided for one asset so far."""

    run: PartitionSet = _NONE
    maybe: PartitionSet = _NONE
    blocked: PartitionSet = _NONE
    recheck: PartitionSet = _NONE
    """Candidates whose checks are evaluated again before anything is recomputed."""
    roots: frozenset[AssetKey] = frozenset()
    steps: list[Step] = field(default_factory=list)

    dirty: PartitionSet = _NONE
    """What may have another version after this plan: all of run, maybe and recheck."""


@dataclass(slots=True)
class Decision:
    """One asset before what is missing upstream is taken into account."""

    verdict: Verdict
    run: PartitionSet
    maybe: PartitionSet
    blocked: PartitionSet
    recheck: PartitionSet
    by: dict[int, PartitionSet]
    """Per other upstream that may change, what reads that."""
    forced: bool
    held: PartitionSet
    """What stays as it is though it may differ, or read something that may change."""
    sibling: AssetKey | None = None

    @property
    def dirty(self) -> PartitionSet:
        """What may have another version after this plan, were nothing blocked."""
        return self.run | self.maybe | self.recheck

    @property
    def lost(self) -> PartitionSet:
        """What is held, but missing or damaged: it blocks what reads it, and is not made again."""
        verdict = self.verdict
        return PartitionSet.of(verdict.ordinals[verdict.lost]) & self.held

    def wait_for(self, pending: PartitionSet) -> None:
        """These read something that may change: what is current or kept back today may be neither then."""
        pending -= self.held
        self.maybe |= pending - self.run
        self.blocked -= pending
        self.recheck -= pending

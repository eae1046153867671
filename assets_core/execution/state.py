"""What the parts of a running run share. Owned by the runner's one thread; workers never see it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from assets_core.execution.frontier import Frontier
from assets_core.execution.paths import Home
from assets_core.execution.tally import Tally
from assets_core.graph import AssetGraph
from assets_core.lineage import Lineage
from assets_core.model.assets import AssetDefinition
from assets_core.model.events import Blocked, Event
from assets_core.model.keys import AssetKey, AssetPartition
from assets_core.model.pools import Needs
from assets_core.model.records import MaterializationRecord
from assets_core.model.values import StoredPart
from assets_core.partitions import PartitionSet
from assets_core.planning.staleness import Rebuilder
from assets_core.ports import Clock, Limit, ProjectRef
from assets_core.versioning.current import CurrentVersions


@dataclass(slots=True)
class RunState:
    """One run as it goes on."""

    run: str
    env: str
    now: datetime
    graph: AssetGraph
    versions: CurrentVersions
    lineage: Lineage
    rebuilder: Rebuilder
    frontier: Frontier
    home: Home
    clock: Clock
    project: ProjectRef
    emit: Callable[[Event], None]
    tokens: dict[int, dict[str, str]]
    """Per source, the token last seen at each partition key."""
    forced: dict[int, PartitionSet]
    values_of: Callable[[AssetDefinition], tuple[tuple[str, str], ...]]
    """(name, digest) of the module values in a definition's code version."""
    needs: Sequence[Needs]
    """By definition number: what a call needs of pools and rate limits."""
    grace_s: float
    """Seconds between asking a call to stop and killing it."""
    tally: Tally = field(default_factory=Tally)
    parts: dict[tuple[int, int], tuple[int, StoredPart]] = field(default_factory=dict)
    """Per (asset, ordinal): the materialization number and the stored part that has it."""

    def key(self, asset: int) -> AssetKey:
        """The key of an asset number."""
        return self.graph.keys[asset]

    def partition(self, asset: int, ordinal: int) -> str:
        """The partition key of an ordinal."""
        return self.graph.specs[asset].partitions.key(ordinal)

    def address(self, asset: int, ordinal: int) -> AssetPartition:
        """The asset-partition of an ordinal."""
        return AssetPartition(self.key(asset), self.partition(asset, ordinal))

    def limit_of(self, definition: int) -> Limit | None:
        """How long a call of this definition may take."""
        seconds = self.graph.definitions[definition].timeout
        return None if seconds is None else Limit(seconds, self.grace_s)

    def part_of(self, record: MaterializationRecord) -> StoredPart:
        """Where a recorded version lies."""
        location = self.home.version_of(record)
        return StoredPart(record.partition, location, record.written, record.number)

    def block_downstream(self, asset: int, lost: PartitionSet, reason: str) -> None:
        """Settle as blocked everything that was going to read what is not going to be there."""
        for downstream, upstream, hit in self.frontier.downstream(asset, lost):
            self.frontier.settle(downstream, hit)
            for ordinal in hit:
                address = self.address(downstream, ordinal)
                self.emit(Blocked(*address, self.key(upstream), reason))


def columns_wanted(graph: AssetGraph, asset: int) -> bool:
    """Whether some downstream reads only declared columns of this asset."""
    return any(edge.columns is not None for edge in graph.outputs(asset))

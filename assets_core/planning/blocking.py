"""What keeps an asset-partition from running: a required input without a version, a failed observation, a bad check.

``blocked`` is only said of what would run; a current asset-partition whose upstream is blocked stays current, because
it is judged against what is published.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from assets_core.declare.definition_places import dependency_place
from assets_core.errors import DefinitionError
from assets_core.graph import AssetGraph, Edge
from assets_core.lineage import Lineage
from assets_core.model.plans import InputMissing, ObservationFailed, Reason, UpstreamBlocked
from assets_core.partitions import PartitionSet
from assets_core.planning.fates import Fate
from assets_core.planning.staleness import Rebuilder

_NONE = PartitionSet.EMPTY


@dataclass(frozen=True, slots=True)
class Blocking:
    """Finds what blocks, given what was decided of the upstreams so far."""

    rebuilder: Rebuilder
    wanted: Mapping[int, PartitionSet]
    fates: Mapping[int, Fate]

    @property
    def graph(self) -> AssetGraph:
        """The graph that is planned."""
        return self.rebuilder.graph

    @property
    def lineage(self) -> Lineage:
        """What is recorded."""
        return self.rebuilder.lineage

    def causes(self, edge: Edge, candidates: PartitionSet) -> Iterator[tuple[Reason, PartitionSet]]:
        """Of the partitions that would run, those that this input blocks, and why: each once.

        Raises DefinitionError E250 where the mapping reaches outside the upstream's partitions.
        """
        failure = self.lineage.unobserved.get(edge.upstream)
        if failure is not None:
            reason = ObservationFailed(self.graph.keys[edge.upstream], failure.message)
            yield reason, self.wanted[edge.downstream]
            return
        missing = InputMissing(self.graph.keys[edge.upstream])
        unreadable = self._on_unreadable(edge, candidates)
        yield missing, unreadable
        left = candidates - unreadable
        if left and not edge.optional:
            failing = self._on_failing(edge) & left
            blocked = UpstreamBlocked(self.graph.keys[edge.upstream])
            yield blocked, failing
            absent, lost = self._lacking(edge, left - failing)
            yield missing, absent
            yield blocked, lost

    def unfit(self, edge: Edge, members: PartitionSet) -> PartitionSet:
        """Those of an own input's partitions that bar what reads them unless this plan makes them again."""
        found = self.lineage.unreadable(edge.upstream) & members
        if edge.optional:
            return found
        found |= self.rebuilder.failing_alone(edge.upstream) & members
        if edge.mapping.needs_every:
            found |= members - self.lineage.readable(edge.upstream)
        return found

    def _on_failing(self, edge: Edge) -> PartitionSet:
        """What reads a published version that fails a blocking check and stays as it is."""
        fate = self.fates.get(edge.upstream) or Fate()
        if fate.dirty or self._made_together(edge):
            # What judges all of it together is evaluated again when that has run.
            failing = self.rebuilder.failing_alone(edge.upstream) - fate.dirty
        else:
            failing = self.rebuilder.failing(edge.upstream)
        there = self.lineage.present(edge.upstream) | fate.dirty if failing else _NONE
        return edge.mapping.downstream_of(failing, there)

    def _on_unreadable(self, edge: Edge, candidates: PartitionSet) -> PartitionSet:
        """What would read a damaged version that this plan does not make again, were it one of many."""
        fate = self.fates.get(edge.upstream) or Fate()
        unreadable = self.lineage.unreadable(edge.upstream) - fate.dirty
        if not unreadable or not candidates:
            return _NONE
        present = self.lineage.present(edge.upstream) | fate.dirty
        return edge.mapping.downstream_of(unreadable, present) & candidates

    def _lacking(self, edge: Edge, candidates: PartitionSet) -> tuple[PartitionSet, PartitionSet]:
        """What reads something that is not there, and what reads only such as this plan was to make, but cannot."""
        itself = self._made_together(edge)
        fate = self.fates.get(edge.upstream) or Fate()
        if not candidates or (fate.dirty and edge.upstream not in self.lineage.partitioned):
            return _NONE, _NONE
        available = self.lineage.readable(edge.upstream) | fate.dirty
        if not edge.mapping.needs_every:
            hit = _NONE if available or itself else candidates
            return (_NONE, hit) if fate.blocked else (hit, _NONE)
        self._refuse_outside(edge, candidates)
        missing = edge.mapping.upstream_of(candidates, available) - available
        hit = edge.mapping.downstream_of(missing, available) & candidates
        absent = edge.mapping.downstream_of(missing - fate.blocked, available) & hit
        if not itself:
            absent |= edge.mapping.without_key(candidates)
        return absent, hit - absent

    def _made_together(self, edge: Edge) -> bool:
        """Whether an asset reads what its own calls make: its earlier partitions, or those of a sibling."""
        definition_of = self.graph.definition_of
        return definition_of[edge.upstream] == definition_of[edge.downstream]

    def _refuse_outside(self, edge: Edge, candidates: PartitionSet) -> None:
        outside = edge.mapping.outside_of(candidates)
        if not outside or self._made_together(edge):
            return
        definition = self.graph.definitions[self.graph.definition_of[edge.downstream]]
        upstream, key = self.graph.specs[edge.upstream], self.graph.keys[edge.downstream]
        raise DefinitionError(
            "E250",
            f"asset `{key}` needs partitions of `{upstream.key}` that cannot exist, such as "
            f"`{upstream.partitions.key(outside.first)}`",
            place=dependency_place(definition, edge.dependency),
            help="make the partitions of both cover the same range, or pass "
            "`mapping=TimeWindow(allow_missing=True)`",
        )

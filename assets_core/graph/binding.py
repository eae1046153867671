"""Partition mappings of edges: inferred where not given, bound to both definitions, each combination once.

Most edges of most projects join two unpartitioned assets; all of those share one mapping.
"""

from __future__ import annotations

from typing import NamedTuple

from assets_core.model.assets import AssetSpec
from assets_core.partitions import (
    All,
    BoundMapping,
    PartitionMapping,
    infer_mapping,
)


class Bound(NamedTuple):
    """A mapping between two definitions, and its canonical text."""

    mapping: BoundMapping
    text: str


class Bindings:
    """Binds each combination of (mapping, upstream definition, downstream definition) once, by identity."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, int, int, bool], Bound] = {}
        self._kept: list[object] = []

    def between(
        self,
        mapping: PartitionMapping | None,
        upstream: AssetSpec,
        downstream: AssetSpec,
        *,
        own: bool = False,
    ) -> Bound:
        """The bound mapping; with ``own`` both are made by one definition, so upstream must be strictly earlier.

        Raises the partition library's errors: E207 where an own upstream is not earlier, others where none is possible.
        """
        ups, downs = upstream.partitions, downstream.partitions
        known = self._known.get((id(mapping), id(ups), id(downs), own))
        if known is None:
            chosen = mapping if mapping is not None else infer_mapping(ups, downs)
            known = Bound(chosen.bind(ups, downs, self_dependency=own), chosen.canonical())
            self._kept += (mapping, ups, downs)  # an id is only good while its object lives
            self._known[id(mapping), id(ups), id(downs), own] = known
        return known

    def every(self, upstream: AssetSpec, downstream: AssetSpec) -> Bound:
        """All partitions of ``upstream``: how checks read other assets."""
        return self.between(_ALL, upstream, downstream)


_ALL = All()

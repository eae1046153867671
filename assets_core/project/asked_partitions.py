"""Which of what is recorded was asked for with ``-p``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias

from assets_core.graph import AssetGraph
from assets_core.partitions import PartitionSet
from assets_core.ports import StateReader
from assets_core.project.status import recorded_status
from assets_core.project.wishes import Wish, wanted_partitions

if TYPE_CHECKING:
    from assets_core.project.facade import Project

Asked: TypeAlias = "Mapping[int, PartitionSet] | None"
"""Per asset the partitions asked for; None is all that is recorded."""


def asked_partitions(
    project: Project, reader: StateReader, chosen: Sequence[int], wish: Wish
) -> Asked:
    """The partitions that a wish names of the chosen assets; raises as ``wanted_partitions``."""
    if not wish.partitions:
        return None
    status = recorded_status(project, reader, project.clock.now())
    stale = dict(status.statuses["stale"])
    for asset, partitions in status.statuses["maybe"].items():
        stale[asset] = stale.get(asset, PartitionSet.EMPTY) | partitions
    return wanted_partitions(status.lineage, chosen, wish, stale)


def is_asked(graph: AssetGraph, asked: Asked, asset: int, partition: str) -> bool:
    """Whether one recorded partition is among them."""
    if asked is None:
        return True
    ordinals, known = graph.specs[asset].partitions.find([partition])
    return bool(known[0]) and int(ordinals[0]) in asked.get(asset, PartitionSet.EMPTY)

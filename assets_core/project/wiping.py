"""``wipe``: asset-partitions are forgotten, so that they count as never materialized. Facts and data stay."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from assets_core.model.keys import AssetKey, AssetPartition
from assets_core.ports import StateReader
from assets_core.project.asked_partitions import asked_partitions, is_asked
from assets_core.project.being_made import refuse_being_made
from assets_core.project.naming import asset_named
from assets_core.project.wishes import Wish

if TYPE_CHECKING:
    from assets_core.project.facade import Project


def versions_to_wipe(
    project: Project, name: str, terms: Sequence[str]
) -> tuple[AssetKey, list[AssetPartition]]:
    """The asset of that name, and its partitions that have a current version: those that ``terms`` name, or all.

    Without terms these include partitions that the asset has no more.
    """
    with project.reading() as reader:
        graph = project.definitions.graph_with(reader)
        asset = asset_named(graph, name)
        key = graph.keys[asset]
        asked = asked_partitions(project, reader, [asset], Wish(partitions=tuple(terms)))
        partitions = _recorded(project, reader, key)
        return key, [AssetPartition(key, p) for p in partitions if is_asked(graph, asked, asset, p)]


def _recorded(project: Project, reader: StateReader, key: AssetKey) -> list[str]:
    return sorted(reader.current_of(project.env, key))


def wipe(project: Project, wanted: Collection[AssetPartition]) -> Collection[AssetPartition]:
    """Forget the current versions of these, all or none; those that still had one.

    Raises ConflictError E624 where a live run is making one of them: it would publish it again.
    """
    with project.writing() as store, store.writing() as tx:
        refuse_being_made(tx, project.env, wanted, "wipe")
        return tx.withdraw(project.env, wanted, project.clock.now())

"""Versions among the in-memory tables that a pointer may move back to: as ``earlier`` answers over SQL."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from assets_core.model.keys import AssetKey, AssetPartition
from assets_core.model.records import MaterializationRecord
from assets_core.store.findings import latest_findings
from assets_core.store.memory_tables import Tables
from assets_core.store.states import Earlier


def published(
    tables: Tables, env: str, asset: AssetKey, partitions: Collection[str] | None
) -> list[MaterializationRecord]:
    """See ``StateReader.published``."""
    moves = (m for m in tables.moves if (m.env, m.asset) == (env, asset))
    if partitions is not None:
        wanted = set(partitions)
        moves = (m for m in moves if m.partition in wanted)
    numbers = {m.materialization for m in moves if m.materialization is not None}
    return [tables.materializations[n] for n in sorted(numbers - tables.condemned.keys())]


def earlier_versions(
    tables: Tables, env: str, targets: Mapping[AssetPartition, int]
) -> dict[AssetPartition, Earlier]:
    """Of these targets, those that a pointer may move to, with all that their rows are made of."""
    known = latest_findings(tables.findings)
    found: dict[AssetPartition, Earlier] = {}
    for key, number in targets.items():
        for made in published(tables, env, key.asset, [key.partition]):
            if made.number == number:
                evaluations = [e for e in tables.evaluations if e.materialization == number]
                found[key] = Earlier(made, evaluations, known.get(number))
    return found

"""What was found of stored bytes: the latest finding of a version counts, in every environment that refers to it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias

from assets_core.model.keys import AssetKey
from assets_core.model.records import FindingRecord, Soundness

Holder: TypeAlias = Sequence[object]
"""(env, asset, partition, materialization) of a pointer or a candidate."""


def latest_findings(findings: Iterable[FindingRecord]) -> Mapping[int, Soundness]:
    """Per materialization what was found last; ``findings`` are in order."""
    return {one.materialization: one.soundness for one in findings}


def new_findings(
    findings: Sequence[FindingRecord],
    known: Mapping[int, Soundness],
    holders: Iterable[Holder],
) -> dict[str, list[FindingRecord]]:
    """By environment, what is news: one per place that refers to the version, its own where none does."""
    places: dict[object, list[Holder]] = {}
    for holder in holders:
        places.setdefault(holder[3], []).append(holder)
    news: dict[str, list[FindingRecord]] = {}
    latest = dict(known)
    for finding in findings:
        number = finding.materialization
        if latest.get(number, Soundness.SOUND) is finding.soundness:
            continue
        latest[number] = finding.soundness
        own: Holder = (finding.env, finding.asset, finding.partition)
        for env, asset, partition, *_ in places.get(number, [own]):
            placed = replace(
                finding, env=str(env), asset=AssetKey(str(asset)), partition=str(partition)
            )
            news.setdefault(placed.env, []).append(placed)
    return news

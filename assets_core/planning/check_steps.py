"""Which checks are still to be evaluated on versions that exist: nothing is recomputed for them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from assets_core.model.packed import Flag, row_number
from assets_core.model.plans import CheckStep
from assets_core.partitions import PartitionSet
from assets_core.planning.fates import Fate
from assets_core.planning.staleness import Rebuilder, Verdict

_BLOCKING = np.uint64(Flag.BLOCKING_FAILED)


def check_steps(
    rebuilder: Rebuilder, asset: int, verdict: Verdict, fate: Fate
) -> Iterator[CheckStep]:
    """Checks missing on candidates that may be published, on versions that stay, and on the asset as a whole."""
    candidates = rebuilder.lineage.candidates.get(asset, {})
    kept_back = [(ordinal, row_number(candidates[ordinal])) for ordinal in fate.recheck]
    yield from _grouped(rebuilder, asset, kept_back, candidate=True)
    yield from _grouped(rebuilder, asset, _published(rebuilder, asset, verdict, fate))
    missing = rebuilder.missing_whole(asset)
    if missing and not fate.dirty:
        key, there = rebuilder.graph.keys[asset], rebuilder.lineage.readable(asset)
        yield CheckStep(key, asset, missing, there, whole=True)


def _published(
    rebuilder: Rebuilder, asset: int, verdict: Verdict, fate: Fate
) -> Iterator[tuple[int, int]]:
    """(ordinal, number) of current versions that lack a result, or whose failure is of a check that is gone."""
    head = verdict.head
    unchecked = rebuilder.unchecked(asset, head)
    if not unchecked.any():
        return
    left = PartitionSet.of(verdict.ordinals[unchecked]) - fate.dirty
    for ordinal in left:
        row = head[int(np.searchsorted(verdict.ordinals, ordinal))]
        number = int(row["number"])
        if row["flags"] & _BLOCKING or rebuilder.missing_checks(asset, number):
            yield ordinal, number


def _grouped(
    rebuilder: Rebuilder,
    asset: int,
    versions: Iterable[tuple[int, int]],
    *,
    candidate: bool = False,
) -> Iterator[CheckStep]:
    """One step per set of missing checks."""
    groups: dict[tuple[str, ...], list[int]] = {}
    for ordinal, number in versions:
        groups.setdefault(rebuilder.missing_checks(asset, number), []).append(ordinal)
    key = rebuilder.graph.keys[asset]
    for names, ordinals in groups.items():
        yield CheckStep(key, asset, names, PartitionSet.of(ordinals), candidate=candidate)

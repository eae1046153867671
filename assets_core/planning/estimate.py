"""How long a step will take, from recorded durations; nothing is said from fewer than three samples."""

from __future__ import annotations

from assets_core.lineage import Lineage

ENOUGH_SAMPLES = 3


def estimate(lineage: Lineage, asset: int, partitions: int) -> float | None:
    """Seconds of work for this many partitions of an asset, on one worker."""
    stats = lineage.durations.get(asset)
    if stats is None or stats.samples < ENOUGH_SAMPLES:
        return None
    return stats.mean_s * partitions

"""Row 35 in every zone there is: hours and days against the oracle that asks zoneinfo, around the changes of clocks."""

from __future__ import annotations

from datetime import timedelta

import pytest

from assets_core.partitions.zones import spans
from tests.properties.partitions.test_partition_windows import (
    EPOCH,
    EVERYWHERE,
    daily_case,
    hourly_case,
)


@pytest.mark.soak
@pytest.mark.timeout(0)
@pytest.mark.parametrize("zone", EVERYWHERE)
def test_hours_and_days_are_exact_in_every_zone(zone):
    """Around twelve changes, from the first to the last; the others are drawn in ``test_partition_windows.py``."""
    begins = spans(zone, 184, 204).begins[1:].tolist()
    chosen = begins[:: max(1, len(begins) // 12)] + begins[-1:]
    for begin in chosen or [0]:
        day = (EPOCH + timedelta(seconds=begin)).strftime("%Y-%m-%d")
        hourly_case(zone, day, 30)
        daily_case(zone, day, 0)

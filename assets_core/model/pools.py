"""What a call needs beside its leases: slots of pools, and room in rate limits."""

from __future__ import annotations

import re
from dataclasses import dataclass

POOL_NAME = re.compile(r"[a-z0-9-]{1,64}")


@dataclass(frozen=True, slots=True, order=True)
class PoolNeed:
    """Slots of one pool that a call takes while it runs; ``size`` is how many the pool has."""

    pool: str
    slots: int
    size: int


@dataclass(frozen=True, slots=True, order=True)
class RateLimit:
    """At most ``starts`` calls in any ``window_s`` seconds; ``name`` is the asset key or tag it was configured for."""

    name: str
    starts: int
    window_s: float


@dataclass(frozen=True, slots=True)
class Needs:
    """What has to be free for one call to start, all of it at once."""

    pools: tuple[PoolNeed, ...] = ()
    limits: tuple[RateLimit, ...] = ()

    @property
    def slots(self) -> tuple[tuple[str, int], ...]:
        """(pool, slots) as a lease holds them."""
        return tuple((need.pool, need.slots) for need in self.pools)


NO_NEEDS = Needs()

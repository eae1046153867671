"""Whether a call may start beside what runs and ran: slots of pools and rate limits, decided once for every engine.

Slots stand in the leases of a call and nowhere else, so whatever ends a lease frees them, and those of a run that died
do not count. Nobody holds a part of what it needs while it waits for the rest, so nobody waits for ever.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from assets_core.model.pools import Needs, PoolNeed, RateLimit
from assets_core.ports import LimitFull, LivenessProbe, PoolFull, SlotHolder


class Room(Protocol):
    """What an engine knows of what runs and ran, as of its transaction."""

    def holders(self) -> Iterable[SlotHolder]:
        """Every call that holds slots, also those of runs that died, of every environment."""
        ...

    def wait_s(self, limit: RateLimit) -> float:
        """Seconds until another call may start under this limit; 0 or less where one may now."""
        ...

    def note(self, limits: Iterable[RateLimit], fence: int) -> None:
        """A call started under these limits; ``fence`` is one of its own."""
        ...


def admit(
    needs: Needs, fence: int, room: Room, alive: LivenessProbe
) -> PoolFull | LimitFull | None:
    """None where the call may start, which then counts for its limits; otherwise what stands in the way."""
    refused = _full_pool(needs.pools, room, alive) or _full_limit(needs.limits, room)
    if refused is None:
        room.note(needs.limits, fence)
    return refused


def _full_pool(pools: tuple[PoolNeed, ...], room: Room, alive: LivenessProbe) -> PoolFull | None:
    if not pools:
        return None
    holders = list(room.holders())
    living = {run for run in {h.run for h in holders} if alive(run)}
    for need in pools:
        taken = {h: h.in_pool(need.pool) for h in holders if h.run in living}
        total = sum(taken.values())
        if total + need.slots > need.size:
            runs = tuple(sorted({h.run for h, slots in taken.items() if slots}))
            return PoolFull(need.pool, need.size, total, runs)
    return None


def _full_limit(limits: tuple[RateLimit, ...], room: Room) -> LimitFull | None:
    waits = [LimitFull(limit.name, room.wait_s(limit)) for limit in limits]
    longest = max(waits, key=lambda full: full.again_in_s, default=None)
    return longest if longest is not None and longest.again_in_s > 0 else None

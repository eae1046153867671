"""What the in-memory store knows of the slots that calls hold and of the calls that rate limits count."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from assets_core.model.pools import RateLimit
from assets_core.ports import SlotHolder
from assets_core.store.memory_tables import Tables, Undo


def slot_holders(tables: Tables) -> list[SlotHolder]:
    """One per call, however many leases it has."""
    held = (lease for leases in tables.leases.values() for lease in leases.values())
    found = {SlotHolder(lease.claim, lease.run, lease.slots) for lease in held if lease.slots}
    return sorted(found, key=lambda holder: holder.claim)


class MemoryRoom:
    """Asked and told inside one write transaction, so nobody comes between."""

    def __init__(self, tables: Tables, undo: Undo, now: Callable[[], float]) -> None:
        self._tables = tables
        self._undo = undo
        self._now = now

    def holders(self) -> Iterable[SlotHolder]:
        return slot_holders(self._tables)

    def wait_s(self, limit: RateLimit) -> float:
        """The window is free again when the call ``limit.starts`` calls ago leaves it."""
        now = self._now()
        starts = [min(at, now) for at in self._tables.limited_starts.get(limit.name, ())]
        self._undo.put(self._tables.limited_starts, limit.name, tuple(starts))
        return starts[-limit.starts] + limit.window_s - now if len(starts) >= limit.starts else 0.0

    def note(self, limits: Iterable[RateLimit], fence: int) -> None:
        for limit in limits:
            now = self._now()
            known = self._tables.limited_starts.get(limit.name, ())
            inside = [at for at in known if at > now - limit.window_s]
            self._undo.put(self._tables.limited_starts, limit.name, (*inside, now))

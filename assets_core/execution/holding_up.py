"""What is ready and has to wait for slots of a pool or for a rate limit, and when to look again.

Where only calls of this run stand in the way, the end of one of them is when: every turn looks once. Another run's are
looked at again soon, as its leases are, and a rate limit says how long it takes.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import assert_never

from assets_core.execution.state import RunState
from assets_core.model.events import HeldUp
from assets_core.model.pools import Needs
from assets_core.ports import LimitFull, PoolFull

POLL_S = 0.25


class HoldingUp:
    """What stands in the way of the ready calls of one run, by what they need."""

    def __init__(self, state: RunState) -> None:
        self._state = state
        self._full: dict[Needs, float | None] = {}
        self._told: set[tuple[int, str]] = set()

    def look_again(self) -> None:
        """Whatever was full may have room now."""
        self._full.clear()

    @property
    def needs(self) -> Collection[Needs]:
        """What found no room since it was looked at last."""
        return self._full.keys()

    @property
    def next_at(self) -> float | None:
        """When to look again though nothing of this run ends, in monotonic seconds."""
        return min((at for at in self._full.values() if at is not None), default=None)

    def add(self, definition: int, why: PoolFull | LimitFull) -> None:
        """Calls of this definition, and all that need the same, are not tried again in this turn."""
        own = isinstance(why, PoolFull) and {*why.runs} <= {self._state.run}
        again = self.again_at(definition, why)
        self._full[self._state.needs[definition]] = None if own else again

    def again_at(self, definition: int, why: PoolFull | LimitFull) -> float:
        """When to try a call of this definition again, in monotonic seconds."""
        self._tell(definition, why)
        seconds = why.again_in_s if isinstance(why, LimitFull) else POLL_S
        return self._state.clock.monotonic() + seconds

    def _tell(self, definition: int, why: PoolFull | LimitFull) -> None:
        """Say it once per definition and reason, not at every look."""
        name = why.limit if isinstance(why, LimitFull) else why.pool
        if (definition, name) in self._told:
            return
        self._told.add((definition, name))
        asset = self._state.graph.definitions[definition].key
        match why:
            case PoolFull():
                others = tuple(run for run in why.runs if run != self._state.run)
                event = HeldUp(asset, why.pool, None, why.taken, why.size, others, None)
            case LimitFull():
                event = HeldUp(asset, None, why.limit, None, None, (), why.again_in_s)
            case _:
                assert_never(why)
        self._state.emit(event)

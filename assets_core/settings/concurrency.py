"""How much may run at once, and how often: what ``[pools]`` and ``[rate_limits]`` accept."""

from __future__ import annotations

import re
from dataclasses import dataclass

SECONDS = {"second": 1.0, "minute": 60.0, "hour": 3600.0}
_RATE = re.compile(rf"([1-9][0-9]{{0,8}}) ?/ ?({'|'.join(SECONDS)})")


@dataclass(frozen=True, slots=True)
class Rate:
    """At most ``starts`` calls per ``unit``."""

    starts: int
    unit: str

    @property
    def window_s(self) -> float:
        """The unit in seconds."""
        return SECONDS[self.unit]

    def __str__(self) -> str:
        return f"{self.starts}/{self.unit}"


def rate_of(value: object) -> Rate | None:
    """``"10/minute"``; None for anything else."""
    found = _RATE.fullmatch(value.strip()) if isinstance(value, str) else None
    return None if found is None else Rate(int(found[1]), found[2])


def pool_slots(value: object) -> int | None:
    """A number of slots, plain or as ``{slots = 2}``; None for anything else."""
    if isinstance(value, dict) and value.keys() == {"slots"}:
        value = value["slots"]
    is_count = isinstance(value, int) and not isinstance(value, bool) and value >= 1
    return int(str(value)) if is_count else None

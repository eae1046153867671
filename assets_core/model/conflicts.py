"""What a run does about what another run is computing already."""

from __future__ import annotations

from enum import StrEnum

from assets_core.errors import UsageError


class OnConflict(StrEnum):
    """Where another live run holds an asset-partition that this one wants to claim."""

    WAIT = "wait"
    """Go on with everything else, then decide again: adopt what is made of today's versions, compute what is not."""
    JOIN = "join"
    """Take what becomes of it there, whatever that is, and never compute it here."""
    FAIL = "fail"
    """Claim nothing more and end as failed."""


def conflict_named(text: str) -> OnConflict:
    """The choice of that name; raises UsageError E438."""
    if text not in set(OnConflict):
        names = ", ".join(f"`{name}`" for name in OnConflict)
        raise UsageError("E438", f"`on_conflict` is one of {names}, not `{text}`")
    return OnConflict(text)

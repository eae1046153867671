"""What a SQL store knows of the slots that calls hold and of the calls that rate limits count."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import bindparam, delete, select, update

from assets_core.model.pools import RateLimit
from assets_core.ports import SlotHolder
from assets_core.store.sql_engine import Session, SqlEngine
from assets_core.store.sql_rows import slot_holder_of
from assets_core.store.sql_schema import leases, limited_starts

SLOT_HOLDERS = (
    select(leases.c.claim, leases.c.run, leases.c.slots)
    .where(leases.c.slots.is_not(None))
    .distinct()
    .order_by(leases.c.claim)
)
"""One row per call, however many leases it has."""

_OF_LIMIT = limited_starts.c.name == bindparam("limit")
_at = limited_starts.c.at
_COUNTED = (
    select(_at)
    .where(_OF_LIMIT)
    .order_by(_at.desc(), limited_starts.c.fence.desc())
    .offset(bindparam("before"))
    .limit(1)
)
_NOT_LATER_THAN_NOW = (
    update(limited_starts).where(_OF_LIMIT, _at > bindparam("now")).values(at=bindparam("now"))
)
_FORGET = delete(limited_starts).where(_OF_LIMIT, _at <= bindparam("since"))


class SqlRoom:
    """Asked and told inside one write transaction, so nobody comes between."""

    def __init__(self, session: Session, engine: SqlEngine) -> None:
        self._session = session
        self._engine = engine

    def holders(self) -> Iterable[SlotHolder]:
        return [slot_holder_of(row) for row in self._session.execute(SLOT_HOLDERS)]

    def wait_s(self, limit: RateLimit) -> float:
        """The window is free again when the call ``limit.starts`` calls ago leaves it.

        A clock that was set back would make starts of the future, and keep the window full until then.
        """
        now = self._engine.now(self._session)
        self._session.execute(_NOT_LATER_THAN_NOW, {"limit": limit.name, "now": now})
        asked = {"limit": limit.name, "before": limit.starts - 1}
        found = self._session.execute(_COUNTED, asked).fetchone()
        return 0.0 if found is None else float(found[0]) + limit.window_s - now

    def note(self, limits: Iterable[RateLimit], fence: int) -> None:
        """What has left the window is forgotten on the way."""
        for limit in limits:
            now = self._engine.now(self._session)
            since = {"limit": limit.name, "since": now - limit.window_s}
            self._session.execute(_FORGET, since)
            self._engine.insert(self._session, limited_starts, [(limit.name, now, fence)])

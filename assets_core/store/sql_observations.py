"""What observing sources adds to the log: a row only where the token or its version is not the latest one known."""

from __future__ import annotations

from collections.abc import Sequence

from assets_core.model.records import ObservationRecord
from assets_core.store.encoding import dumps, text_of, time_text
from assets_core.store.sql_engine import Session, SqlEngine, Values
from assets_core.store.sql_queries import Queries
from assets_core.store.states import Counter


def observation_rows(
    session: Session,
    engine: SqlEngine,
    queries: Queries,
    counter: Counter,
    env: str,
    seen: Sequence[ObservationRecord],
) -> list[Values]:
    """The rows to insert, in the order seen; one query however many there are."""
    latest: dict[tuple[str, str], tuple[str, str]] = {}
    values = {"env": env, "wanted": engine.keys((one.asset, one.partition) for one in seen)}
    for position, token, version in session.execute(queries.latest_tokens, values):
        if token is not None:
            latest[seen[position].asset, seen[position].partition] = (text_of(token), version)
    rows: list[Values] = []
    for one in seen:
        key, value = (one.asset, one.partition), (one.token, one.version)
        if latest.get(key) != value:
            latest[key] = value
            text = dumps(one.token)
            rows.append((counter.event(), env, *key, text, one.version, time_text(one.at)))
    return rows

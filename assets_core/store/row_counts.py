"""How much was recorded, by kind of fact."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, func, inspect, select

from assets_core.store.sql_schema import (
    attempts,
    check_results,
    materializations,
    observations,
    pointer_moves,
    runs,
)

_FACTS = (runs, attempts, materializations, check_results, pointer_moves, observations)


def row_counts(connection: Connection) -> Mapping[str, int]:
    """The rows of each table of facts that this schema has."""
    there = set(inspect(connection).get_table_names())
    return {
        table.name: connection.execute(select(func.count()).select_from(table)).scalar_one()
        for table in _FACTS
        if table.name in there
    }

"""Bound parameters and joins that the statements share."""

from __future__ import annotations

from sqlalchemy import Table, and_, bindparam
from sqlalchemy.sql.elements import ColumnElement

from assets_core.store.sql_engine import Wanted

env: ColumnElement[str] = bindparam("env")
asset: ColumnElement[str] = bindparam("asset")
limit: ColumnElement[int] = bindparam("limit")
run: ColumnElement[str] = bindparam("run")
number: ColumnElement[int] = bindparam("number")


def of_key(table: Table, wanted: Wanted) -> ColumnElement[bool]:
    """The row of ``table`` for the (asset, partition) of ``wanted``."""
    return and_(
        table.c.env == env,
        table.c.asset == wanted.fields[0],
        table.c.partition == wanted.fields[1],
    )

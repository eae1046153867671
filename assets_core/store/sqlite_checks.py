"""What SQLite itself finds wrong in a state file of any schema, by reading all of it."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import text

from assets_core.store.sql_engine import Session


def file_problems(connection: Session) -> Iterator[str]:
    """Every page, index and reference."""
    for (said,) in connection.execute(text("PRAGMA integrity_check")):
        if said != "ok":
            yield " ".join(str(said).split())
    for table, row, *_ in connection.execute(text("PRAGMA foreign_key_check")):
        yield f"row {row} of the table `{table}` refers to one that is not there"

"""The steps from each released schema to the next. A step is never edited once its schema is released.

They say what the tables were then, so nothing is imported from the schema of today.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from alembic.operations import Operations
from sqlalchemy import BigInteger, Column, Float, ForeignKey, Integer, Text

Step: TypeAlias = Callable[[Operations], None]
_TEXT = Text(collation="C").with_variant(Text(), "sqlite")
_NUMBER = BigInteger().with_variant(Integer(), "sqlite")


def keep_findings(operations: Operations) -> None:
    """2: what was found of stored bytes."""
    operations.create_table(
        "findings",
        Column("sequence", _NUMBER, primary_key=True, autoincrement=False),
        Column("env", _TEXT, nullable=False),
        Column("asset", _TEXT, nullable=False),
        Column("partition", _TEXT, nullable=False),
        Column("materialization", _NUMBER, ForeignKey("materializations.number"), nullable=False),
        Column("soundness", _TEXT, nullable=False),
        Column("message", _TEXT, nullable=False),
        Column("run", _NUMBER, ForeignKey("runs.number"), nullable=True),
        Column("at", _TEXT, nullable=False),
    )
    operations.create_index("findings_of_version", "findings", ["materialization"])


def condemn(operations: Operations) -> None:
    """3: which versions are going to be deleted, and which are."""
    for name, refers in (
        ("condemned", "materializations.number"),
        ("collected", "condemned.materialization"),
    ):
        operations.create_table(
            name,
            Column("sequence", _NUMBER, primary_key=True, autoincrement=False),
            Column("materialization", _NUMBER, ForeignKey(refers), nullable=False, unique=True),
            Column("at", _TEXT, nullable=False),
        )


def keep_cancel_requests(operations: Operations) -> None:
    """4: who wants which run to end."""
    operations.create_table(
        "cancel_requests",
        Column("sequence", _NUMBER, primary_key=True, autoincrement=False),
        Column("run", _NUMBER, ForeignKey("runs.number"), nullable=False),
        Column("grace_s", Float, nullable=False),
        Column("at", _TEXT, nullable=False),
    )
    operations.create_index("cancel_requests_of_run", "cancel_requests", ["run"])


def hold_slots(operations: Operations) -> None:
    """5: slots of pools, held by leases, and the calls that rate limits count."""
    operations.add_column("leases", Column("claim", _NUMBER, nullable=True))
    operations.add_column("leases", Column("slots", _TEXT, nullable=True))
    operations.create_table(
        "limited_starts",
        Column("name", _TEXT, primary_key=True),
        Column("at", Float, primary_key=True),
        Column("fence", _NUMBER, primary_key=True, autoincrement=False),
        sqlite_with_rowid=False,
    )


STEPS: Mapping[int, Step] = {
    1: keep_findings,
    2: condemn,
    3: keep_cancel_requests,
    4: hold_slots,
}
"""By the schema that they start from."""

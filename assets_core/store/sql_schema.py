"""The tables, for any engine. Facts are inserted, and changed by renamings alone; what is derived can be rebuilt.

Every fact takes the next number of one sequence as its primary key, so that the order of the keys is the order of the
commits over all tables, inserts only ever append, and "what happened after n" is a range of a primary key. Engines
differ in options of a table (``sqlite_...``), which others ignore. A change here needs a migration and a new fixture.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
)

SCHEMA_VERSION = 5
METADATA = MetaData()
NUMBER = BigInteger().with_variant(Integer(), "sqlite")
"""Only INTEGER makes a primary key SQLite's own row number, to which inserting means appending."""

TEXT = Text(collation="C").with_variant(Text(), "sqlite")
"""Compared by code points on every engine, whatever the database's own order is."""


class Blob(LargeBinary):
    """Bytes that go through as they are: both drivers take and give ``bytes``."""

    cache_ok = True

    def bind_processor(self, dialect: object) -> None:
        return None

    def result_processor(self, dialect: object, coltype: object) -> None:
        return None


def _text(name: str, *, null: bool = False) -> Column[str]:
    return Column(name, TEXT, nullable=null)


def _number(name: str, refers: str | None = None, *, null: bool = False) -> Column[int]:
    keys = [ForeignKey(refers)] if refers else []
    return Column(name, NUMBER, *keys, nullable=null)


def _fact_key(name: str = "sequence", refers: str | None = None) -> Column[int]:
    keys = [ForeignKey(refers)] if refers else []
    return Column(name, NUMBER, *keys, primary_key=True, autoincrement=False)


def _key_text(name: str) -> Column[str]:
    return Column(name, TEXT, primary_key=True)


# --- facts ------------------------------------------------------------------------------------------------------

runs = Table(
    "runs",
    METADATA,
    _fact_key(),
    Column("number", NUMBER, nullable=False, unique=True),
    Column("run", TEXT, nullable=False, unique=True),
    _text("env"),
    _text("started"),
    _text("now"),
    _text("options"),
    _text("retry_of", null=True),
)
run_ends = Table(
    "run_ends",
    METADATA,
    _fact_key(),
    Column("run", NUMBER, ForeignKey("runs.number"), nullable=False, unique=True),
    _text("status"),
    _text("ended"),
    _text("counts"),
)
cancel_requests = Table(
    "cancel_requests",
    METADATA,
    _fact_key(),
    _number("run", "runs.number"),
    Column("grace_s", Float, nullable=False),
    _text("at"),
    Index("cancel_requests_of_run", "run"),
)
attempts = Table(
    "attempts",
    METADATA,
    _fact_key(),
    Column("attempt", TEXT, nullable=False, unique=True),
    _number("run", "runs.number"),
    _text("env"),
    _text("asset"),
    _text("partition"),
    _number("fence"),
    _text("started"),
    _text("ended"),
    _text("status"),
    Column("duration_s", Float, nullable=False),
    _text("failure", null=True),
    _text("log", null=True),
    Index("attempts_of_asset", "env", "asset"),
)
materializations = Table(
    "materializations",
    METADATA,
    _fact_key("number", "attempts.sequence"),
    _text("code"),
    _text("config"),
    _text("shape"),
    _text("details"),
    Column("term", Blob, nullable=False),
    _text("created"),
    Column("deterministic", Integer, nullable=False),
)
check_results = Table(
    "check_results",
    METADATA,
    _fact_key(),
    _text("env"),
    _text("asset"),
    _text("partition"),
    _number("materialization", "materializations.number"),
    _number("run", "runs.number"),
    _text("at"),
    _text("results"),
    _text("keep", null=True),
    Index("check_results_of_asset", "env", "asset"),
    Index("check_results_of_version", "materialization"),
)
pointer_moves = Table(
    "pointer_moves",
    METADATA,
    _fact_key(),
    _text("env"),
    _text("asset"),
    _text("partition"),
    _number("materialization", "materializations.number", null=True),
    _text("reason"),
    _number("run", "runs.number", null=True),
    _text("at"),
    Index("pointer_moves_of_asset", "env", "asset"),
)
observations = Table(
    "observations",
    METADATA,
    _fact_key(),
    _text("env"),
    _text("asset"),
    _text("partition"),
    _text("token"),
    _text("version"),
    _text("at"),
    Index("observations_of_partition", "env", "asset", "partition"),
)
findings = Table(
    "findings",
    METADATA,
    _fact_key(),
    _text("env"),
    _text("asset"),
    _text("partition"),
    _number("materialization", "materializations.number"),
    _text("soundness"),
    _text("message"),
    _number("run", "runs.number", null=True),
    _text("at"),
    Index("findings_of_version", "materialization"),
)
condemned = Table(
    "condemned",
    METADATA,
    _fact_key(),
    Column(
        "materialization",
        NUMBER,
        ForeignKey("materializations.number"),
        nullable=False,
        unique=True,
    ),
    _text("at"),
)
collected = Table(
    "collected",
    METADATA,
    _fact_key(),
    Column(
        "materialization",
        NUMBER,
        ForeignKey("condemned.materialization"),
        nullable=False,
        unique=True,
    ),
    _text("at"),
)
documents = Table("documents", METADATA, _key_text("digest"), _text("content"))
dynamic_partitions = Table(
    "dynamic_partitions",
    METADATA,
    _fact_key(),
    _text("env"),
    _text("name"),
    _text("key"),
    _number("ordinal"),
    Column("live", Integer, nullable=False),
    Index("dynamic_partitions_of_env", "env", "name"),
)

# --- derived ----------------------------------------------------------------------------------------------------

counters = Table(
    "counters",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=False),
    _number("sequence"),
    _number("run"),
    _number("fence"),
)


def _versions(name: str) -> Table:
    return Table(
        name,
        METADATA,
        _key_text("env"),
        _key_text("asset"),
        _key_text("partition"),
        _number("materialization", "materializations.number", null=True),
        _number("touched"),
        Column("packed", Blob, nullable=False),
        sqlite_with_rowid=False,
    )


pointers = _versions("pointers")
Index("pointers_touched", pointers.c.env, pointers.c.asset, pointers.c.touched)
candidates = _versions("candidates")
failures = Table(
    "failures",
    METADATA,
    _key_text("env"),
    _key_text("asset"),
    _key_text("partition"),
    _number("attempt", "attempts.sequence"),
    sqlite_with_rowid=False,
)
durations = Table(
    "durations",
    METADATA,
    _key_text("env"),
    _key_text("asset"),
    _number("samples"),
    Column("mean_s", Float, nullable=False),
    sqlite_with_rowid=False,
)
projections = Table(
    "projections",
    METADATA,
    _key_text("env"),
    _key_text("asset"),
    _text("codec"),
    _number("sequence"),
    _number("packed_rows"),
    _number("unknown"),
    sqlite_with_rowid=False,
)
chunks = Table(
    "chunks",
    METADATA,
    _key_text("env"),
    _key_text("asset"),
    Column("chunk", NUMBER, primary_key=True, autoincrement=False),
    Column("inputs", NUMBER, primary_key=True, autoincrement=False),
    _text("codec"),
    _number("sequence"),
    _number("packed_rows"),
    Column("offsets", Blob, nullable=False),
    Column("packed", Blob, nullable=False),
)

# --- held -------------------------------------------------------------------------------------------------------

leases = Table(
    "leases",
    METADATA,
    _key_text("env"),
    _key_text("asset"),
    _key_text("partition"),
    _number("fence"),
    _text("attempt"),
    _text("run"),
    _number("claim", null=True),
    _text("slots", null=True),
    Index("leases_of_run", "run"),
    sqlite_with_rowid=False,
)
limited_starts = Table(
    "limited_starts",
    METADATA,
    _key_text("name"),
    Column("at", Float, primary_key=True),
    Column("fence", NUMBER, primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
)
"""The calls that rate limits still count, by seconds of the wall clock: the server's where there is one."""

DERIVED = (chunks, projections, durations, failures, candidates, pointers)
"""In the order in which they can be emptied; ``counters`` is derived too, except for the fence."""

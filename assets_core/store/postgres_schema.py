"""The schema in a PostgreSQL database: whose it is, creating it, bringing it up to date, all in one transaction each.

The tables stand in the first schema of the connection's search path. PostgreSQL rolls back definitions like anything
else, so a migration that is killed leaves the old schema; two that start at once queue on an advisory lock, and the
second finds nothing left to do.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import (
    Column,
    Connection,
    Integer,
    Table,
    func,
    inspect,
    select,
    update,
)

from assets_core.errors import StoreError
from assets_core.store.postgres_errors import unusable
from assets_core.store.postgres_marks import MARKS
from assets_core.store.refusals import schema_too_old
from assets_core.store.schema_steps import STEPS, Step
from assets_core.store.sql_schema import METADATA, SCHEMA_VERSION, counters

_LOCK = 0x41434C53

identity = Table(
    "assets_store",
    MARKS,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("version", Integer, nullable=False),
)


def schema_version(where: str, connection: Connection) -> int | None:
    """The version of the schema, None where there is none yet; refuses what is not ours or from the future."""
    names = set(inspect(connection).get_table_names())
    if identity.name not in names:
        strange = sorted(names & METADATA.tables.keys())
        if strange:
            raise unusable(
                where,
                f"the state store's schema holds tables of another application, such as `{strange[0]}`",
                "name another database in the store's URL, or another schema: "
                "?options=-csearch_path%3DNAME; nothing was changed",
                "E604",
            )
        return None
    version = connection.execute(select(identity.c.version)).scalar_one()
    if version > SCHEMA_VERSION:
        raise unusable(
            where,
            f"the state store has schema {version}, this version of assets knows up to {SCHEMA_VERSION}",
            "upgrade assets-core; nothing was changed",
            "E605",
        )
    return int(version)


def bring_up_to_date(
    where: str,
    connection: Connection,
    *,
    target: int = SCHEMA_VERSION,
    steps: Mapping[int, Step] = STEPS,
) -> int | None:
    """Create the schema or migrate it to ``target``, in the connection's transaction, once whoever else does.

    The version that was migrated; None where there was nothing to migrate.
    """
    schema = func.hashtext(func.current_schema())
    connection.execute(select(func.pg_advisory_xact_lock(_LOCK, schema)))
    version = schema_version(where, connection)
    if version is None:
        _create(connection)
    elif version < target:
        _migrate(where, connection, version, target, steps)
        return version
    return None


def _create(connection: Connection) -> None:
    METADATA.create_all(connection, checkfirst=False)
    MARKS.create_all(connection, checkfirst=False)
    connection.execute(identity.insert(), {"id": 1, "version": SCHEMA_VERSION})
    connection.execute(counters.insert(), {"id": 1, "sequence": 0, "run": 0, "fence": 0})


def _migrate(
    where: str, connection: Connection, version: int, target: int, steps: Mapping[int, Step]
) -> None:
    from alembic.operations import Operations
    from alembic.runtime.migration import MigrationContext

    if any(v not in steps for v in range(version, target)):
        raise schema_too_old(where, version)
    operations = Operations(MigrationContext.configure(connection))
    for step in range(version, target):
        steps[step](operations)
    connection.execute(update(identity).values(version=target))


def older(where: str, version: int) -> StoreError:
    """What a reader says, which never migrates."""
    return unusable(
        where,
        f"the state store has schema {version}, this version of assets reads {SCHEMA_VERSION}",
        "run `assets db upgrade`, which migrates it",
        "E606",
    )

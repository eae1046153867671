"""Packing the current rows of partitioned assets into chunks, so that reading them costs no row look-ups.

An asset is packed again when its plain rows have grown to a sixteenth of its packed ones: a day's new partitions stay
plain, and packing costs a constant factor of what was ever recorded. Rows are read in a read transaction and only the
finished chunks are written under the write lock; what is recorded meanwhile has a later sequence and is laid over.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from assets_core.model.keys import AssetKey
from assets_core.partitions import PartitionsDefinition
from assets_core.store.chunks import Chunk, pack_chunks
from assets_core.store.sql_engine import AnyRow, Session, SqlEngine
from assets_core.store.sql_queries import Queries
from assets_core.store.sql_reader import codec_digest
from assets_core.store.sql_schema import chunks, projections

_FEW = 256
_SHARE = 16

Assets = Sequence[tuple[AssetKey, PartitionsDefinition]]


@dataclass(frozen=True, slots=True)
class Projection:
    """One asset's rows, packed; nothing is missing that was touched at ``sequence`` or before."""

    asset: AssetKey
    codec: str
    sequence: int
    chunks: tuple[Chunk, ...]
    unknown: int
    before: tuple[object, ...] | None
    """What was packed of the asset when its rows were read."""


def compact(engine: SqlEngine, queries: Queries, env: str, assets: Assets) -> None:
    """Pack those partitioned assets that have many plain rows, each in a transaction of its own."""
    with engine.reading() as connection:
        chosen = due(connection, engine, queries, env, assets)
    for asset, definition in chosen:
        with engine.reading() as connection:
            projection = project(connection, queries, env, asset, definition)
        with engine.writing() as connection:
            replace_projection(connection, engine, queries, env, projection)


def due(
    connection: Session, engine: SqlEngine, queries: Queries, env: str, assets: Assets
) -> Assets:
    """The partitioned assets that have many plain rows."""
    assets = [one for one in assets if one[1].is_partitioned]
    known = {row[0]: row for row in connection.execute(queries.projections, {"env": env})}
    since, allowed = [], []
    for key, definition in assets:
        row = known.get(key)
        usable = row is not None and row[1] == codec_digest(definition)
        since.append((key, row[2] if row is not None and usable else -1))
        allowed.append(max(_FEW, row[3] // _SHARE) if row is not None and usable else _FEW)
    values = {"env": env, "wanted": engine.keys(since)}
    counts = connection.execute(queries.plain_count, values)
    return [assets[position] for position, count in counts if count > allowed[position]]


def project(
    connection: Session,
    queries: Queries,
    env: str,
    asset: AssetKey,
    definition: PartitionsDefinition,
) -> Projection:
    """The chunks of everything current of one asset."""
    import numpy as np

    found = connection.execute(queries.rows_of_asset, {"env": env, "asset": asset}).fetchall()
    rows = [row for row in found if row[2][8:16] != bytes(8)]
    ordinals, known = definition.find([row[0] for row in rows])
    chosen = np.flatnonzero(known)
    packed = pack_chunks(ordinals[chosen], [rows[i][2] for i in chosen.tolist()])
    left = [rows[i] for i in np.flatnonzero(~known).tolist()]
    sequence = _complete_until(found, [row[1] for row in left if definition.may_come(row[0])])
    before = _packed(connection, queries, env, asset)
    return Projection(asset, codec_digest(definition), sequence, tuple(packed), len(left), before)


def _packed(
    connection: Session, queries: Queries, env: str, asset: AssetKey
) -> tuple[object, ...] | None:
    rows = connection.execute(queries.projections, {"env": env})
    return next((tuple(row) for row in rows if row[0] == asset), None)


def _complete_until(found: Sequence[AnyRow], strange: Sequence[int]) -> int:
    """The sequence of the latest row, or what precedes the first of a key that is not a partition yet.

    Such a key was added to dynamic partitions after the definition was looked up, or will be, and its row stays plain.
    """
    return min(strange) - 1 if strange else max((row[1] for row in found), default=0)


def replace_projection(
    connection: Session, engine: SqlEngine, queries: Queries, env: str, projection: Projection
) -> None:
    """Put the chunks in place of the asset's earlier ones, unless someone packed or renamed it since we read."""
    if _packed(connection, queries, env, projection.asset) != projection.before:
        return
    for table in (chunks, projections):
        engine.delete(connection, table, [(env, projection.asset)])
    at = (projection.codec, projection.sequence)
    rows = [
        (env, projection.asset, c.chunk, c.inputs, *at, c.count, c.offsets, c.data)
        for c in projection.chunks
    ]
    if rows:
        engine.insert(connection, chunks, rows)
    total = sum(chunk.count for chunk in projection.chunks)
    values = (env, projection.asset, *at, total, projection.unknown)
    engine.insert(connection, projections, [values])

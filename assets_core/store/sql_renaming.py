"""Renaming assets over SQL: everything recorded of them, and what is derived from it, in one transaction."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping, Sequence

from sqlalchemy import Table, bindparam, delete, or_, select, update
from sqlalchemy.sql.elements import ColumnElement

from assets_core.model.keys import AssetKey, AssetPartition
from assets_core.model.records import MaterializationRecord
from assets_core.ports import LivenessProbe, Renaming
from assets_core.store import sql_rows
from assets_core.store.encoding import dumps, text_of
from assets_core.store.rebuilding import standing_failures
from assets_core.store.refusals import has_versions, is_running
from assets_core.store.renaming import (
    is_concerned,
    renamed_record,
    renamed_row,
    renamed_shapes,
)
from assets_core.store.sql_engine import Query, Session, SqlEngine
from assets_core.store.sql_queries import Queries
from assets_core.store.sql_reader import states_of
from assets_core.store.sql_schema import (
    attempts,
    candidates,
    check_results,
    chunks,
    documents,
    durations,
    failures,
    findings,
    leases,
    materializations,
    observations,
    pointer_moves,
    pointers,
    projections,
    run_ends,
    runs,
)
from assets_core.store.sql_writes import materialization_row

_BATCH = 1000
_NUMBER = materializations.c.number
_OF_ASSETS = (
    attempts, check_results, pointer_moves, observations, findings,
    pointers, candidates, durations,
)  # fmt: skip


class SqlRenamer:
    """One renaming in one environment."""

    def __init__(
        self, session: Session, engine: SqlEngine, queries: Queries, env: str, renaming: Renaming
    ) -> None:
        self._session = session
        self._engine = engine
        self._queries = queries
        self._env = env
        self._renaming = renaming
        self._shapes: Mapping[str, str] = {}

    def refuse(self, alive: LivenessProbe) -> None:
        """Raise ConflictError E627 while a run goes on in the environment, E936 where a new name has versions."""
        going = (
            select(runs.c.run)
            .outerjoin(run_ends, run_ends.c.run == runs.c.number)
            .where(runs.c.env == self._env, run_ends.c.sequence.is_(None))
        )
        for (run,) in self._session.execute(going).fetchall():
            if alive(run):
                raise is_running(run)
        for key in self._renaming.names.values():
            if self._records(attempts.c.asset == key, 0, limit=1):
                raise has_versions(key)

    def shapes(self) -> Mapping[str, str]:
        """The texts of the input shapes that name a renamed asset, as they are from now on (digest -> text)."""
        query = (
            select(documents.c.digest, documents.c.content)
            .join(materializations, materializations.c.shape == documents.c.digest)
            .join(attempts, attempts.c.sequence == _NUMBER)
            .where(attempts.c.env == self._env, self._reads())
            .distinct()
        )
        rows = self._session.execute(query).fetchall()
        self._shapes, texts = renamed_shapes({d: text_of(text) for d, text in rows}, self._renaming)
        return texts

    def rename(self) -> None:
        """Change what is recorded, with what is derived from it, then call it otherwise."""
        concerned = {*self._renaming.names, *self._renaming.names.values()}
        for batch in self._concerned():
            self._change(batch)
            concerned.update(made.asset for made in batch)
        for former, key in self._renaming.names.items():
            self._relabel(former, key)
        for asset in concerned:
            self._forget_packed(asset)

    def _change(self, batch: Sequence[MaterializationRecord]) -> None:
        """What these records hold, and the rows that are packed from them: still under the former keys."""
        renamed = [renamed_record(made, self._renaming, self._shapes) for made in batch]
        rows = [materialization_row(made.number, made) for made in renamed]
        self._engine.upsert(self._session, materializations, rows)
        keys = [AssetPartition(made.asset, made.partition) for made in batch]
        asked = [(key, "") for key in dict.fromkeys(keys)]
        states, _ = states_of(self._session, self._engine, self._queries, self._env, asked)
        for table in (pointers, candidates):
            changed = []
            for key, made in zip(keys, renamed, strict=True):
                held = states[key].current if table is pointers else states[key].candidate
                if held is not None and held.number == made.number:
                    row = renamed_row(held.row, made)
                    changed.append((self._env, *key, held.number, held.touched, row))
            if changed:
                self._engine.upsert(self._session, table, changed)

    def _relabel(self, former: AssetKey, key: AssetKey) -> None:
        """Every row of an asset. Which failures still stand is known only once both names are one."""
        of = observations.c
        for before, today in self._renaming.sources.items():
            known = update(observations).where(
                *self._of(observations, former), of.version == before
            )
            self._session.execute(known.values(version=today))
        for table, asset in ((leases, former), (failures, former), (failures, key)):
            self._session.execute(delete(table).where(*self._of(table, asset)))
        for table in _OF_ASSETS:
            self._session.execute(update(table).where(*self._of(table, former)).values(asset=key))
        standing = standing_failures(*self._of(attempts, key))
        rows = [tuple(row) for row in self._session.execute(standing)]
        if rows:
            self._engine.insert(self._session, failures, rows)

    def _forget_packed(self, asset: AssetKey) -> None:
        """What somebody packs at this moment is not put back: it is not what they read any more."""
        for table in (chunks, projections):
            self._session.execute(delete(table).where(*self._of(table, asset)))
        row = (self._env, asset, f"renamed {secrets.token_hex(8)}", 0, 0, 0)
        self._engine.insert(self._session, projections, [row])

    def _of(self, table: Table, asset: AssetKey) -> tuple[ColumnElement[bool], ...]:
        return table.c.env == self._env, table.c.asset == asset

    def _reads(self) -> ColumnElement[bool]:
        """Whether the details may name one of them as an input; they are looked at then."""
        quoted = [dumps(former) for former in self._renaming.names]
        return or_(*(materializations.c.details.contains(q, autoescape=True) for q in quoted))

    def _concerned(self) -> Iterator[list[MaterializationRecord]]:
        after = 0
        own = [*self._renaming.names, *self._renaming.codes]
        where = or_(attempts.c.asset.in_(own), self._reads())
        while page := self._records(where, after, limit=_BATCH):
            after = page[-1].number
            found = [made for made in page if is_concerned(made, self._renaming)]
            if found:
                yield found

    def _records(
        self, where: ColumnElement[bool], after: int, *, limit: int
    ) -> list[MaterializationRecord]:
        query: Query = (
            select(*sql_rows.MATERIALIZATION)
            .join_from(materializations, attempts, attempts.c.sequence == _NUMBER)
            .join(runs, runs.c.number == attempts.c.run)
            .where(attempts.c.env == self._env, where, bindparam("after") < _NUMBER)
            .order_by(_NUMBER)
            .limit(limit)
        )
        rows = self._session.execute(query, {"after": after}).fetchall()
        return [sql_rows.materialization_of(row) for row in rows]

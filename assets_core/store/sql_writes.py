"""A batch of writes as rows: one insert, upsert or delete per table, however many keys are concerned.

Of 1,000 completions in one transaction, building the rows and SQLAlchemy's share cost about as much as SQLite itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Table, bindparam, delete

from assets_core.model.keys import AssetKey, AssetPartition
from assets_core.model.records import AttemptRecord, MaterializationRecord, PointerMove
from assets_core.store.encoding import (
    dumps,
    failure_text,
    inputs_text,
    results_text,
    term_blob,
    time_text,
    written_text,
)
from assets_core.store.ledger import (
    Evaluation,
    KeyState,
    Version,
    Writes,
    counts_for_durations,
    mean_after,
)
from assets_core.store.sql_engine import SqlEngine
from assets_core.store.sql_queries import Queries
from assets_core.store.sql_schema import (
    attempts,
    candidates,
    check_results,
    durations,
    failures,
    leases,
    materializations,
    pointer_moves,
    pointers,
)

RowValues = dict[str, Any]
States = Mapping[AssetPartition, KeyState]


class Writer:
    """Applies ``Writes`` on one connection."""

    def __init__(
        self,
        connection: Connection,
        engine: SqlEngine,
        queries: Queries,
        run_number: Callable[[str], int],
    ) -> None:
        self._connection = connection
        self._engine = engine
        self._queries = queries
        self._run_number = run_number

    def apply(self, env: str, writes: Writes, states: States) -> None:
        """Facts first, in the order of their foreign keys, then what is derived from them."""
        number = self._run_number
        self._insert(attempts, (attempt_row(s, a, number(a.run)) for s, a in writes.attempts))
        self._insert(materializations, map(materialization_row, writes.materializations))
        self._insert(check_results, (evaluation_row(e, number(e.run)) for e in writes.evaluations))
        self._insert(
            pointer_moves,
            (move_row(m, None if m.run is None else number(m.run)) for m in writes.moves),
        )
        self._set(env, leases, {k: _lease_values(states[k]) for k in writes.leases})
        self._set(env, pointers, {k: _version_values(states[k].current) for k in writes.currents})
        self._set(
            env, candidates, {k: _version_values(states[k].candidate) for k in writes.candidates}
        )
        self._set(env, failures, {k: _failure_values(states[k]) for k in writes.failures})
        self._add_durations(env, [attempt for _, attempt in writes.attempts])

    def _insert(self, table: Table, rows: Iterable[RowValues]) -> None:
        batch = list(rows)
        if batch:
            self._connection.execute(table.insert(), batch)

    def _set(
        self, env: str, table: Table, values: Mapping[AssetPartition, RowValues | None]
    ) -> None:
        """Upsert the keys that have values, delete the others."""
        gone, rows = [], []
        for key, given in values.items():
            if given is None:
                gone.append({"_env": env, "_asset": key.asset, "_partition": key.partition})
            else:
                rows.append({"env": env, "asset": key.asset, "partition": key.partition, **given})
        if gone:
            self._connection.execute(_delete_key(table), gone)
        if rows:
            self._connection.execute(self._engine.upsert(table), rows)

    def _add_durations(self, env: str, ended: Sequence[AttemptRecord]) -> None:
        counted = [a for a in ended if counts_for_durations(a.status)]
        assets = list(dict.fromkeys(a.asset for a in counted))
        if not assets:
            return
        means: dict[AssetKey, tuple[int, float]] = {}
        values = {"env": env, "wanted": self._engine.keys((asset,) for asset in assets)}
        for position, samples, mean in self._connection.execute(
            self._queries.known_durations, values
        ):
            means[assets[position]] = (samples or 0, mean or 0.0)
        for attempt in counted:
            means[attempt.asset] = mean_after(*means[attempt.asset], attempt.duration_s)
        rows = [
            {"env": env, "asset": asset, "samples": samples, "mean_s": mean}
            for asset, (samples, mean) in means.items()
        ]
        self._connection.execute(self._engine.upsert(durations), rows)


def _delete_key(table: Table) -> Any:
    return delete(table).where(
        table.c.env == bindparam("_env"),
        table.c.asset == bindparam("_asset"),
        table.c.partition == bindparam("_partition"),
    )


def attempt_row(sequence: int, attempt: AttemptRecord, run: int) -> RowValues:
    """An attempt as its row."""
    return {
        "sequence": sequence,
        "attempt": attempt.attempt,
        "run": run,
        "env": attempt.env,
        "asset": attempt.asset,
        "partition": attempt.partition,
        "fence": attempt.fence,
        "started": time_text(attempt.started),
        "ended": time_text(attempt.ended),
        "status": attempt.status.value,
        "duration_s": attempt.duration_s,
        "failure": failure_text(attempt.failure),
        "log": attempt.log,
    }


def materialization_row(made: MaterializationRecord) -> RowValues:
    """A materialization as its row; what its attempt says is not repeated."""
    return {
        "number": made.number,
        "code": made.code,
        "config": made.config,
        "shape": made.shape,
        "inputs": inputs_text(made.inputs),
        "written": written_text(made.written),
        "term": term_blob(made.term),
        "created": time_text(made.created),
        "metadata": dumps(dict(made.metadata)),
        "deterministic": int(made.deterministic),
    }


def evaluation_row(evaluation: Evaluation, run: int) -> RowValues:
    """An evaluation as its row."""
    keep = evaluation.keep
    return {
        "sequence": evaluation.sequence,
        "env": evaluation.env,
        "asset": evaluation.asset,
        "partition": evaluation.partition,
        "materialization": evaluation.materialization,
        "run": run,
        "at": time_text(evaluation.at),
        "results": results_text(evaluation.results),
        "keep": None if keep is None else dumps(keep),
    }


def move_row(move: PointerMove, run: int | None) -> RowValues:
    """A pointer move as its row."""
    return {
        "sequence": move.sequence,
        "env": move.env,
        "asset": move.asset,
        "partition": move.partition,
        "materialization": move.materialization,
        "reason": move.reason,
        "run": run,
        "at": time_text(move.at),
    }


def _lease_values(state: KeyState) -> RowValues | None:
    held = state.lease
    if held is None:
        return None
    return {"fence": held.fence, "attempt": held.attempt, "run": held.run}


def _version_values(version: Version | None) -> RowValues | None:
    if version is None:
        return None
    return {
        "materialization": version.number or None,
        "touched": version.touched,
        "packed": version.row,
    }


def _failure_values(state: KeyState) -> RowValues | None:
    return None if state.failure is None else {"attempt": state.failure}

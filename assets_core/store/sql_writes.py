"""A batch of writes as rows: one insert, upsert or delete per table, however many keys are concerned.

Rows are tuples in the order of the table's columns: given as dictionaries, SQLAlchemy took longer to take them apart
than SQLite took to store them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from sqlalchemy import Table

from assets_core.model.keys import AssetKey, AssetPartition
from assets_core.model.records import (
    AttemptRecord,
    FindingRecord,
    MaterializationRecord,
    PointerMove,
)
from assets_core.store.encoding import (
    details_text,
    dumps,
    failure_text,
    results_text,
    term_blob,
    time_text,
)
from assets_core.store.ledger import counts_for_durations, mean_after
from assets_core.store.sql_engine import Session, SqlEngine, Values
from assets_core.store.sql_queries import Queries
from assets_core.store.sql_schema import (
    attempts,
    candidates,
    check_results,
    durations,
    failures,
    findings,
    leases,
    materializations,
    pointer_moves,
    pointers,
)
from assets_core.store.states import Evaluation, KeyState, Version, Writes

States = Mapping[AssetPartition, KeyState]


class Writer:
    """Applies ``Writes`` on one connection."""

    def __init__(
        self,
        connection: Session,
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
        self._insert(attempts, [attempt_row(s, a, number(a.run)) for s, a in writes.attempts])
        self._insert(materializations, [materialization_row(*m) for m in writes.materializations])
        self._insert(check_results, [evaluation_row(e, number(e.run)) for e in writes.evaluations])
        self._insert(
            pointer_moves,
            [move_row(m, None if m.run is None else number(m.run)) for m in writes.moves],
        )
        self._insert(
            findings,
            [finding_row(f, None if f.run is None else number(f.run)) for f in writes.findings],
        )
        self._set(env, leases, ((k, _lease_values(states[k])) for k in writes.leases))
        self._set(env, pointers, ((k, _version_values(states[k].current)) for k in writes.currents))
        self._set(
            env, candidates, ((k, _version_values(states[k].candidate)) for k in writes.candidates)
        )
        self._set(env, failures, ((k, _failure_values(states[k])) for k in writes.failures))
        self._add_durations(env, [attempt for _, attempt in writes.attempts])

    def _insert(self, table: Table, rows: Sequence[Values]) -> None:
        if rows:
            self._engine.insert(self._connection, table, rows)

    def _set(
        self, env: str, table: Table, values: Iterable[tuple[AssetPartition, Values | None]]
    ) -> None:
        """Upsert the keys that have values, delete the others."""
        gone: list[Values] = []
        rows: list[Values] = []
        for key, given in values:
            if given is None:
                gone.append((env, *key))
            else:
                rows.append((env, *key, *given))
        if gone:
            self._engine.delete(self._connection, table, gone)
        if rows:
            self._engine.upsert(self._connection, table, rows)

    def _add_durations(self, env: str, ended: Sequence[AttemptRecord]) -> None:
        counted = [a for a in ended if counts_for_durations(a.status)]
        assets = list(dict.fromkeys(a.asset for a in counted))
        if not assets:
            return
        means: dict[AssetKey, tuple[int, float]] = {}
        values = {"env": env, "wanted": self._engine.values(assets)}
        for position, samples, mean in self._connection.execute(
            self._queries.known_durations, values
        ):
            means[assets[position]] = (samples or 0, mean or 0.0)
        for attempt in counted:
            means[attempt.asset] = mean_after(*means[attempt.asset], attempt.duration_s)
        rows = [(env, asset, *mean) for asset, mean in means.items()]
        self._engine.upsert(self._connection, durations, rows)


def attempt_row(sequence: int, attempt: AttemptRecord, run: int) -> Values:
    """An attempt as its row."""
    return (
        sequence,
        attempt.attempt,
        run,
        attempt.env,
        attempt.asset,
        attempt.partition,
        attempt.fence,
        time_text(attempt.started),
        time_text(attempt.ended),
        attempt.status.value,
        attempt.duration_s,
        failure_text(attempt.failure),
        None if attempt.log is None else dumps(attempt.log),
    )


def materialization_row(number: int, made: MaterializationRecord) -> Values:
    """A materialization as its row; what its attempt says is not repeated."""
    return (
        number,
        made.code,
        made.config,
        made.shape,
        details_text(made),
        term_blob(made.term),
        time_text(made.created),
        int(made.deterministic),
    )


def evaluation_row(evaluation: Evaluation, run: int) -> Values:
    """An evaluation as its row."""
    keep = evaluation.keep
    return (
        evaluation.sequence,
        evaluation.env,
        evaluation.asset,
        evaluation.partition,
        evaluation.materialization,
        run,
        time_text(evaluation.at),
        results_text(evaluation.results),
        None if keep is None else dumps(keep),
    )


def move_row(move: PointerMove, run: int | None) -> Values:
    """A pointer move as its row."""
    return (
        move.sequence,
        move.env,
        move.asset,
        move.partition,
        move.materialization,
        move.reason,
        run,
        time_text(move.at),
    )


def finding_row(finding: FindingRecord, run: int | None) -> Values:
    """A finding as its row."""
    return (
        finding.sequence,
        finding.env,
        finding.asset,
        finding.partition,
        finding.materialization,
        finding.soundness.value,
        dumps(finding.message),
        run,
        time_text(finding.at),
    )


def _lease_values(state: KeyState) -> Values | None:
    held = state.lease
    if held is None:
        return None
    slots = dumps(held.slots) if held.slots else None
    return held.fence, held.attempt, held.run, held.claim, slots


def _version_values(version: Version | None) -> Values | None:
    return None if version is None else (version.number or None, version.touched, version.row)


def _failure_values(state: KeyState) -> Values | None:
    return None if state.failure is None else (state.failure,)

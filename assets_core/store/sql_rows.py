"""Rows of the tables as records. The column tuples stand beside the functions that read them, in the same order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from assets_core.model.keys import AssetKey, AssetPartition
from assets_core.model.records import (
    AttemptRecord,
    AttemptStatus,
    CancelRequest,
    FindingRecord,
    MaterializationRecord,
    ObservationRecord,
    PointerMove,
    RunEnd,
    RunRecord,
    RunStatus,
    Soundness,
)
from assets_core.model.versions import CodeVersion, ConfigVersion, SourceVersion
from assets_core.ports import ColumnRow, Lease, SlotHolder
from assets_core.store.encoding import (
    failure_of,
    inputs_of,
    loads,
    results_of,
    stored,
    term_of,
    time_of,
    written_of,
)
from assets_core.store.sql_engine import AnyRow
from assets_core.store.sql_schema import (
    attempts,
    cancel_requests,
    check_results,
    findings,
    leases,
    materializations,
    observations,
    pointer_moves,
    run_ends,
    runs,
)
from assets_core.store.states import Evaluation, KeyState, KnownAttempt, Version

MATERIALIZATION = (
    attempts.c.attempt,
    runs.c.run,
    attempts.c.env,
    attempts.c.asset,
    attempts.c.partition,
    materializations.c.code,
    materializations.c.config,
    materializations.c.shape,
    materializations.c.details,
    materializations.c.term,
    materializations.c.created,
    materializations.c.deterministic,
    materializations.c.number,
)


@stored
def materialization_of(row: AnyRow) -> MaterializationRecord:
    """From the last thirteen columns."""
    (
        attempt, run, env, asset, partition, code, config, shape, text, term, created,
        deterministic, number,
    ) = row[-13:]  # fmt: skip
    details = loads(text)
    stored_as = details.get("stored_as")
    return MaterializationRecord(
        attempt,
        run,
        env,
        AssetKey(asset),
        partition,
        CodeVersion(code),
        ConfigVersion(config),
        shape,
        inputs_of(details["inputs"]),
        written_of(details["written"]),
        term_of(term),
        time_of(created),
        details["metadata"],
        bool(deterministic),
        number,
        None if stored_as is None else AssetKey(stored_as),
    )


ATTEMPT = (
    attempts.c.attempt,
    runs.c.run,
    attempts.c.env,
    attempts.c.asset,
    attempts.c.partition,
    attempts.c.fence,
    attempts.c.started,
    attempts.c.ended,
    attempts.c.status,
    attempts.c.duration_s,
    attempts.c.failure,
    attempts.c.log,
)


@stored
def attempt_of(row: AnyRow) -> AttemptRecord:
    """From the last twelve columns."""
    (
        attempt, run, env, asset, partition, fence, started, ended, status, duration, failure, log,
    ) = row[-12:]  # fmt: skip
    return AttemptRecord(
        attempt,
        run,
        env,
        AssetKey(asset),
        partition,
        fence,
        time_of(started),
        time_of(ended),
        AttemptStatus(status),
        duration,
        failure_of(failure),
        None if log is None else loads(log),
    )


EVALUATION = (
    check_results.c.sequence,
    check_results.c.env,
    check_results.c.asset,
    check_results.c.partition,
    check_results.c.materialization,
    runs.c.run,
    check_results.c.at,
    check_results.c.results,
    check_results.c.keep,
)


@stored
def evaluation_of(row: AnyRow) -> Evaluation:
    """From the last nine columns."""
    sequence, env, asset, partition, number, run, at, results, keep = row[-9:]
    return Evaluation(
        sequence,
        env,
        AssetKey(asset),
        partition,
        number,
        run,
        time_of(at),
        results_of(results),
        None if keep is None else tuple(loads(keep)),
    )


MOVE = (
    pointer_moves.c.env,
    pointer_moves.c.asset,
    pointer_moves.c.partition,
    pointer_moves.c.materialization,
    pointer_moves.c.reason,
    runs.c.run,
    pointer_moves.c.at,
    pointer_moves.c.sequence,
)


@stored
def move_of(row: AnyRow) -> PointerMove:
    """From the last eight columns."""
    env, asset, partition, number, reason, run, at, sequence = row[-8:]
    return PointerMove(env, AssetKey(asset), partition, number, reason, run, time_of(at), sequence)


FINDING = (
    findings.c.env,
    findings.c.asset,
    findings.c.partition,
    findings.c.materialization,
    findings.c.soundness,
    findings.c.message,
    runs.c.run,
    findings.c.at,
    findings.c.sequence,
)


@stored
def finding_of(row: AnyRow) -> FindingRecord:
    """From the last nine columns."""
    env, asset, partition, number, soundness, message, run, at, sequence = row[-9:]
    return FindingRecord(
        env,
        AssetKey(asset),
        partition,
        number,
        Soundness(soundness),
        loads(message),
        run,
        time_of(at),
        sequence,
    )


RUN = (
    runs.c.run,
    runs.c.env,
    runs.c.started,
    runs.c.now,
    runs.c.options,
    runs.c.retry_of,
    runs.c.number,
    run_ends.c.status,
    run_ends.c.ended,
    run_ends.c.counts,
)


@stored
def run_of(row: AnyRow) -> tuple[RunRecord, RunEnd | None]:
    """From exactly these columns."""
    run, env, started, now, options, retry_of, number, status, ended, counts = row
    record = RunRecord(run, env, time_of(started), time_of(now), loads(options), retry_of, number)
    if status is None:
        return record, None
    return record, RunEnd(run, RunStatus(status), time_of(ended), loads(counts))


CANCEL_REQUEST = (runs.c.run, cancel_requests.c.grace_s, cancel_requests.c.at)


@stored
def cancel_request_of(row: AnyRow) -> CancelRequest:
    """From exactly these columns."""
    run, grace_s, at = row
    return CancelRequest(run, grace_s, time_of(at))


OBSERVATION = (
    observations.c.env,
    observations.c.asset,
    observations.c.partition,
    observations.c.token,
    observations.c.version,
    observations.c.at,
)


@stored
def observation_of(row: AnyRow) -> ObservationRecord:
    """From the last six columns."""
    env, asset, partition, token, version, at = row[-6:]
    return ObservationRecord(
        env, AssetKey(asset), partition, loads(token), SourceVersion(version), time_of(at)
    )


@stored
def column_row_of(row: AnyRow) -> ColumnRow:
    """From (asset, partition, details)."""
    asset, partition, text = row
    made = written_of(loads(text)["written"])
    return ColumnRow(AssetKey(asset), partition, made.rows or 0, made.columns)


@stored
def document_of(row: AnyRow) -> tuple[str, str]:
    """Digest and content, from the last two columns."""
    return row[-2], loads(row[-1])


def version_of(columns: Sequence[Any]) -> Version | None:
    """From exactly (number, touched, packed row)."""
    number, touched, row = columns
    return None if row is None else Version(number or 0, touched, row)


LEASE = (
    leases.c.fence, leases.c.attempt, leases.c.run, leases.c.claim, leases.c.slots,
)  # fmt: skip


@stored
def lease_of(env: str, asset: AssetKey, partition: str, columns: Sequence[Any]) -> Lease:
    """The lease of an asset-partition, from exactly these columns."""
    fence, attempt, run, claim, slots = columns
    return Lease(env, asset, partition, fence, attempt, run, claim or 0, _slots_of(slots))


@stored
def slot_holder_of(row: AnyRow) -> SlotHolder:
    """From exactly (claim, run, slots)."""
    return SlotHolder(row[0] or 0, row[1], _slots_of(row[2]))


def _slots_of(text: str | None) -> tuple[tuple[str, int], ...]:
    return () if text is None else tuple((pool, int(slots)) for pool, slots in loads(text))


@stored
def state_of(env: str, key: AssetPartition, row: AnyRow) -> tuple[KeyState, KnownAttempt | None]:
    """What is held and derived of a key, and the attempt if it is recorded, from the columns of ``Queries.look``."""
    (
        _, fence, holder, run, claim, slots, current, touched, packed,
        candidate, judged, kept_back, failure, sequence, status, materialized,
    ) = row  # fmt: skip
    known = None
    if sequence is not None:
        known = KnownAttempt(sequence, AttemptStatus(status), materialized is not None)
    return KeyState(
        None
        if fence is None
        else Lease(env, *key, fence, holder, run, claim or 0, _slots_of(slots)),
        None if packed is None else Version(current or 0, touched, packed),
        None if kept_back is None else Version(candidate or 0, judged, kept_back),
        failure,
    ), known

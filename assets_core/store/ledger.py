"""What a write means, decided once for every engine: pure functions from what is held to what is to be written.

An engine looks up the states of the keys concerned, calls one of these, and applies the ``Writes``. Every fact takes
the next number of one sequence, which is also its primary key; a materialization's number is that of its attempt, so
"one materialization per attempt" holds by construction. ``touched`` is the last event that changed a row.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Literal, TypeAlias

from assets_core.model.checks import CheckOutcome
from assets_core.model.keys import AssetPartition
from assets_core.model.packed import Flag, repack_row, sound_flags, withdrawn_row
from assets_core.model.records import (
    AttemptRecord,
    AttemptStatus,
    FindingRecord,
    MaterializationRecord,
    PointerMove,
)
from assets_core.model.versions import NO_INPUT, InputVersion
from assets_core.ports import Completion, Lease, LivenessProbe, PackedChange, Recorded
from assets_core.store.judging import (
    fold,
    found_row,
    judged_row,
    pointed_row,
    row_flags,
    version_row,
)
from assets_core.store.states import (
    CheckState,
    Counter,
    Earlier,
    Evaluation,
    Key,
    KeyState,
    KnownAttempt,
    Version,
    Writes,
)

Slots: TypeAlias = tuple[tuple[str, int], ...]
_SAMPLES = 20
"""A duration weighs at least one twentieth, so that estimates follow recent runs."""
_UNPUBLISHABLE = Flag.BLOCKING_FAILED | Flag.MISSING | Flag.DAMAGED


def in_the_way(
    wanted: Sequence[tuple[Key, str]], states: Mapping[Key, KeyState], holds: LivenessProbe
) -> Lease | None:
    """The first lease on something wanted that holds."""
    probed: dict[str, bool] = {}
    for key, _ in wanted:
        held = states[key].lease
        if held is None:
            continue
        if held.run not in probed:
            probed[held.run] = bool(holds(held.run))
        if probed[held.run]:
            return held
    return None


def claim(
    env: str,
    run: str,
    wanted: Sequence[tuple[Key, str]],
    states: Mapping[Key, KeyState],
    counter: Counter,
    slots: Slots,
) -> tuple[Writes, list[Lease]]:
    """Leases on everything wanted by one call, with the slots that it holds."""
    writes, leases, number = Writes(), [], counter.fence + 1
    for key, attempt in wanted:
        lease = Lease(env, *key, counter.next_fence(), attempt, run, number, slots)
        states[key].lease = lease
        writes.leases[key] = None
        leases.append(lease)
    return writes, leases


def hold(leases: Sequence[Lease], states: Mapping[Key, KeyState], slots: Slots) -> Writes:
    """Put slots into those of these leases that are still held."""
    writes = Writes()
    for lease in leases:
        key = AssetPartition(lease.asset, lease.partition)
        if holds(states[key], lease.fence, lease.attempt):
            states[key].lease = replace(lease, slots=slots)
            writes.leases[key] = None
    return writes


def renew(lease: Lease, attempt: str, state: KeyState, counter: Counter) -> Lease | None:
    """The lease of the next attempt, with a fence of its own and the slots of before; None where ``lease`` is lost."""
    if not holds(state, lease.fence, lease.attempt):
        return None
    assert state.lease is not None
    state.lease = replace(state.lease, fence=counter.next_fence(), attempt=attempt)
    return state.lease


def holds(state: KeyState, fence: int, attempt: str) -> bool:
    """Whether this attempt, under this fence, still has the right to publish."""
    held = state.lease
    return held is not None and held.fence == fence and held.attempt == attempt


def record(
    completions: Sequence[Completion],
    states: Mapping[Key, KeyState],
    known: dict[str, KnownAttempt],
    counter: Counter,
) -> tuple[Writes, list[Recorded]]:
    """Completions of one environment. An attempt that is recorded already changes nothing and is answered again."""
    writes, answers = Writes(), []
    for completion in completions:
        attempt = completion.attempt
        key = AssetPartition(attempt.asset, attempt.partition)
        state = states[key]
        before = known.get(attempt.attempt)
        if before is not None:
            answers.append(_again(before, attempt, state))
            continue
        held = holds(state, attempt.fence, attempt.attempt)
        status = _status(completion) if held else AttemptStatus.SUPERSEDED
        number = counter.event()
        answers.append(_record_one(completion, key, status, number, state, writes, counter))
        if status is not attempt.status:
            attempt = replace(attempt, status=status)
        writes.attempts.append((number, attempt))
        if held and completion.release:
            state.lease = None
            writes.leases[key] = None
        elif held and state.lease is not None and state.lease.slots:
            state.lease = replace(state.lease, slots=())
            writes.leases[key] = None
        made = held and completion.materialization is not None
        known[attempt.attempt] = KnownAttempt(number, status, made)
    return writes, answers


def _again(before: KnownAttempt, attempt: AttemptRecord, state: KeyState) -> Recorded:
    """The same answer; whoever was taken for dead meanwhile and comes back with another end was superseded."""
    superseded = before.status is AttemptStatus.SUPERSEDED
    superseded |= before.status is AttemptStatus.DIED is not attempt.status
    for version in (state.current, state.candidate):
        if before.materialized and version is not None and version.number == before.sequence:
            return Recorded(version.row, superseded, before.sequence)
    return Recorded(None, superseded, before.sequence if before.materialized else 0)


def _status(completion: Completion) -> AttemptStatus:
    if completion.materialization is None:
        return completion.attempt.status
    if completion.publish:
        return AttemptStatus.MATERIALIZED
    if any(check.blocks for check in completion.checks):
        return AttemptStatus.REJECTED
    return completion.attempt.status


def _record_one(
    completion: Completion,
    key: Key,
    status: AttemptStatus,
    number: int,
    state: KeyState,
    writes: Writes,
    counter: Counter,
) -> Recorded:
    made = completion.materialization
    if status is AttemptStatus.SUPERSEDED:
        return Recorded(None, superseded=True)
    failed = status is not AttemptStatus.MATERIALIZED
    if status is not AttemptStatus.CANCELLED and (failed or state.failure is not None):
        state.failure = number if failed else None
        writes.failures[key] = None
    if made is None:
        return Recorded(None, superseded=False)
    writes.materializations.append((number, made))
    checks: CheckState = {}
    if completion.checks:
        related = dict(completion.related)
        results = tuple((c, related.get(c.name, NO_INPUT)) for c in completion.checks)
        writes.evaluations.append(_evaluation(completion, made, number, results, counter))
        checks = {outcome.name: (outcome, read) for outcome, read in results}
    if completion.publish:
        move = _move(made, number, "published", made.created, counter)
        writes.moves.append(move)
        row = version_row(made, number, move.sequence, checks)
        _point_to(key, state, Version(number, move.sequence, row), writes)
        return Recorded(row, superseded=False, number=number)
    if status is not AttemptStatus.REJECTED:
        return Recorded(None, superseded=False, number=number)
    row = version_row(made, number, 0, checks)
    state.candidate = Version(number, counter.sequence, row)
    writes.candidates[key] = None
    return Recorded(row, superseded=False, number=number)


def _evaluation(
    completion: Completion,
    made: MaterializationRecord,
    number: int,
    results: tuple[tuple[CheckOutcome, InputVersion], ...],
    counter: Counter,
) -> Evaluation:
    return Evaluation(
        counter.event(),
        made.env,
        made.asset,
        made.partition,
        number,
        made.run,
        completion.attempt.ended,
        results,
    )


def _move(
    of: MaterializationRecord | Evaluation,
    number: int,
    reason: Literal["published", "check_passed"],
    at: datetime,
    counter: Counter,
) -> PointerMove:
    return PointerMove(of.env, of.asset, of.partition, number, reason, of.run, at, counter.event())


def _point_to(key: Key, state: KeyState, version: Version, writes: Writes) -> None:
    state.current = version
    writes.currents[key] = None
    if state.candidate is not None:
        state.candidate = None
        writes.candidates[key] = None
    if state.failure is not None:
        state.failure = None
        writes.failures[key] = None


def evaluate(
    evaluation: Evaluation,
    before: CheckState,
    state: KeyState,
    counter: Counter,
    *,
    publish_candidate: bool,
) -> tuple[Writes, bytes | None]:
    """Fold an evaluation into the version it judged; publish a sound candidate that nothing blocks any more."""
    writes = Writes(evaluations=[evaluation])
    key = AssetPartition(evaluation.asset, evaluation.partition)
    checks = fold(before, evaluation)
    number, touched = evaluation.materialization, evaluation.sequence
    if state.candidate is not None and state.candidate.number == number:
        row = judged_row(state.candidate.row, checks)
        if publish_candidate and not row_flags(row) & _UNPUBLISHABLE:
            move = _move(evaluation, number, "check_passed", evaluation.at, counter)
            writes.moves.append(move)
            row = repack_row(row, sequence=move.sequence)
            _point_to(key, state, Version(number, move.sequence, row), writes)
        else:
            state.candidate = Version(number, touched, row)
            writes.candidates[key] = None
        return writes, row
    if state.current is not None and state.current.number == number:
        row = judged_row(state.current.row, checks)
        state.current = Version(number, touched, row)
        writes.currents[key] = None
        return writes, row
    return writes, None


def withdraw(
    env: str,
    wanted: Iterable[Key],
    states: Mapping[Key, KeyState],
    at: datetime,
    counter: Counter,
) -> tuple[Writes, list[Key]]:
    """Point to nothing, and the keys that pointed to something; what was kept back for them goes as well."""
    writes, withdrawn = Writes(), []
    for key in wanted:
        state = states[key]
        if state.current is None or not state.current.number:
            continue
        move = PointerMove(env, *key, None, "wiped", None, at, counter.event())
        writes.moves.append(move)
        version = Version(0, move.sequence, withdrawn_row(move.sequence))
        _point_to(key, state, version, writes)
        withdrawn.append(key)
    return writes, withdrawn


def point_back(
    env: str,
    targets: Mapping[Key, Earlier],
    reason: Literal["rollback", "released"],
    states: Mapping[Key, KeyState],
    at: datetime,
    counter: Counter,
) -> Writes:
    """Point to versions that were current before. A rollback holds them; a release points to the same without."""
    writes = Writes()
    for key, (made, evaluations, soundness) in targets.items():
        move = PointerMove(env, *key, made.number, reason, None, at, counter.event())
        writes.moves.append(move)
        row = pointed_row(
            made, env, move.sequence, evaluations, soundness, held=reason == "rollback"
        )
        _point_to(key, states[key], Version(made.number, move.sequence, row), writes)
    return writes


def held_number(state: KeyState) -> int:
    """The number of the version that a rollback holds; 0 where none does."""
    held = state.current is not None and row_flags(state.current.row) & Flag.HELD
    return state.current.number if state.current is not None and held else 0


def find(
    findings: Sequence[FindingRecord], states: Mapping[Key, KeyState], counter: Counter
) -> Writes:
    """Put findings of one environment on the rows of their versions, where these are current or candidates there."""
    writes = Writes()
    for one in findings:
        finding = replace(one, sequence=counter.event())
        writes.findings.append(finding)
        key = AssetPartition(finding.asset, finding.partition)
        state = states[key]
        if state.current is not None and state.current.number == finding.materialization:
            state.current = _found(state.current, finding)
            writes.currents[key] = None
        if state.candidate is not None and state.candidate.number == finding.materialization:
            state.candidate = _found(state.candidate, finding)
            writes.candidates[key] = None
    return writes


def _found(version: Version, finding: FindingRecord) -> Version:
    row = found_row(version.row, sound_flags(finding.soundness))
    return Version(version.number, finding.sequence, row)


def mean_after(samples: int, mean: float, duration: float) -> tuple[int, float]:
    """A running mean after one more duration; the newest weighs at least ``1 / _SAMPLES``."""
    samples += 1
    return samples, mean + (duration - mean) / min(samples, _SAMPLES)


def counts_for_durations(status: AttemptStatus) -> bool:
    """Whether an attempt's duration says how long the asset takes."""
    return status is AttemptStatus.MATERIALIZED or status is AttemptStatus.REJECTED


def changes_of(key: Key, state: KeyState, since: int) -> list[PackedChange]:
    """What changed of one key after ``since``; a current row ends a candidate unless the candidate follows."""
    found = []
    current, candidate = state.current, state.candidate
    moved = current is not None and current.touched > since
    if current is not None and moved:
        found.append(PackedChange(key.asset, key.partition, current.row, candidate=False))
    if candidate is not None and (moved or candidate.touched > since):
        found.append(PackedChange(key.asset, key.partition, candidate.row, candidate=True))
    return found

"""What check results make of a version's packed row: results of one name replace each other, and can be retired."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from assets_core.model.packed import (
    HEAD_SIZE,
    Flag,
    check_flags,
    check_mark,
    check_marks,
    pack_row,
    repack_row,
    sound_flags,
)
from assets_core.model.records import CheckRecord, MaterializationRecord, Soundness
from assets_core.model.values import OMITTED
from assets_core.model.versions import Term
from assets_core.store.states import CheckState, Counter, Evaluation

_CHECK_FLAGS = Flag.CHECK_FAILED | Flag.BLOCKING_FAILED
_NO_FLAGS = Flag(0)
_NO_MARKS = Term(0, 0)
_UNSOUND = Flag.MISSING | Flag.DAMAGED


def evaluation_of(
    records: Sequence[CheckRecord], keep: Collection[str] | None, counter: Counter
) -> Evaluation:
    """The evaluation that these records, all of one materialization, are of; ``keep`` keeps further results."""
    first = records[0]
    results = tuple((r.outcome, r.related) for r in records)
    kept = None if keep is None else tuple(sorted(keep))
    return Evaluation(
        counter.event(),
        first.env,
        first.asset,
        first.partition,
        first.materialization,
        first.run,
        first.at,
        results,
        kept,
    )


def fold(state: CheckState, evaluation: Evaluation) -> CheckState:
    """The results that count after one more evaluation.

    A check of a partitioned asset as a whole says nothing of the one version that its result is recorded with.
    """
    kept = {
        name: result
        for name, result in state.items()
        if evaluation.keep is None or name in evaluation.keep
    }
    return kept | {
        outcome.name: (outcome, read)
        for outcome, read in evaluation.results
        if not (evaluation.partition and outcome.scope == "asset")
    }


def fold_all(evaluations: Iterable[Evaluation]) -> CheckState:
    """The results that count after these evaluations, in their order."""
    state: CheckState = {}
    for evaluation in evaluations:
        state = fold(state, evaluation)
    return state


def version_row(
    made: MaterializationRecord, number: int, sequence: int, checks: CheckState
) -> bytes:
    """The packed row of a version under the check results that count; ``sequence`` is 0 for a candidate."""
    flags = _NO_FLAGS if made.deterministic else Flag.NOT_DETERMINISTIC
    if made.written.materializer == OMITTED:
        flags |= Flag.OMITTED
    lanes = _NO_MARKS
    if checks:
        lanes, flags = _lanes(checks), flags | _flags(checks)
    return pack_row(made, number, sequence=sequence, checks=lanes, flags=flags)


def judged_row(row: bytes, checks: CheckState) -> bytes:
    """The same row under other check results; what else its flags say stays."""
    flags = (row_flags(row) & ~_CHECK_FLAGS) | _flags(checks)
    return repack_row(row, checks=_lanes(checks), flags=flags)


def found_row(row: bytes, flags: Flag) -> bytes:
    """The same row after a finding; what else its flags say stays."""
    return repack_row(row, flags=(row_flags(row) & ~_UNSOUND) | flags)


def pointed_row(
    made: MaterializationRecord,
    env: str,
    moved: int,
    evaluations: Iterable[Evaluation],
    soundness: Soundness | None,
    *,
    held: bool = False,
) -> bytes:
    """The row of a version in ``env`` as the facts say; ``moved`` is the pointer's last move, 0 for a candidate."""
    checks = fold_all(counting(evaluations, env, moved))
    row = version_row(made, made.number, moved, checks)
    if soundness is not None:
        row = found_row(row, sound_flags(soundness))
    return repack_row(row, flags=row_flags(row) | Flag.HELD) if held else row


def row_flags(row: bytes) -> Flag:
    """The flags of a packed row: the last eight bytes of its head."""
    return Flag(int.from_bytes(row[HEAD_SIZE - 8 : HEAD_SIZE], "little"))


def _lanes(checks: CheckState) -> Term:
    return check_marks([check_mark(o.name, o.version, read) for o, read in checks.values()])


def _flags(checks: CheckState) -> Flag:
    return check_flags([outcome for outcome, _ in checks.values()])


def counting(evaluations: Iterable[Evaluation], env: str, moved: int) -> Iterable[Evaluation]:
    """Those of a version that count in ``env``: its own, and another's from before the pointer was ``moved`` there."""
    return [e for e in evaluations if e.env == env or e.sequence < moved]

"""What nothing refers to among the in-memory tables: the same answers as ``collecting`` gives over SQL."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from assets_core.model.keys import AssetPartition
from assets_core.model.records import AttemptStatus, MaterializationRecord
from assets_core.ports import Lease, LivenessProbe, Retention
from assets_core.store.memory_tables import Tables


def unreferenced(
    tables: Tables, alive: LivenessProbe, retention: Retention, after: int
) -> Iterator[MaterializationRecord]:
    """Every version that may be condemned, by number."""
    open_runs = (run for run in tables.starts if run not in tables.ends and alive(run))
    horizon = min((tables.starts[run] for run in open_runs), default=tables.counter.sequence)
    places, last = _places(tables), _last_events(tables)
    pointed = {v.number for rows in tables.currents.values() for v in rows.values()}
    kept_back = {v.number for rows in tables.candidates.values() for v in rows.values()}
    for number, made in tables.materializations.items():
        if number <= after or number in tables.condemned or number in pointed:
            continue
        ended = tables.attempts[number].ended
        if number in kept_back and ended >= retention.candidates_since:
            continue
        if places.get(number, retention.keep + 1) <= retention.keep:
            continue
        if last.get(AssetPartition(made.asset, made.partition), number) <= horizon:
            yield made


def _places(tables: Tables) -> dict[int, int]:
    """Per published version its place among those of its asset-partition, the one published last being the first."""
    moved = {m.materialization: m.sequence for m in tables.moves if m.materialization is not None}
    by_key: dict[object, list[int]] = {}
    for number in sorted(moved, key=lambda n: -moved[n]):
        made = tables.materializations[number]
        by_key.setdefault((made.env, made.asset, made.partition), []).append(number)
    return {n: place for numbers in by_key.values() for place, n in enumerate(numbers, 1)}


def _last_events(tables: Tables) -> dict[AssetPartition, int]:
    last: dict[AssetPartition, int] = {}
    for move in tables.moves:
        last[AssetPartition(move.asset, move.partition)] = move.sequence
    for sequence, attempt in tables.attempts.items():
        if attempt.status is AttemptStatus.REJECTED:
            key = AssetPartition(attempt.asset, attempt.partition)
            last[key] = max(last.get(key, 0), sequence)
    return last


def changed_since(tables: Tables, as_of: int) -> set[AssetPartition]:
    """The asset-partitions for which something was recorded after ``as_of``."""
    changed = {AssetPartition(m.asset, m.partition) for m in tables.moves if m.sequence > as_of}
    return changed | {
        AssetPartition(a.asset, a.partition) for s, a in tables.attempts.items() if s > as_of
    }


def abandoned(
    tables: Tables, ids: Collection[str], alive: LivenessProbe
) -> tuple[list[str], list[Lease]]:
    """The attempts that nothing refers to and nothing will, and the leases that dead runs hold for them."""
    leases = {lease.attempt: lease for held in tables.leases.values() for lease in held.values()}
    recorded = {
        made.attempt for n, made in tables.materializations.items() if n not in tables.collected
    }
    free = [
        one for one in ids
        if one not in recorded and not (one in leases and alive(leases[one].run))
    ]  # fmt: skip
    return free, [leases[one] for one in free if one in leases]

"""Renaming assets in the in-memory tables: the same answers as ``sql_renaming`` gives over SQL."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from assets_core.model.keys import AssetKey
from assets_core.model.records import AttemptStatus
from assets_core.ports import LivenessProbe, Renaming
from assets_core.store.memory_tables import Tables, Undo
from assets_core.store.refusals import has_versions, is_running
from assets_core.store.renaming import (
    is_concerned,
    renamed_record,
    renamed_row,
    renamed_shapes,
)


def rename(tables: Tables, undo: Undo, alive: LivenessProbe, env: str, renaming: Renaming) -> None:
    """See ``Transaction.rename``."""
    _refuse(tables, alive, env, renaming)
    made = [m for m in tables.materializations.values() if m.env == env]
    concerned = [m for m in made if is_concerned(m, renaming)]
    known = {m.shape: tables.documents[m.shape] for m in concerned if m.shape in tables.documents}
    shapes, texts = renamed_shapes(known, renaming)
    for digest, text in texts.items():
        undo.put(tables.documents, digest, text)
    for one in concerned:
        renamed = renamed_record(one, renaming, shapes)
        undo.put(tables.materializations, one.number, renamed)
        for table in (tables.currents, tables.candidates):
            versions = table.get((env, one.asset), {})
            version = versions.get(one.partition)
            if version is not None and version.number == one.number:
                row = renamed_row(version.row, renamed)
                undo.put(versions, one.partition, version._replace(row=row))
    for sequence, attempt in list(tables.attempts.items()):
        undo.put(tables.attempts, sequence, _renamed(attempt, env, renaming))
    for facts in (tables.evaluations, tables.moves, tables.findings):
        undo.replace(facts, [_renamed(fact, env, renaming) for fact in facts])
    _relabel(tables, undo, env, renaming)


def _refuse(tables: Tables, alive: LivenessProbe, env: str, renaming: Renaming) -> None:
    for run in tables.runs.values():
        if run.env == env and run.run not in tables.ends and alive(run.run):
            raise is_running(run.run)
    made = {m.asset for m in tables.materializations.values() if m.env == env}
    for key in renaming.names.values():
        if key in made:
            raise has_versions(key)


def _renamed(fact: Any, env: str, renaming: Renaming) -> Any:
    if fact.env != env or fact.asset not in renaming.names:
        return fact
    return replace(fact, asset=renaming.names[fact.asset])


def _relabel(tables: Tables, undo: Undo, env: str, renaming: Renaming) -> None:
    """What is kept by asset is kept under its new key; which failures still stand is known only then."""
    by_asset: Sequence[dict[Any, Any]] = (tables.currents, tables.candidates, tables.durations)
    for former, key in renaming.names.items():
        for table in by_asset:
            moved = table.get((env, former))
            undo.put(table, (env, former), None)
            undo.put(table, (env, key), moved)
        undo.put(tables.failures, (env, former), None)
        undo.put(tables.failures, (env, key), _standing_failures(tables, env, key))
        undo.put(tables.leases, (env, former), None)
        for at, seen in list(tables.observed.items()):
            if at[:2] == (env, former):
                undo.put(tables.observed, at, None)
                version = renaming.sources.get(seen.version, seen.version)
                renamed = replace(seen, asset=key, version=version)
                other = tables.observed.get((env, key, at[2]), renamed)
                latest = max(other, renamed, key=lambda observed: observed.at)
                undo.put(tables.observed, (env, key, at[2]), latest)


def _standing_failures(tables: Tables, env: str, key: AssetKey) -> dict[str, int]:
    """By partition the last attempt, where it failed and nothing was published since."""
    came_to_nothing = {AttemptStatus.SUPERSEDED, AttemptStatus.CANCELLED}
    last: dict[str, int] = {}
    for sequence, attempt in sorted(tables.attempts.items()):
        if (attempt.env, attempt.asset) == (env, key) and attempt.status not in came_to_nothing:
            last[attempt.partition] = sequence
    for move in tables.moves:
        if (move.env, move.asset) == (env, key) and move.sequence > last.get(move.partition, 0):
            last.pop(move.partition, None)
    return last

"""Bringing a run's snapshot up to what the store says: what others committed, and damage that its own steps met."""

from __future__ import annotations

from collections.abc import Sequence

from assets_core.execution.state import RunState, columns_wanted
from assets_core.model.keys import AssetPartition
from assets_core.model.records import FindingRecord
from assets_core.planning.shared_reads import note_read
from assets_core.ports import ColumnRow, Outcome, Transaction


def lay_over(state: RunState, tx: Transaction, since: int) -> bool:
    """Lay what changed after ``since`` over the snapshot; whether anything did."""
    changes = tx.changes(state.env, since)
    moved: dict[AssetPartition, tuple[int, int]] = {}
    kept: dict[AssetPartition, int] = {}
    for change in changes:
        asset = state.graph.numbers.get(change.asset)
        if asset is None:
            continue
        ordinals, known = state.graph.specs[asset].partitions.find([change.partition])
        if not known[0]:
            continue
        address = AssetPartition(change.asset, change.partition)
        if change.candidate:
            state.lineage.put_candidate(asset, int(ordinals[0]), change.row)
            if state.graph.shares_inputs(asset):
                kept[address] = asset
        else:
            state.lineage.put(asset, int(ordinals[0]), change.row)
            state.lineage.put_candidate(asset, int(ordinals[0]), None)
            if columns_wanted(state.graph, asset) or state.graph.shares_inputs(asset):
                moved[address] = (asset, int(ordinals[0]))
    for address, record in (tx.pins(state.env, list(moved)) if moved else {}).items():
        written, (asset, ordinal) = record.written, moved[address]
        columns = ColumnRow(*address, written.rows or 0, written.columns)
        state.lineage.put_columns(asset, ordinal, columns)
        note_read(state.lineage, asset, record.number, record.inputs)
    for address, record in (tx.candidates(state.env, list(kept)) if kept else {}).items():
        note_read(state.lineage, kept[address], record.number, record.inputs)
    return bool(changes)


def note_damage(state: RunState, tx: Transaction, outcomes: Sequence[Outcome]) -> bool:
    """Record what workers could not read: whoever made it is out of date from here on, for this run as well."""
    found = [unsound for outcome in outcomes for unsound in outcome.unsound]
    if not found:
        return False
    since, at = tx.sequence, state.clock.now()
    tx.find(
        [
            FindingRecord(
                state.env,
                one.asset,
                one.partition,
                one.number,
                one.soundness,
                one.message,
                state.run,
                at,
            )
            for one in found
        ]
    )
    return lay_over(state, tx, since)

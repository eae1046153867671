"""Versions that a blocking check kept back: they are not computed again while nothing of theirs has changed.

A candidate made of exactly today's code, config and inputs either still fails today's checks, which blocks its
asset-partition, or a check was changed or removed since, and the checks are evaluated on it once more.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from assets_core.lineage import HEAD, INPUT
from assets_core.model.packed import HEAD_SIZE, Flag, input_count, row_number
from assets_core.model.plans import Action, CheckBlocked, Step
from assets_core.partitions import PartitionSet
from assets_core.planning.staleness import Rebuilder, Verdict


@dataclass(frozen=True, slots=True)
class Kept:
    """What the candidates of one asset mean today."""

    blocked: PartitionSet = PartitionSet.EMPTY
    recheck: PartitionSet = PartitionSet.EMPTY


def sort_candidates(
    rebuilder: Rebuilder, asset: int, verdict: Verdict, stale: PartitionSet, *, forced: bool
) -> Kept:
    """Which stale partitions have a candidate of today's versions, and whether it still fails."""
    candidates = rebuilder.lineage.candidates.get(asset)
    if forced or not candidates:
        return Kept()
    rows = {int(o): n for n, o in enumerate(verdict.ordinals)}
    blocked: list[int] = []
    recheck: list[int] = []
    for ordinal, row in candidates.items():
        if (
            ordinal in rows
            and ordinal in stale
            and not _is_unsound(row)
            and _is_todays(rebuilder, asset, verdict, rows[ordinal], row)
        ):
            (blocked if still_fails(rebuilder, asset, row) else recheck).append(ordinal)
    return Kept(PartitionSet.of(sorted(blocked)), PartitionSet.of(sorted(recheck)))


def _is_todays(rebuilder: Rebuilder, asset: int, verdict: Verdict, at: int, row: bytes) -> bool:
    if input_count(row) != verdict.inputs.shape[1]:
        return False
    head = np.frombuffer(row, HEAD, 1)[0]
    inputs = np.frombuffer(row, INPUT, -1, HEAD_SIZE)
    sums = verdict.sums
    if rebuilder.graph.shares_inputs(asset):  # a candidate's call read something of its own
        ordinal, number = verdict.ordinals[at : at + 1], np.array([head["number"]], np.int64)
        sums, at = rebuilder.sums_as_read(asset, ordinal, number), 0
    return rebuilder.target(asset).matches(head, inputs, sums, at)


def _is_unsound(row: bytes) -> bool:
    """Whether a candidate was found missing or damaged: there is nothing left to judge, or to publish."""
    flags = np.frombuffer(row, HEAD, 1)["flags"][0]
    return bool(flags & np.uint64(Flag.MISSING | Flag.DAMAGED))


def still_fails(rebuilder: Rebuilder, asset: int, row: bytes) -> bool:
    """Whether every check of today was evaluated on a candidate, and one that blocks failed."""
    head = np.frombuffer(row, HEAD, 1)
    evaluated = not rebuilder.unchecked(asset, head)[0]
    return evaluated and bool(head["flags"][0] & np.uint64(Flag.BLOCKING_FAILED))


def _rejection(rebuilder: Rebuilder, asset: int, ordinal: int) -> tuple[tuple[str, ...], str]:
    """(failed checks, run) of a candidate: another output's where it was kept back with that one."""
    lineage, graph = rebuilder.lineage, rebuilder.graph
    found: tuple[tuple[str, ...], str] = ((), "")
    for output in (asset, *graph.outputs_of[graph.definition_of[asset]]):
        row = lineage.candidates.get(output, {}).get(ordinal)
        found = lineage.rejections.get(row_number(row), found) if row is not None else found
        if found[0]:
            break
    return found


def blocked_steps(rebuilder: Rebuilder, asset: int, blocked: PartitionSet) -> Iterator[Step]:
    """One step per set of failing checks and run."""
    groups: dict[tuple[tuple[str, ...], str], list[int]] = {}
    for ordinal in blocked:
        groups.setdefault(_rejection(rebuilder, asset, ordinal), []).append(ordinal)
    for (checks, run), members in groups.items():
        yield Step(
            rebuilder.graph.keys[asset],
            asset,
            Action.BLOCKED,
            (CheckBlocked(checks, run),),
            PartitionSet.of(members),
        )

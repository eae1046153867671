"""``rollback``: what was current before is current again, and held. Facts and data stay, also of what it replaces."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from assets_core.errors import ConflictError, UsageError
from assets_core.graph import AssetGraph
from assets_core.model.keys import AssetKey, AssetPartition
from assets_core.model.records import FindingRecord, MaterializationRecord, Soundness
from assets_core.model.values import StoredPart
from assets_core.planning.holds import made_with
from assets_core.ports import StateReader
from assets_core.project.asked_partitions import asked_partitions, is_asked
from assets_core.project.being_made import refuse_being_made
from assets_core.project.earlier_versions import Earlier, Move, choices, refuse
from assets_core.project.naming import asset_named
from assets_core.project.stored_data import require_data
from assets_core.project.verifying import Judged, judged
from assets_core.project.wishes import Wish

if TYPE_CHECKING:
    from assets_core.project.facade import Project


@dataclass(frozen=True, slots=True)
class Rollback:
    """What a rollback means to do."""

    asset: AssetKey
    moves: Sequence[Move]
    without: int = 0
    """How many partitions that were asked for have no earlier version, and stay as they are."""


def plan_rollback(
    project: Project, name: str, terms: Sequence[str], version: str | None
) -> Rollback:
    """What goes back to which version: the one before, or the number ``version`` of a single asset-partition.

    ``terms`` name partitions, as ``-p`` does; without any, all that have a version. What is published together goes
    back together. Raises UsageError E931 where there is nothing earlier, E932 for another version than those there are.
    """
    with project.reading() as reader:
        graph = project.definitions.graph_with(reader)
        asset = asset_named(graph, name)
        key = graph.keys[asset]
        if project.definition(asset).is_source:
            refuse(key, "it is a source: observed, not made")
        asked = asked_partitions(project, reader, [asset], Wish(partitions=tuple(terms)))
        history = Earlier(project, reader, key)
        wanted = [p for p in history.partitions if is_asked(graph, asked, asset, p)]
        if version is None:
            moves = [move for p in wanted if (move := history.back(p)) is not None]
        else:
            moves = [history.to(_only(key, wanted), version)]
        if not moves:
            refuse(key, history.why_not(wanted))
        together = _together(project, reader, graph, asset, moves)
        return Rollback(key, [*moves, *together], len(wanted) - len(moves))


def _only(key: AssetKey, wanted: Sequence[str]) -> str:
    if len(wanted) != 1:
        raise UsageError(
            "E932",
            f"`--to` names a version of one asset-partition, and {len(wanted):,} of `{key}` are asked for",
            help=f"name one, such as `{key}@{wanted[0]}`" if wanted else f"see `assets show {key}`",
        )
    return wanted[0]


def _together(
    project: Project, reader: StateReader, graph: AssetGraph, asset: int, moves: Sequence[Move]
) -> Iterator[Move]:
    """What is published together goes back together: the other outputs to what the same run published of them."""
    number = graph.definition_of[asset]
    if graph.definitions[number].publish != "together":
        return
    for other in graph.outputs_of[number]:
        if other == asset:
            continue
        history = Earlier(project, reader, graph.keys[other])
        for move in moves:
            found = history.of_run(move.key.partition, move.after.run)
            if found is None:
                raise ConflictError(
                    "E933",
                    f"version {move.after.number} of `{move.key}` was published together with one of "
                    f"`{graph.keys[other]}` that is gone",
                    help="choose another with `--to`; `assets show` lists them",
                )
            yield found


def roll_back(project: Project, rollback: Rollback) -> None:
    """Do all of it or nothing, once every file of what is to be current was read again.

    Raises ConflictError E624 where a live run is making one of these, E933 for what is not what was recorded or was
    condemned meanwhile, StoreError E619 where the folder of all versions is not there at all.
    """
    moves = {move.key: move.after.number for move in rollback.moves}
    at = project.clock.now()
    with project.writing() as store:
        require_data(project, store)
        looks = _look(project, [move.after for move in rollback.moves])
        with store.writing() as tx:
            tx.find([_finding(project, record, look) for record, look in looks if look.soundness])
        for move, (_, look) in zip(rollback.moves, looks, strict=True):
            if look.soundness is not Soundness.SOUND:
                raise _unfit(project, store, move, look.message)
        with store.writing() as tx:
            refuse_being_made(tx, project.env, moves, "roll back")
            refused = set(tx.roll_back(project.env, moves, at))
        for move in rollback.moves:
            if move.key in refused:
                raise _unfit(
                    project, store, move, "it was condemned: nothing may refer to it any more"
                )


def _look(
    project: Project, records: Sequence[MaterializationRecord]
) -> list[tuple[MaterializationRecord, Judged]]:
    materializers = project.definitions.runtime.materializers
    home = project.definitions.home

    def look(one: MaterializationRecord) -> Judged:
        location = home.version_of(one)
        return judged(materializers, StoredPart(one.partition, location, one.written, one.number))

    with ThreadPoolExecutor(project.definitions.settings.jobs) as pool:
        return list(zip(records, pool.map(look, records), strict=True))


def _finding(project: Project, record: MaterializationRecord, look: Judged) -> FindingRecord:
    assert look.soundness is not None
    return FindingRecord(
        project.env, record.asset, record.partition, record.number, look.soundness, look.message, None,
        project.clock.now(),
    )  # fmt: skip


def _unfit(project: Project, reader: StateReader, move: Move, why: str) -> ConflictError:
    others = Earlier(project, reader, move.key.asset).others(move)
    name = str(move.key.asset) + (f"@{move.key.partition}" if move.key.partition else "")
    instead = (
        f"choose another with `--to`: {choices(others)}" if others else f"see `assets show {name}`"
    )
    return ConflictError(
        "E933",
        f"version {move.after.number} of `{move.key}` can't be current again: {why}",
        help=f"nothing was changed; {instead}",
    )


def clear_holds(
    project: Project, name: str, terms: Sequence[str]
) -> tuple[AssetKey, Collection[AssetPartition]]:
    """Let what was rolled back be made again: the asset of that name, and what was held of it.

    What no call makes without it counts as well: a hold on one holds all.
    """
    with project.reading() as reader:
        graph = project.definitions.graph_with(reader)
        asset = asset_named(graph, name)
        asked = asked_partitions(project, reader, [asset], Wish(partitions=tuple(terms)))
        wanted = [
            AssetPartition(graph.keys[one], p)
            for one in made_with(graph, asset)
            for p in sorted(reader.current_of(project.env, graph.keys[one]))
            if is_asked(graph, asked, asset, p)
        ]
    if not wanted:
        return graph.keys[asset], ()
    with project.writing() as store, store.writing() as tx:
        return graph.keys[asset], tx.release_holds(project.env, wanted, project.clock.now())

"""What was asked for: selections and partition terms, resolved to sets of asset-partitions."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from assets_core.errors import UsageError
from assets_core.graph import AssetGraph
from assets_core.lineage import Lineage
from assets_core.model.json import JSON
from assets_core.partitions import PartitionSet
from assets_core.partitions.terms import PartitionTerm, StatusTerm, parse_term
from assets_core.partitions.terms import select as select_term
from assets_core.selection import Facts, select


@dataclass(frozen=True, slots=True)
class Wish:
    """One request as given: what ``retry`` repeats and a saved plan holds."""

    select: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    partitions: tuple[str, ...] = ()
    force: bool = False

    def document(self) -> Mapping[str, JSON]:
        """As recorded with a run."""
        return {
            "select": list(self.select),
            "exclude": list(self.exclude),
            "partitions": list(self.partitions),
            "force": self.force,
        }

    @staticmethod
    def of(document: Mapping[str, JSON]) -> Wish:
        """A recorded wish; the counterpart of ``document``."""

        def texts(name: str) -> tuple[str, ...]:
            given = document.get(name, ())
            return tuple(str(t) for t in given) if isinstance(given, Sequence) else ()

        return Wish(
            texts("select"), texts("exclude"), texts("partitions"), bool(document.get("force"))
        )


def chosen_assets(graph: AssetGraph, wish: Wish, facts: Facts) -> tuple[int, ...]:
    """The selected asset numbers; raises UsageError or NoMatchError."""
    return select(
        wish.select, wish.exclude, graph, facts, is_file=lambda text: Path(text).is_file()
    )


def wanted_partitions(
    lineage: Lineage, assets: Collection[int], wish: Wish, stale: Mapping[int, PartitionSet]
) -> dict[int, PartitionSet]:
    """Per selected asset the partitions asked for: those that exist now, or what the terms say.

    ``stale`` gives the meaning of ``-p stale``. Raises UsageError E340 for an asset to which no term applies.
    """
    graph, now = lineage.graph, lineage.now
    terms = [parse_term(text) for text in wish.partitions]
    wanted: dict[int, PartitionSet] = {}
    for asset in assets:
        if graph.definitions[graph.definition_of[asset]].is_source:
            continue
        existing = graph.specs[asset].partitions.existing(now)
        wanted[asset] = (
            _by_terms(lineage, asset, terms, existing, stale, now) if terms else existing
        )
    return wanted


def _by_terms(
    lineage: Lineage,
    asset: int,
    terms: Sequence[PartitionTerm],
    existing: PartitionSet,
    stale: Mapping[int, PartitionSet],
    now: datetime,
) -> PartitionSet:
    spec = lineage.graph.specs[asset]
    chosen, applies = PartitionSet.EMPTY, False
    for term in terms:
        if isinstance(term, StatusTerm):
            found: PartitionSet | None = _with_status(lineage, asset, term.name, existing, stale)
        else:
            found = select_term(term, spec.partitions, now)
        if found is not None:
            applies = True
            chosen |= found
    if not applies:
        raise UsageError(
            "E350",
            f"no partition term applies to `{spec.key}`",
            place=spec.place,
            help=f"its partitions are {spec.partitions.kind}; leave it out of the selection, or name its keys",
        )
    return chosen & existing


def _with_status(
    lineage: Lineage,
    asset: int,
    status: str,
    existing: PartitionSet,
    stale: Mapping[int, PartitionSet],
) -> PartitionSet:
    if status == "missing":
        return existing - lineage.recorded(asset)
    if status == "failed":
        return lineage.failed.get(asset, PartitionSet.EMPTY) & existing
    return stale.get(asset, PartitionSet.EMPTY) & existing

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
from assets_core.partitions import PartitionsDefinition, PartitionSet
from assets_core.partitions.terms import (
    KeyTerm,
    LiteralTerm,
    PartitionTerm,
    RangeTerm,
    StatusTerm,
    has_end,
    no_term_applies,
    parse_term,
)
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

    ``stale`` gives the meaning of ``-p stale``. Raises UsageError E209 for an asset to which no term applies, E351 for
    a key that no asset has.
    """
    graph, now = lineage.graph, lineage.now
    terms = [parse_term(text) for text in wish.partitions]
    partitioned = [p for a in assets if (p := graph.specs[a].partitions).is_partitioned]
    _refuse_unknown_keys(partitioned, terms)
    _refuse_unknown_ends(partitioned, terms, now)
    wanted: dict[int, PartitionSet] = {}
    for asset in assets:
        if graph.definitions[graph.definition_of[asset]].is_source:
            continue
        existing = graph.specs[asset].partitions.existing(now)
        wanted[asset] = (
            _by_terms(lineage, asset, terms, existing, stale, now) if terms else existing
        )
    if terms and not any(isinstance(term, StatusTerm) for term in terms):
        _refuse_other_times(graph, wanted, terms, now)
    return wanted


def _refuse_other_times(
    graph: AssetGraph,
    wanted: Mapping[int, PartitionSet],
    terms: Sequence[PartitionTerm],
    now: datetime,
) -> None:
    """A period before or after everything that exists is a slip, whatever unpartitioned assets it leaves selected."""
    specs = {a: graph.specs[a] for a in wanted if graph.specs[a].partitions.is_partitioned}
    if not specs or any(wanted[asset] for asset in specs):
        return
    has = [outside(spec.key, spec.partitions, now) for spec in specs.values()]
    more = f" and {len(has) - 3:,} more" if len(has) > 3 else ""
    named = ", ".join(f"`{term.text}`" for term in terms)
    raise UsageError(
        "E209",
        f"`-p` {named} names no partition that exists: {'; '.join(has[:3])}{more}",
        help="name partitions within that, or leave `-p` out",
    )


def outside(key: str, definition: PartitionsDefinition, now: datetime) -> str:
    """What a partitioned asset has, for somebody who asked for something else."""
    existing = definition.existing(now)
    if not existing:
        return f"`{key}` has no partition yet"
    first, last = definition.key(existing.first), definition.key(existing.last)
    return f"`{key}` has {first}" + (f"..{last}" if last != first else "")


def _refuse_unknown_keys(
    definitions: Sequence[PartitionsDefinition], terms: Sequence[PartitionTerm]
) -> None:
    """A mistyped key would otherwise go unnoticed beside terms that apply, and beside unpartitioned assets."""
    for term in terms:
        if not isinstance(term, KeyTerm | LiteralTerm):
            continue
        text = term.key if isinstance(term, LiteralTerm) else term.text
        if not any(d.find([text])[1][0] for d in definitions):
            raise _unknown_key(definitions, text)


def _refuse_unknown_ends(
    definitions: Sequence[PartitionsDefinition], terms: Sequence[PartitionTerm], now: datetime
) -> None:
    """The same for either end of a range; UsageError E208 for ends in the wrong order."""
    for term in terms:
        if not isinstance(term, RangeTerm) or not definitions:
            continue
        if any(select_term(term, d, now) is not None for d in definitions):
            continue
        for end in (term.first, term.last):
            if not any(has_end(d, end) for d in definitions):
                raise _unknown_key(definitions, end)


def _unknown_key(definitions: Sequence[PartitionsDefinition], text: str) -> UsageError:
    near = [key for d in definitions for key in d.suggestions(text)]
    names = list(dict.fromkeys(f"`{key}`" for key in near))[:3]
    help = f"the nearest: {', '.join(names)}" if names else "see `assets partitions KEY`"
    if not definitions:
        help = "none of them is partitioned"
    return UsageError("E351", f"no selected asset has the partition `{text}`", help=help)


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
        raise no_term_applies(terms, spec.partitions, spec.key)
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

"""``mv``: what is recorded of an asset is recorded under the name that it has in the project now.

Renaming an asset edits code: its function's name, the parameters of what reads it, tables in queries. Whether a
recorded code version is today's but for the names is proven by computing today's with the former names put back. What
is proven stays current; everything else is out of date, as after any edit.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from assets_core.errors import NoMatchError, UsageError
from assets_core.graph import AssetGraph
from assets_core.model.assets import AssetDefinition
from assets_core.model.keys import AssetKey, asset_key
from assets_core.model.records import InputRecord
from assets_core.model.versions import (
    CodeVersion,
    InputVersion,
    SourceVersion,
    digest,
    sum_terms,
    term,
)
from assets_core.partitions import PartitionSet
from assets_core.ports import Renaming, StateReader
from assets_core.project.dead_runs import end_dead_runs
from assets_core.project.naming import asset_named
from assets_core.versioning.current import source_version
from assets_core.versioning.parts import parts_text
from assets_core.versioning.renaming import FormerNames

if TYPE_CHECKING:
    from assets_core.project.facade import Project


@dataclass(frozen=True, slots=True)
class Renamed:
    """One asset under its former and its present key, with the current versions that are kept."""

    former: AssetKey
    asset: AssetKey
    versions: int


@dataclass(frozen=True, slots=True)
class Rename:
    """What a renaming means to do, decided before anything is changed."""

    assets: Sequence[Renamed]
    readers: Sequence[AssetKey]
    """What reads one of them."""
    edited: Sequence[AssetKey]
    """Of these, of themselves and of what their calls make as well, those whose code changed by more than the names
    since they were made last."""
    renaming: Renaming


def plan_rename(project: Project, pairs: Sequence[tuple[str, str]]) -> Rename:
    """What becomes of the records of assets that are not declared any more, under those that are: (former, name).

    Raises UsageError E934 where a former one is still declared, E937 for one that was made and is a source now, or the
    other way round, NoMatchError E912 for a name that is not declared, E935 where nothing is recorded.
    """
    with project.reading() as reader:
        graph = project.definitions.graph_with(reader)
        assets = [_found(project, reader, graph, former, name) for former, name in pairs]
        names = {one.former: one.asset for one in assets}
        numbers = [graph.numbers[one.asset] for one in assets]
        if len(set(names.values())) < len(pairs):
            raise UsageError("E901", "an asset is named twice", help="name each asset once")
        former = FormerNames({key: before for before, key in names.items()})
        renaming = Renaming(names, dict(_codes(project, graph, numbers, former)))
        sources = _Sources(project, reader, graph, renaming)
        renaming = replace(renaming, sources=sources.versions, read=sources.read)
        made = [k for k in _concerned(graph, numbers) if k not in sources.keys]
        edited = [k for k in made if _is_edited(project, reader, graph, k, renaming)]
        readers = {graph.keys[edge.downstream] for n in numbers for edge in graph.outputs(n)}
        return Rename(assets, sorted(readers), [*sources.edited, *edited], renaming)


def _found(
    project: Project, reader: StateReader, graph: AssetGraph, former: str, name: str
) -> Renamed:
    before = asset_key(former)
    if before in graph.numbers:
        raise _still_declared(graph, before, name)
    number = asset_named(graph, name)
    made = bool(reader.history(project.env, before, None, 1))
    if not made and not reader.observations(project.env, [before]):
        raise NoMatchError(
            "E935",
            f"nothing is recorded of `{before}`",
            help="write the whole key that the asset had; `assets runs show RUN` lists what a run made",
        )
    if made == project.definition(number).is_source:
        was, now = ("made", "a source") if made else ("a source", "made")
        raise UsageError(
            "E937",
            f"`{before}` was {was}, and `{graph.keys[number]}` is {now}",
            help="an asset that is something else now begins anew under its new name",
        )
    return Renamed(before, graph.keys[number], len(reader.current_of(project.env, before)))


def _still_declared(graph: AssetGraph, key: AssetKey, name: str) -> UsageError:
    definition = graph.definitions[graph.definition_of[graph.numbers[key]]]
    return UsageError(
        "E934",
        f"`{key}` is still declared in the project",
        place=definition.place,
        help=f"call it `{name}` in the code first, then move what is recorded of it",
    )


def _concerned(graph: AssetGraph, numbers: Sequence[int]) -> Sequence[AssetKey]:
    """The assets, what their calls make as well, and the outputs of every call that reads one."""
    definitions = [graph.definition_of[number] for number in numbers]
    definitions += [graph.definition_of[e.downstream] for n in numbers for e in graph.outputs(n)]
    outputs = [o for one in dict.fromkeys(definitions) for o in graph.outputs_of[one]]
    return [graph.keys[number] for number in outputs]


def _codes(
    project: Project, graph: AssetGraph, numbers: Sequence[int], former: FormerNames
) -> Iterator[tuple[AssetKey, tuple[CodeVersion, CodeVersion]]]:
    """Per asset concerned its code version under the former names and today's, where they differ.

    What asks for its own key is another asset under another key: what was recorded of it is not of today's code.
    """
    versioner = project.definitions.versioner
    renamed = {graph.definition_of[number] for number in numbers}
    for key in _concerned(graph, numbers):
        of = graph.definition_of[graph.numbers[key]]
        definition = graph.definitions[of]
        before = versioner.former_code(definition, former)
        today = versioner.code(definition).version
        if of in renamed and versioner.tells_its_key(definition):
            before, today = today, CodeVersion(digest("under another key", today))
        if before != today:
            yield key, (before, today)


def _is_edited(
    project: Project, reader: StateReader, graph: AssetGraph, key: AssetKey, renaming: Renaming
) -> bool:
    """Whether what was made last is not of today's code, whatever the names are."""
    definition = graph.definitions[graph.definition_of[graph.numbers[key]]]
    today = project.definitions.versioner.code(definition).version
    recorded_as = next((old for old, new in renaming.names.items() if new == key), key)
    for made in reader.history(project.env, recorded_as, None, 1):
        recorded, renamed = renaming.codes.get(key, (made.code, made.code))
        return today != (renamed if made.code == recorded else made.code)
    return False


class _Sources:
    """The renamed sources: their versions hold a code version, and so do the sums of what read them.

    Translated is what was read as it was observed last; anything else is out of date, whatever the name.
    """

    def __init__(
        self, project: Project, reader: StateReader, graph: AssetGraph, renaming: Renaming
    ) -> None:
        self.versions: dict[SourceVersion, SourceVersion] = {}
        """As they were observed last -> as they are under the new name."""
        self.keys = {
            k for k in renaming.names.values() if project.definition(graph.numbers[k]).is_source
        }
        self.edited: dict[AssetKey, None] = {}
        """Those that were observed last by other code, whatever the names are."""
        self._graph = graph
        self._names = renaming.names
        self._seen: dict[tuple[AssetKey, str], SourceVersion] = {}
        config = project.definitions.versions.config
        for seen in reader.observations(project.env, list(renaming.names)):
            key = renaming.names[seen.asset]
            before, today = renaming.codes.get(key, (CodeVersion(""), CodeVersion("")))
            own = config[graph.numbers[key]]
            if seen.version == source_version(seen.token, before, own):
                self._seen[seen.asset, seen.partition] = seen.version
                self.versions[seen.version] = source_version(seen.token, today, own)
            elif key in renaming.codes:
                self.edited[key] = None

    def read(self, item: InputRecord) -> InputVersion:
        """What a record read of a renamed source, as the sum that it is today."""
        if not self.versions or item.upstream not in self._names:
            return item.version
        number = self._graph.numbers[self._names[item.upstream]]
        partitions = self._graph.specs[number].partitions
        members = PartitionSet.from_text(item.partitions)
        if partitions.clip(members) != members:  # some are gone
            return item.version
        seen = [(key, self._seen.get((item.upstream, key))) for key in partitions.keys(members)]
        known = [(key, version) for key, version in seen if version is not None]
        if not known or item.version != sum_terms(term(k, v) for k, v in known):
            return item.version
        return sum_terms(term(k, self.versions[v]) for k, v in known)


def rename(project: Project, planned: Rename) -> None:
    """Do it, all or nothing.

    Raises ConflictError E627 while a run goes on in this environment, E936 where the new name has versions already.
    """
    with project.writing() as store:
        end_dead_runs(project, store)
        with store.writing() as tx:
            tx.rename(project.env, planned.renaming)
            tx.document(dict(_code_texts(project, planned.renaming)))


def _code_texts(project: Project, renaming: Renaming) -> Iterator[tuple[str, str]]:
    """The texts behind the code versions that records refer to from now on."""
    graph = project.definitions.graph
    for key in renaming.codes:
        definition: AssetDefinition = graph.definitions[graph.definition_of[graph.numbers[key]]]
        fingerprint = project.definitions.versioner.code(definition)
        yield fingerprint.version, parts_text(fingerprint.parts)

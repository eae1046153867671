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
class Rename:
    """What a renaming means to do, decided before anything is changed."""

    former: AssetKey
    asset: AssetKey
    versions: int
    """Current versions that are kept."""
    readers: Sequence[AssetKey]
    """The assets that read it."""
    edited: Sequence[AssetKey]
    """Of these and of itself, those whose code changed by more than the name since they were made last."""
    renaming: Renaming


def plan_rename(project: Project, former: str, name: str) -> Rename:
    """What becomes of the records of ``former``, which is not declared any more, under the declared asset ``name``.

    Raises UsageError E934 where ``former`` is still declared, NoMatchError E912 where ``name`` is not, NoMatchError
    E935 where nothing is recorded of ``former``.
    """
    before = asset_key(former)
    with project.reading() as reader:
        graph = project.definitions.graph_with(reader)
        if before in graph.numbers:
            raise _still_declared(graph, before, name)
        number = asset_named(graph, name)
        key = graph.keys[number]
        versions = len(reader.current_of(project.env, before))
        if not versions and not _is_known(reader, project.env, before):
            raise NoMatchError(
                "E935",
                f"nothing is recorded of `{before}`",
                help="write the whole key that the asset had; `assets runs show RUN` lists what a run made",
            )
        codes = dict(_codes(project, graph, number, FormerNames({key: before})))
        renaming = Renaming({before: key}, codes)
        if project.definition(number).is_source:
            renaming = _with_source(project, reader, graph, number, renaming)
        concerned = dict.fromkeys(graph.keys[n] for n in _concerned(graph, number))
        edited = [
            k for k in concerned
            if _is_edited(project, reader, graph, k, before if k == key else k, renaming)
        ]  # fmt: skip
        readers = [k for k in concerned if k != key]
        return Rename(before, key, versions, readers, edited, renaming)


def _still_declared(graph: AssetGraph, key: AssetKey, name: str) -> UsageError:
    definition = graph.definitions[graph.definition_of[graph.numbers[key]]]
    return UsageError(
        "E934",
        f"`{key}` is still declared in the project",
        place=definition.place,
        help=f"call it `{name}` in the code first, then move what is recorded of it",
    )


def _is_known(reader: StateReader, env: str, key: AssetKey) -> bool:
    return bool(reader.history(env, key, None, 1) or reader.observations(env, [key]))


def _concerned(graph: AssetGraph, number: int) -> Iterator[int]:
    """The asset, what its call makes as well, and the outputs of every call that reads it."""
    definitions = [graph.definition_of[number]]
    definitions += [graph.definition_of[edge.downstream] for edge in graph.outputs(number)]
    for definition in dict.fromkeys(definitions):
        yield from graph.outputs_of[definition]


def _codes(
    project: Project, graph: AssetGraph, number: int, former: FormerNames
) -> Iterator[tuple[AssetKey, tuple[CodeVersion, CodeVersion]]]:
    """Per asset concerned its code version under the former names and today's, where they differ.

    What asks for its own key is another asset under another key: what was recorded of it is not of today's code.
    """
    versioner = project.definitions.versioner
    for one in _concerned(graph, number):
        definition = graph.definitions[graph.definition_of[one]]
        before, today = (
            versioner.former_code(definition, former),
            versioner.code(definition).version,
        )
        own = graph.definition_of[one] == graph.definition_of[number]
        if own and versioner.tells_its_key(definition):
            before, today = today, CodeVersion(digest("under another key", today))
        if before != today:
            yield graph.keys[one], (before, today)


def _is_edited(
    project: Project,
    reader: StateReader,
    graph: AssetGraph,
    key: AssetKey,
    recorded_as: AssetKey,
    renaming: Renaming,
) -> bool:
    """Whether what was made last is not of today's code, whatever the names are."""
    definition = graph.definitions[graph.definition_of[graph.numbers[key]]]
    if definition.is_source:
        return key in renaming.codes and not renaming.sources
    today = project.definitions.versioner.code(definition).version
    for made in reader.history(project.env, recorded_as, None, 1):
        recorded, renamed = renaming.codes.get(key, (made.code, made.code))
        return today != (renamed if made.code == recorded else made.code)
    return False


def _with_source(
    project: Project, reader: StateReader, graph: AssetGraph, number: int, renaming: Renaming
) -> Renaming:
    """The versions of a renamed source as they were observed last and as they are under its new name."""
    (former, key), *_ = renaming.names.items()
    before, today = renaming.codes.get(key, ("", ""))
    config = project.definitions.versions.config[number]
    last: dict[str, tuple[SourceVersion, SourceVersion]] = {}
    for seen in reader.observations(project.env, [former]):
        if before and seen.version == source_version(seen.token, CodeVersion(before), config):
            renamed = source_version(seen.token, CodeVersion(today), config)
            last[seen.partition] = (seen.version, renamed)
    partitions = graph.specs[number].partitions

    def read(item: InputRecord) -> InputVersion:
        """The same partitions under today's versions, where they were read as they were observed last."""
        if item.upstream != former or not last:
            return item.version
        keys = partitions.keys(PartitionSet.from_text(item.partitions))
        known = [(k, last[k]) for k in keys if k in last]
        if item.version != sum_terms(term(k, was) for k, (was, _) in known):
            return item.version  # read at another time: it is out of date, whatever the name
        return sum_terms(term(k, renamed) for k, (_, renamed) in known)

    return replace(renaming, sources=dict(last.values()), read=read)


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

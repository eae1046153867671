"""Observing sources before planning: those that the plan needs, in parallel, each once."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Sequence
from datetime import UTC, datetime

from assets_core.execution.failures import describe
from assets_core.execution.observing import observe_source
from assets_core.graph import AssetGraph
from assets_core.lineage import Lineage
from assets_core.model.assets import Retry
from assets_core.model.keys import AssetKey
from assets_core.model.records import ObservationRecord
from assets_core.model.versions import term
from assets_core.project.loading import Definitions
from assets_core.versioning.current import NotObserved, Observation, Observed, source_version

MAX_OBSERVERS = 8


def observe(
    definitions: Definitions, sources: Collection[AssetKey], lineage: Lineage
) -> dict[AssetKey, Observation]:
    """Every source's tokens, or why it could not be observed. Observers run in the project's root, as in a worker."""

    def one(key: AssetKey) -> Observation:
        existing = existing_keys(lineage.graph, lineage.graph.numbers[key], lineage.now)
        try:
            return Observed(observe_source(definitions.runtime, key, existing))
        except (Exception, SystemExit) as error:
            return NotObserved(describe(error, definitions.redactor.redact, Retry()))

    keys = list(sources)
    if not keys:
        return {}
    with contextlib.chdir(definitions.runtime.root):
        if len(keys) < 2:
            return {key: one(key) for key in keys}
        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor(min(MAX_OBSERVERS, len(keys))) as pool:
            return dict(zip(keys, pool.map(one, keys), strict=True))


def existing_keys(graph: AssetGraph, asset: int, now: datetime) -> Sequence[str]:
    """The keys of the partitions that an asset has."""
    partitions = graph.specs[asset].partitions
    return partitions.keys(partitions.existing(now))


def needed_sources(graph: AssetGraph, assets: Collection[int]) -> list[AssetKey]:
    """The sources that these assets read, directly or through a check."""
    found: dict[AssetKey, None] = {}
    for asset in assets:
        for upstream in graph.upstream(asset):
            if graph.definitions[graph.definition_of[upstream]].is_source:
                found[graph.keys[upstream]] = None
    return list(found)


def lay_over(
    definitions: Definitions, lineage: Lineage, observations: dict[AssetKey, Observation]
) -> None:
    """Put what was observed into the snapshot."""
    versions, graph = definitions.versions, lineage.graph
    for key, observation in observations.items():
        asset = graph.numbers[key]
        if isinstance(observation, NotObserved):
            lineage.unobserved[asset] = observation.failure
            lineage.observed[asset] = {}
            continue
        code, config = versions.code[asset], versions.config[asset]
        ordinals, known = graph.specs[asset].partitions.find(list(observation.tokens))
        lineage.observed[asset] = dict(observation.tokens)
        lineage.observe(
            asset,
            {
                int(ordinal): term(partition, source_version(token, code, config))
                for ordinal, there, (partition, token) in zip(
                    ordinals, known, observation.tokens.items(), strict=True
                )
                if there
            },
        )


def observation_records(
    definitions: Definitions, tokens: dict[int, dict[str, str]], env: str
) -> list[ObservationRecord]:
    """What was observed, as facts."""
    versions, now = definitions.versions, datetime.now(UTC)
    return [
        ObservationRecord(
            env,
            definitions.graph.keys[asset],
            partition,
            token,
            source_version(token, versions.code[asset], versions.config[asset]),
            now,
        )
        for asset, by_partition in tokens.items()
        for partition, token in by_partition.items()
    ]

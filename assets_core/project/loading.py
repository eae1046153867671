"""Making a loaded project of its files: settings, modules, definitions, graph, and what resolves their parameters."""

from __future__ import annotations

import contextlib
import gc
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import cast

from assets_core.declare.collect import collect
from assets_core.declare.creations import observe_creations
from assets_core.declare.loader import LoadedProject, load_project
from assets_core.declare.secrets import Redactor
from assets_core.errors import AssetsError
from assets_core.execution.paths import Home
from assets_core.execution.runtime import Runtime
from assets_core.graph import AssetGraph, build_graph
from assets_core.graph.resolving import AllKeys, dynamic_names, resolved_graph
from assets_core.model.assets import AssetDefinition, ConfigParameter, Retry, SqlBody
from assets_core.model.json import JSON
from assets_core.model.keys import AssetKey
from assets_core.model.versions import CodeVersion, ConfigVersion
from assets_core.ports import ProjectRef, StateReader, StepRequest
from assets_core.project.parsed_queries import ParsedQueries
from assets_core.project.pools import needs_of
from assets_core.project.registry import evaluators, materializers
from assets_core.project.versions import Versioner
from assets_core.settings import Settings, find_config, parse_overrides, read_settings
from assets_core.versioning.cache import FingerprintCache
from assets_core.versioning.current import CurrentVersions
from assets_core.versioning.fingerprint import Fingerprinter
from assets_core.versioning.parts import volatile_error

IMPORT_LIMIT_S = 120.0
"""How long importing a project may take before it is said to hang."""


@dataclass(slots=True)
class Resolver:
    """Resolves Config and Connection parameters, each once; every secret it meets is made known to the redactor."""

    settings: Settings
    overrides: Mapping[str, str]
    redactor: Redactor
    _configs: dict[tuple[type, AssetKey], object] = field(default_factory=dict)
    _connections: dict[tuple[type, str], object] = field(default_factory=dict)

    def config(self, model: type, key: AssetKey) -> object:
        """The configuration of class ``model`` for one asset."""
        from assets_core.declare.config import resolve_config

        known = self._configs.get((model, key))
        if known is None:
            known = resolve_config(model, key, self.settings, self.overrides)
            self._configs[model, key] = known
        return known

    def connection(self, model: type, name: str) -> object:
        """The connection of that name."""
        from assets_core.declare.connection import resolve_connection

        known = self._connections.get((model, name))
        if known is None:
            root, environ = self.settings.root, os.environ
            known = resolve_connection(
                model, name, self.settings, self.redactor, environ=environ, root=root
            )
            self._connections[model, name] = known
        return known


class Definitions:
    """One project's definitions with everything that is computed from files alone; no state has been read."""

    def __init__(
        self,
        settings: Settings,
        overrides: Sequence[str],
        loaded: LoadedProject,
        definitions: tuple[AssetDefinition, ...],
        redactor: Redactor,
    ) -> None:
        self.settings = settings
        self.overrides = tuple(overrides)
        self.loaded = loaded
        self.redactor = redactor
        self._declared = tuple(_with_defaults(d, settings) for d in definitions)
        self.graph: AssetGraph = build_graph(self._declared)
        """Without the keys of dynamic partitions, which the state store has: see ``graph_with``."""
        self.needs = needs_of(self.graph, settings)
        """By definition number, of either graph."""
        self.dynamic_names = dynamic_names(self._declared)
        self._with_keys: tuple[AllKeys, AssetGraph] | None = None
        self.resolver = Resolver(settings, parse_overrides(overrides), self.redactor)
        self.home = Home(settings.home, settings.data)
        self._check_config()

    def _check_config(self) -> None:
        """Configured values and overrides that nothing declares are errors, not silence."""
        configured = any(True for _ in self.settings.config_entries())
        if configured or self.overrides:
            from assets_core.declare.config import check_config

            check_config(_config_classes(self.graph), self.settings, self.resolver.overrides)

    def graph_with(self, reader: StateReader) -> AssetGraph:
        """The graph with the partitions that there are now: one read, and none where nothing is dynamic."""
        if not self.dynamic_names:
            return self.graph
        known = reader.dynamic_partitions(self.settings.env)
        keys = {name: tuple(known.get(name, ())) for name in self.dynamic_names}
        if self._with_keys is None or self._with_keys[0] != keys:
            self._with_keys = (keys, resolved_graph(self._declared, keys))
        return self._with_keys[1]

    @cached_property
    def versioner(self) -> Versioner:
        """Computes the versions of this project's definitions."""
        cache = FingerprintCache(self.settings.home / "cache")
        fingerprinter = Fingerprinter(
            self.loaded, packages=self.settings.fingerprint_packages, cache=cache
        )
        return Versioner(fingerprinter, self.resolver.config, configured_options(self.settings))

    @cached_property
    def versions(self) -> CurrentVersions:
        """Today's versions of every asset; what was computed on the way is kept for the next process."""
        with without_collection():
            versions = self.versioner.all(self.graph)
        with contextlib.suppress(OSError):
            self.home.create()
            self.versioner.fingerprinter.save()
        return versions

    @cached_property
    def runtime(self) -> Runtime:
        """What executes steps of this project in this process."""
        graph = self.graph
        by_key = {
            spec.key: graph.definitions[graph.definition_of[n]]
            for n, spec in enumerate(graph.specs)
        }
        return Runtime(
            root=self.settings.root,
            definitions=by_key,
            materializers=materializers(),
            evaluators=evaluators(),
            resolve_config=self.resolver.config,
            resolve_connection=self.resolver.connection,
            versions_of=self._versions_of,
            check_versions_of=self._check_versions_of,
            explain_other_code=self._explain_other_code,
            materializer_options=configured_options(self.settings),
            redact=self.redactor.redact,
        )

    def _versions_of(self, key: AssetKey) -> tuple[CodeVersion, ConfigVersion]:
        definition = self.runtime.definitions[key]
        return self.versioner.code(definition).version, self.versioner.config(definition, key)

    def config_text(self, definition: AssetDefinition, key: AssetKey) -> str:
        """The resolved config as JSON to be kept and shown: an address in it may hold a password."""
        values = self.versioner.config_values(definition, key)
        return json.dumps(self.redactor.redact_json(values), sort_keys=True)

    def values_of(self, definition: AssetDefinition) -> tuple[tuple[str, str], ...]:
        """(name, digest) of every module value that takes part in a definition's code version."""
        parts = self.versioner.code(definition).parts
        return tuple((p.name, p.digest) for p in parts if p.is_value)

    def _explain_other_code(self, key: AssetKey, request: StepRequest) -> None:
        """Equal bytes and another code version: some value is made anew in every process. Raises E120 naming it."""
        if self.ref.fingerprint != request.project.fingerprint:
            return
        planned = dict(request.values)
        for part in self.versioner.code(self.runtime.definitions[key]).parts:
            if part.is_value and planned.get(part.name) != part.digest:
                raise volatile_error(part)

    def _check_versions_of(self, key: AssetKey) -> Mapping[str, str]:
        specs = self.runtime.definitions[key].outputs
        spec = next(s for s in specs if s.key == key)
        return {check.name: check.version for check in self.versioner.checks(spec)}

    @cached_property
    def ref(self) -> ProjectRef:
        """How a worker loads the same project."""
        file = self.settings.file if self.loaded.packages else None
        return ProjectRef(
            file.path if file is not None else None,
            self.settings.env,
            self.overrides,
            self.loaded.digest,
        )


def load_definitions(
    start: Path,
    *,
    env: str | None = None,
    overrides: Sequence[str] = (),
    flags: Mapping[str, object] | None = None,
    redactor: Redactor | None = None,
) -> Definitions:
    """Load the nearest project at or above ``start``; raises ConfigError or DefinitionError in the user's file.

    ``redactor`` learns the secrets, also where loading fails.
    """
    from assets_core.settings import project_settings

    settings = project_settings(start, environ=os.environ, env=env, flags=flags)
    return definitions_of(settings, overrides, Redactor() if redactor is None else redactor)


def definitions_of(settings: Settings, overrides: Sequence[str], redactor: Redactor) -> Definitions:
    """Import the modules that the settings name and collect what they define."""
    learn_secrets(redactor, settings, overrides)
    memo = ParsedQueries(settings.home / "cache" / "queries.json")
    try:
        with without_collection(), observe_creations(settings.root, memo.texts) as created:
            loaded = load_project(
                settings.root, settings.module, limit_s=IMPORT_LIMIT_S, redact=redactor.redact
            )
            found = collect(loaded.objects, created)
            definitions = Definitions(settings, overrides, loaded, found, redactor)
    except AssetsError as error:
        error.redact(redactor.redact)
        raise
    memo.save(definitions.home)
    return definitions


def learn_secrets(redactor: Redactor, settings: Settings, overrides: Sequence[str]) -> None:
    """Know the configured secrets before any user code runs: an import that fails may tell one."""
    for value in (*settings.values(), *overrides):
        redactor.add_configured(value, environ=os.environ, root=settings.root)
    redactor.add(os.environ.get("PGPASSWORD", ""))  # the driver's own, for a store in PostgreSQL


def definitions_for(ref: ProjectRef) -> Definitions:
    """The project that a runner refers to, loaded in a worker."""
    assert ref.config_file is not None
    file = find_config(ref.config_file.parent)
    settings = read_settings(file, environ=os.environ, env=ref.env)
    return definitions_of(settings, ref.overrides, Redactor())


@contextlib.contextmanager
def without_collection() -> Iterator[None]:
    """No garbage collection while definitions pile up: they all stay, and looking at them doubles the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _with_defaults(definition: AssetDefinition, settings: Settings) -> AssetDefinition:
    """The definition with what the configuration says for those that say nothing themselves."""
    if settings.retry and definition.retry == Retry():
        definition = replace(definition, retry=Retry(**settings.retry))
    if settings.timeout is not None and definition.timeout is None:
        definition = replace(definition, timeout=settings.timeout)
    if settings.pool and not definition.pool and not definition.is_source:
        definition = replace(definition, pool=tuple((name, 1) for name in settings.pool))
    if settings.materializer is not None and not definition.is_source:
        outputs = tuple(
            replace(s, materializer=s.materializer or settings.materializer)
            for s in definition.outputs
        )
        definition = replace(definition, outputs=outputs)
    return definition


def configured_options(settings: Settings) -> dict[str, dict[str, JSON]]:
    """Options by materializer, from the configuration."""
    return {
        name: {option: cast("JSON", value) for option, value in options.items()}
        for name, options in settings.materializer_options.items()
    }


def _config_classes(graph: AssetGraph) -> dict[AssetKey, list[type]]:
    """Every asset's Config classes, its checks' included: what configuration may name."""
    found: dict[AssetKey, list[type]] = {}
    for number, spec in enumerate(graph.specs):
        body = graph.definitions[graph.definition_of[number]].body
        parameters: list[object] = [p for c in spec.checks for p in c.parameters]
        if not isinstance(body, SqlBody):
            parameters += body.parameters
        found[spec.key] = [p.model for p in parameters if isinstance(p, ConfigParameter)]
    return found

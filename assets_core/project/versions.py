"""Today's versions of every asset of a project: code, config and checks, by asset number.

Of our own arguments only what shapes the output is part of a code version. A multi-asset has one code version for all
of its outputs; sources have one too, because it is part of their source versions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from assets_core.graph import AssetGraph
from assets_core.model.assets import (
    AssetDefinition,
    AssetSpec,
    ConfigParameter,
    ContextParameter,
    InputParameter,
    Parameter,
    PythonBody,
    SourceBody,
    SqlBody,
)
from assets_core.model.checks import CheckSpec
from assets_core.model.json import JSON
from assets_core.model.keys import AssetKey
from assets_core.model.versions import CodeVersion, ConfigVersion, canonical_json, digest
from assets_core.partitions.mapping_code import own_classes
from assets_core.versioning.config import config_version
from assets_core.versioning.current import CheckVersion, CurrentVersions
from assets_core.versioning.fingerprint import Fingerprinter
from assets_core.versioning.parts import CodeFingerprint
from assets_core.versioning.renaming import FormerNames

_TODAYS = FormerNames({})

ResolveConfig = Callable[[type, AssetKey], object]


@dataclass(slots=True)
class Versioner:
    """Computes versions for one loaded project, each definition once."""

    fingerprinter: Fingerprinter
    resolve_config: ResolveConfig
    materializer_options: Mapping[str, Mapping[str, JSON]] = field(default_factory=dict)
    """As configured for the project: they shape outputs too."""
    _fingerprints: dict[AssetKey, CodeFingerprint] = field(default_factory=dict)
    _checks: dict[AssetKey, list[CheckVersion]] = field(default_factory=dict)

    def all(self, graph: AssetGraph) -> CurrentVersions:
        """The versions of every asset of the graph."""
        code: list[CodeVersion] = []
        config: list[ConfigVersion] = []
        for number, spec in enumerate(graph.specs):
            definition = graph.definitions[graph.definition_of[number]]
            code.append(self.code(definition).version)
            config.append(self.config(definition, spec.key))
        return CurrentVersions(
            tuple(code), tuple(config), tuple(tuple(self.checks(s)) for s in graph.specs)
        )

    def code(self, definition: AssetDefinition) -> CodeFingerprint:
        """The fingerprint of a definition, with the parts that ``plan --diff`` names."""
        known = self._fingerprints.get(definition.key)
        if known is None:
            known = self._fingerprints[definition.key] = self._fingerprint(definition)
        return known

    def former_code(self, definition: AssetDefinition, former: FormerNames) -> CodeVersion:
        """The code version that a definition would have, had it been written with the former names.

        Where that cannot be said with certainty it is one that was never recorded.
        """
        return self._fingerprint(definition, former).version

    def tells_its_key(self, definition: AssetDefinition) -> bool:
        """Whether what it makes may depend on the keys it has, which no code version holds."""
        body = definition.body
        if isinstance(body, SqlBody) or definition.code_version is not None:
            return False
        contexts = [p.name for p in body.parameters if isinstance(p, ContextParameter)]
        function = body.function
        told = ("asset", "wanted") if len(definition.outputs) > 1 else ("asset",)
        return function is not None and any(
            self.fingerprinter.may_read(function, name, told) for name in contexts
        )

    def _fingerprint(
        self, definition: AssetDefinition, former: FormerNames | None = None
    ) -> CodeFingerprint:
        was = _TODAYS if former is None else former
        keys = [spec.key for spec in definition.outputs]
        options = _options(definition, was)
        if self.materializer_options:
            options["configured"] = {n: dict(o) for n, o in self.materializer_options.items()}
        if definition.code_version is not None:
            return self.fingerprinter.explicit(definition.code_version, options)
        mappings = [one for d in definition.dependencies for one in own_classes(d.mapping)]
        match definition.body:
            case PythonBody(function=function, parameters=parameters):
                spec = _load_specs(parameters, was)
                return self.fingerprinter.function(
                    function, options=options, load_spec=spec, also=mappings,
                    former=None if former is None else former.function(keys, parameters),
                )  # fmt: skip
            case SqlBody(text, dialect, file, line, threads):
                options["threads"] = threads
                return self.fingerprinter.sql(
                    text, dialect, name=was.key(definition.key), file=file, line=line,
                    options=options, also=mappings, former=was.tables,
                )  # fmt: skip
            case SourceBody(function=None):
                return self.fingerprinter.explicit("source", options)
            case SourceBody(function=function):
                assert function is not None
                return self.fingerprinter.function(
                    function,
                    options=options,
                    former=None if former is None else former.function(keys, ()),
                )

    def config(self, definition: AssetDefinition, key: AssetKey) -> ConfigVersion:
        """The digest of the resolved values of the definition's Config parameters."""
        return config_version(self.config_values(definition, key))

    def config_values(self, definition: AssetDefinition, key: AssetKey) -> dict[str, JSON]:
        """The resolved values by parameter; connections are never versioned."""
        if isinstance(definition.body, SqlBody):
            return {}
        return self._values(definition.body.parameters, key)

    def _values(self, parameters: Sequence[object], key: AssetKey) -> dict[str, JSON]:
        values: dict[str, JSON] = {}
        for parameter in parameters:
            if isinstance(parameter, ConfigParameter):
                from assets_core.declare.config import Config, config_values

                config = self.resolve_config(parameter.model, key)
                assert isinstance(config, Config)
                values[parameter.name] = config_values(config)
        return values

    def checks(self, spec: AssetSpec) -> list[CheckVersion]:
        """Today's version of each check of an asset."""
        known = self._checks.get(spec.key)
        if known is None:
            known = self._checks[spec.key] = [
                CheckVersion(c.name, self._check(c, spec.key), c.severity, c.blocking, c.scope)
                for c in spec.checks
            ]
        return known

    def _check(self, check: CheckSpec, key: AssetKey) -> str:
        code, config = "", dict(check.config)
        if check.function is not None:
            code = self.fingerprinter.function(check.function).version
            config |= self._values(check.parameters, key)
        effect = "blocks" if check.blocking else ""
        return digest("check", check.kind, check.scope, canonical_json(config), code, effect)


def _options(definition: AssetDefinition, was: FormerNames) -> dict[str, JSON]:
    """What of our own arguments shapes the output: defaults are left out, so that a new option changes nothing."""
    options: dict[str, JSON] = {}
    if definition.batch != 1:
        options["batch"] = definition.batch
    if definition.batch_inputs != "own":
        options["batch_inputs"] = definition.batch_inputs
    windows = definition.outputs[0].partitions.windows
    if definition.is_source and windows:  # of others it is in the shape
        options["windows"] = windows
    for spec in definition.outputs:
        shaped = _output_options(spec)
        if shaped or len(definition.outputs) > 1:
            options[f"output:{was.key(spec.key)}"] = shaped
    return options


def _output_options(spec: AssetSpec) -> dict[str, JSON]:
    shaped: Mapping[str, JSON] = {
        "materializer": spec.materializer,
        "materializer_options": dict(spec.materializer_options) or None,
        "key": list(spec.row_key) or None,
        "row_order": spec.row_order,
        "deterministic": None if spec.deterministic else False,
    }
    return {name: value for name, value in shaped.items() if value is not None}


def _load_specs(parameters: tuple[Parameter, ...], was: FormerNames) -> JSON:
    """How each parameter is filled: the upstream, the type it is loaded as, columns and mapping."""
    specs: list[JSON] = []
    for parameter in parameters:
        match parameter:
            case InputParameter(dependency=dependency):
                name, upstream = was.parameter(parameter), was.written(dependency.upstream)
                mapping = dependency.mapping.canonical() if dependency.mapping else None
                columns = list(dependency.columns) if dependency.columns is not None else None
                specs.append([name, upstream, _type_text(dependency.annotation), columns, mapping])
            case ConfigParameter(name, model):
                specs.append([name, "config", f"{model.__module__}.{model.__qualname__}"])
            case _:
                specs.append([parameter.name, type(parameter).__name__])
    return specs


def _type_text(annotation: object) -> str | None:
    if annotation is None or isinstance(annotation, str):
        return annotation
    if isinstance(annotation, type) and not hasattr(annotation, "__origin__"):
        return f"{annotation.__module__}.{annotation.__qualname__}"
    return str(annotation)

"""The settings of one project under one environment: frozen, typed, each with its origin.

Values for users' Config models and connections stay as they were given, in layers, because only their models know the
types; ``declare.config`` and ``declare.connection`` resolve them.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assets_core.settings.files import ConfigFile
from assets_core.settings.origins import DEFAULT, Given, Origin, Source

if TYPE_CHECKING:
    from assets_core.settings.concurrency import Rate

_URL_PASSWORD = re.compile(r"(?<=://)([^\s/:@]*):[^\s/@]+@")
_QUERY_PASSWORD = re.compile(r"(?<=[?&])((?:ssl)?password=)[^\s&#]+")
_NOT_IN_VARIABLES = re.compile(r"[^0-9A-Z]+")


@dataclass(frozen=True, slots=True)
class Row:
    """One line of ``config show``: the dotted name, the value as shown (secrets masked), and where it was given."""

    name: str
    value: object
    origin: Origin


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that configuration decides. Paths are absolute; relative ones were relative to ``root``."""

    root: Path
    file: ConfigFile | None
    """None for definitions without a project, as in a notebook."""
    env: str
    module: tuple[str, ...]
    """The packages that hold the definitions."""
    home: Path
    store: str
    """SQLAlchemy URL; may hold a password, so it is shown through ``rows`` only."""
    store_reference: Mapping[str, str] | None
    """Where the URL was read from, if it was given as a reference to a secret."""
    data: Path
    executor: str
    jobs: int | None
    """None: as many as there are usable CPUs."""
    fingerprint_packages: tuple[str, ...]
    materializer: str | None
    """For values whose definition names none; None: by type."""
    materializer_options: Mapping[str, Mapping[str, object]]
    timeout: float | None
    """Seconds that a call may take whose definition says nothing; None: any time."""
    pool: tuple[str, ...]
    """The pools of definitions that name none."""
    pools: Mapping[str, int]
    """The slots of each pool."""
    rate_limits: Mapping[str, Rate]
    """By asset key or ``tag:name=value``."""
    grace: float
    """Seconds between asking a call to stop and killing it."""
    lease: float
    """Seconds for which a run that is stopped (SIGSTOP) keeps what it has claimed."""
    on_conflict: str
    """What a run does where another live run holds what it wants."""
    run_retries: int
    """How many runs may follow one that left failures."""
    retry: Mapping[str, Any]
    """The arguments of ``Retry`` that were given, for definitions that give none."""
    gc: Mapping[str, Any]
    """The fields of ``Keeping`` that were given."""
    env_names: tuple[str, ...]
    """The environments that the file has a table for."""
    origins: Mapping[tuple[str, ...], Origin]
    """By path, for what was given; everything else is a default."""
    layers: tuple[Mapping[tuple[str, ...], Given], ...]
    """``config`` and ``connections`` by path, strongest first: the environment's table, then the file."""
    config_variables: Mapping[str, str]
    """What follows ``ASSETS_CONFIG__``, to text."""
    connection_variables: Mapping[tuple[str, str], str]
    """(NAME, FIELD) of ``ASSETS_CONNECTIONS__NAME__FIELD``, to text."""
    unknown_variables: tuple[tuple[str, str | None], ...]
    """``ASSETS_*`` variables that mean nothing, each with the nearest one that does."""

    # -- values for Config models -------------------------------------------------------------------------------

    def config_for(self, key: str, fields: Collection[str]) -> dict[str, Given]:
        """What is configured for ``fields`` of asset ``key``: by source, and within one for the asset before all."""
        found = {}
        for field in fields:
            given = self._config_value(key, field)
            if given is not None:
                found[field] = given
        return found

    def _config_value(self, key: str, field: str) -> Given | None:
        for name in (f"{variable_name(key)}__{field.upper()}", field.upper()):
            if name in self.config_variables:
                origin = Origin(Source.VARIABLE, f"ASSETS_CONFIG__{name}")
                return Given(self.config_variables[name], origin)
        for layer in self.layers:
            for path in (("config", key, field), ("config", field)):
                if path in layer:
                    return layer[path]
        return None

    def config_entries(self) -> Iterator[tuple[str | None, str, Origin]]:
        """Every (asset key or None for all, field, origin) in the file, to be checked against the definitions."""
        for layer in self.layers:
            for path, given in layer.items():
                if path[0] == "config":
                    yield (path[1] if len(path) == 3 else None), path[-1], given.origin

    # -- values for connections ---------------------------------------------------------------------------------

    @property
    def connection_names(self) -> tuple[str, ...]:
        """Every configured connection, those of the files first."""
        named = [path[1] for layer in self.layers for path in layer if path[0] == "connections"]
        folded = {variable_name(name) for name in named}
        more = [name.lower() for name, _ in self.connection_variables if name not in folded]
        return tuple(dict.fromkeys((*named, *more)))

    def connection(self, name: str) -> dict[str, Given]:
        """The fields given for a connection, the strongest source of each; empty where it is not configured."""
        found: dict[str, Given] = {}
        for layer in reversed(self.layers):
            found |= {p[2]: given for p, given in layer.items() if p[:2] == ("connections", name)}
        for (upper, field), text in self.connection_variables.items():
            if upper == variable_name(name):
                origin = Origin(Source.VARIABLE, f"ASSETS_CONNECTIONS__{upper}__{field}")
                found[field.lower()] = Given(text, origin)
        return found

    def values(self) -> Iterator[object]:
        """Every value that may hold or refer to a secret, of all layers."""
        yield self.store
        yield self.store_reference
        yield from self.config_variables.values()
        yield from self.connection_variables.values()
        for layer in self.layers:
            yield from (given.value for given in layer.values())

    # -- showing ------------------------------------------------------------------------------------------------

    def rows(self) -> tuple[Row, ...]:
        """Every setting in effect, for ``config show --origin``. No secret value is in it."""
        return (*self._fixed_rows(), *self._config_rows(), *self._connection_rows())

    def _fixed_rows(self) -> Iterator[Row]:
        shown = {"store": self.store_reference or self.store}
        for name in ("env", "module", "home", "store", "data", "executor", "jobs"):
            yield self._row((name,), shown.get(name) or getattr(self, name))
        for name in (
            "fingerprint_packages",
            "materializer",
            "timeout",
            "grace",
            "lease",
            "on_conflict",
            "run_retries",
        ):
            yield self._row((name,), getattr(self, name))
        if self.pool:
            yield self._row(("pool",), self.pool)
        for name, slots in self.pools.items():
            yield self._row(("pools", name), slots)
        for name, rate in self.rate_limits.items():
            yield self._row(("rate_limits", name), rate)
        for name, value in self.retry.items():
            yield self._row(("retry", name), value)
        for name, value in self.gc.items():
            yield self._row(("gc", name), value)
        for materializer, options in self.materializer_options.items():
            for option, chosen in options.items():
                yield self._row(("materializer_options", materializer, option), chosen)

    def _row(self, path: tuple[str, ...], value: object) -> Row:
        return Row(dotted(path), _shown(value), self.origins.get(path, DEFAULT))

    def _config_rows(self) -> Iterator[Row]:
        for name, text in self.config_variables.items():
            origin = Origin(Source.VARIABLE, f"ASSETS_CONFIG__{name}")
            yield Row(f"config.{name}", _shown(text), origin)
        seen: set[tuple[str, ...]] = set()
        for layer in self.layers:
            for path, given in layer.items():
                if path[0] == "config" and path not in seen:
                    seen.add(path)
                    yield Row(dotted(path), _shown(given.value), given.origin)

    def _connection_rows(self) -> Iterator[Row]:
        for name in self.connection_names:
            for field, given in self.connection(name).items():
                # A variable may hold the secret itself; a file may only refer to it.
                masked = given.origin.source is Source.VARIABLE
                value = "***" if masked else _shown(given.value)
                yield Row(dotted(("connections", name, field)), value, given.origin)


def variable_name(name: str) -> str:
    """``staging/flights`` as variables spell it: ``STAGING_FLIGHTS``."""
    return _NOT_IN_VARIABLES.sub("_", name.upper())


def dotted(path: tuple[str, ...]) -> str:
    """A path as TOML writes it."""
    return ".".join(part if re.fullmatch(r"[A-Za-z0-9_-]+", part) else f'"{part}"' for part in path)


def _shown(value: object) -> object:
    """The value as JSON, without the passwords of URLs."""
    match value:
        case str():
            return _QUERY_PASSWORD.sub(r"\1***", _URL_PASSWORD.sub(r"\1:***@", value))
        case tuple() | list():
            return [_shown(item) for item in value]
        case Mapping():
            return {str(name): _shown(item) for name, item in value.items()}
        case bool() | int() | float() | None:
            return value
        case _:
            return str(value)

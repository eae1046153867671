"""Layering: flag > ``ASSETS_*`` variable > ``[tool.assets.env.NAME]`` > file > default, value by value."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from assets_core.declare.secrets import is_reference, resolve_reference
from assets_core.errors import ConfigError
from assets_core.settings.files import ConfigFile, find_config
from assets_core.settings.origins import Given, Origin, Source
from assets_core.settings.schema import ENV, READERS, accepted, named, nearest, read_table
from assets_core.settings.tree import Settings

DEFAULT_ENV = "default"
HOME = ".assets"
GRACE_S = 10.0
LEASE_S = 30.0
_PREFIX = "ASSETS_"
_ENV_NAME = re.compile(r"[a-z0-9-]{1,64}")


def project_settings(
    start: Path,
    *,
    environ: Mapping[str, str],
    env: str | None = None,
    flags: Mapping[str, object] | None = None,
) -> Settings:
    """The settings of the nearest project at or above ``start``; raises ConfigError E401 where there is none."""
    file = find_config(start)
    if file is None:
        raise ConfigError(
            "E401",
            "there is no project here or in a folder above",
            help="create one with `assets init`, or name its folder with -C",
        )
    return read_settings(file, environ=environ, env=env, flags=flags)


def read_settings(
    file: ConfigFile | None,
    *,
    environ: Mapping[str, str],
    root: Path | None = None,
    env: str | None = None,
    flags: Mapping[str, object] | None = None,
) -> Settings:
    """The settings that ``file`` (None: no file), variables and flags give together.

    ``flags`` is by setting name (``jobs``, ``executor``); None values were not given. ``root`` is needed without a
    file. Raises ConfigError E404 (unknown key), E405 (wrong value) or E406 (environment name).
    """
    variables = _variables(environ)
    tables = {} if file is None else _env_tables(file)
    chosen = _environment(env, environ)
    layers = (
        tables.get(str(chosen.value), {}),
        {} if file is None else read_table(file, file.table),
    )
    given: dict[tuple[str, ...], Given] = {}
    for layer in (layers[1], layers[0], variables.settings, _flags(flags or {})):
        given |= layer
    folder = file.root if file is not None else root or Path.cwd()
    names = tuple(tables)
    return _tree(folder.resolve(), file, chosen, given, layers, variables, names, environ)


def _tree(
    root: Path,
    file: ConfigFile | None,
    env: Given,
    given: Mapping[tuple[str, ...], Given],
    layers: tuple[Mapping[tuple[str, ...], Given], ...],
    variables: _Variables,
    env_names: tuple[str, ...],
    environ: Mapping[str, str],
) -> Settings:
    def value(name: str, default: Any) -> Any:
        return given[(name,)].value if (name,) in given else default

    home = root / Path(value("home", HOME)).expanduser()
    return Settings(
        root=root,
        file=file,
        env=str(env.value),
        module=value("module", ()),
        home=home,
        store=_store(given.get(("store",)), root, home, environ),
        store_reference=_reference(given.get(("store",))),
        data=_data(given.get(("data",)), root, home),
        executor=value("executor", "processes"),
        jobs=value("jobs", None),
        fingerprint_packages=value("fingerprint_packages", ()),
        materializer=value("materializer", None),
        materializer_options=_options(given),
        timeout=value("timeout", None),
        pool=value("pool", ()),
        pools=_named(given, "pools"),
        rate_limits=_named(given, "rate_limits"),
        grace=value("grace", GRACE_S),
        lease=value("lease", LEASE_S),
        on_conflict=value("on_conflict", "wait"),
        run_retries=value("run_retries", 0),
        retry={p[1]: given[p].value for p in READERS if p[0] == "retry" and p in given},
        gc={p[1]: given[p].value for p in READERS if p[0] == "gc" and p in given},
        env_names=env_names,
        origins={(ENV,): env.origin} | {path: item.origin for path, item in given.items()},
        layers=tuple(
            {p: g for p, g in layer.items() if p[0] in ("config", "connections")}
            for layer in layers
        ),
        config_variables=variables.config,
        connection_variables=variables.connections,
        unknown_variables=tuple(variables.unknown),
    )


def _reference(given: Given | None) -> Mapping[str, str] | None:
    return given.value if given is not None and is_reference(given.value) else None


def _store(given: Given | None, root: Path, home: Path, environ: Mapping[str, str]) -> str:
    if given is None:
        return f"sqlite:///{home / 'state.sqlite'}"
    url = str(given.value)
    if is_reference(given.value):
        place = given.origin.place
        what = "the address of the state store"
        url = resolve_reference(given.value, what, place, environ=environ, root=root)
    scheme, separator, path = url.partition(":///")
    is_relative = (
        separator
        and scheme.startswith("sqlite")
        and path
        and not path.startswith((":", "/", "file:"))
    )
    return f"{scheme}:///{root / path}" if is_relative else url


def _data(given: Given | None, root: Path, home: Path) -> Path:
    if given is None:
        return home / "data"
    if "://" in str(given.value):
        summary = f"`data` must be a folder, not the address `{given.value}`"
        raise ConfigError("E405", summary, place=given.origin.place)
    return root / Path(str(given.value)).expanduser()


def _named(given: Mapping[tuple[str, ...], Given], table: str) -> dict[str, Any]:
    return {path[1]: item.value for path, item in given.items() if path[0] == table}


def _options(given: Mapping[tuple[str, ...], Given]) -> dict[str, dict[str, object]]:
    options: dict[str, dict[str, object]] = {}
    for path, item in given.items():
        if path[0] == "materializer_options":
            options.setdefault(path[1], {})[path[2]] = item.value
    return options


def _flags(flags: Mapping[str, object]) -> dict[tuple[str, ...], Given]:
    found: dict[tuple[str, ...], Given] = {}
    for name, value in flags.items():
        if value is not None:
            origin = Origin(Source.FLAG, f"--{name.replace('_', '-')}")
            found[(name,)] = Given(accepted((name,), value, origin), origin)
    return found


def _env_tables(file: ConfigFile) -> dict[str, dict[tuple[str, ...], Given]]:
    """Every environment's table is read, also those not chosen: a typo in them is an error today."""
    tables = file.table.get(ENV, {})
    if not isinstance(tables, dict) or not all(
        isinstance(table, dict) for table in tables.values()
    ):
        help = f"write a table per environment: [{'.'.join((*file.prefix, ENV, 'prod'))}]"
        raise ConfigError(
            "E405", f"`{ENV}` must be a table of tables", place=file.place((ENV,)), help=help
        )
    for name in tables:
        _checked_env(name, Origin(Source.FILE, "", file, (ENV, name)))
    return {name: read_table(file, table, (ENV, name)) for name, table in tables.items()}


def _environment(flag: str | None, environ: Mapping[str, str]) -> Given:
    if flag is not None:
        return _checked_env(flag, Origin(Source.FLAG, "--env"))
    if environ.get("ASSETS_ENV"):
        return _checked_env(environ["ASSETS_ENV"], Origin(Source.VARIABLE, "ASSETS_ENV"))
    return Given(DEFAULT_ENV)


def _checked_env(name: str, origin: Origin) -> Given:
    if _ENV_NAME.fullmatch(name):
        return Given(name, origin)
    raise ConfigError(
        "E406",
        f"`{name[:100]}` is not a name for an environment"
        + (f" ({origin.name})" if origin.name else ""),
        place=origin.key_place,
        help="use lower-case letters, digits and `-`, at most 64",
    )


# -- variables ----------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Variables:
    settings: dict[tuple[str, ...], Given] = field(default_factory=dict)
    config: dict[str, str] = field(default_factory=dict)
    connections: dict[tuple[str, str], str] = field(default_factory=dict)
    unknown: list[tuple[str, str | None]] = field(default_factory=list)


def _variables(environ: Mapping[str, str]) -> _Variables:
    found = _Variables()
    for name in sorted(name for name in environ if name.startswith(_PREFIX)):
        if name != "ASSETS_ENV" and not _is_taken(found, name, environ[name]):
            close = nearest(name.removeprefix(_PREFIX), ["__".join(path) for path in READERS])
            found.unknown.append((name, close and _PREFIX + close.upper()))
    return found


def _is_taken(found: _Variables, name: str, text: str) -> bool:
    parts = name.removeprefix(_PREFIX).split("__")
    path = tuple(part.lower() for part in parts)
    origin = Origin(Source.VARIABLE, name)
    if path in READERS:
        # An empty variable is how a shell takes a setting back.
        if text:
            found.settings[path] = Given(accepted(path, text, origin), origin)
        return True
    match parts:
        case ["CONFIG", *rest] if 1 <= len(rest) <= 2 and all(rest):
            found.config["__".join(rest)] = text
        case ["CONNECTIONS", connection, name_of_field] if connection and name_of_field:
            found.connections[connection, name_of_field] = text
        case ["POOLS", pool] if pool:
            path = ("pools", named("pools", pool.lower().replace("_", "-"), origin))
            if text:
                found.settings[path] = Given(accepted(path, text, origin), origin)
        case ["MATERIALIZER_OPTIONS", materializer, option] if materializer and option:
            path = ("materializer_options", materializer.lower(), option.lower())
            found.settings[path] = Given(_toml_value(text), origin)
        case _:
            return False
    return True


def _toml_value(text: str) -> object:
    """A number, a boolean or an array where the text is one in TOML, else the text."""
    import tomllib

    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text

"""``Config``: values that assets are parametrised with, from the project's configuration and ``--config``.

Importing this module loads pydantic (0.15 s), so only a use of ``Config`` imports it; ``assets_core`` does so lazily.
Until something did, no annotation can be a subclass of it.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, Protocol, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails, to_jsonable_python

from assets_core.declare.validation import first_problem, is_secret, place_of_class
from assets_core.errors import ConfigError, DefinitionError, Place, UsageError
from assets_core.model.json import JSON
from assets_core.model.keys import AssetKey
from assets_core.model.versions import canonical_json


class Config(BaseModel):
    """Typed parameters of assets: subclass it with annotated fields and annotate a parameter with the subclass.

    Values come from ``--config KEY.field=value``, ``ASSETS_CONFIG__*`` variables, ``[tool.assets.config."KEY"]``,
    ``[tool.assets.config]`` (for every class with such a field), then the field's default. They are versioned: a
    changed value makes the asset stale. Secrets belong in a ``Connection``.
    """

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        validate_default=True,
        validate_by_name=True,
        validate_by_alias=False,
    )

    @classmethod
    def __pydantic_init_subclass__(cls, **_: Any) -> None:
        """Refuse secret fields, whose values the config version and its record would hold."""
        for name, field in cls.model_fields.items():
            if is_secret(field.annotation):
                raise DefinitionError(
                    "E411",
                    f"`{cls.__name__}.{name}` is a secret, which a Config cannot hold",
                    place=place_of_class(cls),
                    help="put it in a Connection, which is never versioned",
                )


class GivenOrigin(Protocol):
    """Where a configured value was given; its text is for messages."""

    @property
    def place(self) -> Place | None: ...
    @property
    def key_place(self) -> Place | None: ...
    @property
    def is_text(self) -> bool: ...


class GivenValue(Protocol):
    """A configured value and its origin."""

    @property
    def value(self) -> object: ...
    @property
    def origin(self) -> GivenOrigin: ...


class ConfigSettings(Protocol):
    """What of the settings configures Config models; ``settings.Settings`` is one."""

    def config_for(self, key: str, fields: Collection[str], /) -> Mapping[str, GivenValue]: ...
    def config_entries(self) -> Iterator[tuple[str | None, str, GivenOrigin]]: ...


C = TypeVar("C", bound=Config)


def resolve_config(
    model: type[C], key: AssetKey, settings: ConfigSettings, overrides: Mapping[str, str]
) -> C:
    """The value of a parameter of class ``model`` of asset ``key``.

    ``overrides`` is by ``KEY.field``, as ``settings.parse_overrides`` gives it. Raises ConfigError E408 with the place
    of the value that is wrong, or what to set where one is missing.
    """
    given = settings.config_for(key, model.model_fields)
    values = {name: item.value for name, item in given.items()}
    flags = {
        name: overrides[f"{key}.{name}"]
        for name in model.model_fields
        if f"{key}.{name}" in overrides
    }
    texts = {name for name, item in given.items() if item.origin.is_text} | set(flags)
    try:
        return _validated(model, values | flags, texts)
    except ValidationError as error:
        problem = first_problem(error)
        name = str(problem["loc"][0]) if problem["loc"] else ""
        raise _invalid(key, name, problem, flags, given) from error


def _validated(model: type[C], values: dict[str, object], texts: set[str]) -> C:
    """Texts from flags and variables are read as the field's type, as JSON where that fails."""
    try:
        return model.model_validate(values)
    except ValidationError as error:
        read = {
            n: _read(str(values[n]), problem)
            for n, problem in _problems(error).items()
            if n in texts
        }
        if all(values[name] == value for name, value in read.items()):
            raise
    return model.model_validate(values | read)


def _problems(error: ValidationError) -> dict[str, ErrorDetails]:
    return {str(problem["loc"][0]): problem for problem in error.errors() if problem["loc"]}


def _read(text: str, problem: ErrorDetails) -> object:
    try:
        return json.loads(text)
    except ValueError:
        is_list = problem["type"] in ("list_type", "tuple_type", "set_type", "frozen_set_type")
        return [part.strip() for part in text.split(",")] if is_list else text


def _invalid(
    key: AssetKey,
    name: str,
    problem: ErrorDetails,
    flags: Mapping[str, str],
    given: Mapping[str, GivenValue],
) -> ConfigError:
    if problem["type"] == "missing":
        help = f'set it under [tool.assets.config."{key}"], or with --config {key}.{name}=VALUE'
        return ConfigError("E408", f"asset `{key}` needs a value for `{name}`", help=help)
    message = problem["msg"][:1].lower() + problem["msg"][1:]
    if name in flags:
        return ConfigError("E408", f"`--config {key}.{name}={flags[name]}` is wrong: {message}")
    origin = given[name].origin if name in given else None
    where = f" ({origin})" if origin is not None and origin.is_text else ""
    subject = f"`{name}` of asset `{key}`" if name else f"the configuration of asset `{key}`"
    place = None if origin is None else origin.place
    return ConfigError("E408", f"{subject}{where} is wrong: {message}", place=place)


def check_config(
    models: Mapping[AssetKey, Sequence[type[Config]]],
    settings: ConfigSettings,
    overrides: Mapping[str, str],
) -> None:
    """Refuse configured values that no asset takes: they are typos.

    ``models`` has every asset of the project with its Config classes (none for most). Raises ConfigError E408 with the
    place in the file, or UsageError E407 for an override.
    """
    fields = {
        key: {name for model in classes for name in model.model_fields}
        for key, classes in models.items()
    }
    every = {name for names in fields.values() for name in names}
    for key, name, origin in settings.config_entries():
        if key is None:
            _check_name(name, every, f"no Config class has a field `{name}`", origin.key_place)
        else:
            _check_entry(key, name, fields, origin.key_place)
    for target in overrides:
        key, _, name = target.rpartition(".")
        try:
            _check_entry(key, name, fields, None)
        except ConfigError as error:
            summary = f"`--config {target}`: {error.message}"
            raise UsageError("E407", summary, help=error.help) from None


def _check_entry(
    key: str, name: str, fields: Mapping[AssetKey, set[str]], place: Place | None
) -> None:
    known = {str(k): names for k, names in fields.items()}
    if key not in known:
        configurable = [k for k, names in known.items() if names]
        _check_name(key, configurable, f"there is no asset `{key}`", place)
    elif not known[key]:
        raise ConfigError("E408", f"asset `{key}` takes no Config", place=place)
    else:
        _check_name(name, known[key], f"the Config of asset `{key}` has no field `{name}`", place)


def _check_name(name: str, known: Collection[str], summary: str, place: Place | None) -> None:
    if name in known:
        return
    close = get_close_matches(name, sorted(known), 1)
    raise ConfigError(
        "E408", summary, place=place, help=f"did you mean `{close[0]}`?" if close else None
    )


def config_values(config: Config) -> dict[str, JSON]:
    """Every field in canonical JSON, for the config version: equal configs give equal values in every process."""
    return {name: _canonical(getattr(config, name)) for name in type(config).model_fields}


def _canonical(value: object) -> JSON:
    match value:
        case None | bool() | str() | int() if type(value) in (type(None), bool, str, int):
            return value
        case float():
            # JSON has no NaN and no infinities.
            return value if value - value == 0 else {"float": repr(value)}
        case BaseModel():
            return {name: _canonical(getattr(value, name)) for name in type(value).model_fields}
        case Mapping():
            return {str(_plain(name)): _canonical(item) for name, item in value.items()}
        case set() | frozenset():
            # Sets have another order in every process (string hashes are salted).
            return sorted((_canonical(item) for item in value), key=canonical_json)
        case list() | tuple():
            return [_canonical(item) for item in value]
        case _:
            return _plain(value)


def _plain(value: object) -> JSON:
    plain: JSON = to_jsonable_python(value, bytes_mode="hex")
    return plain

"""``Connection``: what an asset needs to reach another system, kept out of its code and never versioned.

Importing this module loads pydantic, so only a use of ``Connection`` imports it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Protocol, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from assets_core.declare.config import GivenValue
from assets_core.declare.secrets import Environ, Redactor, is_reference, resolve_reference
from assets_core.declare.validation import SECRETS, first_problem
from assets_core.errors import ConfigError, Place

_Location = tuple[str | int, ...]


class Connection(BaseModel):
    """Fields to connect with: subclass it, annotate a parameter with the subclass, and name the parameter after the
    table: ``warehouse: Warehouse`` reads ``[tool.assets.connections.warehouse]``.

    Secret fields are ``SecretStr`` and are given by reference: ``password = {env = "WAREHOUSE_PASSWORD"}``.
    """

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        validate_default=True,
        validate_by_name=True,
        validate_by_alias=False,
        hide_input_in_errors=True,
    )


class ConnectionSettings(Protocol):
    """What of the settings configures connections; ``settings.Settings`` is one."""

    @property
    def connection_names(self) -> Collection[str]: ...
    def connection(self, name: str, /) -> Mapping[str, GivenValue]: ...


N = TypeVar("N", bound=Connection)


def resolve_connection(
    model: type[N],
    name: str,
    settings: ConnectionSettings,
    redactor: Redactor,
    *,
    environ: Environ,
    root: Path,
) -> N:
    """The connection for a parameter called ``name``; every secret in it is made known to ``redactor`` first.

    Raises ConfigError E412 (not configured, or a wrong value), E409 (a reference that leads nowhere) or E410 (a secret
    written out in the file). No message holds a configured value.
    """
    given = settings.connection(name)
    required = [field for field, info in model.model_fields.items() if info.is_required()]
    if not given and required:
        raise _not_configured(model, name, settings.connection_names)
    resolver = _Resolver(name, redactor, environ, root)
    values = {field: resolver.resolved(item, (field,)) for field, item in given.items()}
    # Given as variables, secrets need no further reference.
    by_reference = resolver.referred | {(f,) for f, item in given.items() if item.origin.is_text}
    try:
        connection = model.model_validate(values)
    except ValidationError as error:
        raise _invalid(model, name, error, given, redactor) from None
    _protect(connection, name, by_reference, given, redactor)
    return connection


class _Resolver:
    """Replaces references by their secrets, and remembers where it did."""

    def __init__(self, name: str, redactor: Redactor, environ: Environ, root: Path) -> None:
        self._name = name
        self._redactor = redactor
        self._environ = environ
        self._root = root
        self.referred: set[_Location] = set()

    def resolved(self, given: GivenValue, location: _Location) -> object:
        return self._resolved(given.value, location, given.origin.place)

    def _resolved(self, value: object, location: _Location, place: Place | None) -> object:
        if isinstance(value, Mapping) and is_reference(value):
            what = f"`{'.'.join(map(str, location))}` of connection `{self._name}`"
            secret = resolve_reference(value, what, place, environ=self._environ, root=self._root)
            self._redactor.add(secret)
            self._redactor.add_url(secret)
            self.referred.add(location)
            return secret
        if isinstance(value, Mapping):
            return {str(k): self._resolved(v, (*location, str(k)), place) for k, v in value.items()}
        if isinstance(value, list):
            return [self._resolved(v, (*location, i), place) for i, v in enumerate(value)]
        if isinstance(value, str):
            self._redactor.add_url(value)
        return value


def _protect(
    connection: Connection,
    name: str,
    by_reference: Collection[_Location],
    given: Mapping[str, GivenValue],
    redactor: Redactor,
) -> None:
    """Make every secret of the value known, and refuse those that were written out."""
    for location, secret in _secrets_in(connection, ()):
        redactor.add(secret)
        if secret and not any(location[: len(known)] == known for known in by_reference):
            field = str(location[0])
            origin = given[field].origin if field in given else None
            raise ConfigError(
                "E410",
                f"the secret `{'.'.join(map(str, location))}` of connection `{name}` is written out",
                place=None if origin is None else origin.place,
                help=f'refer to it instead: {field} = {{env = "{name.upper()}_{field.upper()}"}}',
            )


def _secrets_in(value: object, location: _Location) -> Iterator[tuple[_Location, str]]:
    if isinstance(value, SECRETS):
        secret: object = value.get_secret_value()
        text = secret.decode(errors="replace") if isinstance(secret, bytes) else str(secret)
        yield location, text
    elif isinstance(value, BaseModel):
        for field in type(value).model_fields:
            yield from _secrets_in(getattr(value, field), (*location, field))
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _secrets_in(item, (*location, str(key)))
    elif isinstance(value, list | tuple | set | frozenset):
        for index, item in enumerate(value):
            yield from _secrets_in(item, (*location, index))


def _not_configured(model: type[Connection], name: str, names: Collection[str]) -> ConfigError:
    close = get_close_matches(name, sorted(names), 1)
    fields = ", ".join(model.model_fields)
    help = (
        f"did you mean `{close[0]}`?"
        if close
        else f"add [tool.assets.connections.{name}] with {fields}"
    )
    return ConfigError("E412", f"the connection `{name}` is not configured", help=help)


def _invalid(
    model: type[Connection],
    name: str,
    error: ValidationError,
    given: Mapping[str, GivenValue],
    redactor: Redactor,
) -> ConfigError:
    problem = first_problem(error)
    field = str(problem["loc"][0]) if problem["loc"] else ""
    origin = given[field].origin if field in given else None
    place = None if origin is None else origin.place
    if problem["type"] == "missing" and len(problem["loc"]) == 1:
        help = f"add it under [tool.assets.connections.{name}]"
        return ConfigError(
            "E412", f"the connection `{name}` needs a value for `{field}`", help=help
        )
    if problem["type"] == "extra_forbidden" and origin is not None and len(problem["loc"]) == 1:
        close = get_close_matches(field, model.model_fields, 1)
        help_ = (
            f"did you mean `{close[0]}`?"
            if close
            else f"its fields are {', '.join(model.model_fields)}"
        )
        return ConfigError(
            "E412",
            f"the connection `{name}` has no field `{field}`",
            place=origin.key_place,
            help=help_,
        )
    message = redactor.redact(problem["msg"][:1].lower() + problem["msg"][1:])
    subject = (
        f"`{'.'.join(map(str, problem['loc']))}` of connection `{name}`"
        if field
        else f"connection `{name}`"
    )
    return ConfigError("E412", f"{subject} is wrong: {message}", place=place)

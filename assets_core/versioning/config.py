"""The config version of an asset: the canonical JSON digest of its resolved config values.

Connections and secrets are not versioned: rotating a password makes nothing stale. Callers pass only the values of
``Config`` models; a secret that slips in is refused rather than digested.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cache

from assets_core.errors import DefinitionError
from assets_core.model.versions import ConfigVersion, canonical_json, digest


def config_version(values: Mapping[str, object]) -> ConfigVersion:
    """The version of JSON-like values (keys in any order).

    Raises DefinitionError E123, naming the path, for a secret, a non-finite number or anything that is not JSON.
    """
    return _version(values) if values else _of_nothing()


@cache
def _of_nothing() -> ConfigVersion:
    return _version({})


def _version(values: Mapping[str, object]) -> ConfigVersion:
    _refuse(values, "config")
    return ConfigVersion(digest("config", canonical_json(values)))


def _refuse(value: object, path: str) -> None:
    match value:
        case None | bool() | int() | str():
            return
        case float() if math.isfinite(value):
            return
        case Mapping():
            for key, item in value.items():
                if not isinstance(key, str):
                    raise _error(path, f"the key {key!r} is not text")
                _refuse(item, f"{path}.{key}")
        case list() | tuple():
            for index, item in enumerate(value):
                _refuse(item, f"{path}[{index}]")
        case _ if type(value).__name__.startswith("Secret"):
            raise _error(path, "secrets are not versioned; put it into a Connection")
        case float():
            raise _error(path, "a number must be finite")
        case _:
            raise _error(path, f"{type(value).__name__} is not a JSON value")


def _error(path: str, problem: str) -> DefinitionError:
    return DefinitionError("E123", f"`{path}` cannot be versioned: {problem}")

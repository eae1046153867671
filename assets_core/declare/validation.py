"""What Config and Connection share: reading pydantic's errors and annotations. Loads pydantic."""

from __future__ import annotations

import sys
from types import FrameType
from typing import get_args

from pydantic import BaseModel, Secret, SecretBytes, SecretStr, ValidationError
from pydantic_core import ErrorDetails

from assets_core.errors import Place

SECRETS = (SecretStr, SecretBytes, Secret)


def first_problem(error: ValidationError) -> ErrorDetails:
    """The first thing wrong, without addresses of documentation and without the value that was given."""
    return error.errors(include_url=False, include_input=False)[0]


def is_secret(annotation: object) -> bool:
    """Whether a value of this type has a secret in it, however deep."""
    return _is_secret(annotation, set())


def _is_secret(annotation: object, seen: set[object]) -> bool:
    origin = getattr(annotation, "__pydantic_generic_metadata__", {}).get("origin") or annotation
    if isinstance(origin, type) and issubclass(origin, SECRETS):
        return True
    if isinstance(origin, type) and issubclass(origin, BaseModel):
        if origin in seen:
            return False
        seen.add(origin)
        return any(_is_secret(field.annotation, seen) for field in origin.model_fields.values())
    return any(_is_secret(inner, seen) for inner in get_args(annotation))


def place_of_class(cls: type) -> Place | None:
    """The class statement that is being executed, while pydantic builds the class."""
    frame: FrameType | None = sys._getframe()
    while frame is not None:
        if frame.f_globals.get("__name__") == cls.__module__:
            return Place(frame.f_code.co_filename, frame.f_lineno)
        frame = frame.f_back
    return None

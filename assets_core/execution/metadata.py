"""Metadata as it is recorded: finite JSON. What is not is refused with the path to it, and nothing is stored bent."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import cast

from assets_core.declare.secrets import redacted_json
from assets_core.errors import StepError
from assets_core.model.json import JSON

MAX_METADATA_BYTES = 1024 * 1024
MAX_TEXT = 1000
"""Characters that are kept of a sample's value that is not JSON."""
_MAX_DEPTH = 50
_MAX_INT = 1 << 63


def checked_metadata(values: Mapping[str, object], redact: Callable[[str], str]) -> dict[str, JSON]:
    """``values`` as JSON without secrets; raises StepError E530 that names the path, such as ``scores[2].mean``."""
    result = {str(name): _json(value, str(name), 0) for name, value in values.items()}
    size = len(repr(result))
    if size > MAX_METADATA_BYTES:
        raise _refused("metadata", f"is {size:,} bytes, at most {MAX_METADATA_BYTES:,} are kept")
    return _redacted(result, redact)


def plain_row(row: Mapping[str, object], redact: Callable[[str], str]) -> dict[str, JSON]:
    """A sample row as JSON without secrets: it is only shown, so a value that is not JSON becomes its text."""
    return _redacted({str(name): _plain(value, str(name)) for name, value in row.items()}, redact)


def _redacted(values: Mapping[str, JSON], redact: Callable[[str], str]) -> dict[str, JSON]:
    return {redact(name): redacted_json(value, redact) for name, value in values.items()}


def _plain(value: object, path: str) -> JSON:
    try:
        return _json(value, path, 0)
    except StepError:
        return str(value)[:MAX_TEXT]


def _json(value: object, path: str, depth: int) -> JSON:
    if depth > _MAX_DEPTH:
        raise _refused(path, f"is nested more than {_MAX_DEPTH} deep")
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str | int | float):
        return _scalar(value, path)
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise _refused(path, "is a datetime without a time zone")
        return value.isoformat()
    if isinstance(value, date):
        return value.isoformat()
    return _nested(value, path, depth)


def _scalar(value: str | float, path: str) -> JSON:
    """The plain value, never one of a subclass that only this process knows."""
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, int):
        if not -_MAX_INT <= value < _MAX_INT:
            raise _refused(path, "is an integer of more than 64 bits; give it as text")
        return int(value)
    if not math.isfinite(value):
        raise _refused(path, f"is {value}; give None, or text")
    return float(value)


def _nested(value: object, path: str, depth: int) -> JSON:
    if isinstance(value, Mapping):
        return {str(k): _json(v, f"{path}.{k}", depth + 1) for k, v in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray | memoryview):
        return [_json(v, f"{path}[{n}]", depth + 1) for n, v in enumerate(value)]
    item = getattr(value, "item", None)
    if callable(item) and getattr(value, "shape", None) == ():
        return _json(cast(object, item()), path, depth + 1)
    raise _refused(
        path, f"has type `{type(value).__module__}.{type(value).__qualname__}`, which is not JSON"
    )


def _refused(path: str, problem: str) -> StepError:
    return StepError(
        "E530",
        f"metadata `{path}` {problem}",
        help="metadata is JSON: text, finite numbers, booleans, None, lists and mappings",
    )

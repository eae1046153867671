"""``--jsonl``: every event of a run as one line of JSON, as it happens."""

from __future__ import annotations

import dataclasses
import re
from enum import Enum
from typing import Any

from assets_core.model.events import Event

_WORD = re.compile(r"(?<!^)(?=[A-Z])")


def event_document(event: Event) -> dict[str, Any]:
    """``assets.event/1``: the event's name in the past tense and its fields; the unpartitioned partition is null."""
    name = _WORD.sub("_", type(event).__name__).lower()
    fields = {f.name: getattr(event, f.name) for f in dataclasses.fields(event)}
    return {"schema": "assets.event/1", "event": name} | {
        key: _plain(key, value) for key, value in fields.items()
    }


def _plain(name: str, value: object) -> Any:
    if name == "partition":
        return value or None
    if name == "partitions" and isinstance(value, tuple):
        return [one or None for one in value]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: _plain(f.name, getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, tuple):
        return [_plain("", item) for item in value]
    return value

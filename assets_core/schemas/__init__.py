"""JSON Schemas of every document that is printed, saved or served: ``schema("plan")`` is that of ``assets.plan/1``.

The files are data, so other tools can read them from the installed package; CLI tests validate against them.
"""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any

NAMES = (
    "check",
    "completion",
    "config",
    "db",
    "db_backup",
    "db_upgrade",
    "doctor",
    "error",
    "event",
    "explain",
    "gc",
    "init",
    "lineage",
    "list",
    "mv",
    "partitions",
    "partitions_changed",
    "plan",
    "rollback",
    "run",
    "runs",
    "show",
    "sql",
    "verify",
    "why",
    "wipe",
)


@cache
def schema(name: str) -> dict[str, Any]:
    """The schema called ``plan`` or ``assets.plan/1``; raises KeyError for any other name."""
    short = name.removeprefix("assets.").removesuffix("/1")
    if short not in NAMES:
        raise KeyError(name)
    text = files(__name__).joinpath(f"{short}.json").read_text(encoding="utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded

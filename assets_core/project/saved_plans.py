"""Plans in files: what ``plan --out`` writes, and how applying one notices that it is no longer the plan.

A saved plan is its document. Applying it plans again with the options that it holds, at its ``now``; steps or reasons
that differ are a conflict that names them. What was committed meanwhile without changing either is no difference.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from assets_core.errors import ConflictError, Place, UsageError
from assets_core.model.json import JSON
from assets_core.observe.documents import plan_document
from assets_core.ports import StateReader
from assets_core.project.explaining import plan_details
from assets_core.project.wishes import Wish

if TYPE_CHECKING:
    from assets_core.execution.tally import RunResult
    from assets_core.model.events import Event
    from assets_core.observe.details import Details
    from assets_core.project.facade import Planned, Project
    from assets_core.project.running import RunOptions

_MOST = 8
"""Differences named in a conflict."""
_MAX_BYTES = 256 * 1024 * 1024
_NOT_COMPARED = ("estimate_s",)


@dataclass(frozen=True, slots=True)
class SavedPlan:
    """A plan as it was saved."""

    file: str
    env: str
    now: datetime
    wish: Wish
    overrides: tuple[str, ...]
    document: Mapping[str, Any]


def document_of(project: Project, planned: Planned, details: Details) -> dict[str, JSON]:
    """``assets.plan/1``, complete enough to be applied."""
    options = {**planned.wish.document(), "overrides": list(project.definitions.overrides)}
    return plan_document(
        planned.plan, planned.graph, project.definitions.versions, details=details, options=options
    )


def write_plan(path: str, document: Mapping[str, JSON]) -> None:
    """Save a plan's document, all of it or nothing; raises UsageError E913."""
    target = Path(path)
    temporary = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        temporary.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
        temporary.replace(target)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise UsageError(
            "E913", f"the plan cannot be written to `{path}`: {error.strerror}"
        ) from error


def read_plan(path: str) -> SavedPlan:
    """A saved plan; raises UsageError E914 for a file that is none."""
    try:
        if Path(path).stat().st_size > _MAX_BYTES:
            _refuse(path, "it is too large for one")
        document = json.loads(Path(path).read_bytes())
    except OSError as error:
        _refuse(path, error.strerror or "it cannot be read")
    except (ValueError, RecursionError):
        _refuse(path, "it is not JSON")
    if not isinstance(document, dict) or document.get("schema") != "assets.plan/1":
        _refuse(path, "it is no document of the form assets.plan/1")
    try:
        options = document["options"]
        return SavedPlan(
            path,
            str(document["env"]),
            datetime.fromisoformat(document["now"]),
            Wish.of(options),
            tuple(str(text) for text in options.get("overrides", ())),
            {"steps": list(document["steps"]), "checks": list(document["checks"])},
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        _refuse(path, "something in it is missing or of another type")


def _refuse(path: str, reason: str) -> NoReturn:
    raise UsageError(
        "E914",
        f"`{path}` is not a saved plan: {reason}",
        place=Place(path),
        help="save one with `assets plan --out FILE`",
    )


def materialize_saved(
    project: Project,
    saved: SavedPlan,
    options: RunOptions,
    *,
    on_event: Callable[[Event], None],
    planned: Callable[[Planned], None],
) -> RunResult | None:
    """Run a saved plan if it is still the plan; raises ConflictError E915 naming what differs."""
    from assets_core.project.carrying_out import carry_out  # the runner: saving a plan needs none

    def make(reader: StateReader) -> Planned:
        made = project.plan_with(reader, saved.wish, now=saved.now)
        document = document_of(project, made, plan_details(project, made.plan, reader))
        refuse_drift(saved, document)
        return made

    return carry_out(project, make, options, on_event=on_event, planned=planned)


def refuse_drift(saved: SavedPlan, today: Mapping[str, JSON]) -> None:
    """ConflictError E915 where steps or reasons are others today."""
    differences = [
        *_differences(_by_step(saved.document["steps"]), _by_step(today["steps"])),
        *_differences(_by_step(saved.document["checks"]), _by_step(today["checks"])),
    ]
    if not differences:
        return
    left = len(differences) - _MOST
    more = [f"and {left:,} more"] if left > 0 else []
    raise ConflictError(
        "E915",
        "\n".join(["the saved plan is no longer the plan:", *differences[:_MOST], *more]),
        place=Place(saved.file),
        help="look at today's with `assets plan`, and save it again with `--out`",
    )


def _by_step(steps: Any) -> dict[tuple[str, str], list[str]]:
    """Per asset and action what is to happen, as comparable texts: reasons, partitions and pins."""
    found: dict[tuple[str, str], list[str]] = {}
    for step in steps:
        kept = {name: value for name, value in step.items() if name not in _NOT_COMPARED}
        place = (str(step.get("asset")), str(step.get("action", "check")))
        found.setdefault(place, []).append(json.dumps(kept, sort_keys=True))
    return found


def _differences(
    old: Mapping[tuple[str, str], list[str]], new: Mapping[tuple[str, str], list[str]]
) -> list[str]:
    said: list[str] = []
    for asset, action in dict.fromkeys((*old, *new)):
        before, after = old.get((asset, action)), new.get((asset, action))
        if before is None:
            said.append(f"{asset}: {action} is new")
        elif after is None:
            said.append(f"{asset}: {action} is no longer needed")
        elif sorted(before) != sorted(after):
            said.append(f"{asset}: {action} {_what_differs(before, after)}")
    return said


def _other_keys(before: list[Any], after: list[Any]) -> str:
    """``(then ann, bob; now ann..cy)``, as far as a line goes."""
    then, now = _keys_of(before), _keys_of(after)
    return f" (then {then}; now {now})" if then and now and then != now else ""


def _keys_of(steps: list[Any]) -> str:
    ranges = [r for s in steps for r in (s.get("partitions") or {}).get("ranges", ())]
    texts = [first if number == 1 else f"{first}..{last}" for first, last, number in ranges[:3]]
    return ", ".join(texts) + (", …" if len(ranges) > 3 else "")


def _what_differs(before: list[str], after: list[str]) -> str:
    first, second = [json.loads(t) for t in before], [json.loads(t) for t in after]
    for name, said in (
        ("reasons", "for other reasons"),
        ("partitions", "of other partitions"),
        ("pins", "with other code or config"),
    ):
        if [s.get(name) for s in first] != [s.get(name) for s in second]:
            return f"{said}{_other_keys(first, second)}" if name == "partitions" else said
    return "differs"

"""The reasons of a plan in a few words, as ``plan`` and ``why`` say them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias, assert_never

from assets_core.cli.wording import counted, listed
from assets_core.model.plans import (
    CheckBlocked,
    CodeChanged,
    ConfigChanged,
    Forced,
    InputAdded,
    InputChanged,
    InputMissing,
    InputRemoved,
    NeverMaterialized,
    ObservationFailed,
    OutputDamaged,
    OutputMissing,
    PartitionsChanged,
    Reason,
    RunsTogether,
    UpstreamBlocked,
    UpstreamPending,
)
from assets_core.observe.details import NO_DETAILS, Details
from assets_core.planning.blocked_text import blocked_text

RunName: TypeAlias = Callable[[str], str]
"""What people call a run, from its id."""

_Own: TypeAlias = NeverMaterialized | OutputMissing | OutputDamaged | PartitionsChanged | Forced
_OfInput: TypeAlias = InputChanged | InputAdded | InputRemoved | RunsTogether


def reason_text(reason: Reason, details: Details = NO_DETAILS, run_name: RunName = str) -> str:
    """One reason; code and config changes with what changed, where ``details`` know it."""
    match reason:
        case CodeChanged() | ConfigChanged():
            return _changed(reason, details)
        case UpstreamPending(upstreams, roots):
            return _pending(roots or upstreams)
        case CheckBlocked() | InputMissing() | ObservationFailed() | UpstreamBlocked():
            return f"blocked: {blocked_text(reason, run_name)}"
        case InputChanged() | InputAdded() | InputRemoved() | RunsTogether():
            return _of_input(reason)
        case (
            NeverMaterialized() | OutputMissing() | OutputDamaged() | PartitionsChanged() | Forced()
        ):
            return _own(reason)
        case _:
            assert_never(reason)


def _own(reason: _Own) -> str:
    match reason:
        case NeverMaterialized():
            return "never materialized"
        case OutputMissing():
            return "its output is missing"
        case OutputDamaged():
            return "its output is damaged"
        case PartitionsChanged(before, after):
            return f"its partitions were {before or 'no windows'}, now {after or 'no windows'}"
        case Forced():
            return "forced"
        case _:
            assert_never(reason)


def _of_input(reason: _OfInput) -> str:
    match reason:
        case InputChanged(upstream):
            return f"{upstream} changed"
        case InputAdded(upstream, remapped):
            return (
                f"the mapping of {upstream} changed"
                if remapped
                else f"{upstream} was added to its inputs"
            )
        case InputRemoved(upstream):
            return f"{upstream} is no longer an input"
        case RunsTogether(output):
            return f"made together with {output}"
        case _:
            assert_never(reason)


def _changed(reason: CodeChanged | ConfigChanged, details: Details) -> str:
    if isinstance(reason, ConfigChanged):
        keys = details.config.get((reason.old, reason.new), ())
        return f"config changed: {listed(list(keys))}" if keys else "config changed"
    edits = details.code.get((reason.old, reason.new), ())
    if not edits:
        return "code changed"
    first = edits[0]
    place = f"{first.file}:{first.line} " if first.file and first.line else ""
    verb = {"added": "added ", "removed": "removed ", "value": "value of "}.get(first.kind, "")
    more = f" and {len(edits) - 1:,} more" if len(edits) > 1 else ""
    return f"code changed: {place}{verb}{first.name}{more}"


def _pending(roots: Sequence[str]) -> str:
    if len(roots) == 1:
        return f"if {roots[0]} changes"
    if len(roots) <= 3:
        return f"if {', '.join(roots[:-1])} or {roots[-1]} change"
    return f"if {', '.join(roots[:2])} or {counted(len(roots) - 2, 'other')} change"

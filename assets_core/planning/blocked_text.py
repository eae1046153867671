"""Why something is blocked, in words: the same in a plan, in a run's document and while it runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias, assert_never

from assets_core.model.plans import (
    CheckBlocked,
    InputMissing,
    ObservationFailed,
    OutputDamaged,
    OutputMissing,
    Reason,
    UpstreamBlocked,
)

Blocker: TypeAlias = (
    CheckBlocked
    | InputMissing
    | ObservationFailed
    | UpstreamBlocked
    | OutputMissing
    | OutputDamaged
)


def blocked_text(reason: Blocker, run_name: Callable[[str], str] = str) -> str:
    """One reason; ``run_name`` is what people call a run, from its id."""
    match reason:
        case CheckBlocked(checks, run):
            noun = "check" if len(checks) == 1 else "checks"
            return f"{noun} {', '.join(checks)} failed on the candidate of run {run_name(run)}"
        case InputMissing(upstream):
            return f"{upstream} has nothing to read there, and nothing here makes it"
        case ObservationFailed(source, message):
            return f"{source} could not be observed: {message}"
        case UpstreamBlocked(upstream):
            return f"{upstream} is blocked and was never published"
        case OutputMissing():
            return "it is held, and its output is missing"
        case OutputDamaged():
            return "it is held, and its output is damaged"
        case _:
            assert_never(reason)


def blocked_by(reasons: Sequence[Reason], run_name: Callable[[str], str] = str) -> str:
    """All reasons of a blocked step."""
    return "; ".join(blocked_text(r, run_name) for r in reasons if isinstance(r, Blocker))

"""What a plan asks for that the executor cannot do: said once, rather than pretended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assets_core.model.plans import Action

if TYPE_CHECKING:
    from assets_core.project.facade import Planned


def unenforced_timeouts(planned: Planned, executor: str) -> str | None:
    """The sentence about timeouts of steps that run inline, None where there are none."""
    graph = planned.graph
    limited = {
        graph.keys[step.index]
        for step in planned.plan.steps
        if step.action is not Action.BLOCKED
        and graph.definitions[graph.definition_of[step.index]].timeout is not None
    }
    if executor != "inline" or not limited:
        return None
    first, more = min(limited), len(limited) - 1
    others = f" and {more} more" if more else ""
    return (
        f"the timeout of `{first}`{others} is not enforced: the inline executor cannot stop a step"
    )

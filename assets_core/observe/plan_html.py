"""A plan as HTML for notebooks: one row per step. Everything that comes from data or code is escaped."""

from __future__ import annotations

from html import escape

from assets_core.graph import AssetGraph
from assets_core.model.plans import Action, Plan, Step
from assets_core.partitions import describe_ranges

_RANGES = 3


def plan_html(plan: Plan, graph: AssetGraph) -> str:
    """The plan's steps as a table under a line that counts them."""
    if plan.is_empty:
        return f"<p><b>Nothing to do</b>: {plan.current} current</p>"
    counts = ", ".join(f"{plan.count(a)} {a.value}" for a in Action if plan.count(a))
    rows = "".join(_row(step, plan, graph) for step in plan.steps)
    checks = "".join(
        f"<li>{escape(c.asset)}: {escape(', '.join(c.checks))}</li>" for c in plan.checks
    )
    missing = f"<p>Checks to evaluate:</p><ul>{checks}</ul>" if checks else ""
    return f"<p><b>Plan</b>: {counts or 'no steps'}, {plan.current} current</p><table>{rows}</table>{missing}"


def _row(step: Step, plan: Plan, graph: AssetGraph) -> str:
    reasons = ", ".join(r.code.replace("_", " ") for r in step.reasons)
    cells = (step.action.value, step.asset, _partitions(step, plan, graph), reasons)
    return f"<tr>{''.join(f'<td>{escape(c)}</td>' for c in cells)}</tr>"


def _partitions(step: Step, plan: Plan, graph: AssetGraph) -> str:
    definition = graph.specs[step.index].partitions
    if not definition.is_partitioned:
        return ""
    existing = definition.existing(plan.now)
    ranges = describe_ranges(definition, step.partitions, existing, _RANGES)
    shown = [first if count == 1 else f"{first}..{last}" for first, last, count in ranges]
    more = len(step.partitions) - sum(count for _, _, count in ranges)
    return ", ".join(shown) + (f" and {more} more" if more else "")

"""A plan as people read it: one line per step with what, how many, which partitions and why.

Long lists fold (``--full`` unfolds them) and lines are cut to the width given; a file gets them whole. Nothing is
computed here that the plan does not say: reasons are values, and this is one of their renderings.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import assert_never

from assets_core.cli.columns import aligned_width
from assets_core.cli.errors import WHOLE, Line, cells
from assets_core.cli.reason_text import RunName, reason_text
from assets_core.cli.summary_text import nothing_to_do
from assets_core.cli.wording import counted, listed, local
from assets_core.graph import AssetGraph
from assets_core.model.plans import (
    Action,
    Annotation,
    CheckFailing,
    CheckStep,
    Held,
    LastAttemptFailed,
    NeverMaterialized,
    Plan,
    Step,
)
from assets_core.observe.details import NO_DETAILS, Details
from assets_core.partitions import PartitionSet, describe_ranges
from assets_core.safe_text import safe_text

RUNS_SHOWN = 2
"""Runs of partitions named in a line; the count before them is of all."""
MOST = {Action.RUN: 30, Action.MAYBE: 10, Action.BLOCKED: 10}
MOST_CHECKS = 10

_GLYPHS = {Action.RUN: ("~", "run"), Action.MAYBE: ("?", "maybe"), Action.BLOCKED: ("!", "blocked")}
_NEW = ("+", "new")
_CHECK = ("=", "note")


@dataclass(frozen=True, slots=True)
class _Row:
    glyph: str
    style: str
    key: str
    count: str
    ranges: str
    reason: str


def plan_lines(
    plan: Plan,
    graph: AssetGraph,
    *,
    details: Details = NO_DETAILS,
    width: int = WHOLE,
    full: bool = False,
    command: str = "assets materialize",
    run_name: RunName = str,
) -> list[Line]:
    """The whole text, line by line. ``command`` is what runs this plan, ``run_name`` what people call a run by."""
    if plan.is_empty:
        return [(nothing_to_do(plan.current),), *note_lines(plan)]
    lines: list[Line] = [_head(plan, graph)]
    rows, folded = _rows(plan, graph, details, run_name, full=full)
    lines.extend(_laid_out(rows, width))
    lines.extend(folded)
    lines.extend(note_lines(plan))
    lines.append(_tail(plan, command))
    return lines


# --- the head and what follows the rows -------------------------------------------------------------------------


def _head(plan: Plan, graph: AssetGraph) -> Line:
    running = [step for step in plan.steps if step.action is Action.RUN]
    assets = len({step.index for step in running})
    said = "nothing to run"
    if running:
        said = counted(assets, "asset")
        if any(graph.specs[step.index].partitions.is_partitioned for step in running):
            said += f", {counted(plan.count(Action.RUN), 'partition')}"
        said += " to run"
    maybe = plan.count(Action.MAYBE)
    if maybe:
        said += f", up to {maybe:,} more if outputs change"
    checks = sum(len(step.checks) * len(step.partitions) for step in plan.checks)
    if checks:
        said += f", {counted(checks, 'check')} to evaluate"
    return (("Plan: ", "bold"), said, (_aside(plan), "dim"), (_estimate(running), "dim"))


def _aside(plan: Plan) -> str:
    blocked = plan.count(Action.BLOCKED)
    counts = [f"{plan.current:,} current"] + ([f"{blocked:,} blocked"] if blocked else [])
    return f"   ({', '.join(counts)})"


def _estimate(running: Sequence[Step]) -> str:
    known = [step.estimate_s for step in running if step.estimate_s is not None]
    if not known:
        return ""
    word = "about" if len(known) == len(running) else "at least"
    return f"   {word} {_roughly(sum(known))}"


def _roughly(seconds: float) -> str:
    """An estimate in one unit: more digits would promise what a mean of past runs can't."""
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "m")):
        if seconds >= 1.5 * size:
            return f"{seconds / size:.0f}{unit}"
    return f"{max(seconds, 1):.0f}s"


def note_lines(plan: Plan) -> Iterator[Line]:
    """What a plan says beside its steps: its annotations, and what is out of date but was not selected."""
    for note in plan.annotations:
        times = len(note.partitions)
        where = f" for {counted(times, 'partition')}" if times > 1 else ""
        yield (("note: ", "note"), _annotation(note, where))
    if plan.unselected_stale:
        names = listed(list(plan.unselected_stale))
        is_are = "is" if len(plan.unselected_stale) == 1 else "are"
        advice = "put `+` before the selection to include what is upstream"
        said = f"{names} {is_are} out of date too but not selected and read as it is; {advice}"
        yield (("note: ", "note"), said)


def _annotation(note: Annotation, where: str) -> str:
    match note:
        case LastAttemptFailed():
            return f"the last attempt at {note.asset} failed{where}"
        case CheckFailing():
            return (
                f"what is published of {note.asset} fails a blocking check{where}: "
                f"nothing new is built on it; see `assets show {note.asset}`"
            )
        case Held(since=since):
            when = f" since {local(since)}" if since is not None else ""
            return (
                f"{note.asset} is held{where}{when}, when it was rolled back: nothing makes it again but "
                f"`--force`, or `assets rollback {note.asset} --clear` first"
            )
        case _ as unreachable:
            assert_never(unreachable)


def _tail(plan: Plan, command: str) -> Line:
    if plan.count(Action.RUN) + plan.count(Action.MAYBE) or plan.checks:
        return ("Nothing has run.  Run it: ", (command, "bold"))
    return ("Nothing has run, and nothing can until what blocks it is resolved.",)


# --- rows -------------------------------------------------------------------------------------------------------


def _rows(
    plan: Plan, graph: AssetGraph, details: Details, run_name: RunName, *, full: bool
) -> tuple[list[_Row], list[Line]]:
    """The rows to show, and a line for each kind that was folded."""
    rows: list[_Row] = []
    folded: list[Line] = []
    for action in Action:
        steps = [step for step in plan.steps if step.action is action]
        shown = steps if full else steps[: MOST[action]]
        rows.extend(_step_row(step, plan, graph, details, run_name) for step in shown)
        left = steps[len(shown) :]
        if left:
            folded.append(_fold(_GLYPHS[action], len(left), sum(len(s.partitions) for s in left)))
    checks = plan.checks if full else plan.checks[:MOST_CHECKS]
    rows.extend(_check_row(step, plan, graph) for step in checks)
    if len(plan.checks) > len(checks):
        rest = plan.checks[len(checks) :]
        folded.append(_fold(_CHECK, len(rest), sum(len(s.partitions) for s in rest)))
    return rows, folded


def _fold(glyph: tuple[str, str], steps: int, partitions: int) -> Line:
    total = f", {counted(partitions, 'partition')}" if partitions > steps else ""
    text = f"and {counted(steps, 'more line')}{total}; --full shows them"
    return ("  ", glyph, " ", (text, "dim"))


def _step_row(
    step: Step, plan: Plan, graph: AssetGraph, details: Details, run_name: RunName
) -> _Row:
    is_new = step.action is Action.RUN and step.reasons == (NeverMaterialized(),)
    glyph, style = _NEW if is_new else _GLYPHS[step.action]
    count, ranges = _which(step.index, step.partitions, plan, graph)
    reasons = safe_text("; ".join(reason_text(r, details, run_name) for r in step.reasons))
    if step.action is Action.BLOCKED and not ranges:
        count, ranges, reasons = "", reasons, ""
    return _Row(glyph, style, safe_text(step.asset), count, ranges, reasons)


def _check_row(step: CheckStep, plan: Plan, graph: AssetGraph) -> _Row:
    count, ranges = _which(step.index, step.partitions, plan, graph)
    where = " on the candidate that was kept back" if step.candidate else ""
    reason = f"to evaluate{where}: {listed(list(step.checks))}"
    return _Row(*_CHECK, safe_text(step.asset), count, ranges, safe_text(reason))


def _which(number: int, members: PartitionSet, plan: Plan, graph: AssetGraph) -> tuple[str, str]:
    """How many of how many, and the first runs of keys."""
    definition = graph.specs[number].partitions
    if not definition.is_partitioned:
        return "1", ""
    existing = definition.existing(plan.now)
    runs = describe_ranges(definition, members, existing, RUNS_SHOWN + 1)
    texts = [first if count == 1 else f"{first}..{last}" for first, last, count in runs]
    if len(texts) == 1 and runs[0][2] == 2:
        texts = [f"{runs[0][0]}, {runs[0][1]}"]
    shown = ", ".join(texts[:RUNS_SHOWN]) + (", …" if len(texts) > RUNS_SHOWN else "")
    return f"{len(members):,} of {existing.count:,}", safe_text(shown)


# --- layout -----------------------------------------------------------------------------------------------------


def _laid_out(rows: Sequence[_Row], width: int) -> Iterator[Line]:
    keys = aligned_width((cells(row.key) for row in rows), width // 2)
    counts = max((cells(row.count) for row in rows), default=0)
    ranges = max((cells(row.ranges) for row in rows if row.reason), default=0)
    for row in rows:
        key = row.key + " " * (keys - cells(row.key))
        count = " " * (counts - cells(row.count)) + row.count
        middle = row.ranges + " " * (ranges - cells(row.ranges)) if row.reason else row.ranges
        body = (
            f"{count}   {middle}   {row.reason}"
            if ranges or not row.reason
            else f"{count}   {row.reason}"
        )
        if not row.count:
            body = row.ranges
        room = width - cells(key) - 7
        yield ("  ", (row.glyph, row.style), f" {key}   ", _cut(body.rstrip(), room))


def _cut(text: str, room: int) -> str:
    if cells(text) <= room:
        return text
    kept = ""
    for char in text:
        if cells(kept + char) > max(room - 1, 0):
            break
        kept += char
    return kept + "…"

"""``assets check``: the results of checks on what exists. Nothing is recomputed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import typer

from assets_core.cli.errors import Line
from assets_core.cli.selecting import (
    Exclude,
    ExecutorName,
    Jobs,
    Partitions,
    Select,
    SelectFrom,
    wish_of,
)
from assets_core.cli.session import Session, session_of

if TYPE_CHECKING:
    from assets_core.model.records import CheckRecord
    from assets_core.project.checking_only import Checked

_SAMPLES = 3
_NAMED = 3


def run(
    ctx: typer.Context,
    select: Select = None,
    partitions: Partitions = None,
    exclude: Exclude = None,
    select_from: SelectFrom = None,
    jobs: Jobs = None,
    executor: ExecutorName = None,
) -> int:
    """Evaluate the checks of what exists; compute nothing.

    Results that are recorded for an unchanged check on unchanged data stand. A version that was kept back is
    published if it passes now.
    """
    from assets_core.cli.executing import FAILED, Execution
    from assets_core.project.checking_only import check
    from assets_core.project.running import RunOptions

    session = session_of(ctx)
    project = session.project(flags={"jobs": jobs, "executor": executor})
    wish = wish_of(select, select_from, exclude, partitions)
    inline = project.definitions.settings.executor == "inline"
    shown = Execution(session, inline=inline, jsonl=False)
    checked = shown.carry_out(
        lambda on_plan, on_event, on_runner: check(
            project, wish, RunOptions(on_runner=on_runner), on_event=on_event, planned=on_plan
        )
    )
    _print(session, checked)
    bad = any(record.outcome.blocks for record in checked.results)
    return shown.exit_code or (FAILED if bad or not (checked.run is None or checked.run.ok) else 0)


def _print(session: Session, checked: Checked) -> None:
    if session.as_json:
        from assets_core.observe.asset_documents import check_document

        results = [(r.asset, r.partition, r.outcome, r.at) for r in checked.results]
        session.document(check_document(results))
        return
    for line in _lines(checked.results):
        session.out.line(*line)
    if not checked.results:
        session.say("no checks on what exists here")


def _lines(results: Sequence[CheckRecord]) -> Iterator[Line]:
    """A line per check of an asset, however many partitions; failing ones with some rows."""
    groups: dict[tuple[str, str], list[CheckRecord]] = {}
    for record in results:
        groups.setdefault((record.asset, record.outcome.name), []).append(record)
    for (asset, name), records in groups.items():
        bad = [r for r in records if r.outcome.status != "passed"]
        yield _head(asset, name, records, bad)
        for record in bad[:1]:
            if record.outcome.message:
                yield (("      ", ""), record.outcome.message)
            for row in record.outcome.sample[:_SAMPLES]:
                yield (("      ", ""), ", ".join(f"{k}={v}" for k, v in row.items()))


def _head(asset: str, name: str, records: list[CheckRecord], bad: list[CheckRecord]) -> Line:
    from assets_core.cli.wording import counted, listed

    of = f"{len(records):,} " if len(records) > 1 or records[0].partition else ""
    if not bad:
        return (("  + ", "ok"), (asset, "bold"), f"  {name}  {of}passed")
    first = bad[0].outcome
    word = "errored" if first.status == "errored" else "failed"
    rows = sum(r.outcome.count or 0 for r in bad)
    extent = f", {counted(rows, 'row')}" if rows else ""
    where = listed([r.partition for r in bad if r.partition], _NAMED)
    share = f"{len(bad):,} of {of}" if of else ""
    severity = "blocking" if first.blocking else first.severity.value
    style, mark = ("failed", "  ! ") if first.blocking else ("run", "  ~ ")
    tail = f": {where}" if where else ""
    return ((mark, style), (asset, "bold"), f"  {name}  {share}{word} ({severity}{extent}){tail}")

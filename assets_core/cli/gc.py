"""``assets gc``: delete the data that nothing refers to any more."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated

import typer

from assets_core.cli.errors import Line
from assets_core.cli.session import session_of
from assets_core.model.json import JSON

if TYPE_CHECKING:
    from assets_core.project.collecting import Amount, Collected

FAILED = 1
_SHOWN = 20

DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Say what would be deleted; change nothing.")
]
Yes = Annotated[bool, typer.Option("-y", "--yes", help="Do not ask.")]


def run(ctx: typer.Context, dry_run: DryRun = False, yes: Yes = False) -> int:
    """Delete the data that nothing refers to any more.

    Kept are: every current version, the last `gc.keep` of each asset-partition, what checks kept back for
    `gc.candidates` seconds, and whatever a run that is going on may read. What is left is condemned now, and deleted by
    a `gc` that comes `gc.grace` seconds later. What was recorded is kept for ever.
    """
    from assets_core.cli.confirming import confirmed
    from assets_core.cli.counting import Counting
    from assets_core.project.collecting import collect

    session = session_of(ctx)
    project = session.project()
    done = collect(project, dry_run=True)
    if not dry_run and not done.nothing:
        if not yes:
            for line in _lines(done, dry_run=True):
                session.say(*line)
        if not confirmed(session, "Go on?", yes=yes, look="`--dry-run`"):
            session.say("nothing was changed")
            return 0
        with Counting(session, "version") as counting:
            done = collect(
                project,
                dry_run=False,
                seen=lambda d: counting.reached(d.deleted.number, d.deleted.size),
            )
    if session.as_json:
        session.document(_document(done, dry_run=dry_run))
    else:
        for line in _lines(done, dry_run=dry_run):
            session.out.line(*line)
    return FAILED if done.failed else 0


def _document(done: Collected, *, dry_run: bool) -> Mapping[str, JSON]:
    def amount(of: Amount) -> Mapping[str, JSON]:
        return {"count": of.number, "size": of.size}

    failed: list[JSON] = [{"path": path, "message": why} for path, why in done.failed]
    return {
        "schema": "assets.gc/1",
        "dry_run": dry_run,
        "condemned": amount(done.condemned),
        "deleted": amount(done.deleted),
        "waiting": amount(done.waiting),
        "attempts": amount(done.attempts),
        "logs": amount(done.logs),
        "strangers": list(done.strangers),
        "failed": failed,
    }


def _lines(done: Collected, *, dry_run: bool) -> Iterator[Line]:
    from assets_core.cli.wording import counted, size

    would = "would be " if dry_run else ""
    for amount, noun, what in (
        (done.condemned, "version", "condemned: nothing refers to it"),
        (done.deleted, "version", "deleted"),
        (done.attempts, "attempt", "deleted: it recorded nothing"),
        (done.logs, "old log", "deleted"),
    ):
        if amount.number:
            yield (
                "  - ",
                (counted(amount.number, noun), "bold"),
                f"  {size(amount.size)}  {would}{what}",
            )
    for path, why in done.failed[:_SHOWN]:
        yield (("  x ", "failed"), path, f"  cannot be deleted: {why}")
    if len(done.failed) > _SHOWN:
        yield ((f"  and {len(done.failed) - _SHOWN:,} more", "dim"),)
    if done.strangers:
        text = f"other state stores wrote here too: {', '.join(done.strangers)}"
        yield (("note: ", "note"), f"{text}; what this one does not know is left alone")
    if done.waiting.number:
        text = f"{counted(done.waiting.number, 'version')}, {size(done.waiting.size)}: deleted by a later gc"
        yield (("note: ", "note"), f"condemned, and not deleted yet: {text}")
    if done.nothing:
        yield ("Nothing to collect.",)

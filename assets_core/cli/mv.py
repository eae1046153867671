"""``assets mv``: an asset that was renamed in the project keeps what was recorded of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from assets_core.cli.errors import Line
from assets_core.cli.session import session_of
from assets_core.errors import UsageError

if TYPE_CHECKING:
    from assets_core.model.json import JSON
    from assets_core.project.renaming import Rename

Names = Annotated[
    list[str],
    typer.Argument(
        metavar="OLD NEW", help="The whole key that it had, and the asset as it is now."
    ),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be kept; change nothing.")]
Yes = Annotated[bool, typer.Option("-y", "--yes", help="Do not ask.")]


def run(ctx: typer.Context, names: Names, dry_run: DryRun = False, yes: Yes = False) -> int:
    """Keep the versions and the history of an asset that has another name in the project now.

    Rename it in the code first; several that were renamed there at once are named at once: OLD NEW OLD NEW. What
    changed by nothing but the names, themselves and what reads them, stays current. No data is moved or copied.
    """
    from assets_core.cli.confirming import confirmed
    from assets_core.project.renaming import plan_rename, rename

    if len(names) % 2:
        help = "for each asset the key that it had, then its name now: `assets mv OLD NEW`"
        raise UsageError("E901", f"`{names[-1]}` has no new name", help=help)
    session = session_of(ctx)
    project = session.project()
    planned = plan_rename(project, list(zip(names[::2], names[1::2], strict=True)))
    if not dry_run:
        does = "changes what is recorded"
        if not confirmed(session, _question(planned), yes=yes, look="`--dry-run`", does=does):
            session.say("nothing was changed")
            return 0
        rename(project, planned)
    if session.as_json:
        session.document(_document(planned, project.env, dry_run=dry_run))
        return 0
    for line in _told(planned, dry_run=dry_run):
        session.out.line(*line)
    return 0


def _question(planned: Rename) -> str:
    what = " and ".join(f"{one.former} be of {one.asset}" for one in planned.assets)
    return f"Let what is recorded of {what}?"


def _document(planned: Rename, env: str, *, dry_run: bool) -> dict[str, JSON]:
    return {
        "schema": "assets.mv/1",
        "env": env,
        "dry_run": dry_run,
        "renamed": [
            {"from": one.former, "to": one.asset, "versions": one.versions}
            for one in planned.assets
        ],
        "readers": list(planned.readers),
        "edited": list(planned.edited),
    }


def _told(planned: Rename, *, dry_run: bool) -> Iterator[Line]:
    from assets_core.cli.wording import counted

    verb = "Would rename" if dry_run else "Renamed"
    read = f", read by {counted(len(planned.readers), 'asset')}" if planned.readers else ""
    for number, one in enumerate(planned.assets, 1):
        count = f": {counted(one.versions, 'current version')} kept" if one.versions else ""
        last = read if number == len(planned.assets) else ""
        yield (f"{verb} {one.former} to {one.asset}{count}{last}.",)
    for key in planned.edited:
        yield (
            ("note: ", "note"),
            f"the code of {key} changed by more than the name; see `assets why {key}`",
        )

"""``assets mv``: an asset that was renamed in the project keeps what was recorded of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from assets_core.cli.errors import Line
from assets_core.cli.session import session_of

if TYPE_CHECKING:
    from assets_core.project.renaming import Rename

Old = Annotated[str, typer.Argument(metavar="OLD", help="The whole key that it had.")]
New = Annotated[str, typer.Argument(metavar="NEW", help="The asset as it is declared now.")]
Yes = Annotated[bool, typer.Option("-y", "--yes", help="Do not ask.")]


def run(ctx: typer.Context, old: Old, new: New, yes: Yes = False) -> int:
    """Keep the versions and the history of an asset that has another name in the project now.

    Rename it in the code first. What changed by nothing but the name, itself and what reads it, stays current. No data
    is moved or copied.
    """
    from assets_core.cli.confirming import confirmed
    from assets_core.cli.wording import counted
    from assets_core.project.renaming import plan_rename, rename

    session = session_of(ctx)
    project = session.project()
    planned = plan_rename(project, old, new)
    count = f" ({counted(planned.versions, 'current version')})" if planned.versions else ""
    question = f"Let what is recorded of {planned.former}{count} be of {planned.asset}?"
    look = f"`assets show {planned.asset}`"
    if not confirmed(session, question, yes=yes, look=look, does="changes what is recorded"):
        session.say("nothing was changed")
        return 0
    rename(project, planned)
    if session.as_json:
        session.document(
            {
                "schema": "assets.mv/1",
                "env": project.env,
                "from": planned.former,
                "to": planned.asset,
                "versions": planned.versions,
                "readers": list(planned.readers),
                "edited": list(planned.edited),
            }
        )
        return 0
    for line in _told(planned):
        session.out.line(*line)
    return 0


def _told(planned: Rename) -> Iterator[Line]:
    from assets_core.cli.wording import counted

    count = f": {counted(planned.versions, 'current version')} kept" if planned.versions else ""
    read = f", read by {counted(len(planned.readers), 'asset')}" if planned.readers else ""
    yield (f"Renamed {planned.former} to {planned.asset}{count}{read}.",)
    for key in planned.edited:
        yield (
            ("note: ", "note"),
            f"the code of {key} changed by more than the name; see `assets why {key}`",
        )

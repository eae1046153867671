"""``assets wipe``: forget what an asset's current versions are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from assets_core.cli.selecting import Partitions
from assets_core.cli.session import Session, session_of

if TYPE_CHECKING:
    from collections.abc import Collection

    from assets_core.model.keys import AssetKey, AssetPartition

Key = Annotated[str, typer.Argument(metavar="KEY", help="An asset.")]
Yes = Annotated[bool, typer.Option("-y", "--yes", help="Do not ask.")]


def run(ctx: typer.Context, key: Key, partitions: Partitions = None, yes: Yes = False) -> int:
    """Forget the current versions of an asset, which counts as never materialized then.

    What was recorded is kept, and the data until `assets gc` finds that nothing refers to it.
    """
    from assets_core.cli.confirming import confirmed
    from assets_core.cli.wording import counted
    from assets_core.project.wiping import versions_to_wipe, wipe

    session = session_of(ctx)
    project = session.project()
    asset, found = versions_to_wipe(project, key, partitions or ())
    wiped: Collection[AssetPartition] = ()
    if found:
        question = f"Forget {counted(len(found), 'current version')} of {asset}?"
        if not confirmed(session, question, yes=yes, look=f"`assets show {asset}`"):
            session.say("nothing was changed")
            return 0
        wiped = wipe(project, found)
    _tell(session, project.env, asset, wiped)
    return 0


def _tell(session: Session, env: str, asset: AssetKey, wiped: Collection[AssetPartition]) -> None:
    from assets_core.cli.wording import counted

    if session.as_json:
        names = [one.partition or None for one in wiped]
        session.document({"schema": "assets.wipe/1", "env": env, "asset": asset, "wiped": names})
    elif wiped:
        count = counted(len(wiped), "current version")
        session.out.line(f"Forgot {count} of {asset}.   Make it again: assets materialize {asset}")
    else:
        session.out.line(f"Nothing to forget: {asset} has no current version.")

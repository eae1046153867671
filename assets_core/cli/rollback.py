"""``assets rollback``: what was current before is current again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from assets_core.cli.errors import Line
from assets_core.cli.selecting import Partitions
from assets_core.cli.session import Session, session_of
from assets_core.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Collection

    from assets_core.model.json import JSON
    from assets_core.model.keys import AssetKey, AssetPartition
    from assets_core.project.earlier_versions import Move
    from assets_core.project.rolling_back import Rollback

_SHOWN = 20

Address = Annotated[str, typer.Argument(metavar="KEY[@PART]", help="An asset, or one partition.")]
To = Annotated[
    str | None,
    typer.Option("--to", metavar="VERSION", help="The number of a version, as `show` lists them."),
]
Clear = Annotated[
    bool, typer.Option("--clear", help="End the hold: let it be made again; move nothing.")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would move; change nothing.")]
Yes = Annotated[bool, typer.Option("-y", "--yes", help="Do not ask.")]


def run(
    ctx: typer.Context,
    address: Address,
    partitions: Partitions = None,
    to: To = None,
    clear: Clear = False,
    dry_run: DryRun = False,
    yes: Yes = False,
) -> int:
    """Go back to an earlier version of an asset: the one before, or that of `--to`.

    Its files are read again first. It is held then: whatever changes, nothing makes it again until `--force` does, or
    `--clear` ends the hold. What reads it is out of date, as after any change. Nothing is deleted.
    """
    from assets_core.project.naming import split_address

    session = session_of(ctx)
    name, partition = split_address(address)
    terms = [*(partitions or ()), *([] if partition is None else [f"key:{partition}"])]
    if clear:
        if to is not None or dry_run:
            raise UsageError(
                "E907", "`--clear` moves nothing", help="leave `--to` and `--dry-run` out"
            )
        return _clear(session, name, terms)
    return _roll_back(session, name, terms, to, dry_run=dry_run, yes=yes)


def _roll_back(
    session: Session, name: str, terms: Sequence[str], to: str | None, *, dry_run: bool, yes: bool
) -> int:
    from assets_core.cli.confirming import confirmed
    from assets_core.cli.wording import counted
    from assets_core.project.rolling_back import plan_rollback, roll_back

    project = session.project()
    planned = plan_rollback(project, name, terms, to)
    if not dry_run:
        if not yes:
            for line in _moves(planned):
                session.say(*line)
        question = f"Roll {counted(len(planned.moves), 'asset-partition')} back?"
        does = "changes what readers see"
        if not confirmed(session, question, yes=yes, look="`--dry-run`", does=does):
            session.say("nothing was changed")
            return 0
        roll_back(project, planned)
    if session.as_json:
        moved: list[JSON] = [_move_document(move) for move in planned.moves]
        session.document(
            {
                "schema": "assets.rollback/1",
                "env": project.env,
                "asset": planned.asset,
                "dry_run": dry_run,
                "moved": moved,
                "without": planned.without,
                "released": [],
            }
        )
        return 0
    for line in _moves(planned):
        session.out.line(*line)
    session.out.line(*_summary(planned, dry_run=dry_run))
    return 0


def _move_document(move: Move) -> dict[str, JSON]:
    return {
        "asset": move.key.asset,
        "partition": move.key.partition or None,
        "from": None if move.before is None else move.before.number,
        "to": move.after.number,
    }


def _moves(planned: Rollback) -> Iterator[Line]:
    from assets_core.cli.wording import address, local

    for move in planned.moves[:_SHOWN]:
        before = "nothing" if move.before is None else f"version {move.before.number}"
        after = f"version {move.after.number}, made {local(move.after.created)}"
        yield ("  < ", (address(*move.key), "bold"), f"  {before} -> {after}")
    if len(planned.moves) > _SHOWN:
        yield ((f"  and {len(planned.moves) - _SHOWN:,} more", "dim"),)
    if planned.without:
        yield (
            ("note: ", "note"),
            f"{planned.without:,} have no earlier version and stay as they are",
        )


def _summary(planned: Rollback, *, dry_run: bool) -> Line:
    from assets_core.cli.wording import counted

    count = counted(len(planned.moves), "asset-partition")
    if dry_run:
        return (f"{count} would be rolled back. Nothing was changed.",)
    return (
        f"Rolled back {count}, held from now on.   Let it be made again: ",
        (f"assets rollback {planned.asset} --clear", "bold"),
    )


def _clear(session: Session, name: str, terms: Sequence[str]) -> int:
    from assets_core.project.rolling_back import clear_holds

    project = session.project()
    asset, released = clear_holds(project, name, terms)
    if session.as_json:
        names: list[JSON] = [
            {"asset": one.asset, "partition": one.partition or None} for one in released
        ]
        session.document(
            {
                "schema": "assets.rollback/1",
                "env": project.env,
                "asset": asset,
                "dry_run": False,
                "moved": [],
                "without": 0,
                "released": names,
            }
        )
        return 0
    session.out.line(*_said(asset, released))
    return 0


def _said(asset: AssetKey, released: Collection[AssetPartition]) -> Line:
    from assets_core.cli.wording import counted

    if not released:
        return (f"Nothing is held of {asset}.",)
    count = counted(len(released), "asset-partition")
    return (f"{count} of {asset} held no more.   Make it again: assets materialize {asset}",)

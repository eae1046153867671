"""``assets verify``: read everything that is stored again, and the state store as well."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated

import typer

from assets_core.cli.errors import Line
from assets_core.cli.selecting import Exclude, Jobs, Partitions, Select, SelectFrom, wish_of
from assets_core.cli.session import session_of
from assets_core.model.json import JSON

if TYPE_CHECKING:
    from assets_core.project.verifying import Verified

DAMAGED, STORE_DAMAGED = 1, 6
_LINES = 20
_BAD = ("missing", "damaged", "unverified")
_COUNTS = ("sound", *_BAD, "recovered")

Every = Annotated[
    bool, typer.Option("--all", help="Every version that is kept, not only the current ones.")
]


def run(
    ctx: typer.Context,
    select: Select = None,
    partitions: Partitions = None,
    exclude: Exclude = None,
    select_from: SelectFrom = None,
    every: Every = False,
    jobs: Jobs = None,
) -> int:
    """Read every stored byte again and compare it with what was recorded.

    What is missing or damaged is recorded: it counts as out of date, and `assets materialize` makes it again. What was
    put back counts as sound again. The state store is examined as well.
    """
    from assets_core.cli.counting import Counting
    from assets_core.project.verifying import verify

    session = session_of(ctx)
    project = session.project(flags={"jobs": jobs})
    wish = wish_of(select, select_from, exclude, partitions)
    with Counting(session, "version") as counting:
        verified = verify(
            project, wish, every=every, seen=lambda v: counting.reached(v.versions, v.size)
        )
    if session.as_json:
        session.document(_document(project.env, verified))
    else:
        for line in _lines(verified):
            session.out.line(*line)
    if verified.store:
        return STORE_DAMAGED
    return 0 if verified.ok else DAMAGED


def _document(env: str, verified: Verified) -> Mapping[str, JSON]:
    suspects: list[JSON] = [
        {
            "asset": one.record.asset,
            "partition": one.record.partition or None,
            "attempt": one.record.attempt,
            "current": one.current,
            "status": one.soundness.value if one.soundness else "unverified",
            "message": one.message,
        }
        for one in verified.suspects
    ]
    return {
        "schema": "assets.verify/1",
        "env": env,
        "ok": verified.ok,
        "store": list(verified.store),
        "versions": verified.versions,
        "size": verified.size,
        "counts": {name: verified.counts.get(name, 0) for name in _COUNTS},
        "suspects": suspects,
    }


def _lines(verified: Verified) -> Iterator[Line]:
    from assets_core.cli.wording import address, counted, size

    for text in verified.store:
        yield (("  x ", "failed"), ("state store", "bold"), f"  {text}")
    for suspect in verified.suspects[:_LINES]:
        where = address(suspect.record.asset, suspect.record.partition)
        word = suspect.soundness.value if suspect.soundness else "unverified"
        old = "" if suspect.current else " (not the current version)"
        yield (("  x ", "failed"), (where, "bold"), f"  {word}{old}: {suspect.message}")
    counts = verified.counts
    total = sum(counts.get(name, 0) for name in _BAD)
    if total > _LINES:
        yield ((f"  and {total - _LINES:,} more", "dim"),)
    said = [f"{counts[name]:,} {name}" for name in (*_BAD, "recovered") if counts.get(name)]
    sound = "all as recorded" if verified.ok else "the state store is damaged"
    what = f"{counted(verified.versions, 'version')}, {size(verified.size)}"
    yield ((f"Verified {what}: {', '.join(said) or sound}", "bold"),)
    if any(suspect.current and suspect.soundness for suspect in verified.suspects):
        yield ("What is missing or damaged is out of date now.  Make it again: assets materialize",)

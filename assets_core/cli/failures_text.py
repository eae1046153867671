"""What is said of failures when a run is over: the user's own frames, the last lines printed, the log; each once.

The same failure in many partitions is one paragraph with a count.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from assets_core.cli.screen import Piece
from assets_core.cli.wording import address
from assets_core.execution.tally import held_failure
from assets_core.model.conflicts import OnConflict
from assets_core.model.events import AttemptFailed, ClaimRefused, Event, Joined
from assets_core.model.records import AttemptStatus, Failure

MOST = 10
"""Different failures shown in full."""


@dataclass(slots=True)
class _Folded:
    """The first of equal failures, and how many there are."""

    asset: str
    partition: str
    failure: Failure
    verb: str
    tail: tuple[str, ...] = ()
    log: str | None = None
    help: str = ""
    count: int = 1


@dataclass(slots=True)
class Failures:
    """Collects final failures from events."""

    found: dict[tuple[object, ...], _Folded] = field(default_factory=dict)

    def see(self, event: Event) -> None:
        """Remember a failure that is not going to be retried."""
        failed = _failed(event)
        if failed is None:
            return
        key = _identity(failed.asset, failed.failure)
        known = self.found.setdefault(key, failed)
        if known is not failed:
            known.count += 1

    def lines(self) -> Iterator[tuple[Piece, ...]]:
        """Everything that is to be printed, line by line."""
        for folded in list(self.found.values())[:MOST]:
            yield from _paragraph(folded)
        left = len(self.found) - MOST
        if left > 0:
            yield (f"and {left:,} other failures",)


def _identity(asset: str, failure: Failure) -> tuple[object, ...]:
    """Equal for the same failure in several partitions: its place and kind, whatever values its message holds."""
    where = (failure.file, failure.line) if failure.file else failure.message
    return (asset, failure.kind, where)


def _failed(event: Event) -> _Folded | None:
    match event:
        case AttemptFailed(asset, partition, _, failure, log, tail, None):
            verb = "stopped" if failure.status is AttemptStatus.CANCELLED else "failed"
            return _Folded(asset, partition, failure, verb, tail, log)
        case Joined(asset, partition, _, number, _, Failure() as failure):
            return _Folded(asset, partition, failure, f"failed in run {number}")
        case ClaimRefused(asset, partition, _, number, OnConflict.FAIL):
            help = f"wait for it with `--on-conflict wait`; `assets runs show {number}` says how it is getting on"
            return _Folded(asset, partition, held_failure(number), "failed", help=help)
        case _:
            return None


def _paragraph(folded: _Folded) -> Iterator[tuple[Piece, ...]]:
    where = address(folded.asset, folded.partition)
    more = f" and {folded.count - 1:,} more" if folded.count > 1 else ""
    yield from failure_lines(f"{folded.verb}: {where}{more}: ", folded.failure)
    if folded.tail:
        yield (("  last output:", "dim"),)
        for line in folded.tail:
            yield (("  | ", "dim"), line)
    if folded.log:
        yield (("  log: ", "dim"), _from_here(folded.log))
    if folded.help:
        yield (("  help: ", "dim"), folded.help)


def failure_lines(head: str, failure: Failure, place: str = "") -> Iterator[tuple[Piece, ...]]:
    """What was raised, with the user's frames, or with ``place`` where there are none."""
    if failure.file:
        place = "" if failure.traceback else f"{failure.file}:{failure.line}"
    own = f" ({place})" if place else ""
    first, *rest = failure.message.splitlines() or [""]
    yield ((head, "error"), f"{failure.kind}: {first}{own}")
    for line in rest if not failure.traceback else ():
        yield (f"  {line}",)
    for line in failure.traceback.rstrip().split("\n") if failure.traceback else ():
        yield (f"  {line}",)


def _from_here(path: str) -> str:
    """A path as one would type it in this folder."""
    here = Path.cwd()
    return str(Path(path).relative_to(here)) if Path(path).is_relative_to(here) else path

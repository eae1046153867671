"""How a run is shown while it goes on: rows that move on a terminal, plain lines and a heartbeat anywhere else.

An asset is said once, when it is done, however many partitions it has; a failure is said when it happens. With more
assets than ``MANY`` only what needs attention is said. Rich is imported for the live display only.
"""

from __future__ import annotations

import shutil
import threading
from typing import TYPE_CHECKING, Any

from assets_core.cli.screen import Piece, is_dumb
from assets_core.cli.session import Session
from assets_core.cli.stopping import STOPPING, Stopper
from assets_core.cli.tracking import OUTCOMES, AssetProgress, Moment, Tracker, held_by
from assets_core.cli.wording import address, counted, duration
from assets_core.model.conflicts import OnConflict
from assets_core.model.events import (
    AttemptFailed,
    CheckEvaluated,
    ClaimRefused,
    Event,
    HeldUp,
    Joined,
    Materialized,
    PartitionsAdded,
    Rejected,
    RunStarted,
    UndeclaredFilesRead,
)
from assets_core.model.records import AttemptStatus
from assets_core.safe_text import safe_text

if TYPE_CHECKING:
    from assets_core.model.plans import Plan

HEARTBEAT_S = 30.0
MANY = 200
_NOISE = 10
"""Single failures said as they happen; beyond that the summary folds them."""


class Progress:
    """Plain lines on stderr. Also what the live display prints above itself."""

    def __init__(self, session: Session, plan: Plan) -> None:
        self.session = session
        self.tracker = Tracker(plan)
        self._many = len(self.tracker.assets) > MANY
        self._said = 0
        self._waits = 0
        self._waited_for: set[tuple[str, int]] = set()
        self._beat = threading.Event()
        self._over = threading.Event()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Progress:
        self._thread = threading.Thread(target=self._heartbeat, name="heartbeat", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._beat.set()

    def see(self, event: Event) -> None:
        """Show what an event changed."""
        finished = self.tracker.see(event)
        if self.session.options.quiet:
            return
        said = self._about(event, finished)
        self._tell(said)
        if finished is not None and (said is None or finished.total > 1):
            self._tell(self._asset(finished))

    def _tell(self, pieces: tuple[Piece, ...] | None) -> None:
        if pieces is not None:
            self._beat.set()
            self.say(*pieces)

    def say(self, *pieces: Piece) -> None:
        """Print one line."""
        self.session.err.line(*pieces)

    def _about(self, event: Event, finished: AssetProgress | None) -> tuple[Piece, ...] | None:
        match event:
            case RunStarted():
                return (("run ", "dim"), f"{event.number}", (f": {_amount(event.steps)}", "dim"))
            case AttemptFailed():
                return self._failure(event)
            case ClaimRefused() | Joined():
                return self._another_run(event)
            case Rejected():
                checks = ", ".join(event.checks)
                where = address(event.asset, event.partition)
                return self._noise("  ! ", f"{where} kept back: check {checks} failed")
            case (
                CheckEvaluated(passed=False, published=True)
                | CheckEvaluated(passed=False, blocking=False)
            ):
                where = address(event.asset, event.partition)
                count = f" ({counted(event.count, 'row')})" if event.count else ""
                return self._noise("  ! ", f"{where} check {event.check} failed{count}")
            case UndeclaredFilesRead():
                text = f"{event.asset} read files that are no inputs of it: {', '.join(event.files[:3])}"
                return (("  note: ", "note"), text)
            case PartitionsAdded():
                some = ", ".join(event.keys[:3]) + ", …" * (len(event.keys) > 3)
                count = counted(len(event.keys), "partition")
                return (
                    ("  note: ", "note"),
                    f"{event.asset} added {count} to {event.name}: {some}",
                )
            case HeldUp():
                return self._held_up(event)
            case Materialized() if self.session.options.verbose and finished is None:
                where = address(event.asset, event.partition)
                return (("    ", ""), where, (f"  {duration(event.duration_s)}", "dim"))
            case _:
                return None

    def _held_up(self, event: HeldUp) -> tuple[Piece, ...] | None:
        """What the run's own steps do to each other goes without saying."""
        if event.pool is not None and not event.runs and not self.session.options.verbose:
            return None
        self._waits += 1
        text = f"{event.asset} {waiting_text(event)}"
        return (("  . ", "dim"), (text, "dim")) if self._waits <= _NOISE else None

    def _another_run(self, event: ClaimRefused | Joined) -> tuple[Piece, ...] | None:
        return self._joined(event) if isinstance(event, Joined) else self._waiting(event)

    def _waiting(self, event: ClaimRefused) -> tuple[Piece, ...] | None:
        """Once for each asset and run, however many partitions it holds."""
        if event.on_conflict is OnConflict.FAIL:
            return self._noise("  x ", f"not started: {held_by(event)}")
        where = (event.asset, event.number)
        if where in self._waited_for:
            return None
        self._waited_for.add(where)
        return (("  waiting for ", "note"), held_by(event))

    def _joined(self, event: Joined) -> tuple[Piece, ...] | None:
        where = address(event.asset, event.partition)
        if event.outcome is AttemptStatus.FAILED:
            return self._noise("  x ", f"{where} failed in run {event.number}")
        if event.outcome is AttemptStatus.REJECTED:
            return self._noise("  ! ", f"{where} kept back by a check in run {event.number}")
        return None

    def _failure(self, event: AttemptFailed) -> tuple[Piece, ...] | None:
        where = address(event.asset, event.partition)
        first = event.failure.message.split("\n")[0]
        text = f"{where} failed: {event.failure.kind}: {first}"
        if event.retry_in is not None:
            text += f"; again in {duration(event.retry_in)}"
        return self._noise("  x ", text)

    def _noise(self, mark: str, text: str) -> tuple[Piece, ...] | None:
        self._said += 1
        return ((mark, "failed"), text) if self._said <= _NOISE else None

    def _asset(self, asset: AssetProgress) -> tuple[Piece, ...] | None:
        bad = {"failed", "cancelled", "kept back", "blocked"} & asset.outcomes.keys()
        if self._many and not bad:
            return None
        style, mark = ("failed", "  ! ") if bad else ("ok", "  + ")
        said = ", ".join(
            outcome if asset.total == 1 else f"{number:,} {outcome}"
            for outcome in OUTCOMES
            if (number := asset.outcomes.get(outcome))
        )
        seconds = f"  {duration(asset.seconds)}" if asset.seconds else ""
        return ((mark, style), (asset.key, "bold"), f"  {said}", (seconds, "dim"))

    def _heartbeat(self) -> None:
        while not self._over.is_set():
            if not self._beat.wait(HEARTBEAT_S) and not self.session.options.quiet:
                self.session.err.line((_heartbeat_text(self.tracker.moment()), "dim"))
            self._beat.clear()


class LiveProgress(Progress):
    """Rows that move, below the lines that stay."""

    def __init__(self, session: Session, plan: Plan, stopper: Stopper) -> None:
        super().__init__(session, plan)
        self._live: Any = None
        self._stopper = stopper

    def __enter__(self) -> Progress:
        from rich.console import Console
        from rich.live import Live

        screen = self.session.err
        console = Console(
            file=screen.stream,
            force_terminal=True,
            no_color=not screen.color,
            highlight=False,
            markup=False,
            emoji=False,
            legacy_windows=False,
        )
        self._live = Live(
            console=console, get_renderable=self._rows, refresh_per_second=8, transient=True
        )
        self._live.start()
        self._stopper.is_shown = True
        return self

    def __exit__(self, *_: object) -> None:
        self._stopper.is_shown = False
        self._live.stop()

    def say(self, *pieces: Piece) -> None:
        from rich.text import Text

        text = "".join(self.session.err.rendered(pieces))
        self._live.console.print(Text.from_ansi(text), soft_wrap=True)

    def _rows(self) -> Any:
        """At most as many rows as the terminal has lines for, each cut to its width."""
        from rich.text import Text

        size = shutil.get_terminal_size()
        moment = self.tracker.moment()
        lines = [_bar(moment, size.columns, unicode=self.session.err.unicode)]
        if self._stopper.signal is not None:
            lines.append(STOPPING)
        room = max(0, size.lines - 2 - len(lines))
        rows = [_row(asset, moment) for asset in moment.running]
        rows += [_waiting_row(asset) for asset in moment.waiting]
        rows += [f"  waiting for {holder}" for holder in moment.holders]
        lines += rows[:room]
        return Text("\n".join(safe_text(line)[: size.columns - 1] for line in lines))


def progress_for(session: Session, plan: Plan, stopper: Stopper, *, inline: bool) -> Progress:
    """The display that fits the terminal. A moving one would hide the debugger's prompt of an inline step."""
    options = session.options
    plain = options.no_progress or options.quiet or inline or is_dumb()
    live = session.err.is_tty and not plain
    return LiveProgress(session, plan, stopper) if live else Progress(session, plan)


def _amount(steps: int) -> str:
    return f"{counted(steps, 'asset-partition')} to run or to decide" if steps else "nothing to run"


def waiting_text(event: HeldUp) -> str:
    """What it waits for, and who is in the way."""
    if event.limit is not None:
        return (
            f"waits for the rate limit {event.limit}: again in {duration(event.again_in_s or 0.0)}"
        )
    others = counted(len(event.runs), "other run")
    whose = f", by {others}" if event.runs else ""
    return f"waits for pool {event.pool}: {event.taken} of {event.size} slots are taken{whose}"


def _heartbeat_text(moment: Moment) -> str:
    names = [f"{a.key} ({a.done} of {a.total})" if a.total > 1 else a.key for a in moment.running]
    running = f", running: {', '.join(names[:4])}" if names else ""
    held = [f"{a.key} ({a.waits_for})" for a in moment.waiting]
    held += [f"for {holder}" for holder in moment.holders]
    waiting = f", waiting: {', '.join(held[:4])}" if held else ""
    return (
        f"  {moment.done:,} of {moment.total:,} after {duration(moment.elapsed)}{running}{waiting}"
    )


def _bar(moment: Moment, width: int, *, unicode: bool) -> str:
    text = f" {moment.done:,}/{moment.total:,}  {duration(moment.elapsed)}"
    size = max(4, min(40, width - len(text) - 3))
    filled = size * moment.done // max(1, moment.total)
    full, empty = ("█", "░") if unicode else ("#", "-")
    return full * filled + empty * (size - filled) + text


def _waiting_row(asset: AssetProgress) -> str:
    return f"  {asset.key}  waits for {asset.waits_for}"


def _row(asset: AssetProgress, moment: Moment) -> str:
    import time

    part = f" {asset.done:,}/{asset.total:,}" if asset.total > 1 else ""
    since = f"  {duration(time.monotonic() - asset.since)}" if asset.since else ""
    return f"  {asset.key}{part}{since}"

"""The last line of a run: what it came to, and what to do next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assets_core.cli.screen import Piece
from assets_core.cli.wording import duration
from assets_core.model.records import RunStatus

if TYPE_CHECKING:
    from assets_core.execution.tally import RunResult

_ALWAYS = ("materialized", "unchanged", "failed", "current")
_WHERE_ANY = ("restored", "blocked")
_ORDER = ("materialized", "unchanged", "restored", "failed", "blocked", "current")
_WORDS = {
    RunStatus.SUCCEEDED: ("Done", "ok"),
    RunStatus.FAILED: ("Failed", "error"),
    RunStatus.CANCELLED: ("Stopped", "error"),
    RunStatus.CANCEL_FAILED: ("Stopped in part", "error"),
    RunStatus.TIMED_OUT: ("Timed out", "error"),
    RunStatus.DIED: ("Died", "error"),
    RunStatus.RUNNING: ("Running", "bold"),
}


def summary(result: RunResult) -> tuple[Piece, ...]:
    """``Done in 41s: 33 materialized, 1 unchanged, 0 failed, 812 current.   Next: ...``."""
    word, style = _WORDS[result.status]
    counts = result.counts
    said = [f"{counts[n]:,} {n}" for n in _ORDER if n in _ALWAYS or (n in _WHERE_ANY and counts[n])]
    line: list[Piece] = [(word, style), f" in {duration(result.duration_s)}: {', '.join(said)}."]
    if result.failed_checks:
        line.append(f" {len(result.failed_checks):,} published versions fail a blocking check.")
    return (*line, ("   Next: ", "dim"), next_command(result))


def next_command(result: RunResult) -> str:
    """What people usually do after this."""
    if result.status is RunStatus.SUCCEEDED:
        return "assets ls"
    early = (RunStatus.CANCELLED, RunStatus.CANCEL_FAILED, RunStatus.TIMED_OUT)
    ended_early = result.status in early
    if ended_early or result.counts["failed"]:
        return f"assets retry {result.number}"
    return "assets plan"


def nothing_to_do(current: int) -> str:
    """What a run says that had nothing to do."""
    return f"Nothing to do: {current:,} current."

"""Printing captured output, and following it while a run goes on.

Files are polled: the run's process is another one, and a notification API would be one per platform for four looks a
second.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from assets_core.cli.session import Session
from assets_core.cli.wording import address
from assets_core.model.records import RunStatus

if TYPE_CHECKING:
    from assets_core.project import Project
    from assets_core.project.run_history import RunView

_POLL_S = 0.25


def print_logs(session: Session, project: Project, view: RunView, *, follow: bool) -> None:
    """Everything that was captured; with ``follow`` also what comes, until the run ends."""
    from assets_core.project.run_history import log_folder, run_view

    folder = log_folder(project, view.record)
    tails: dict[Path, _Tail] = {}
    status = view.status
    while True:
        # The status is looked at before the files: what is written in between is read all the same.
        _print_new(session, project, view, folder, tails)
        if not follow or status is not RunStatus.RUNNING:
            break
        time.sleep(_POLL_S)
        with project.reading() as reader:
            found = reader.run(view.record.run)
            status = run_view(reader, *found).status if found else RunStatus.DIED
    if not tails:
        session.say("this run printed nothing")


class _Tail:
    """One log file and how far it was read; a last line without its end waits for it."""

    def __init__(self, path: Path, name: str) -> None:
        self.path = path
        self.name = name
        self._at = 0
        self._partial = b""

    def lines(self) -> list[str]:
        """The lines that came since the last look."""
        with self.path.open("rb") as file:
            file.seek(self._at)
            data = file.read()
        self._at += len(data)
        *whole, self._partial = (self._partial + data).split(b"\n")
        return [line.decode("utf-8", "replace") for line in whole]


def _print_new(
    session: Session, project: Project, view: RunView, folder: Path, tails: dict[Path, _Tail]
) -> None:
    fresh = [path for path in sorted(folder.glob("*.log")) if path not in tails]
    if fresh:
        names = _names(project, view)
        for path in fresh:
            tails[path] = _Tail(path, names.get(path.name, path.stem))
    for tail in tails.values():
        lines = tail.lines()
        if lines:
            session.out.line((f"==> {tail.name} <==", "bold"))
            for line in lines:
                session.out.line(line)


def _names(project: Project, view: RunView) -> dict[str, str]:
    """Which asset-partition a log belongs to, for the attempts that are recorded."""
    with project.reading() as reader:
        attempts = reader.attempts(view.record.run)
    names: dict[str, str] = {}
    for attempt in attempts:
        if attempt.log is not None:
            names.setdefault(Path(attempt.log).name, address(attempt.asset, attempt.partition))
    return names

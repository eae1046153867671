"""``gc``: delete what nothing refers to, in two steps with time between them.

First a version is *condemned*, in a transaction that sees that nothing refers to it; from then on no pointer can move
to it. Its data is deleted once the grace has passed, by this or a later ``gc``, so whoever had looked up a version just
before it was replaced still reads all of it. Killed between any two steps, the next ``gc`` goes on: deleting what is
deleted does nothing, and what was recorded stays recorded.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from assets_core.errors import AssetsError
from assets_core.execution.attempt_folders import (
    attempts_on_disk,
    delete_folder,
    made_at,
    owners,
    size_of,
)
from assets_core.execution.paths import refuse_links
from assets_core.model.records import MaterializationRecord
from assets_core.ports import Retention, StateStore
from assets_core.project.dead_runs import end_dead_runs

if TYPE_CHECKING:
    from assets_core.project.facade import Project

BATCH = 1000
_DAY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class Keeping:
    """What is kept, and for how many seconds: the settings ``gc.*``."""

    keep: int = 2
    """Versions per asset-partition, the current one included."""
    grace: float = 3_600.0
    """Between condemning and deleting."""
    candidates: float = 30 * _DAY_S
    """Versions that a check kept back."""
    logs: float = 30 * _DAY_S
    """Logs of runs, and caches that nobody used since."""


@dataclass(slots=True)
class Amount:
    """How many, and how many bytes."""

    number: int = 0
    size: int = 0

    def add(self, size: int) -> None:
        """One more, of this size."""
        self.number += 1
        self.size += size


@dataclass(slots=True)
class Collected:
    """What was done, or would be done in a dry run."""

    condemned: Amount = field(default_factory=Amount)
    deleted: Amount = field(default_factory=Amount)
    """Versions whose grace is over."""
    waiting: Amount = field(default_factory=Amount)
    """Versions that are condemned, and not deleted yet."""
    attempts: Amount = field(default_factory=Amount)
    """Output of attempts that recorded nothing."""
    logs: Amount = field(default_factory=Amount)
    strangers: tuple[str, ...] = ()
    """Other stores that wrote into the data folder: nothing unknown is deleted there."""
    failed: list[tuple[str, str]] = field(default_factory=list)
    """(path, why) of what could not be deleted."""

    @property
    def nothing(self) -> bool:
        """Whether there was nothing to do."""
        done = (self.condemned, self.deleted, self.attempts, self.logs)
        return not any(amount.number for amount in done) and not self.failed


class _OnlyLooking(Exception):
    """Leaves a transaction without its changes."""


def collect(
    project: Project, *, dry_run: bool, seen: Callable[[Collected], None] = lambda collected: None
) -> Collected:
    """Condemn, and delete what was condemned long enough ago, with the leavings of killed attempts and old logs."""
    with project.reading() as reader:
        if not reader.sequence():  # nothing was ever recorded, so nothing is made either
            return Collected()
    with project.writing() as store:
        if not dry_run:
            end_dead_runs(project, store)
        collector = _Collector(project, store, dry_run=dry_run, seen=seen)
        collector.condemn()
        collector.delete_condemned()
        collector.delete_attempts()
        collector.delete_logs()
    return collector.done


class _Collector:
    def __init__(
        self,
        project: Project,
        store: StateStore,
        *,
        dry_run: bool,
        seen: Callable[[Collected], None],
    ) -> None:
        self.done = Collected()
        self._store = store
        self._dry_run = dry_run
        self._seen = seen
        self._home = project.definitions.home
        self._materializers = project.definitions.runtime.materializers
        self._keeping = Keeping(**project.definitions.settings.gc)
        self._now = project.clock.now()

    def _ago(self, seconds: float) -> datetime:
        try:
            return self._now - timedelta(seconds=seconds)
        except OverflowError:  # for ever
            return datetime.min.replace(tzinfo=UTC)

    # --- versions -----------------------------------------------------------------------------------------------

    def condemn(self) -> None:
        """Mark what nothing refers to. A batch is decided again where something was recorded meanwhile."""
        retention = Retention(self._keeping.keep, self._ago(self._keeping.candidates))
        after = 0
        while (found := self._store.unreferenced(retention, after, BATCH)).records:
            chosen: Collection[int] = [record.number for record in found.records]
            after = found.records[-1].number
            if not self._dry_run:
                with self._store.writing() as tx:
                    chosen = set(tx.condemn(chosen, found.as_of, self._now))
            for record in found.records:
                if record.number in chosen:
                    self.done.condemned.add(record.written.size)
            self._seen(self.done)

    def delete_condemned(self) -> None:
        """Delete what was condemned before the grace began."""
        for batch in self._condemned(self._ago(self._keeping.grace)):
            gone = [record for record in batch if self._dry_run or self._delete(record)]
            for record in gone:
                self.done.deleted.add(record.written.size)
            if gone and not self._dry_run:
                with self._store.writing() as tx:
                    tx.collect([record.number for record in gone], self._now)
            self._seen(self.done)
        for batch in self._condemned(self._now):
            for record in batch:
                self.done.waiting.add(record.written.size)

    def _condemned(self, until: datetime) -> Iterator[list[MaterializationRecord]]:
        after = 0
        while batch := list(self._store.condemned(until, after, BATCH)):
            yield batch
            after = batch[-1].number

    def _delete(self, record: MaterializationRecord) -> bool:
        """Whether nothing is left of a version: what its materializer keeps, and the folder."""
        location = self._home.version_of(record)
        name = record.written.materializer
        try:
            refuse_links(location)
            if location.exists() and record.written.files:
                self._materializers[name].delete(location, record.written)
            delete_folder(location)
        except KeyError:
            self._fail(location, f"the materializer `{name}` that wrote it is not installed")
        except (AssetsError, OSError) as error:
            self._fail(location, str(error))
        else:
            return True
        return False

    def _fail(self, path: Path, why: str) -> None:
        self.done.failed.append((str(path), why))

    # --- attempts that recorded nothing -----------------------------------------------------------------------------

    def delete_attempts(self) -> None:
        """Delete output that no record refers to and none can, where nobody else's store may know of it."""
        first = self._store.run("1")
        signed = owners(self._home)
        self.done.strangers = tuple(sorted(signed - {first[0].run if first else ""}))
        if first is None or signed != {first[0].run}:
            return
        batch: dict[str, Path] = {}
        for attempt, folder in attempts_on_disk(self._home):
            made = made_at(attempt)
            if made is not None and made <= self._ago(self._keeping.grace):
                batch[attempt] = folder
            if len(batch) == BATCH:
                self._delete_abandoned(batch)
                batch = {}
        self._delete_abandoned(batch)

    def _delete_abandoned(self, batch: dict[str, Path]) -> None:
        for attempt in self._abandoned(list(batch)):
            size = size_of(batch[attempt])
            if self._dry_run or self._deleted(batch[attempt]):
                self.done.attempts.add(size)
        self._seen(self.done)

    def _abandoned(self, attempts: list[str]) -> Collection[str]:
        found: Collection[str] = ()
        with contextlib.suppress(_OnlyLooking), self._store.writing() as tx:
            found = tx.abandon(attempts)
            if self._dry_run:
                raise _OnlyLooking
        return found

    def _deleted(self, folder: Path) -> bool:
        try:
            delete_folder(folder)
        except (AssetsError, OSError) as error:
            self._fail(folder, str(error))
            return False
        return True

    # --- logs and caches --------------------------------------------------------------------------------------------

    def delete_logs(self) -> None:
        """Delete the logs of runs that ended long ago, their lock files, and caches that nobody wrote since."""
        for folder in _entries(self._home.root / "logs"):
            if self._is_over(folder.name):
                self._remove(folder)
        for lock in _entries(self._home.root / "runs"):
            if lock.suffix == ".lock" and self._is_over(lock.stem):
                self._remove(lock)
        before = self._ago(self._keeping.logs).timestamp()
        for cache in _entries(self._home.root / "cache"):
            if cache.is_file() and cache.lstat().st_mtime < before:
                self._remove(cache)

    def _is_over(self, run: str) -> bool:
        """Whether a run ended, or died, so long ago that its logs may go."""
        made = made_at(run)
        if made is None or made > self._ago(self._keeping.logs):
            return False
        known = self._store.run(run)
        if known is not None and known[1] is not None:
            return known[1].ended <= self._ago(self._keeping.logs)
        return made <= self._ago(_DAY_S) and not self._store.is_alive(run)

    def _remove(self, path: Path) -> None:
        size = size_of(path) if path.is_dir() else path.lstat().st_size
        try:
            if not self._dry_run:
                shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
        except OSError as error:
            self._fail(path, str(error))
        else:
            self.done.logs.add(size)


def _entries(folder: Path) -> list[Path]:
    """What lies in one of our folders, links left out."""
    try:
        with os.scandir(folder) as entries:
            return sorted(Path(e.path) for e in entries if not e.is_symlink())
    except (FileNotFoundError, NotADirectoryError):
        return []

"""``verify``: every stored byte is read again, and so is the store that says what it should be.

Versions are read in batches, and a batch by several threads, which wait for the disk and for digests outside of the
interpreter's lock. What is found is recorded batch by batch, so an interrupted look is not lost.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from assets_core.execution.soundness import look_at
from assets_core.model.keys import AssetPartition
from assets_core.model.records import FindingRecord, MaterializationRecord, Soundness
from assets_core.model.values import StoredPart
from assets_core.ports import Materializer, StateReader, StateStore
from assets_core.project.asked_partitions import asked_partitions, is_asked
from assets_core.project.selecting import select_with_status
from assets_core.project.stored_data import current_records, refuse_absent, signature_of
from assets_core.project.wishes import Wish

if TYPE_CHECKING:
    from assets_core.project.facade import Project

BATCH = 1000
LISTED = 10_000
"""How many unsound versions are listed one by one; all of them are counted and recorded."""


class Suspect(NamedTuple):
    """A version that is not what was recorded, or (``soundness`` None) that nobody here can judge."""

    record: MaterializationRecord
    current: bool
    soundness: Soundness | None
    message: str


@dataclass(slots=True)
class Verified:
    """What a look at everything found."""

    store: Sequence[str] = ()
    """What is wrong with the state store itself."""
    versions: int = 0
    size: int = 0
    """Bytes read."""
    counts: dict[str, int] = field(default_factory=dict)
    """By ``sound``, ``missing``, ``damaged``, ``unverified``, and ``recovered``: sound again."""
    suspects: list[Suspect] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether everything is what was recorded."""
        return not self.store and not self.suspects

    def count(self, name: str) -> None:
        """One more of these."""
        self.counts[name] = self.counts.get(name, 0) + 1


def verify(
    project: Project,
    wish: Wish,
    *,
    every: bool,
    seen: Callable[[Verified], None] = lambda verified: None,
) -> Verified:
    """Look at the current versions of what was asked for (``every``: at all that are stored) and record what is found.

    Raises StoreError E619 where the folder of all versions is not there at all.
    """
    verified = Verified()
    with project.reading() as reader:
        verified.store = reader.examine()
    chosen = select_with_status(project, wish.select, wish.exclude)
    with project.reading() as reader:
        graph = project.definitions.graph_with(reader)
        asked = asked_partitions(project, reader, chosen, wish)
        records = (
            _stored(project, reader, chosen) if every else current_records(project, reader, chosen)
        )
        looking = _Looking(project, reader, verified)
        for batch in _batches(r for a, r in records if is_asked(graph, asked, a, r.partition)):
            looking.look(batch)
            seen(verified)
    return verified


def _stored(
    project: Project, reader: StateReader, chosen: Sequence[int]
) -> Iterator[tuple[int, MaterializationRecord]]:
    for asset in chosen:
        after = 0
        while page := reader.stored_page(project.env, project.graph.keys[asset], after, BATCH):
            yield from ((asset, record) for record in page)
            after = page[-1].number


def _batches(
    records: Iterable[MaterializationRecord],
) -> Iterator[list[MaterializationRecord]]:
    batch: list[MaterializationRecord] = []
    for record in records:
        batch.append(record)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


class Judged(NamedTuple):
    """What a look at one version found; ``soundness`` is None where nobody here can judge it."""

    soundness: Soundness | None
    message: str = ""


class _Looking:
    def __init__(self, project: Project, reader: StateReader, verified: Verified) -> None:
        self._project = project
        self._reader = reader
        self._verified = verified
        self._home = project.definitions.home
        self._materializers = project.definitions.runtime.materializers
        self._signature = signature_of(reader)

    def look(self, batch: list[MaterializationRecord]) -> None:
        """Read these versions, count what was found and record what is news."""
        refuse_absent(self._home, self._signature, batch)
        jobs = self._project.definitions.settings.jobs
        with ThreadPoolExecutor(jobs) as pool:
            looks = list(pool.map(self._look, batch))
        known = self._reader.soundness([r.number for r in batch])
        current = self._reader.current(
            self._project.env, [AssetPartition(r.asset, r.partition) for r in batch]
        )
        news: list[FindingRecord] = []
        for record, found in zip(batch, looks, strict=True):
            now = current.get(AssetPartition(record.asset, record.partition))
            is_current = now is not None and now.number == record.number
            self._count(record, is_current, found)
            before = known.get(record.number, Soundness.SOUND)
            if before is not Soundness.SOUND and found.soundness is Soundness.SOUND:
                self._verified.count("recovered")
            if found.soundness is not None and found.soundness is not before:
                news.append(self._finding(record, found.soundness, found.message))
        if news:
            with self._project.writing() as store:
                _record(store, news)

    def _count(self, record: MaterializationRecord, is_current: bool, found: Judged) -> None:
        verified = self._verified
        verified.versions += 1
        verified.size += record.written.size
        verified.count("unverified" if found.soundness is None else found.soundness.value)
        if found.soundness is not Soundness.SOUND and len(verified.suspects) < LISTED:
            verified.suspects.append(Suspect(record, is_current, *found))

    def _look(self, record: MaterializationRecord) -> Judged:
        location = self._home.version_of(record)
        part = StoredPart(record.partition, location, record.written, record.number)
        return judged(self._materializers, part)

    def _finding(
        self, record: MaterializationRecord, soundness: Soundness, message: str
    ) -> FindingRecord:
        return FindingRecord(
            self._project.env,
            record.asset,
            record.partition,
            record.number,
            soundness,
            message,
            None,
            self._project.clock.now(),
        )


def judged(materializers: Mapping[str, Materializer], part: StoredPart) -> Judged:
    """Read every byte of one stored version again."""
    try:
        return Judged(*look_at(materializers, part))
    except KeyError:
        name = part.written.materializer
        return Judged(None, f"the materializer `{name}` that wrote it is not installed")
    except Exception as error:  # of a materializer that is not ours: it says nothing of the bytes
        return Judged(None, f"it could not be judged: {type(error).__name__}: {error}")


def _record(store: StateStore, findings: Sequence[FindingRecord]) -> None:
    with store.writing() as tx:
        tx.find(findings)

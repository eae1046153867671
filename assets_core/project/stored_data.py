"""Whether the folder of all stored versions is there at all: with its disk not mounted nothing is to be made again.

Every store signs its data folder when it first writes there, so where the signature is there, so is the folder.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING

from assets_core.errors import Place, StoreError
from assets_core.execution.attempt_folders import owners
from assets_core.execution.paths import Home
from assets_core.model.keys import AssetPartition
from assets_core.model.records import MaterializationRecord, Soundness
from assets_core.ports import StateReader

if TYPE_CHECKING:
    from assets_core.project.facade import Project

BATCH = 1000


def require_data(project: Project, reader: StateReader) -> None:
    """Raise StoreError E619 where the store says that versions are stored and none of them is there.

    What was found missing one by one is known, and does not count.
    """
    home, signature = project.definitions.home, signature_of(reader)
    if not signature or signature in owners(home):
        return
    everything = current_records(project, reader, range(len(project.graph.keys)))
    some = list(islice((record for _, record in everything if record.written.files), BATCH))
    known = reader.soundness([record.number for record in some])
    refuse_absent(
        home, signature, [r for r in some if known.get(r.number) is not Soundness.MISSING]
    )


def signature_of(reader: StateReader) -> str:
    """What a store signs with: the id of its first run; empty before that."""
    first = reader.run("1")
    return first[0].run if first is not None else ""


def refuse_absent(home: Home, signature: str, records: Sequence[MaterializationRecord]) -> None:
    """Raise StoreError E619 where none of these versions is there, nor anything else of this store."""
    stored = [r for r in records if r.written.files]
    if not stored or signature in owners(home):
        return
    places = (home.version_of(r) for r in stored)
    if not any(place.exists() for place in places):
        raise StoreError(
            "E619",
            "the folder of all stored versions is not there",
            place=Place(str(home.data)),
            help="mount its disk, or correct `data`; if all of it is gone for good, make it again "
            "with `assets materialize --force`",
        )


def current_records(
    project: Project, reader: StateReader, chosen: Sequence[int]
) -> Iterator[tuple[int, MaterializationRecord]]:
    """Every current version of these assets, with the asset's number."""
    specs = project.graph.specs
    single = [
        AssetPartition(specs[a].key, "") for a in chosen if not specs[a].partitions.is_partitioned
    ]
    for at in range(0, len(single), BATCH):
        for key, record in reader.current(project.env, single[at : at + BATCH]).items():
            yield project.graph.numbers[key.asset], record
    for asset in chosen:
        after: str | None = None
        while specs[asset].partitions.is_partitioned:
            page = reader.current_page(project.env, specs[asset].key, after, BATCH)
            yield from ((asset, record) for record in page)
            if len(page) < BATCH:
                break
            after = page[-1].partition

"""Whether the stored bytes of a version are those that were recorded: for ``verify``, and where a read went wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from typing import NamedTuple

from assets_core.errors import CorruptionError, GoneError
from assets_core.execution.loading import NOTHING_STORED, cannot_be_read
from assets_core.execution.paths import refuse_links
from assets_core.model.keys import AssetKey
from assets_core.model.outcomes import Unsound
from assets_core.model.records import Soundness
from assets_core.model.values import OMITTED, StoredPart
from assets_core.ports import Materializer, PinnedInput

_NO_BYTES = frozenset({NOTHING_STORED, OMITTED})


class Look(NamedTuple):
    """What a look at one version found."""

    soundness: Soundness
    message: str = ""


def look_at(materializers: Mapping[str, Materializer], part: StoredPart) -> Look:
    """Re-read every byte of a version; KeyError where the materializer that wrote it is not installed."""
    name = part.written.materializer
    if name in _NO_BYTES:
        return Look(Soundness.SOUND)
    try:
        refuse_links(part.location)
        materializers[name].verify(part)
    except GoneError as error:
        return Look(Soundness.MISSING, error.message)
    except CorruptionError as error:
        return Look(Soundness.DAMAGED, error.message)
    return Look(Soundness.SOUND)


def refuse_unsound(
    materializer: Callable[[str], Materializer], asset: AssetKey, parts: Iterable[StoredPart]
) -> None:
    """Raise CorruptionError for the first of these versions of ``asset`` that is not what was recorded."""
    for part in parts:
        if part.written.materializer not in _NO_BYTES:
            wrote = materializer(part.written.materializer)
            try:
                refuse_links(part.location)
                wrote.verify(part)
            except CorruptionError as error:
                raise cannot_be_read(asset, error) from error


def unsound_inputs(
    materializers: Mapping[str, Materializer], inputs: Iterable[PinnedInput]
) -> Iterator[Unsound]:
    """Of the recorded versions that were pinned for a call, those that are not what was recorded.

    Of one that cannot be judged here nothing is said.
    """
    seen: set[int] = set()
    for pinned in inputs:
        for part in pinned.parts:
            if part.number in seen or not part.number:
                continue
            seen.add(part.number)
            found = Look(Soundness.SOUND)
            with suppress(Exception):  # its materializer is not installed, or fails in its own way
                found = look_at(materializers, part)
            if found.soundness is not Soundness.SOUND:
                yield Unsound(pinned.upstream, part.partition, part.number, *found)

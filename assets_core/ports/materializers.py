"""How values are stored and read back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from assets_core.model.json import JSON
from assets_core.model.values import StoredPart, Written

if TYPE_CHECKING:
    pass


@dataclass(frozen=True, slots=True)
class WriteOptions:
    """What a definition says about how its output is written."""

    options: Mapping[str, JSON] = field(default_factory=dict)
    canonical: bool = False
    """Write rows in canonical order: ``row_key`` first, then every remaining column."""
    row_key: tuple[str, ...] = ()


class Materializer(Protocol):
    """How one family of values is stored and read back. It only ever writes to a fresh location it is given."""

    name: str

    def accepts(self, value: object) -> bool:
        """Whether this is the natural materializer of ``value``, judged without importing its library."""
        ...

    def write(self, value: object, location: Path, options: WriteOptions) -> Written:
        """Write ``value`` below the existing empty directory ``location``, digesting as it writes."""
        ...

    def load(
        self, parts: Sequence[StoredPart], columns: tuple[str, ...] | None, as_type: object
    ) -> object:
        """Read one value from these partitions, in their order; raises CorruptionError with the file.

        ``as_type`` is an annotation, or None for the type it was produced as. Several partitions give one
        concatenated frame; a materializer that cannot join values raises StepError saying to annotate
        ``dict[str, T]``, which the caller resolves by loading the parts one at a time.
        """
        ...

    def tables(self, parts: Sequence[StoredPart]) -> Sequence[Path] | None:
        """The Parquet files that hold these partitions, or None where the values are not tabular."""
        ...

    def verify(self, part: StoredPart) -> None:
        """Re-read every byte of a stored version; raises CorruptionError or GoneError that names the file."""
        ...

    def delete(self, location: Path, written: Written) -> None:
        """Remove what ``write`` put there."""
        ...

"""What a materializer reports of a value it wrote, and how a stored one is found again."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from assets_core.model.versions import DataVersion

OMITTED = "omitted"
"""What stands for a materializer in the record of an optional output that its call left out."""


@dataclass(frozen=True, slots=True)
class StoredFile:
    """One file of a version: its name below the version's directory, size in bytes and BLAKE3 digest (32 hex)."""

    name: str
    size: int
    digest: str


@dataclass(frozen=True, slots=True)
class ColumnDigest:
    """One column's name, logical type and ordered content digest (32 hex)."""

    name: str
    type: str
    digest: str


@dataclass(frozen=True, slots=True)
class Written:
    """A version as it lies on disk. ``data_version`` covers everything that ``load`` can return."""

    materializer: str
    data_version: DataVersion
    files: tuple[StoredFile, ...]
    value_type: str
    """What the value was produced as, for loading it without an annotation: ``pandas.DataFrame``, ``json`` ..."""
    rows: int | None = None
    size: int = 0
    """Bytes of all files."""
    columns: tuple[ColumnDigest, ...] | None = None
    """Present exactly where the data version is a digest of columns, which column-aware inputs need."""


@dataclass(frozen=True, slots=True)
class StoredPart:
    """One pinned partition of an input: where its immutable version lies and what was recorded of it."""

    partition: str
    location: Path
    written: Written
    number: int = 0
    """The store's number of the version, 0 of one that is not recorded yet."""

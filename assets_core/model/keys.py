"""Asset keys: their grammar, and the pair that names one asset-partition.

A key is 1-8 parts joined by ``/``; each part is a Python-like identifier that may also contain ``-``, in NFC. Keys are
identity and never a path: ``store`` and ``execution`` make paths through one module that encodes them. Partition keys
are plain text with their own rules (``partitions/keys.py``); the unpartitioned asset has the single key ``""``.
"""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

from assets_core.errors import DefinitionError, Place

MAX_PARTS = 8
MAX_LENGTH = 100
RESERVED = frozenset({"and", "or", "not", "context"})
UNPARTITIONED = ""

_PART = re.compile(r"[^\W\d][\w-]*", re.UNICODE)


class AssetKey(str):
    """A validated asset key. A ``str`` because keys are hashed, sorted and compared on every hot path."""

    __slots__ = ()

    @property
    def parts(self) -> tuple[str, ...]:
        """The parts between the slashes."""
        return tuple(self.split("/"))

    @property
    def name(self) -> str:
        """The last part, which is how Python parameters usually name an upstream."""
        return self.rsplit("/", 1)[-1]

    @property
    def prefix(self) -> str:
        """Everything before the last part, ``""`` for a key of one part."""
        return self.rpartition("/")[0]

    @property
    def folded(self) -> str:
        """The spelling under which case twins collide (some filesystems and databases fold case)."""
        return self.casefold()


class AssetPartition(NamedTuple):
    """``A[p]``; ``partition`` is ``""`` when A is unpartitioned."""

    asset: AssetKey
    partition: str

    def __str__(self) -> str:
        return f"{self.asset}@{self.partition}" if self.partition else str(self.asset)


def asset_key(text: str, *, place: Place | None = None) -> AssetKey:
    """Validate ``text`` as an asset key; raises DefinitionError E101 that says which rule it breaks."""
    problem = _problem(text)
    if problem is None:
        return AssetKey(text)
    raise DefinitionError(
        "E101",
        f"`{text[:MAX_LENGTH]}` is not an asset key: {problem}",
        place=place,
        help="a key is 1-8 parts joined by `/`, each an identifier that may also contain `-`",
    )


def _problem(text: str) -> str | None:
    if not text:
        return "it is empty"
    if len(text) > MAX_LENGTH:
        return f"it has {len(text)} characters, at most {MAX_LENGTH} are allowed"
    if unicodedata.normalize("NFC", text) != text:
        return "it is not in Unicode normal form C"
    parts = text.split("/")
    if len(parts) > MAX_PARTS:
        return f"it has {len(parts)} parts, at most {MAX_PARTS} are allowed"
    for part in parts:
        if part in RESERVED:
            return f"`{part}` is reserved"
        if not _PART.fullmatch(part):
            return f"`{part}` is not an identifier"
    return None

"""The ``memory`` materializer: values kept in this process, for tests. Nothing is written.

Values are copied in and out, so that a consumer cannot change what was stored. A JSON value has a content version; any
other is a new version at each write, because nothing here can digest it.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from pathlib import Path

from assets_core.errors import StepError
from assets_core.model.values import StoredPart, Written
from assets_core.model.versions import DataVersion, canonical_json, digest
from assets_core.ports import WriteOptions
from materializers.annotations import class_name
from materializers.json_values import plain_json
from materializers.refusals import missing, unstorable
from materializers.stored_files import FileStorage, only_part

_values: dict[Path, object] = {}


class MemoryMaterializer(FileStorage):
    """Any value that can be copied, for as long as the process lives."""

    name = "memory"

    def accepts(self, value: object) -> bool:
        """Nothing: it has to be named, because what it keeps is lost with the process."""
        return False

    def write(self, value: object, location: Path, options: WriteOptions) -> Written:
        """Keep a copy of ``value`` under ``location``; StepError E302 where it cannot be copied."""
        _values[location] = _copied(value)
        return Written(self.name, _version(value, location), (), class_name(type(value)))

    def load(
        self, parts: Sequence[StoredPart], columns: tuple[str, ...] | None, as_type: object
    ) -> object:
        """A copy of the value of one partition, of whatever type it was."""
        part = only_part(self.name, parts, columns)
        self.verify(part)
        return _copied(_values[part.location])

    def verify(self, part: StoredPart) -> None:
        """Raises CorruptionError E311 where this process does not hold the value."""
        if part.location not in _values:
            raise missing(part.location, "is not held in the memory of this process")

    def delete(self, location: Path, written: Written) -> None:
        """Forget the value."""
        _values.pop(location, None)


def _copied(value: object) -> object:
    try:
        return copy.deepcopy(value)
    except Exception as error:
        raise unstorable(f"a {class_name(type(value))} cannot be copied: {error}") from error


def _version(value: object, location: Path) -> DataVersion:
    try:
        plain = plain_json(value)
    except StepError:
        plain = None
    if repr(plain) != repr(value):  # a tuple, say: JSON would give back a list, memory does not
        return DataVersion(digest("memory/1", "location", str(location)))
    return DataVersion(digest("memory/1", canonical_json(plain)))

"""The ``bytes`` materializer: one bytes value as a file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from assets_core.model.values import StoredPart, Written
from assets_core.ports import WriteOptions
from materializers.annotations import annotation_name
from materializers.refusals import bad_option, not_loadable, unstorable
from materializers.stored_files import FileStorage, bytes_version, only_file, only_part, write_file

FILE = "value.bin"
_BYTES = "builtins.bytes"


class BytesMaterializer(FileStorage):
    """Bytes."""

    name = "bytes"

    def accepts(self, value: object) -> bool:
        """Exactly bytes: bytearrays and memoryviews would load as something else."""
        return type(value) is bytes

    def write(self, value: object, location: Path, options: WriteOptions) -> Written:
        """Store one bytes value; raises StepError E302 for anything else."""
        for option in options.options:
            raise bad_option(self.name, option, "there are no options")
        if type(value) is not bytes:
            raise unstorable(f"`bytes` stores bytes, not {type(value).__name__}")
        file = write_file(location, FILE, value)
        return Written(self.name, bytes_version("bytes", (file,)), (file,), "bytes", size=file.size)

    def load(
        self, parts: Sequence[StoredPart], columns: tuple[str, ...] | None, as_type: object
    ) -> object:
        """The bytes of one partition."""
        part = only_part(self.name, parts, columns)
        if annotation_name(as_type) not in {None, _BYTES}:
            raise not_loadable(self.name, str(annotation_name(as_type)), ["bytes"])
        return only_file(part)

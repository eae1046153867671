"""The ``pickle`` materializer: for values with no other form, such as a fitted model. It is never chosen, only named.

Unpickling runs code, so this reads nothing but its own snapshots: a version that was recorded as written by ``pickle``,
whose bytes have the recorded BLAKE3 digest. The digest is compared before the first byte is interpreted. Pickled bytes
are not canonical: equal values may get different versions, which recomputes more than needed and never less.
"""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from pathlib import Path

from assets_core.model.values import StoredPart, Written
from assets_core.ports import WriteOptions
from materializers.annotations import annotation_name, class_name, unwrap, value_names
from materializers.refusals import bad_option, damaged, not_loadable, unstorable
from materializers.stored_files import FileStorage, bytes_version, only_file, only_part, write_file

FILE = "value.pickle"
PROTOCOL = 5


class PickleMaterializer(FileStorage):
    """Any value that pickles."""

    name = "pickle"

    def accepts(self, value: object) -> bool:
        """Nothing: an asset that needs pickle says so."""
        return False

    def write(self, value: object, location: Path, options: WriteOptions) -> Written:
        """Store one value; raises StepError E302 where it does not pickle."""
        for option in options.options:
            raise bad_option(self.name, option, "there are no options")
        try:
            raw = pickle.dumps(value, protocol=PROTOCOL)
        except Exception as error:
            raise unstorable(f"a {class_name(type(value))} does not pickle: {error}") from error
        file = write_file(location, FILE, raw)
        kind = class_name(type(value))
        return Written(self.name, bytes_version("pickle", (file,)), (file,), kind, size=file.size)

    def load(
        self, parts: Sequence[StoredPart], columns: tuple[str, ...] | None, as_type: object
    ) -> object:
        """The value of one partition; a class annotation has to fit it (StepError E303)."""
        part = only_part(self.name, parts, columns)
        if part.written.materializer != self.name:
            raise damaged(
                part.location, f"was written by `{part.written.materializer}`, not by `pickle`"
            )
        value = pickle.loads(only_file(part))  # noqa: S301, TID251 - the digest was compared first
        wanted = annotation_name(as_type)
        if isinstance(unwrap(as_type), type) and wanted and wanted not in value_names(value):
            raise not_loadable(self.name, wanted, [class_name(type(value))])
        return value

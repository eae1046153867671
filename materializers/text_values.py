"""The ``text`` materializer: one str as a UTF-8 file, character for character (newlines are not translated)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from assets_core.model.values import StoredPart, Written
from assets_core.ports import WriteOptions
from materializers.annotations import annotation_name
from materializers.refusals import bad_option, not_loadable, unstorable
from materializers.stored_files import FileStorage, bytes_version, only_file, only_part, write_file

FILE = "value.txt"
_STR = "builtins.str"


class TextMaterializer(FileStorage):
    """Text."""

    name = "text"

    def accepts(self, value: object) -> bool:
        """Exactly str: a subclass would load as something else."""
        return type(value) is str

    def write(self, value: object, location: Path, options: WriteOptions) -> Written:
        """Store one text; raises StepError E302 for anything else or for a lone surrogate."""
        for option in options.options:
            raise bad_option(self.name, option, "there are no options")
        if type(value) is not str:
            raise unstorable(f"`text` stores str, not {type(value).__name__}")
        try:
            raw = value.encode()
        except UnicodeEncodeError as error:
            raise unstorable(f"the text is not valid Unicode at character {error.start}") from None
        file = write_file(location, FILE, raw)
        return Written(self.name, bytes_version("text", (file,)), (file,), "str", size=file.size)

    def load(
        self, parts: Sequence[StoredPart], columns: tuple[str, ...] | None, as_type: object
    ) -> object:
        """The text of one partition."""
        part = only_part(self.name, parts, columns)
        if annotation_name(as_type) not in {None, _STR}:
            raise not_loadable(self.name, str(annotation_name(as_type)), ["str"])
        return only_file(part).decode()

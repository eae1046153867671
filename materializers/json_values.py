"""The ``json`` materializer: JSON values and pydantic models, one canonical UTF-8 file each.

Canonical means sorted keys and no blanks, so equal values are equal bytes, and a dict loads with its keys sorted. A
value is refused (StepError E302, with the path inside it) rather than changed: NaN, infinities, integers beyond 64
bits, bytes, dates, keys that are not text. NumPy scalars become the plain numbers they hold, tuples inside become
lists. A pydantic model must come back equal from its JSON, and loads by validation as the annotated type; unannotated
it is the plain JSON value, because no import path is ever taken from the state store.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from assets_core.model.values import StoredPart, Written
from assets_core.model.versions import canonical_json
from assets_core.ports import WriteOptions
from materializers.annotations import annotation_name, class_name, unwrap, value_names
from materializers.refusals import bad_option, not_loadable, shorten, unstorable
from materializers.stored_files import FileStorage, bytes_version, only_file, only_part, write_file

FILE = "value.json"
MAX_DEPTH = 200
LOWEST, HIGHEST = -(1 << 63), (1 << 64) - 1
_PLAIN = (dict, list, int, float, bool, type(None))
_MODEL = "pydantic.BaseModel"
_BUILTINS: dict[str, tuple[type, ...]] = {
    "builtins.dict": (dict,),
    "builtins.list": (list,),
    "builtins.str": (str,),
    "builtins.bool": (bool,),
    "builtins.int": (int,),
    "builtins.float": (float, int),
    "builtins.NoneType": (type(None),),
}


class JsonMaterializer(FileStorage):
    """JSON values and pydantic models as text."""

    name = "json"

    def accepts(self, value: object) -> bool:
        """Plain dicts, lists, numbers, booleans, None, NumPy scalars and pydantic models; text is for ``text``."""
        return type(value) in _PLAIN or _MODEL in value_names(value) or _is_numpy_number(value)

    def write(self, value: object, location: Path, options: WriteOptions) -> Written:
        """Store one value; raises StepError E302 with the path of what JSON cannot hold."""
        for option in options.options:
            raise bad_option(self.name, option, "there are no options")
        is_model = _MODEL in value_names(value)
        text = canonical_json(plain_json(_dumped(value) if is_model else value))
        if is_model:
            _check_comes_back(value, text)
        file = write_file(location, FILE, text.encode())
        kind = class_name(type(value)) if is_model else "json"
        return Written(self.name, bytes_version("json", (file,)), (file,), kind, size=file.size)

    def load(
        self, parts: Sequence[StoredPart], columns: tuple[str, ...] | None, as_type: object
    ) -> object:
        """One value, as plain JSON or validated as ``as_type``; StepError E303 if it is not one."""
        raw = only_file(only_part(self.name, parts, columns))
        wanted = annotation_name(as_type)
        if wanted is None or isinstance(as_type, str):
            return json.loads(raw)
        if wanted in _BUILTINS:
            value = json.loads(raw)
            if isinstance(value, _BUILTINS[wanted]) and (
                wanted != "builtins.int" or value is not True
            ):
                return value
            raise not_loadable(self.name, wanted, [f"builtins.{type(value).__name__}"])
        return _validated(raw, unwrap(as_type))


def plain_json(value: Any, path: str = "$", depth: int = 0) -> Any:
    """The value in exact JSON types; raises StepError E302 with the path of the first thing JSON cannot hold."""
    if depth > MAX_DEPTH:
        raise _refused(path, f"it is nested deeper than {MAX_DEPTH} levels")
    if isinstance(value, dict):
        return {
            _key(key, path): plain_json(item, f"{path}.{key}", depth + 1)
            for key, item in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [plain_json(item, f"{path}[{at}]", depth + 1) for at, item in enumerate(value)]
    return _scalar(value.item() if _is_numpy_number(value) else value, path)


def _scalar(value: object, path: str) -> str | int | float | bool | None:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return _text(value, path)
    if isinstance(value, int):
        if not LOWEST <= value <= HIGHEST:
            raise _refused(path, "an integer beyond 64 bits; store it as text")
        return int(value)
    if isinstance(value, float):
        if not math.isfinite(value):
            raise _refused(path, f"{value} is not a JSON number; use None for a missing one")
        return float(value)
    raise _refused(
        path, f"{class_name(type(value))} is not a JSON type; convert it to text or numbers"
    )


def _key(key: object, path: str) -> str:
    if not isinstance(key, str):
        raise _refused(path, f"the key {shorten(repr(key))} is not text")
    return _text(key, path)


def _text(value: str, path: str) -> str:
    try:
        value.encode()
    except UnicodeEncodeError:
        raise _refused(path, "text that is not valid Unicode (a lone surrogate)") from None
    return str(value)


def _refused(path: str, problem: str) -> Exception:
    return unstorable(f"the value cannot be stored as JSON: at `{shorten(path)}`: {problem}")


def _is_numpy_number(value: object) -> bool:
    """A NumPy boolean, integer or real scalar, told by name."""
    return "numpy.number" in value_names(value) or "numpy.bool" in value_names(value)


def _dumped(model: Any) -> Any:
    return model.model_dump(mode="json", by_alias=False, round_trip=True)


def _check_comes_back(model: Any, text: str) -> None:
    """Refuse a model whose JSON would load as something else: custom serializers, subclasses in fields ..."""
    import pydantic

    try:
        restored = type(model).model_validate_json(text, by_name=True, by_alias=False)
    except pydantic.ValidationError as error:
        first = error.errors()[0]
        at = ".".join(str(part) for part in first["loc"])
        raise _refused(f"$.{at}", f"it would not load again: {first['msg']}") from error
    after = {**restored.__dict__, **(restored.model_extra or {})}
    for field, value in {**model.__dict__, **(model.model_extra or {})}.items():
        if field not in after or not _equal(value, after[field]):
            raise _refused(f"$.{field}", "it would load as a different value")


def _equal(one: object, other: object) -> bool:
    try:
        return bool(one == other)
    except (TypeError, ValueError):  # arrays compare by element
        return repr(one) == repr(other)


def _validated(raw: bytes, wanted: Any) -> object:
    import pydantic

    try:
        return pydantic.TypeAdapter(wanted).validate_json(raw, by_name=True, by_alias=False)
    except pydantic.errors.PydanticSchemaGenerationError:
        choices = ["a JSON type", "a pydantic model"]
        raise not_loadable("json", str(annotation_name(wanted)), choices) from None
    except pydantic.ValidationError as error:
        first = error.errors()[0]
        at = ".".join(["$", *(str(part) for part in first["loc"])])
        raise not_loadable(
            "json", f"{wanted}: at `{at}`: {first['msg']}", ["its own type"]
        ) from error

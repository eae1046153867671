"""Names that are not the project's own: which external ones can run project code behind the analysis's back.

``Wide.FILES``: all project files count, in normal form (``eval``, ``importlib``, non-constant ``getattr``).
``Wide.BYTES``: all project files count byte for byte, because source text is read (``inspect``, ``__doc__``).
"""

from __future__ import annotations

import builtins
from enum import IntEnum


class Wide(IntEnum):
    """How much of the project counts beyond what is named."""

    NOTHING = 0
    FILES = 1
    BYTES = 2


BUILTINS = frozenset(dir(builtins)) | {"PythonFinalizationError", "_", "get_ipython", "display"}
"""Of all supported Pythons, so that a name added in 3.13 is not taken for an unknown one in 3.11."""

MODULE_NAMES = frozenset(
    (
        "__name__",
        "__file__",
        "__path__",
        "__spec__",
        "__package__",
        "__loader__",
        "__annotations__",
        "__all__",
        "__cached__",
    )
)
"""What every module has without binding it. Places are not versioned."""

_WIDE_BUILTINS = frozenset(
    ("eval", "exec", "compile", "__import__", "globals", "vars", "__builtins__")
)
_WIDE_MODULES = ("importlib", "runpy", "pkgutil", "imp", "code", "builtins", "gc")
_WIDE_NAMES = (
    "sys.modules",
    "sys._getframe",
    "sys.meta_path",
    "operator.attrgetter.*",
    "operator.methodcaller.*",
)
_READING = ("inspect", "linecache")
_SAFE = ("importlib.metadata", "importlib.resources", "importlib.util.find_spec")
"""Parts of importlib that run nothing of the project."""

_WIDE_ATTRIBUTES = {
    "*": Wide.FILES,
    "__dict__": Wide.FILES,
    "__subclasses__": Wide.FILES,
    "__globals__": Wide.FILES,
    "__doc__": Wide.BYTES,
    "__code__": Wide.BYTES,
}
WIDE_ATTRIBUTES = frozenset(_WIDE_ATTRIBUTES)


def of_builtin(name: str) -> Wide:
    """What naming this builtin means."""
    if name == "__doc__":
        return Wide.BYTES
    return Wide.FILES if name in _WIDE_BUILTINS else Wide.NOTHING


def of_external(name: str) -> Wide:
    """What naming this dotted name outside the project means."""
    top = name.partition(".")[0]
    if top in _READING:
        return Wide.BYTES
    if top in _WIDE_MODULES and not name.startswith(_SAFE):
        return Wide.FILES
    return Wide.FILES if name.startswith(_WIDE_NAMES) else Wide.NOTHING


def of_attribute(name: str) -> Wide:
    """What taking this attribute from an unknown receiver means."""
    return _WIDE_ATTRIBUTES.get(name, Wide.NOTHING)

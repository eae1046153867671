"""How one declaration refers to another: by definition, by full key or by a name that the graph resolves.

A plain ``str`` is a name as written. An ``AssetKey`` is exact: it comes from a definition that the user passed, so the
rules about prefixes must not find another asset of that name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from difflib import SequenceMatcher
from heapq import nlargest

from assets_core.model.assets import AssetDefinition
from assets_core.model.keys import AssetKey

_SHORTLIST = 50
_ALIKE = 0.6


def name_of(reference: object) -> str | None:
    """The name or exact key that ``reference`` stands for, None if it is neither a definition nor a text."""
    if isinstance(reference, AssetDefinition):
        return reference.key
    return reference if isinstance(reference, str) else None


def several_outputs(reference: object) -> bool:
    """Whether this is a multi-asset, of which one output has to be named."""
    return isinstance(reference, AssetDefinition) and len(reference.outputs) > 1


def candidates(
    name: str, prefix: str, exists: Callable[[str], bool], suffixed: Callable[[str], Sequence[str]]
) -> Sequence[str]:
    """The keys that ``name`` means in an asset with ``prefix``: one is the answer, none or several are errors.

    First ``prefix/name``, then ``name``, then every key that ends in ``/name`` (which ``suffixed`` lists).
    """
    if isinstance(name, AssetKey):
        return (name,) if exists(name) else ()
    if prefix and exists(f"{prefix}/{name}"):
        return (f"{prefix}/{name}",)
    if exists(name):
        return (name,)
    return suffixed(name)


class Suffixes:
    """Finds the keys that end in ``/name``. Indexed by last part at the first question, which few projects ask."""

    def __init__(self, keys: Iterable[AssetKey]) -> None:
        self._keys = keys
        self._by_last: dict[str, list[AssetKey]] | None = None

    def __call__(self, name: str) -> Sequence[str]:
        if self._by_last is None:
            self._by_last = {}
            for key in self._keys:
                self._by_last.setdefault(key.name, []).append(key)
        ending = f"/{name}"
        return [k for k in self._by_last.get(name.rpartition("/")[2], ()) if k.endswith(ending)]


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name most like ``name``, if any is alike enough to be what was meant."""
    wanted = name.casefold()
    pairs = _pairs(wanted)
    short = nlargest(_SHORTLIST, known, key=lambda k: (len(pairs & _pairs(k.casefold())), k))
    scored = sorted((-_likeness(wanted, k.casefold()), k) for k in short)
    return scored[0][1] if scored and scored[0][0] <= -_ALIKE else None


def _pairs(text: str) -> set[str]:
    return {text[i : i + 2] for i in range(len(text) - 1)} or {text}


def _likeness(wanted: str, known: str) -> float:
    whole = SequenceMatcher(None, wanted, known).ratio()
    last = known.rpartition("/")[2]
    if "/" in wanted or last == known:
        return whole
    return max(whole, SequenceMatcher(None, wanted, last).ratio() - 0.01)

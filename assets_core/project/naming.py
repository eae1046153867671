"""Which asset a person means by ``KEY`` or ``KEY@PART``."""

from __future__ import annotations

from assets_core.errors import NoMatchError, UsageError
from assets_core.graph import AssetGraph
from assets_core.selection.complaints import listed, nearest


def split_address(text: str) -> tuple[str, str | None]:
    """``KEY@PART`` as its two halves; None where no partition is named. Keys hold no ``@``, partitions may."""
    key, at, partition = text.partition("@")
    return key, (partition if at else None)


def asset_named(graph: AssetGraph, name: str) -> int:
    """The number of the asset with this key, or with the only key that ends in ``/name``; NoMatchError E912."""
    for number, key in enumerate(graph.keys):
        if key == name:
            return number
    ending = [n for n, key in enumerate(graph.keys) if key.endswith(f"/{name}")]
    if len(ending) == 1:
        return ending[0]
    if ending:
        keys = listed(graph.keys[n] for n in ending[:8])
        raise UsageError("E911", f"`{name}` can mean {keys}", help="write the whole key")
    near = nearest(name, graph.keys)
    help = f"did you mean {listed(near)}?" if near else "see `assets ls`"
    raise NoMatchError("E912", f"there is no asset `{name}`", help=help)

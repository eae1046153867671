"""Recorded input shapes that are not today's, and whether they say the same of single partitions all the same.

After a move to another time zone many keys stand for the time they stood for: a day of London and one of UTC are the
same in winter. These stay valid; only where shapes differ at all is anything read or compared here.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from assets_core.lineage import Lineage

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Shape:
    """The text of a shape, read: ``inputs`` are (upstream, mapping, columns), ``windows`` is empty for no time."""

    inputs: tuple[tuple[Any, ...], ...]
    windows: str

    @classmethod
    def read(cls, text: str) -> Shape:
        """What ``AssetGraph.shape_text`` wrote."""
        entries = json.loads(text)
        inputs = tuple((e[0], e[1], e[2]) for e in entries if isinstance(e, list))
        return cls(inputs, next((e for e in entries if isinstance(e, str)), ""))


def reads_alike(
    lineage: Lineage, asset: int, ordinals: NDArray[np.int64], head: NDArray[Any]
) -> NDArray[np.bool_]:
    """Which partitions were made of today's inputs while their keys stood for the time they stand for today."""
    alike = np.zeros(len(ordinals), np.bool_)
    if not lineage.shape_texts or not lineage.graph.specs[asset].partitions.windows:
        return alike
    today = Shape.read(lineage.graph.shape_text(asset))
    for shape in np.unique(head["shape"][head["number"] != 0], axis=0):
        text = lineage.shape_texts.get(shape.astype("<u8").tobytes().hex())
        before = None if text is None else Shape.read(text)
        if before is not None and before.inputs == today.inputs:
            rows = np.flatnonzero((head["shape"] == shape).all(axis=1))
            definition = lineage.graph.specs[asset].partitions
            alike[rows] = definition.same_windows(before.windows, ordinals[rows])
    return alike

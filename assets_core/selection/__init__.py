"""The selection grammar: text -> expression -> the numbers of the assets it means. Pure.

``select`` is what the faces call; ``parse`` and ``evaluate`` are its two halves. The graph and the state are reached
through the small protocols of ``protocols`` only, so this package knows neither. docs/reference/selection.md is the
reference for users, and its table of expressions is run by the tests through a real shell.
"""

from __future__ import annotations

from assets_core.selection.complaints import SELECTION
from assets_core.selection.evaluation import evaluate, select
from assets_core.selection.expressions import (
    METHODS,
    STATUSES,
    AllOf,
    AnyOf,
    Expression,
    Family,
    Not,
    Roots,
    Sinks,
    Term,
    Walk,
    spell,
)
from assets_core.selection.globs import Glob, Wild, glob
from assets_core.selection.parser import parse
from assets_core.selection.protocols import AssetFacts, Facts, SelectionGraph

__all__ = [
    "METHODS",
    "SELECTION",
    "STATUSES",
    "AllOf",
    "AnyOf",
    "AssetFacts",
    "Expression",
    "Facts",
    "Family",
    "Glob",
    "Not",
    "Roots",
    "SelectionGraph",
    "Sinks",
    "Term",
    "Walk",
    "Wild",
    "evaluate",
    "glob",
    "parse",
    "select",
    "spell",
]

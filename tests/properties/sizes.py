"""Properties over projects of many sizes: a law that holds of three assets says little about forty edges.

A quarter of the cases have ten assets or more and an edge between partitioned ones. How they were spread is printed at
the end of the test run, and asserted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, TypeVar

from hypothesis import given, settings
from hypothesis.strategies import SearchStrategy

Case = TypeVar("Case")

LARGE = 10
SIZES = ((2, LARGE - 1, 3), (LARGE, 12, 1))
"""(least, most, share): of every four cases three are small."""


class Size(NamedTuple):
    nodes: int
    partitioned: bool
    """Whether something partitioned reads something partitioned."""


@dataclass(frozen=True)
class Property(Generic[Case]):
    """A law, and the cases that it is to hold of."""

    cases: Callable[[int, int], SearchStrategy[Case]]
    """The cases with at least and at most so many nodes."""
    size: Callable[[Case], Size]
    law: Callable[[Case], None]

    def check(self, examples: int, **how: Any) -> str:
        """Try the law on so many cases; how their sizes were spread. Raises what the law raises."""
        seen: list[Size] = []

        def holds(case: Case) -> None:
            seen.append(self.size(case))
            self.law(case)

        for least, most, share in SIZES:
            cases = self.cases(least, most)
            if least == LARGE:
                cases = cases.filter(lambda case: self.size(case).partitioned)
            settings(max_examples=max(1, examples * share // 4), **how)(given(case=cases)(holds))()
        return spread(seen)


def spread(seen: list[Size]) -> str:
    """The sizes of all cases in one line; at least a fifth are large, with a partitioned edge."""
    large = sum(s.nodes >= LARGE and s.partitioned for s in seen)
    assert large * 5 >= len(seen), f"only {large} of {len(seen)} cases are large"
    counts = sorted(Counter(s.nodes for s in seen).items())
    listed = ", ".join(f"{nodes}: {count}" for nodes, count in counts)
    return f"{len(seen)} cases, {large} large and partitioned; by nodes {listed}"

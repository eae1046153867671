"""What a request left out, and which sources it could not see: said before anything runs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from assets_core.cli.screen import Piece
from assets_core.cli.wording import listed

if TYPE_CHECKING:
    from assets_core.project import Planned

Line = tuple[Piece, ...]
_MOST = 5
"""Assets and sources that are said one by one."""


def selection_notes(planned: Planned) -> Iterator[Line]:
    """A line where the request leaves nothing to decide, or nothing of some of its assets."""
    by_state = any(text in {"stale", "missing", "failed"} for text in planned.wish.partitions)
    by_state |= any("status:" in text for text in planned.wish.select)
    if any(planned.wanted.values()):
        if planned.wish.partitions and not by_state:
            yield from _left_out(planned)
    elif planned.wanted or by_state:
        yield ("note: ", "note"), "nothing is selected: no asset-partition is in that state"
    else:
        yield ("note: ", "note"), "nothing but sources is selected: they are observed, not made"


def _left_out(planned: Planned) -> Iterator[Line]:
    from assets_core.project.wishes import outside

    specs = planned.graph.specs
    none = [specs[asset] for asset, wanted in planned.wanted.items() if not wanted]
    for spec in none[:_MOST]:
        said = outside(spec.key, spec.partitions, planned.plan.now)
        yield ("note: ", "note"), f"nothing of `{spec.key}` is selected: {said}"
    if len(none) > _MOST:
        yield ("note: ", "note"), f"nor of {listed([f'`{s.key}`' for s in none[_MOST:]])}"


def unobserved_lines(planned: Planned) -> Iterator[Line]:
    """Sources that could not be observed: the user's frames, what waits for them, and what to do."""
    if not planned.lineage.unobserved:
        return
    from assets_core.cli.failures_text import failure_lines

    graph = planned.graph
    for source, failure in list(planned.lineage.unobserved.items())[:_MOST]:
        place = graph.definitions[graph.definition_of[source]].place
        readers = [graph.keys[edge.downstream] for edge in graph.outputs(source)]
        said = failure if failure.file else replace(failure, traceback="")
        yield from failure_lines(f"not observed: {graph.keys[source]}: ", said, str(place))
        waiting = f"{listed(readers)} cannot be decided without it; " if readers else ""
        yield (
            ("  help: ", "bold"),
            f"{waiting}correct the source or what it reads, and run this again",
        )
    left = len(planned.lineage.unobserved) - _MOST
    if left > 0:
        yield (f"and {left:,} other sources",)

"""Topological order, stable by declaration, and the shortest cycle where there is none. Pure, over integers, iterative.

A chain of 10,000 and a fan-in of 10,000 are ordinary. Where every upstream is declared before its downstream, the
order is the order of declaration; otherwise an upstream is moved to just before the first that needs it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence


class Cycle(Exception):
    """``nodes`` need each other: the first needs the second and so on, the last needs the first."""

    def __init__(self, nodes: tuple[int, ...]) -> None:
        super().__init__(nodes)
        self.nodes = nodes


def topological(upstreams: Sequence[Sequence[int]]) -> list[int]:
    """Every node after its upstreams; raises Cycle. Edges from a node to itself are ignored."""
    if all(u <= node for node, ups in enumerate(upstreams) for u in ups):
        return list(range(len(upstreams)))
    order: list[int] = []
    state = bytearray(len(upstreams))
    for root in range(len(upstreams)):
        if not state[root]:
            _visit(root, upstreams, state, order)
    return order


_OPEN, _DONE = 1, 2


def _visit(
    root: int, upstreams: Sequence[Sequence[int]], state: bytearray, order: list[int]
) -> None:
    state[root] = _OPEN
    stack: list[tuple[int, Iterator[int]]] = [(root, iter(upstreams[root]))]
    while stack:
        node, rest = stack[-1]
        for upstream in rest:
            if not state[upstream]:
                state[upstream] = _OPEN
                stack.append((upstream, iter(upstreams[upstream])))
                break
            if state[upstream] == _OPEN and upstream != node:
                raise Cycle(_shortest(upstream, upstreams))
        else:
            stack.pop()
            state[node] = _DONE
            order.append(node)


def _shortest(start: int, upstreams: Sequence[Sequence[int]]) -> tuple[int, ...]:
    """The shortest cycle through ``start``, which lies on one."""
    came_from: dict[int, int] = {}
    waiting = deque([start])
    while waiting:
        node = waiting.popleft()
        for upstream in upstreams[node]:
            if upstream == start and node != start:
                return _path(start, node, came_from)
            if upstream not in came_from and upstream != start:
                came_from[upstream] = node
                waiting.append(upstream)
    raise AssertionError("start lies on no cycle")


def _path(start: int, last: int, came_from: dict[int, int]) -> tuple[int, ...]:
    nodes = [last]
    while nodes[-1] != start:
        nodes.append(came_from[nodes[-1]])
    return tuple(reversed(nodes))

"""The graph as text for people and for other tools: a tree, Mermaid, DOT."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from assets_core.graph import AssetGraph


def tree_lines(graph: AssetGraph, numbers: Collection[int]) -> Iterator[tuple[str, str, str]]:
    """(what is drawn before it, the key, a remark) per line, from the assets without a shown upstream downward.

    What was drawn already is named once more without what lies below it.
    """
    inside = set(numbers)
    drawn: set[int] = set()
    for number in sorted(inside):
        if not any(
            edge.upstream in inside and edge.upstream != number for edge in graph.inputs(number)
        ):
            yield from _below(graph, inside, number, drawn)


def _below(
    graph: AssetGraph, inside: set[int], root: int, drawn: set[int]
) -> Iterator[tuple[str, str, str]]:
    """Depth first with a stack of our own: a chain may be longer than Python's."""
    stack: list[tuple[int, str, str]] = [(root, "", "")]
    while stack:
        number, before, indent = stack.pop()
        below = _downstream(graph, inside, number)
        again = number in drawn and bool(below)
        yield before, graph.keys[number], "drawn above" if again else ""
        if again:
            continue
        drawn.add(number)
        for place, child in enumerate(reversed(below)):
            last = place == 0
            branch, bar = ("└─ ", "   ") if last else ("├─ ", "│  ")
            stack.append((child, indent + branch, indent + bar))


def _downstream(graph: AssetGraph, inside: set[int], number: int) -> list[int]:
    found = {edge.downstream for edge in graph.outputs(number)}
    return sorted((found & inside) - {number})


def mermaid(graph: AssetGraph, numbers: Collection[int]) -> str:
    """A Mermaid flowchart; dotted arrows are what checks read."""
    lines = ["flowchart LR"]
    shown = sorted(set(numbers))
    lines += [f'    n{n}["{_mermaid_text(graph.keys[n])}"]' for n in shown]
    lines += [f"    n{a} {'-.->' if check else '-->'} n{b}" for a, b, check in _edges(graph, shown)]
    return "\n".join(lines) + "\n"


def dot(graph: AssetGraph, numbers: Collection[int]) -> str:
    """A graph for Graphviz; dashed arrows are what checks read."""
    shown = sorted(set(numbers))
    lines = ["digraph assets {", "    rankdir=LR;", "    node [shape=box];"]
    lines += [f"    {_quoted(graph.keys[n])};" for n in shown]
    for upstream, downstream, check in _edges(graph, shown):
        style = " [style=dashed]" if check else ""
        lines.append(
            f"    {_quoted(graph.keys[upstream])} -> {_quoted(graph.keys[downstream])}{style};"
        )
    return "\n".join([*lines, "}"]) + "\n"


def _edges(graph: AssetGraph, numbers: Collection[int]) -> Iterator[tuple[int, int, bool]]:
    inside = set(numbers)
    for number in numbers:
        for upstream in sorted({e.upstream for e in graph.inputs(number)} & inside):
            yield upstream, number, False
        for upstream in sorted({e.upstream for e in graph.check_inputs(number)} & inside):
            yield upstream, number, True


def _mermaid_text(text: str) -> str:
    return "".join(c if c.isalnum() or c in "_-/ ." else f"#{ord(c)};" for c in text)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'

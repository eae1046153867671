"""Spelling and parsing are inverse; evaluation is what naive sets say; globs are what a naive matcher says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from hypothesis import event, given, settings
from hypothesis import strategies as st

from assets_core.errors import NoMatchError, UsageError
from assets_core.model.keys import AssetKey
from assets_core.selection import (
    METHODS,
    STATUSES,
    AllOf,
    AnyOf,
    Expression,
    Family,
    Glob,
    Not,
    Roots,
    Sinks,
    Term,
    Walk,
    Wild,
    evaluate,
    glob,
    parse,
    spell,
)

# -- spelling -------------------------------------------------------------------------------------

texts = st.text(min_size=1, max_size=6) | st.sampled_from(
    [
        "and",
        "or",
        "not",
        "roots",
        "12",
        "a/b",
        "tag:x",
        "a=b",
        '"',
        "'",
        "\\",
        "@a",
        "a+b",
        "(",
        "*",
        "e\u0301",
    ]
)
globs = st.lists(texts | st.sampled_from(Wild), min_size=1, max_size=4).map(glob)
levels = st.none() | st.integers(0, 999_999)


@st.composite
def terms(draw: st.DrawFn) -> Term:
    method = draw(st.sampled_from(METHODS))
    if method == "status":
        return Term(method, glob([draw(st.sampled_from(STATUSES))]))
    value = draw(st.none() | globs | st.just(glob([]))) if method == "tag" else None
    return Term(method, draw(globs), value)


walks = st.builds(Walk, terms(), levels, levels).filter(lambda walk: (walk.up, walk.down) != (0, 0))


def _grown(inner: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    several = st.lists(inner, min_size=2, max_size=4).map(tuple)
    return (
        st.builds(AnyOf, several)
        | st.builds(AllOf, several)
        | st.builds(Not, inner)
        | st.builds(Roots, inner)
        | st.builds(Sinks, inner)
    )


expressions = st.recursive(terms() | walks | st.builds(Family, terms()), _grown, max_leaves=12)


@settings(max_examples=300, deadline=None)
@given(expressions)
def test_a_spelled_expression_parses_to_itself(expression: Expression) -> None:
    assert parse(spell(expression)) == expression


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="ab ()+@,:*?\"'\\=1/ noradt", max_size=30) | st.text(max_size=30))
def test_any_text_parses_or_is_refused_and_what_parses_respells(text: str) -> None:
    try:
        expression = parse(text)
    except UsageError as error:
        event(error.code)
        return
    event("parsed")
    assert parse(spell(expression)) == expression


# -- globs ----------------------------------------------------------------------------------------


def _naive(pattern: Glob, name: str) -> bool:
    """Try every way; exponential only without the cache."""
    pieces = pattern.pieces
    flat = [char for piece in pieces for char in (piece if isinstance(piece, str) else [piece])]
    if flat == [Wild.WITHIN]:
        return True

    @cache
    def match(p: int, n: int) -> bool:
        if p == len(flat):
            return n == len(name)
        piece = flat[p]
        if piece is Wild.ACROSS:
            if (p == 0 or flat[p - 1] == "/") and flat[p + 1 : p + 2] == ["/"]:
                after_a_slash = [i + 1 for i in range(n, len(name)) if name[i] == "/"]
                return any(match(p + 2, i) for i in [n, *after_a_slash])
            return any(match(p + 1, i) for i in range(n, len(name) + 1))
        if piece is Wild.WITHIN:
            return match(p + 1, n) or (n < len(name) and name[n] != "/" and match(p, n + 1))
        if n == len(name):
            return False
        return (name[n] != "/" if piece is Wild.ONE else name[n] == piece) and match(p + 1, n + 1)

    return match(0, 0)


small = st.text(alphabet="ab/", min_size=1, max_size=3)


@settings(max_examples=1_000, deadline=None)
@given(
    st.lists(small | st.sampled_from(Wild), min_size=1, max_size=8).map(glob),
    st.lists(st.text(alphabet="ab/\n", max_size=12), max_size=8),
)
def test_a_glob_matches_what_a_naive_matcher_matches(pattern: Glob, names: list[str]) -> None:
    matches = pattern.matcher()
    for name in names:
        assert matches(name) is _naive(pattern, name)
        event("match" if matches(name) else "no match")


def test_a_hostile_glob_does_not_backtrack_for_ever() -> None:
    pattern = glob([Wild.ACROSS, "a", Wild.WITHIN, "a"] * 40 + ["b"])
    assert not pattern.matcher()("a" * 100)


# -- evaluation -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class RandomFacts:
    group: str | None
    kind: str
    tags: Mapping[str, str]
    owners: tuple[str, ...]
    path: str | None
    checks: tuple[str, ...]


@dataclass(frozen=True)
class RandomGraph:
    """Numbered against the direction of the edges as often as along them: the order of declaration is free."""

    keys: Sequence[AssetKey]
    edges: frozenset[tuple[int, int]]
    facts: Sequence[RandomFacts]
    status: Mapping[str, frozenset[int]]

    def upstream(self, index: int) -> Sequence[int]:
        return [u for u, d in self.edges if d == index]

    def downstream(self, index: int) -> Sequence[int]:
        return [d for u, d in self.edges if u == index]

    def facts_of(self, index: int) -> RandomFacts:
        return self.facts[index]

    def with_status(self, status: str) -> frozenset[int]:
        return self.status.get(status, frozenset())


letters = st.sampled_from("abc")
facts_strategy = st.builds(
    RandomFacts,
    group=st.none() | letters,
    kind=letters,
    tags=st.dictionaries(letters, letters, max_size=2),
    owners=st.lists(letters, max_size=2).map(tuple),
    path=st.none() | st.lists(letters, min_size=1, max_size=2).map("/".join),
    checks=st.lists(letters, max_size=2).map(tuple),
)


@st.composite
def graphs(draw: st.DrawFn) -> RandomGraph:
    size = draw(st.integers(0, 14))
    number = draw(st.permutations(range(size)))
    pairs = [(number[u], number[d]) for d in range(size) for u in range(d + 1)]
    sparse = draw(st.integers(0, 2 ** len(pairs) - 1)) & draw(st.integers(0, 2 ** len(pairs) - 1))
    edges = frozenset(pair for bit, pair in enumerate(pairs) if sparse >> bit & 1)
    prefixes = draw(st.lists(st.sampled_from(["", "a/", "b/"]), min_size=size, max_size=size))
    keys = [AssetKey(f"{prefix}{'abc'[i % 3]}{i}") for i, prefix in enumerate(prefixes)]
    few = draw(st.lists(facts_strategy, min_size=1, max_size=4))
    numbers = st.sampled_from(range(size)) if size else st.nothing()
    status = draw(st.dictionaries(st.sampled_from(STATUSES), st.frozensets(numbers), max_size=3))
    return RandomGraph(keys, edges, [few[i % len(few)] for i in range(size)], status)


def _names(graph: RandomGraph, method: str) -> list[str]:
    """Every name that a term of ``method`` can have in ``graph``, and one that it rarely has."""
    named = {
        "key": list(graph.keys),
        "tag": [tag for facts in graph.facts for tag in facts.tags],
        "group": [facts.group for facts in graph.facts if facts.group],
        "owner": [owner for facts in graph.facts for owner in facts.owners],
        "kind": [facts.kind for facts in graph.facts],
        "path": [facts.path for facts in graph.facts if facts.path],
        "check": [check for facts in graph.facts for check in facts.checks],
        "status": list(STATUSES),
    }
    return [*named[method], *(["a"] if method != "status" else [])]


@st.composite
def plausible_terms(draw: st.DrawFn, graph: RandomGraph) -> Term:
    method = draw(st.sampled_from(METHODS))
    name = draw(st.sampled_from(_names(graph, method)))
    if method == "status":
        return Term(method, glob([name]))
    ends: list[str | Wild] = draw(st.sampled_from([[], [], [Wild.WITHIN], [Wild.ACROSS]]))
    pattern = glob([name[:1], *ends] if ends else [name])
    value = draw(st.sampled_from([None, glob([Wild.WITHIN]), glob(["a"])]))
    return Term(method, pattern, value if method == "tag" else None)


@st.composite
def cases(draw: st.DrawFn) -> tuple[RandomGraph, Expression]:
    graph = draw(graphs())
    term = plausible_terms(graph)
    few = st.none() | st.integers(0, 3)
    leaves = term | st.builds(Walk, term, few, few) | st.builds(Family, term)
    return graph, draw(st.recursive(leaves, _grown, max_leaves=5))


class Oracle:
    """The documented meaning, by repeated set comprehension over the edges."""

    def __init__(self, graph: RandomGraph) -> None:
        self.graph = graph
        self.everything = set(range(len(graph.keys)))
        self.up = {(d, u) for u, d in graph.edges}
        self.down = set(graph.edges)

    def of(self, expression: Expression) -> set[int]:
        match expression:
            case Term():
                return self.term(expression)
            case Walk(term, up, down):
                start = self.term(term)
                return self.steps(start, self.up, up) | self.steps(start, self.down, down)
            case Family(term):
                return self.steps(self.steps(self.term(term), self.down, None), self.up, None)
            case Roots(inner):
                chosen = self.of(inner)
                return {i for i in chosen if not self.beyond(i, self.up) & chosen}
            case Sinks(inner):
                chosen = self.of(inner)
                return {i for i in chosen if not self.beyond(i, self.down) & chosen}
            case AnyOf(items):
                every = [self.of(item) for item in items]
                return {i for i in self.everything if any(i in found for found in every)}
            case AllOf(items):
                every = [self.of(item) for item in items]
                return {i for i in self.everything if all(i in found for found in every)}
            case Not(inner):
                return self.everything - self.of(inner)

    def steps(self, start: set[int], edges: set[tuple[int, int]], levels: int | None) -> set[int]:
        reached = set(start)
        for _ in range(len(self.everything) if levels is None else levels):
            reached |= {b for a, b in edges if a in reached}
        return reached

    def beyond(self, index: int, edges: set[tuple[int, int]]) -> set[int]:
        return self.steps({b for a, b in edges if a == index}, edges, None) - {index}

    def term(self, term: Term) -> set[int]:
        if term.method == "status":
            return set(self.graph.with_status(term.pattern.text))
        found = {i for i in self.everything if self.answers(term, i)}
        if not found:
            raise NoMatchError("E804", "nothing")
        return found

    def answers(self, term: Term, index: int) -> bool:
        facts = self.graph.facts[index]
        if term.method == "path":
            parts = facts.path.split("/") if facts.path else []
            literal = len(term.pattern.pieces) == 1 and isinstance(term.pattern.pieces[0], str)
            starts = [len(parts)] if not literal else range(1, len(parts) + 1)
            return bool(parts) and any(_naive(term.pattern, "/".join(parts[:n])) for n in starts)
        if term.method == "tag":
            return any(
                _naive(term.pattern, key) and (term.value is None or _naive(term.value, value))
                for key, value in facts.tags.items()
            )
        names: Mapping[str, Sequence[str]] = {
            "key": [self.graph.keys[index]],
            "group": [facts.group] if facts.group else [],
            "owner": facts.owners,
            "kind": [facts.kind],
            "check": facts.checks,
        }
        return any(_naive(term.pattern, name) for name in names[term.method])


@settings(max_examples=300, deadline=None)
@given(cases())
def test_evaluation_agrees_with_naive_sets(case: tuple[RandomGraph, Expression]) -> None:
    graph, expression = case
    event(f"{'many' if len(graph.keys) >= 10 else 'few'} assets")
    try:
        expected = Oracle(graph).of(expression)
    except NoMatchError:
        expected = None
    try:
        found = evaluate(expression, graph, graph)
    except NoMatchError:
        found = None
    event("no match" if expected is None else "matches")
    assert found == expected

"""From an expression to asset numbers. Every walk is iterative and visits an edge once per `+`, `@`, roots or sinks.

A term other than ``status:`` that no definition answers to is an error (exit 4) wherever it stands, also under ``not``
and in ``--exclude``: a typo there would silently run more than was meant.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from typing import TypeAlias, assert_never

from assets_core.errors import NoMatchError, UsageError
from assets_core.selection.complaints import complaint, listed, nearest
from assets_core.selection.expressions import (
    WORDS,
    AllOf,
    AnyOf,
    Expression,
    Family,
    Method,
    Not,
    Origin,
    Roots,
    Sinks,
    Term,
    Walk,
    spell,
)
from assets_core.selection.globs import Glob, glob
from assets_core.selection.parser import parse
from assets_core.selection.protocols import AssetFacts, Facts, SelectionGraph

IsFile: TypeAlias = Callable[[str], bool]
_Neighbours: TypeAlias = Callable[[int], Sequence[int]]

_NO_MATCH: dict[Method, str] = {
    "key": "no asset matches",
    "tag": "no asset has the tag",
    "group": "no asset is in the group",
    "owner": "no asset is owned by",
    "kind": "no asset is of the kind",
    "path": "no asset is defined in",
    "check": "no asset has a check",
}


_NAMED = 5


def _never(_: str) -> bool:
    return False


def select(
    texts: Sequence[str],
    exclude: Sequence[str],
    graph: SelectionGraph,
    facts: Facts,
    *,
    is_file: IsFile = _never,
) -> tuple[int, ...]:
    """The asset numbers in graph order. No ``texts`` is everything; several are one selection, joined by spaces.

    Each text of ``exclude`` is a selection of its own. ``is_file`` says whether a term is a path that exists, which is
    asked only for terms that match no asset (the shell has probably expanded a glob). Raises UsageError (E801-E803)
    and NoMatchError (E804, E805).
    """
    if texts:
        chosen = evaluate(_parsed(texts, is_file), graph, facts, is_file=is_file)
    else:
        chosen = frozenset(range(len(graph.keys)))
    for text in exclude:
        chosen -= evaluate(parse(text), graph, facts, is_file=is_file)
    return tuple(sorted(chosen))


def _parsed(texts: Sequence[str], is_file: IsFile) -> Expression:
    """``texts`` as one selection; where that fails, file names such as ``copy (1).csv`` are told apart."""
    try:
        return parse(" ".join(texts))
    except UsageError as error:
        expanded = next(
            (text for text in texts if text.strip() and is_file(text) and not _is_readable(text)),
            None,
        )
        if expanded is None:
            raise
        raise _expanded_by_the_shell(expanded, Origin(expanded, 0, len(expanded))) from error


def _is_readable(text: str) -> bool:
    try:
        parse(text)
    except UsageError:
        return False
    return True


def _expanded_by_the_shell(text: str, origin: Origin | None) -> UsageError:
    summary = f"no asset matches `{text}`, which is a file here"
    help = "did your shell expand this? quote it"
    return complaint(NoMatchError, "E805", summary, origin, help=help)


def evaluate(
    expression: Expression, graph: SelectionGraph, facts: Facts, *, is_file: IsFile = _never
) -> frozenset[int]:
    """The numbers of the assets that ``expression`` means; raises NoMatchError as ``select`` does."""
    return frozenset(_Evaluation(graph, facts, is_file).of(expression))


class _Evaluation:
    def __init__(self, graph: SelectionGraph, facts: Facts, is_file: IsFile) -> None:
        self._graph = graph
        self._facts = facts
        self._is_file = is_file

    def of(self, expression: Expression) -> set[int]:
        match expression:
            case Term():
                return self._term(expression)
            case Walk(term, up, down):
                start = self._term(term)
                above = _reached(start, self._graph.upstream, up)
                return above | _reached(start, self._graph.downstream, down)
            case Family(term):
                below = _reached(self._term(term), self._graph.downstream, None)
                return _reached(below, self._graph.upstream, None)
            case Roots(inner):
                return _without_reachable(self.of(inner), self._graph.downstream)
            case Sinks(inner):
                return _without_reachable(self.of(inner), self._graph.upstream)
            case AnyOf(items):
                return set().union(*map(self.of, items))
            case AllOf(items):
                return set.intersection(*map(self.of, items))
            case Not(inner):
                return set(range(len(self._graph.keys))) - self.of(inner)
            case _:
                assert_never(expression)

    # -- terms ----------------------------------------------------------------------------------------------------

    def _term(self, term: Term) -> set[int]:
        if term.method == "status":
            return set(self._facts.with_status(term.pattern.text))
        members = self._members(term)
        if not members:
            raise self._no_match(term)
        return members

    def _members(self, term: Term) -> set[int]:
        if term.method == "key":
            return self._named(term.pattern)
        answers = _answers(term)
        return {i for i in range(len(self._graph.keys)) if answers(self._graph.facts_of(i))}

    def _named(self, pattern: Glob) -> set[int]:
        literal = pattern.literal
        if literal is not None:
            found = self._numbers.get(literal)
            return set() if found is None else {found}
        matches = pattern.matcher()
        return {i for i, key in enumerate(self._graph.keys) if matches(key)}

    @cached_property
    def _numbers(self) -> dict[str, int]:
        """By key: a selection may list as many keys as the project has."""
        return {key: i for i, key in enumerate(self._graph.keys)}

    # -- terms that match nothing ---------------------------------------------------------------------------------

    def _no_match(self, term: Term) -> UsageError:
        text = term.pattern.text if term.value is None else f"{term.pattern.text}={term.value.text}"
        if term.method == "key" and self._is_file(text):
            return _expanded_by_the_shell(text, term.origin)
        summary = f"{_NO_MATCH[term.method]} `{text}`"
        return complaint(NoMatchError, "E804", summary, term.origin, help=self._hint(term, text))

    def _hint(self, term: Term, text: str) -> str | None:
        if term.method == "key":
            if text.lower() in WORDS:
                return f"operators are written in lower case: `{text.lower()}`"
            if "@" in text:
                return "partitions are selected with `-p`"
        widened = Term(term.method, term.pattern.widened, term.value)
        if widened != term and (count := len(self._members(widened))):
            return f"`*` does not cross `/`; {_spelled(widened)} matches {count} asset{'s' * (count != 1)}"
        vocabulary = sorted(self._vocabulary(term))
        close = nearest(text, vocabulary)
        return f"did you mean {listed(close)}?" if close else _known(term.method, vocabulary)

    def _vocabulary(self, term: Term) -> Iterable[str]:
        if term.method == "key":
            return self._graph.keys
        every = map(self._graph.facts_of, range(len(self._graph.keys)))
        return {name for facts in every for name in _names(term, facts)}


def _known(method: Method, names: Sequence[str]) -> str:
    """What there is, where nothing is near."""
    if method == "key" or not names:
        return "see `assets ls`"
    more = f" and {len(names) - _NAMED:,} more" if len(names) > _NAMED else ""
    return f"there is {', '.join(f'`{name}`' for name in names[:_NAMED])}{more}"


def _spelled(term: Term) -> str:
    return f"`{spell(term)}`"


def _answers(term: Term) -> Callable[[AssetFacts], bool]:
    """Whether an asset's facts answer to ``term``."""
    matches = term.pattern.matcher()
    if term.method == "tag":
        value = (glob(()) if term.value is None else term.value).matcher()
        any_value = term.value is None
        return lambda facts: any(
            matches(k) and (any_value or value(v)) for k, v in facts.tags.items()
        )
    if term.method == "path":
        return _in_path(term.pattern)
    return lambda facts: any(map(matches, _names(term, facts)))


def _in_path(pattern: Glob) -> Callable[[AssetFacts], bool]:
    """A path without wildcards is a file or a folder with all that is in it."""
    if pattern.literal is None:
        matches = pattern.matcher()
        return lambda facts: facts.path is not None and matches(facts.path)
    path = pattern.literal.removeprefix("./").rstrip("/")
    folder = f"{path}/"
    return lambda facts: (
        facts.path is not None and (facts.path == path or facts.path.startswith(folder))
    )


def _names(term: Term, facts: AssetFacts) -> Iterable[str]:
    """The names by which an asset with these facts can be meant, in the term's method."""
    match term.method:
        case "tag":
            return facts.tags if term.value is None else [f"{k}={v}" for k, v in facts.tags.items()]
        case "group":
            return () if facts.group is None else (facts.group,)
        case "owner":
            return facts.owners
        case "kind":
            return (facts.kind,)
        case "path":
            return () if facts.path is None else (facts.path,)
        case "check":
            return facts.checks
        case "key" | "status":
            return ()
        case _:
            assert_never(term.method)


# -- walks ------------------------------------------------------------------------------------------------------------


def _reached(start: set[int], neighbours: _Neighbours, levels: int | None) -> set[int]:
    """``start`` and what lies within ``levels`` edges of it; None is without limit."""
    seen, frontier = set(start), list(start)
    while frontier and levels != 0:
        following = []
        for index in frontier:
            for other in neighbours(index):
                if other not in seen:
                    seen.add(other)
                    following.append(other)
        frontier = following
        levels = None if levels is None else levels - 1
    return seen


def _without_reachable(members: set[int], neighbours: _Neighbours) -> set[int]:
    """The members that no other member leads to, also through assets that are not members."""
    first = {other for index in members for other in neighbours(index) if other != index}
    return members - _reached(first, neighbours, None)

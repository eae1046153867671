"""Selections that can't be: the whole message, caret and help."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

import pytest

from assets_core.errors import NoMatchError, Place, UsageError
from assets_core.model.keys import AssetKey
from assets_core.selection import SELECTION, parse, select


@dataclass(frozen=True)
class PlainFacts:
    group: str | None = "staging"
    kind: str = "python"
    tags: dict[str, str] = field(default_factory=lambda: {"domain": "ops"})
    owners: tuple[str, ...] = ("team:data",)
    path: str | None = "shop/orders.py"
    checks: tuple[str, ...] = ("unique(id)",)


class UnlinkedAssets:
    def __init__(self, *keys: str) -> None:
        self.keys = [AssetKey(key) for key in keys]

    def upstream(self, index: int) -> Sequence[int]:
        return []

    def downstream(self, index: int) -> Sequence[int]:
        return []

    def facts_of(self, index: int) -> PlainFacts:
        return PlainFacts()

    def with_status(self, status: str) -> Collection[int]:
        return []


SHOP = UnlinkedAssets("raw/orders", "raw/fx", "stg/orders", "mart/daily", "mart/us/daily")


def _refused(*texts: str, exclude: Sequence[str] = (), files: Collection[str] = ()) -> UsageError:
    with pytest.raises(UsageError) as caught:
        select(texts, exclude, SHOP, SHOP, is_file=lambda name: name in files)
    return caught.value


SYNTAX = [
    ("(a", "a `)` is missing here\n  (a\n    ^", None),
    ("a)", "this `)` closes nothing\n  a)\n   ^", None),
    ("a ()", "there is nothing between these parentheses\n  a ()\n     ^", None),
    ("a and", "a term is expected here, not the end\n  a and\n       ^", None),
    ("and a", "a term is expected here, not `and`\n  and a\n  ^^^", None),
    (",a", "a term is expected here, not `,`\n  ,a\n  ^", None),
    ('a "b', 'this quote is not closed\n  a "b\n    ^', None),
    ("tag:", "a name is missing here\n  tag:\n  ^^^^", None),
    ("tag:=x", "a name is missing here\n  tag:=x\n  ^^^^^^", None),
    (
        "not not a",
        "`not` stands twice\n  not not a\n      ^^^",
        "write `not (not ...)` if it is meant",
    ),
    ("+ a", "`+` belongs to the term it touches\n  + a\n  ^", "write `+term` or `term+`"),
    ("2+ a", "`+` belongs to the term it touches\n  2+ a\n   ^", "write `+term` or `term+`"),
    ("a +", "`+` belongs to the term it touches\n  a +\n    ^", "write `+term` or `term+`"),
    (
        "(a)+",
        "`+` belongs to a term, not to a group\n  (a)+\n     ^",
        "put it on each term: `+a +b`",
    ),
    ("+(a)", "`+` belongs to a term, not to a group\n  +(a)\n  ^", "put it on each term: `+a +b`"),
    ("@ a", "`@` belongs to the term that follows it\n  @ a\n  ^", "write `@term`"),
    (
        "@a+",
        "`@` and `+` exclude each other\n  @a+\n    ^",
        "`@term` already goes down and back up",
    ),
    (
        "foo(a)",
        "`foo` is not a function\n  foo(a)\n  ^^^",
        "the functions are `roots(...)` and `sinks(...)`",
    ),
    (
        "a+1234567",
        "a number of levels has at most 6 digits\n  a+1234567\n    ^^^^^^^",
        "leave it out for all levels",
    ),
    (
        "a+b",
        "two terms touch here\n  a+b\n    ^",
        "put a space, `,`, `and` or `or` between them; quote a text that contains `+`, `(` or `)`",
    ),
    (" ", "the selection is empty", "leave it out to select everything, or write `*`"),
]


@pytest.mark.parametrize(("text", "message", "help"), SYNTAX)
def test_a_broken_selection_gets_a_caret(text: str, message: str, help: str | None) -> None:
    error = _refused(text)
    assert (error.code, error.exit_code, error.message, error.help) == ("E801", 2, message, help)


READINGS = [
    ("a b and c", "`a or (b and c)` or `(a or b) and c`"),
    ("a and b c", "`(a and b) or c` or `a and (b or c)`"),
    ("not a b", "`(not a) or b` or `not (a or b)`"),
    ("a not b", "`a or (not b)` or `a and (not b)`"),
    ("a or b c", "`a or b or c` or `a b c`"),
    ("a or b,c d", "`a or (b and c) or d` or `a (b and c) d`"),
    ("x or (a b and c)", "`a or (b and c)` or `(a or b) and c`"),
    ("a,b c and not d", "`(a and b) or (c and (not d))` or `a and (b or c) and (not d)`"),
]


@pytest.mark.parametrize(("text", "readings"), READINGS)
def test_spaces_beside_words_are_refused_with_both_readings(text: str, readings: str) -> None:
    error = _refused(text)
    assert (error.code, error.exit_code, error.help) == ("E802", 2, f"write {readings}")
    for reading in readings.strip("`").split("` or `"):
        parse(reading)


def test_the_ambiguity_is_marked_at_its_first_word() -> None:
    error = _refused("a", "b and", "c or d")
    assert error.message == (
        "bare spaces (a union) and `and` stand side by side, which can be read in two ways\n"
        "  a b and c or d\n"
        "      ^^^"
    )
    assert error.place == Place(SELECTION, 1, 5, 3)


UNKNOWN = [
    ("taag:x", "`taag:` is not a selection method\n  taag:x\n  ^^^^^", "did you mean `tag:`?"),
    (
        "a column:b",
        "`column:` is not a selection method\n  a column:b\n    ^^^^^^^",
        "methods: key, tag, group, owner, kind, path, status, check",
    ),
    (
        "status:stal",
        "`stal` is not a status\n  status:stal\n  ^^^^^^^^^^^",
        "did you mean `stale`?",
    ),
    (
        "status:*",
        "`*` is not a status\n  status:*\n  ^^^^^^^^",
        "statuses: current, stale, maybe, missing, failed, blocked, held, running",
    ),
]


@pytest.mark.parametrize(("text", "message", "help"), UNKNOWN)
def test_an_unknown_method_or_status_names_the_nearest(text: str, message: str, help: str) -> None:
    error = _refused(text)
    assert (error.code, error.exit_code, error.message, error.help) == ("E803", 2, message, help)


NO_MATCH = [
    (
        "raw/fx mart/dialy",
        "no asset matches `mart/dialy`\n  raw/fx mart/dialy\n         ^^^^^^^^^^",
        "did you mean `mart/daily` or `mart/us/daily`?",
    ),
    (
        "orders",
        "no asset matches `orders`\n  orders\n  ^^^^^^",
        "did you mean `raw/orders` or `stg/orders`?",
    ),
    ("zzz", "no asset matches `zzz`\n  zzz\n  ^^^", "see `assets ls`"),
    (
        "r*x",
        "no asset matches `r*x`\n  r*x\n  ^^^",
        "`*` does not cross `/`; `r**x` matches 1 asset",
    ),
    (
        "raw/orders@2013-01",
        "no asset matches `raw/orders@2013-01`\n  raw/orders@2013-01\n  ^^^^^^^^^^^^^^^^^^",
        "partitions are selected with `-p`",
    ),
    (
        "raw/fx AND raw/orders",
        "no asset matches `AND`\n  raw/fx AND raw/orders\n         ^^^",
        "operators are written in lower case: `and`",
    ),
    (
        "tag:domian=ops",
        "no asset has the tag `domian=ops`\n  tag:domian=ops\n  ^^^^^^^^^^^^^^",
        "did you mean `domain=ops`?",
    ),
    (
        "group:Staging",
        "no asset is in the group `Staging`\n  group:Staging\n  ^^^^^^^^^^^^^",
        "did you mean `staging`?",
    ),
    (
        "not kind:sql",
        "no asset is of the kind `sql`\n  not kind:sql\n      ^^^^^^^^",
        "there is `python`",
    ),
    (
        "path:shop/order.py",
        "no asset is defined in `shop/order.py`\n  path:shop/order.py\n  ^^^^^^^^^^^^^^^^^^",
        "did you mean `shop/orders.py`?",
    ),
    (
        "check:unique",
        "no asset has a check `unique`\n  check:unique\n  ^^^^^^^^^^^^",
        "did you mean `unique(id)`?",
    ),
]


@pytest.mark.parametrize(("text", "message", "help"), NO_MATCH)
def test_a_fact_that_no_asset_has_names_the_nearest(
    text: str, message: str, help: str | None
) -> None:
    error = _refused(text)
    assert isinstance(error, NoMatchError)
    assert (error.code, error.exit_code, error.message, error.help) == ("E804", 4, message, help)


def test_a_status_may_match_nothing() -> None:
    assert select(["status:failed"], [], SHOP, SHOP) == ()


def test_an_excluded_typo_is_an_error_too() -> None:
    assert (
        _refused("raw/*", exclude=["raw/fxx"]).message
        == "no asset matches `raw/fxx`\n  raw/fxx\n  ^^^^^^^"
    )


def test_file_names_where_assets_are_expected_were_expanded_by_the_shell() -> None:
    error = _refused("README.md", "raw", files={"README.md", "raw"})
    assert isinstance(error, NoMatchError)
    assert error.code == "E805"
    assert (
        error.message
        == "no asset matches `README.md`, which is a file here\n  README.md raw\n  ^^^^^^^^^"
    )
    assert error.help == "did your shell expand this? quote it"


def test_a_file_name_that_is_no_selection_was_expanded_by_the_shell() -> None:
    error = _refused("raw/fx", "copy (1).csv", files={"copy (1).csv"})
    assert error.code == "E805"
    assert (
        error.message
        == "no asset matches `copy (1).csv`, which is a file here\n  copy (1).csv\n  ^^^^^^^^^^^^"
    )


def test_an_asset_with_the_name_of_a_file_is_selected() -> None:
    assert select(["raw/fx"], [], SHOP, SHOP, is_file=lambda name: True) == (1,)


def test_nesting_has_a_limit_with_a_name() -> None:
    assert parse("(" * 50 + "a" + ")" * 50) == parse("a")
    error = _refused("(" * 100_000)
    assert error.message.startswith("parentheses are nested more than 50 deep\n")


def test_the_excerpt_of_a_long_selection_shows_the_spot() -> None:
    error = _refused(" ".join(["raw/fx"] * 1_000 + ["raw/fy"] + ["raw/fx"] * 1_000))
    _, excerpt, carets = error.message.splitlines()
    assert excerpt.startswith("  ...")
    assert excerpt.endswith("...")
    assert max(len(excerpt), len(carets)) < 90
    assert excerpt[carets.index("^") :].startswith("raw/fy")
    assert carets.strip() == "^" * 6


def test_keys_are_compared_in_normal_form() -> None:
    shop = UnlinkedAssets("caf\u00e9")
    assert select(["cafe\u0301"], [], shop, shop) == (0,)

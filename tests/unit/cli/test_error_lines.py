"""Errors in their written form, compared whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from assets_core.cli.errors import Line, cells, error_document, error_lines
from assets_core.errors import AssetsError, DefinitionError, Place, StoreError, UsageError


def shown(lines: list[Line]) -> str:
    texts = ["".join(p if isinstance(p, str) else p[0] for p in line) for line in lines]
    return "\n".join(texts) + "\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "shop").mkdir()
    report = ["# line"] * 16 + ["def daily_report(order_clean: pd.DataFrame):", "    return 1"]
    (tmp_path / "shop" / "report.py").write_text("\n".join(report) + "\n")
    return tmp_path


def test_a_definition_error_has_the_designed_form(root: Path) -> None:
    error = DefinitionError(
        "E103",
        "asset `daily_report` depends on `order_clean`, which is not defined",
        place=Place("shop/report.py", 17, 18, 11),
        help="a similar asset exists: `orders_clean` (shop/orders.py:38)",
    )
    assert shown(error_lines(error, root)) == (
        "error[E103]: asset `daily_report` depends on `order_clean`, which is not defined\n"
        "  --> shop/report.py:17:18\n"
        "17 | def daily_report(order_clean: pd.DataFrame):\n"
        "   |                  ^^^^^^^^^^^\n"
        "help: a similar asset exists: `orders_clean` (shop/orders.py:38)\n"
    )


def test_the_document_says_the_same(root: Path) -> None:
    error = DefinitionError(
        "E104",
        "twice",
        place=Place("a.py", 3),
        help="rename",
        notes=(("here", Place("b.py", 1, 2)), ("there", None)),
    )
    assert error_document(error) == {
        "schema": "assets.error/1", "code": "E104", "message": "twice", "file": "a.py", "line": 3, "column": None,
        "help": "rename", "exit_code": 2,
        "notes": [
            {"message": "here", "file": "b.py", "line": 1, "column": 2},
            {"message": "there", "file": None, "line": None, "column": None},
        ],
    }  # fmt: skip


def test_other_places_stand_as_notes_with_their_own_lines(root: Path) -> None:
    (root / "one.py").write_text("orders = 1\n")
    error = DefinitionError(
        "E104",
        "two definitions of `orders`",
        place=Place("shop/report.py", 18, 5),
        notes=(("the other one", Place(str(root / "one.py"), 1, 1, 6)), ("in all", None)),
    )
    assert shown(error_lines(error, root)) == (
        "error[E104]: two definitions of `orders`\n"
        "  --> shop/report.py:18:5\n"
        "18 |     return 1\n"
        "   |     ^\n"
        "note: the other one\n"
        "  --> one.py:1:1\n"
        " 1 | orders = 1\n"
        "   | ^^^^^^\n"
        "note: in all\n"
    )


@pytest.mark.parametrize(
    ("place", "tail"),
    [
        (None, ""),
        (Place("gone.py", 3, 1), "  --> gone.py:3:1\n"),
        (Place("shop/report.py"), "  --> shop/report.py\n"),
        (Place("shop/report.py", 99, 1), "  --> shop/report.py:99:1\n"),
        (Place("shop", 1, 1), "  --> shop:1:1\n"),
        (Place("<stdin>", 1), "  --> <stdin>:1\n"),
        (Place("nul\0.py", 1), "  --> nul\0.py:1\n"),
        (Place("shop/report.py", 18), "  --> shop/report.py:18\n18 |     return 1\n"),
        (
            Place("shop/report.py", 18, 99, 5),
            "  --> shop/report.py:18:99\n18 |     return 1\n   |             ^\n",
        ),
    ],
)
def test_a_place_that_can_not_be_shown_costs_the_line_only(
    root: Path, place: Place | None, tail: str
) -> None:
    assert (
        shown(error_lines(UsageError("E801", "bad", place=place), root))
        == "error[E801]: bad\n" + tail
    )


@pytest.mark.parametrize(
    ("line", "place", "expected"),
    [
        (
            "\tx = 日本(bad)",
            Place("u.py", 1, 9, 3),
            " 1 |     x = 日本(bad)\n   |" + " " * 14 + "^^^\n",
        ),
        ("a\tb", Place("u.py", 1, 3, 1), " 1 | a   b\n   |     ^\n"),
        (
            "k = '\x1b[2J' + bad",
            Place("u.py", 1, 14, 3),
            " 1 | k = '\\x1b[2J' + bad\n   |" + " " * 17 + "^^^\n",
        ),
        ("bad\u202e = 1", Place("u.py", 1, 1, 4), " 1 | bad\\u202e = 1\n   | ^^^^^^^^^\n"),
        ("日本 = 1", Place("u.py", 1, 1, 2), " 1 | 日本 = 1\n   | ^^^^\n"),
    ],
)
def test_carets_stand_under_what_is_shown(
    root: Path, line: str, place: Place, expected: str
) -> None:
    (root / "u.py").write_text(line + "\n", encoding="utf-8")
    written = shown(error_lines(DefinitionError("E101", "bad", place=place), root))
    assert "".join(written.splitlines(keepends=True)[2:]) == expected


@pytest.mark.parametrize("column", [1, 50, 150, 290])
@pytest.mark.parametrize("length", [1, 10, 120])
def test_a_long_line_is_cut_around_its_caret(root: Path, column: int, length: int) -> None:
    text = "".join(chr(ord("a") + n % 26) for n in range(300))
    (root / "u.py").write_text(text + "\n")
    error = DefinitionError("E101", "bad", place=Place("u.py", 1, column, length))
    _, _, source, caret = shown(error_lines(error, root, width=60)).splitlines()
    assert max(cells(source), cells(caret)) <= 60
    marked = source[caret.index("^") : caret.rindex("^") + 1]
    assert text[column - 1 :].startswith(marked)
    assert len(marked) == min(length, 301 - column) or source.endswith("…")


def test_a_message_of_several_lines_is_indented(root: Path) -> None:
    error = StoreError("E601", "not a database\nit begins with text", help="one\ntwo")
    assert shown(error_lines(error, root)) == (
        "error[E601]: not a database\n  it begins with text\nhelp: one\n  two\n"
    )


def test_every_kind_of_error_has_its_exit_code_in_the_document() -> None:
    kinds = [AssetsError, *AssetsError.__subclasses__()]
    codes = {kind.__name__: error_document(kind("E999", "x"))["exit_code"] for kind in kinds}
    assert codes == {
        "AssetsError": 70, "UsageError": 2, "DefinitionError": 2, "ConfigError": 2, "StepError": 1,
        "ConflictError": 5, "StoreError": 6, "InternalError": 70,
    }  # fmt: skip

"""Over random code and random edits: formatting never counts, and whatever Python itself tells apart always does.

The oracle is ``ast.dump`` without positions and docstrings: two texts of a helper have one fingerprint if and only if
Python parses them to one tree.
"""

from __future__ import annotations

import ast
import io
import keyword
import tempfile
import tokenize
from pathlib import Path

import pytest
from hypothesis import assume, event, given, target
from hypothesis import strategies as st

from assets_core.declare.loader import load_project, unload
from assets_core.versioning.fingerprint import Fingerprinter
from assets_core.versioning.modules import analyse

pytestmark = pytest.mark.timeout(1_800)  # the soak profile loads 6,000 projects in each test

NAMES = st.sampled_from(["rows", "x", "y", "n", "helper", "LIMIT", "len", "other"])
# fmt: off
OPERATORS = ["+", "-", "*", "/", "//", "%", "**", "@", "<<", "&", "|", "^", "and", "or", "==", "<", "is", "in"]
SIGNS = ["+", "-", "*", "/", "%", "**", "==", "<", ">", ".", ",", ":", "=", "+=", "[", "]", "(", ")", "&", "|"]
# fmt: on
CONSTANTS = st.one_of(
    st.integers(-5, 1_000).map(repr),
    st.floats(allow_nan=False, allow_infinity=False, width=16).map(repr),
    st.text("ab'\"\\\n é", max_size=4).map(repr),
    st.binary(max_size=3).map(repr),
    st.sampled_from(["None", "True", "...", "1j"]),
)


def _expressions(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.tuples(
            inner,
            st.sampled_from(OPERATORS),
            inner,
        ).map(lambda t: f"({t[0]} {t[1]} {t[2]})"),
        st.tuples(inner, NAMES).map(
            lambda t: f"{t[0]} . {t[1]}" if t[0][0].isalpha() else f"({t[0]}).{t[1]}"
        ),
        st.tuples(NAMES, st.lists(inner, max_size=3)).map(lambda t: f"{t[0]}({', '.join(t[1])})"),
        st.tuples(NAMES, inner).map(lambda t: f"{t[0]}({t[0]}={t[1]})"),
        st.tuples(NAMES, inner).map(lambda t: f"{t[0]}[{t[1]}:]"),
        st.lists(inner, max_size=3).map(lambda parts: f"[{', '.join(parts)}]"),
        st.tuples(inner, NAMES, inner, inner).map(
            lambda t: f"[{t[0]} for {t[1]} in {t[2]} if {t[3]}]"
        ),
        st.tuples(NAMES, inner).map(lambda t: f"(lambda {t[0]}, *a: {t[1]})"),
        st.tuples(inner, inner, inner).map(lambda t: f"({t[0]} if {t[1]} else {t[2]})"),
        st.tuples(inner, inner).map(lambda t: f"{{{t[0]}: {t[1]}}}"),
    )


EXPRESSIONS = st.recursive(st.one_of(NAMES, CONSTANTS), _expressions, max_leaves=6)


def _blocks(inner: st.SearchStrategy[list[str]]) -> st.SearchStrategy[list[str]]:
    def indented(lines: list[str]) -> list[str]:
        return [f"    {line}" for line in lines]

    return st.one_of(
        st.tuples(EXPRESSIONS, inner).map(lambda t: [f"if {t[0]}:", *indented(t[1])]),
        st.tuples(NAMES, EXPRESSIONS, inner).map(
            lambda t: [f"for {t[0]} in {t[1]}:", *indented(t[2])]
        ),
        st.tuples(inner, NAMES, inner).map(
            lambda t: ["try:", *indented(t[0]), f"except ValueError as {t[1]}:", *indented(t[2])]
        ),
        st.tuples(NAMES, inner).map(lambda t: [f"def {t[0]}(x, n=1):", *indented(t[1])]),
        st.tuples(EXPRESSIONS, NAMES, inner).map(
            lambda t: [f"with {t[0]} as {t[1]}:", *indented(t[2])]
        ),
        st.tuples(inner, inner).map(lambda t: [*t[0], *t[1]]),
    )


SIMPLE = st.one_of(
    st.tuples(NAMES, EXPRESSIONS).map(lambda t: [f"{t[0]} = {t[1]}"]),
    EXPRESSIONS.map(lambda e: [f"return {e}"]),
    EXPRESSIONS.map(lambda e: [e]),
    st.tuples(NAMES, EXPRESSIONS).map(lambda t: [f"{t[0]} += {t[1]}"]),
)
BODIES = st.recursive(SIMPLE, _blocks, max_leaves=6)


def helper(body: list[str]) -> str:
    """A function with this body, and what its names may lead to."""
    return "\n".join(["def helper(rows):", "    x = 1", *(f"    {line}" for line in body), ""])


AROUND = "LIMIT = 3\ndef other(n):\n    return n\n{}def build(rows):\n    return helper(rows)\n"


def version(text: str) -> str:
    """The fingerprint of ``build``, which calls the helper, in a project of its own on disk."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "shop.py").write_text(AROUND.format(text), encoding="utf-8")
        project = load_project(folder, "shop")
        try:
            return Fingerprinter(project).function(project.objects["shop"].build).version
        finally:
            unload(project)


def tree(text: str) -> str | None:
    """What Python makes of it, without positions and docstrings; None for what is no Python."""
    try:
        compile(text, "text", "exec")
        module = ast.parse(text)
    except (SyntaxError, ValueError):
        return None
    for node in ast.walk(module):
        if isinstance(node, ast.FunctionDef) and isinstance(node.body[0], ast.Expr):
            value = node.body[0].value
            if isinstance(value, ast.Constant) and isinstance(value.value, str):
                node.body[:1] = [] if len(node.body) > 1 else [ast.Pass()]
    return ast.dump(module)


def tokens(text: str) -> list[tokenize.TokenInfo]:
    return list(tokenize.generate_tokens(io.StringIO(text).readline))


def respaced(text: str, draw: st.DrawFn) -> str:
    """The same program with comments, blank lines, spaces and line breaks put where Python allows them."""
    out: list[str] = []
    depth, line_start = 0, True
    for token in tokens(text):
        kind, word = token.type, token.string
        if kind in (tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER):
            continue
        if kind in (tokenize.NEWLINE, tokenize.NL):
            out.append(
                draw(st.sampled_from(["\n", "  # why\n", "\n\n", "\n# é\n", "\n        # deep\n"]))
            )
            line_start = True
            continue
        if line_start:
            out.append(" " * token.start[1])
            line_start = False
        elif depth:
            out.append(draw(st.sampled_from([" ", "  ", "\n", " # in\n   ", "\\\n "])))
        else:
            out.append(draw(st.sampled_from([" ", "   ", " \\\n  "])))
        depth += (word in "([{") - (word in ")]}") if kind == tokenize.OP else 0
        out.append(word)
    return "".join(out)


@given(BODIES, st.data())
def test_formatting_and_comments_never_count(body: list[str], data: st.DataObject) -> None:
    before = helper(body)
    assume(tree(before) is not None)
    after = respaced(before, data.draw)
    assert tree(after) == tree(before), after
    event(f"lines: {min(len(body), 8)}")
    assert version(after) == version(before)


@given(BODIES)
def test_code_written_anew_from_its_tree_has_the_same_fingerprint(body: list[str]) -> None:
    before = helper(body)
    assume(tree(before) is not None)
    after = ast.unparse(ast.parse(before)) + "\n"
    assume(tree(after) == tree(before))
    assert version(after) == version(before)


@given(BODIES, st.data())
def test_an_edited_token_counts_whenever_it_means_something_else(
    body: list[str], data: st.DataObject
) -> None:
    before = helper(body)
    assume(tree(before) is not None)
    found = [
        t
        for t in tokens(before)
        if t.type in (tokenize.NAME, tokenize.NUMBER, tokenize.STRING, tokenize.OP)
    ]
    chosen = data.draw(st.sampled_from(found[5:]))
    others = {
        tokenize.NAME: st.one_of(NAMES, st.sampled_from(keyword.kwlist)),
        tokenize.NUMBER: CONSTANTS,
        tokenize.STRING: CONSTANTS,
        tokenize.OP: st.sampled_from(SIGNS),
    }
    word = data.draw(others[chosen.type])
    lines = before.splitlines(keepends=True)
    row, start = chosen.start[0] - 1, chosen.start[1]
    assume(chosen.end[0] == chosen.start[0])
    lines[row] = lines[row][:start] + word + lines[row][chosen.end[1] :]
    after = "".join(lines)
    assume(tree(after) is not None)
    same = tree(after) == tree(before)
    event(f"means the same: {same}")
    target(float(not same))
    assert (version(after) == version(before)) is same, after


@given(BODIES)
def test_an_edit_of_what_is_not_followed_never_counts(body: list[str]) -> None:
    text = helper(body).replace("def helper(", "def elsewhere(")
    assume(tree(text) is not None)
    fixed = "def helper(rows):\n    return rows\n"
    assert version(fixed + text) == version(fixed)


@given(BODIES)
def test_an_analysis_survives_its_way_through_json(body: list[str]) -> None:
    import json

    from assets_core.versioning.units import from_plain

    text = helper(body)
    assume(tree(text) is not None)
    found = analyse(text.encode())
    assert from_plain(json.loads(json.dumps(found))) == found

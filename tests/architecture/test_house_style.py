"""Rules of the house that no linter knows: sizes, names, unfinished work, and how SQL and processes are started."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.tree import EVERYTHING, PACKAGES, ROOT, files, parsed, shown

CAP, TEST_CAP = 400, 600
NAMELESS = {"utils", "util", "helpers", "helper", "common", "base", "misc"}
UNFINISHED = re.compile("|".join(("TO" + "DO", "FIX" + "ME", "X" + "XX", "HA" + "CK")))
STATEMENT = re.compile(
    r"\s*(select\s|insert\s+into|update\s+\S+\s+set|delete\s+from|create\s+(or\s|temp|table|view|index)|drop\s"
    r"|alter\s+table|attach\s|copy\s+[(\w{]|with\s+\w+\s+as\s*\()",
    re.IGNORECASE,
)


def test_files_stay_within_their_caps() -> None:
    long = {}
    for path in files(*EVERYTHING, suffix=".py"):
        lines = path.read_text(encoding="utf-8").count("\n")
        if lines > (TEST_CAP if shown(path).startswith("tests/") else CAP):
            long[shown(path)] = lines
    assert long == {}


def test_file_names_say_something() -> None:
    assert [
        shown(p) for p in files(*EVERYTHING, suffix=".py") if p.stem.strip("_") in NAMELESS
    ] == []


def test_every_module_says_why_it_exists() -> None:
    silent = [shown(p) for p in files(*PACKAGES, suffix=".py") if not ast.get_docstring(parsed(p))]
    assert silent == []


def test_nothing_is_left_unfinished() -> None:
    marks = [
        f"{shown(path)}:{number}"
        for path in files(*PACKAGES, "benchmarks", "example_project", suffix=".py")
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if UNFINISHED.search(line)
    ]
    assert marks == []


def test_no_test_is_skipped_or_expected_to_fail_by_hand() -> None:
    by_hand = re.compile(r"mark\.(skip|xfail)|pytest\.(skip|xfail|importorskip)\(")
    found = [
        shown(path)
        for path in files("tests", suffix=".py")
        if path.name != "conftest.py"
        and path != Path(__file__)
        and by_hand.search(path.read_text(encoding="utf-8"))
    ]
    assert found == []


def calls(path: Path) -> Iterator[tuple[str, ast.Call]]:
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), node


def test_no_process_is_started_through_a_shell() -> None:
    shells = {"os.system", "os.popen", "subprocess.getoutput", "subprocess.getstatusoutput"}
    found = [
        f"{shown(path)}:{call.lineno}"
        for path in files(*EVERYTHING, suffix=".py")
        for name, call in calls(path)
        if name in shells
        or any(k.arg == "shell" and ast.unparse(k.value) != "False" for k in call.keywords)
    ]
    assert found == []


def test_nothing_is_unpickled_except_by_the_materializer_that_is_named_for_it() -> None:
    loaders = {
        "pickle.load",
        "pickle.loads",
        "pickle.Unpickler",
        "marshal.load",
        "marshal.loads",
        "shelve.open",
    }
    found = {
        shown(path)
        for path in files(*PACKAGES, suffix=".py")
        for name, _ in calls(path)
        if name in loaders or name.startswith(("dill.", "cloudpickle.load"))
    }
    assert found <= {"materializers/pickled.py"}


def test_no_sql_is_put_together_from_strings() -> None:
    found = [
        f"{shown(path)}:{node.lineno}"
        for path in files(*PACKAGES, suffix=".py")
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.expr)
        if (text := assembled(node)) is not None and STATEMENT.match(text)
    ]
    assert found == []


def assembled(node: ast.AST) -> str | None:
    """The leading text of an expression that makes a string out of parts, None for anything else."""
    match node:
        case ast.JoinedStr(values=[ast.Constant(value=str(text)), *rest]) if rest:
            return text
        case ast.BinOp(op=ast.Add() | ast.Mod(), left=ast.Constant(value=str(text))):
            return text
        case ast.Call(func=ast.Attribute(value=ast.Constant(value=str(text)), attr="format")):
            return text
        case _:
            return None


@pytest.mark.parametrize(
    "expression",
    ['f"select * from {t}"', '"delete from " + t', '"select %s" % t', '"drop table {}".format(t)'],
)
def test_the_lint_against_assembled_sql_sees_every_way_to_write_it(expression: str) -> None:
    text = assembled(ast.parse(expression, mode="eval").body)
    assert text is not None
    assert STATEMENT.match(text)


def test_lock_files_name_packages_and_hashes_only() -> None:
    line = re.compile(
        r"[a-z0-9][a-z0-9.-]*==\S+( ; [^:/]+)? \\|    --hash=sha256:[0-9a-f]{64}( \\)?"
    )
    for path in sorted((ROOT / "constraints").glob("*.txt")):
        odd = [text for text in path.read_text().splitlines() if not line.fullmatch(text)]
        assert odd == [], path.name

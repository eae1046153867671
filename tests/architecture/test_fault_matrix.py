"""The fault matrix names tests that exist, and each of its faults once."""

from __future__ import annotations

import ast
import re

import pytest

from tests.architecture.tree import ROOT

PAGE = ROOT / "docs" / "reference" / "fault-matrix.md"
ROWS = re.findall(r"^\| (\d+) \|.*\| (.*) \|$", PAGE.read_text(), re.MULTILINE)


def test_every_fault_stands_once_and_in_order() -> None:
    numbers = [int(number) for number, _ in ROWS]
    assert numbers
    assert numbers == sorted(set(numbers))


@pytest.mark.parametrize(("number", "tests"), ROWS)
def test_the_tests_of_a_fault_exist(number: str, tests: str) -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", tests)
    assert len(named) == tests.count("::") > 0
    for file, name in named:
        functions = {
            n.name
            for n in ast.parse((ROOT / file).read_text()).body
            if isinstance(n, ast.FunctionDef)
        }
        assert name in functions, f"row {number}: {file} has no {name}"

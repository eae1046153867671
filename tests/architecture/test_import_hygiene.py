"""What an import costs: the facade and the check builders load nothing heavy (each case in a fresh interpreter)."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.architecture.tree import ROOT

HEAVY = {
    "alembic",
    "duckdb",
    "networkx",
    "numpy",
    "pandas",
    "pyarrow",
    "pydantic",
    "rich",
    "sqlalchemy",
    "sqlglot",
    "textual",
    "typer",
}


def loaded_after(code: str) -> set[str]:
    report = f"{code}\nimport json, sys\nprint(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", report], cwd=ROOT, capture_output=True, check=True)
    return {name.partition(".")[0] for name in json.loads(done.stdout)}


def test_importing_the_facade_loads_nothing_heavy() -> None:
    assert loaded_after("import assets_core") & HEAVY == set()


def test_touching_one_export_loads_only_what_it_needs() -> None:
    assert loaded_after("from assets_core import DailyPartitions") & HEAVY == set()


def test_declaring_an_asset_loads_nothing_heavy() -> None:
    code = "from assets_core import asset\n@asset\ndef one() -> int: return 1"
    assert loaded_after(code) & (HEAVY - {"numpy"}) == set()


@pytest.mark.parametrize(
    "call",
    [
        'not_null("id")',
        'unique("id", "day")',
        'accepted_values("state", values=["new", "paid"])',
        "row_count(min=1)",
        'relationship("plane", to="planes", column="tailnum")',
        'in_range("amount", min=0)',
        'matches("code", "[A-Z]+")',
    ],
)
def test_building_a_check_loads_no_engine(call: str) -> None:
    name = call.partition("(")[0]
    assert loaded_after(f"from assets_core import {name}\n{call}") & HEAVY == set()


@pytest.mark.parametrize(
    "call", ['sql_check("positive", "select * from this where amount < 0")', 'expression("a > b")']
)
def test_building_a_check_of_sql_loads_the_parser_and_no_engine(call: str) -> None:
    name = call.partition("(")[0]
    code = f"from assets_core import {name}\n{call}"
    assert loaded_after(code) & (HEAVY - {"sqlglot"}) == set()


@pytest.mark.parametrize(
    "module", ["assets_core.errors", "assets_core.model", "assets_core.partitions"]
)
def test_the_lowest_layers_need_the_standard_library_only(module: str) -> None:
    assert loaded_after(f"import {module}") & HEAVY == set()

"""A notebook, executed by a real kernel: assets defined in cells, a cell edited, values shown and loaded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

DEFINE = """
import pandas as pd
from assets_core import asset, load, materialize, plan

@asset
def orders() -> pd.DataFrame:
    return pd.DataFrame({"id": [1, 2], "amount": [10, 20]})

def rate():
    return 2

@asset
def revenue(orders: pd.DataFrame) -> int:
    return int(orders.amount.sum()) * rate()
"""
EDIT = """
def rate():
    return 3
"""


def executed(folder: Path, *cells: str) -> list[Any]:
    """The outputs of a notebook's code cells, executed in ``folder``."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in cells])  # type: ignore[no-untyped-call]
    client = NotebookClient(
        notebook, timeout=120, kernel_name="python3", resources={"metadata": {"path": str(folder)}}
    )
    client.execute()
    return [cell.outputs for cell in notebook.cells]


def shown(outputs: list[Any], kind: str) -> str:
    """What a cell displayed as its value, as ``text/plain`` or ``text/html``."""
    return next(o.data[kind] for o in outputs if o.output_type == "execute_result")


def test_assets_of_cells_are_materialized_and_an_edited_cell_makes_them_stale(
    tmp_path: Path,
) -> None:
    outputs = executed(
        tmp_path,
        DEFINE,
        "plan([orders, revenue])",
        "materialize([orders, revenue])",
        "load(revenue)",
        "plan([orders, revenue])",
        EDIT,
        "plan([orders, revenue])",
        "result = materialize([orders, revenue]); sorted((s.asset, s.outcome) for s in result.steps)",
        "load(revenue)",
    )
    assert "never materialized" in shown(outputs[1], "text/html")
    assert "2 materialized" in shown(outputs[2], "text/html")
    assert shown(outputs[3], "text/plain") == "60"
    assert "Nothing to do" in shown(outputs[4], "text/html")
    after_edit = shown(outputs[6], "text/html")
    assert "revenue" in after_edit
    assert "code changed" in after_edit
    assert "orders" not in after_edit
    assert shown(outputs[7], "text/plain") == "[('revenue', 'materialized')]"
    assert shown(outputs[8], "text/plain") == "90"

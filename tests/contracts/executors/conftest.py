"""An empty project of its own for every test of an executor."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.scenarios.shops import Shop


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """A project without assets yet, in a folder of its own."""
    return Shop.at(tmp_path / "project")

"""The pages of the documentation that can be followed to the letter."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.scenarios.example.pages import DOCS, ROOT, Reader

FIRST = [ROOT / "README.md", DOCS / "tutorial/first-project.md"]
PAGES = [*FIRST, *sorted(DOCS.glob("how-to/*.md"))]


@pytest.mark.timeout(600)  # twenty commands, on a machine that may be shared
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_prints_what_it_says(page: Path, tmp_path: Path) -> None:
    reader = Reader(tmp_path, warm=page not in FIRST)
    reader.follow(page)
    assert reader.commands

"""The pages of the documentation that can be followed to the letter."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.scenarios.example.pages import DOCS, Reader

PAGES = ["tutorial/first-project.md", *(f"how-to/{p.name}" for p in DOCS.glob("how-to/*.md"))]


@pytest.mark.parametrize("page", sorted(PAGES))
def test_a_page_prints_what_it_says(page: str, tmp_path: Path) -> None:
    reader = Reader(tmp_path)
    reader.follow(page)
    assert reader.commands

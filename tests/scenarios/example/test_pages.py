"""The tutorial, followed to the letter."""

from __future__ import annotations

from pathlib import Path

from tests.scenarios.example.pages import Reader


def test_the_tutorial_prints_what_it_says(tmp_path: Path) -> None:
    reader = Reader(tmp_path)
    reader.follow("tutorial/first-project.md")
    assert len(reader.commands) > 10

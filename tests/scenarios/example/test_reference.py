"""The reference names everything that there is, and nothing else that looks like it."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

import assets_core
from assets_core.cli.verb_table import VERBS
from assets_core.settings.schema import READERS
from tests.scenarios.example.pages import DOCS, ROOT
from tests.warm_process import run_warm

PAGES = [ROOT / "README.md", ROOT / "example_project" / "README.md", *DOCS.rglob("*.md")]


def _page(name: str) -> str:
    return (DOCS / "reference" / name).read_text()


def test_every_export_stands_in_the_reference() -> None:
    page = _page("python.md") + (DOCS / "how-to" / "checks.md").read_text()
    missing = [n for n in assets_core.__all__ if not re.search(rf"`@?{n}\b", page)]
    assert missing == ["__version__"]


def test_every_setting_stands_in_the_reference() -> None:
    listed = set(re.findall(r"^\| `([a-z_.]+)", _page("config.md"), re.MULTILINE))
    assert {".".join(path) for path in READERS} <= listed


@pytest.mark.parametrize(
    "words", [(v.name, w) if w else (v.name,) for v in VERBS for w in v.words or ("",)]
)
def test_every_verb_and_option_stands_in_the_reference(words: tuple[str, ...]) -> None:
    page = _page("cli.md")
    code, out, _ = run_warm([*words, "--help"], ROOT, os.environ, timeout_s=120)
    assert code == 0
    options = set(re.findall(r"^ .*?(--[a-z-]+)", out.decode(), re.MULTILINE)) - {"--help"}

    assert f"`assets {' '.join(words)}" in page
    assert [o for o in sorted(options) if f"`{o}" not in page] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\(([^)#\s]+)", page.read_text())
    inside = [t for t in targets if "://" not in t]
    assert [t for t in inside if not (page.parent / t).exists()] == []

"""docs/reference/selection.md, line by line: each command goes through bash, and selects what the page says."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from assets_core.errors import UsageError
from assets_core.model.keys import AssetKey
from assets_core.selection import parse, select, spell

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "selection.md"


def _tables() -> list[tuple[list[str], list[list[str]]]]:
    """Header and rows of each table of the page, cells without blanks."""
    tables: list[tuple[list[str], list[list[str]]]] = []
    previous = ""
    for line in PAGE.read_text().splitlines():
        if line.startswith("|"):
            cells = [cell.strip() for cell in line.strip("|").split("|")]
            if not previous.startswith("|"):
                tables.append((cells, []))
            elif not set(line) <= set("|-"):
                tables[-1][1].append(cells)
        previous = line
    return tables


def _rows(*columns: str) -> list[list[str]]:
    return [row for header, rows in _tables() if header == list(columns) for row in rows]


ASSETS = next(rows for header, rows in _tables() if header[0] == "key")
EXPRESSIONS = [(c.strip("`"), keys) for c, keys in _rows("command", "selects")]
MISTAKES = [
    (c.strip("`"), int(code), message) for c, code, message in _rows("command", "exit", "message")
]


@dataclass(frozen=True)
class PageFacts:
    group: str
    kind: str
    tags: Mapping[str, str]
    owners: tuple[str, ...]
    path: str
    checks: tuple[str, ...]


def _list(cell: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in cell.split(",") if part.strip())


def _facts(row: Sequence[str]) -> PageFacts:
    _, _, group, kind, tags, owners, path, checks, _ = row
    pairs = {k: v for k, _, v in (tag.partition("=") for tag in _list(tags))}
    return PageFacts(group, kind, pairs, _list(owners), path, _list(checks))


class PageProject:
    """The example project of the page: its graph, and its status facts."""

    def __init__(self) -> None:
        self.keys = [AssetKey(row[0].strip("`")) for row in ASSETS]
        self._upstream = [[self.keys.index(AssetKey(u)) for u in _list(row[1])] for row in ASSETS]
        self._facts = [_facts(row) for row in ASSETS]
        self._status = [row[-1] for row in ASSETS]

    def upstream(self, index: int) -> Sequence[int]:
        return self._upstream[index]

    def downstream(self, index: int) -> Sequence[int]:
        return [i for i, upstream in enumerate(self._upstream) if index in upstream]

    def facts_of(self, index: int) -> PageFacts:
        return self._facts[index]

    def with_status(self, status: str) -> Sequence[int]:
        return [i for i, own in enumerate(self._status) if own == status]


def _argv(command: str, folder: Path) -> list[str]:
    """What bash hands to the program, in a folder where an unquoted glob of the page would expand."""
    for name in ("flights.csv", "staging/orders.sql", "scorecard.md", "raw/dump"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).touch()
    arguments = command.removeprefix("assets ls").strip()
    script = f"printf '%s\\0' {arguments}" if arguments else ":"
    done = subprocess.run(["bash", "-c", script], cwd=folder, capture_output=True, check=True)
    return done.stdout.decode().split("\0")[:-1]


def _selected(command: str, folder: Path) -> list[str]:
    texts, exclude = [], []
    arguments = iter(_argv(command, folder))
    for argument in arguments:
        if argument == "--exclude":
            exclude.append(next(arguments))
        else:
            texts.append(argument)
    project = PageProject()
    exists = lambda name: os.path.lexists(folder / name)  # noqa: E731, PTH
    chosen = select(texts, exclude, project, project, is_file=exists)
    return [str(project.keys[i]) for i in chosen]


@pytest.mark.parametrize(("command", "keys"), EXPRESSIONS)
def test_the_page_says_what_a_command_selects(command: str, keys: str, tmp_path: Path) -> None:
    everything = [row[0].strip("`") for row in ASSETS]
    expected = everything if keys == "everything" else keys.split()
    assert _selected(command, tmp_path) == expected


@pytest.mark.parametrize(("command", "exit_code", "message"), MISTAKES)
def test_the_page_says_what_goes_wrong(
    command: str, exit_code: int, message: str, tmp_path: Path
) -> None:
    with pytest.raises(UsageError) as caught:
        _selected(command, tmp_path)
    assert caught.value.message.splitlines()[0] == message
    assert caught.value.exit_code == exit_code


@pytest.mark.parametrize("command", [command for command, _ in EXPRESSIONS if "--" not in command])
def test_every_expression_of_the_page_survives_spelling(command: str, tmp_path: Path) -> None:
    text = " ".join(_argv(command, tmp_path))
    if text:
        assert parse(spell(parse(text))) == parse(text)


def test_the_page_shows_every_operator_and_method() -> None:
    shown = " ".join(command for command, _ in EXPRESSIONS)
    for sign in [" or ", " and ", "not ", ",", "(", "+", "@", "roots(", "sinks(", "--exclude", '"']:
        assert sign in shown
    methods = set(re.findall(r"\b([a-z]+):", shown))
    assert methods >= {"key", "tag", "group", "owner", "kind", "path", "status", "check"}

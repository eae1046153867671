"""Completion in a bash that has nothing but what every bash has."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from assets_core.cli.completion import BASH
from tests.faces.command import ASSETS, environment


def offered(folder: Path, line: str) -> list[str]:
    script = (
        BASH
        + 'COMP_LINE=$1 COMP_POINT=${#1}; _assets_complete 2>/dev/null; printf "%s\\n" "${COMPREPLY[@]}"'
    )
    done = subprocess.run(
        ["bash", "--norc", "--noprofile", "-c", script, "bash", line],
        cwd=folder,
        env=environment() | {"PATH": f"{ASSETS.parent}:/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.stdout.split()


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("assets mater", ["materialize"]),
        ("assets plan status:r", ["running"]),  # bash replaces only what stands behind the colon
        ("assets partitions x --status r", ["running"]),
        ("assets completion ", ["bash", "fish", "zsh"]),
    ],
)
def test_words_are_split_at_spaces_alone(tmp_path: Path, line: str, words: list[str]) -> None:
    assert offered(tmp_path, line) == words

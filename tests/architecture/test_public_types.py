"""Every export has a type of its own for both type checkers: users get help from their editor, never ``Any``."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import assets_core
from tests.architecture.tree import ROOT

REVEALING = "revealing.py"
CACHE = ROOT / ".mypy_cache" / "exports"
"""Kept from run to run, and not shared with a check of other options."""


def ask_for_every_type(folder: Path) -> Path:
    """A file that asks a type checker for the type of every export."""
    names = getattr(assets_core, "__all__", ())
    lines = ["import assets_core", *(f"reveal_type(assets_core.{name})" for name in names)]
    path = folder / REVEALING
    path.write_text("\n".join(lines if names else []))
    return path


def vague(messages: list[str]) -> list[str]:
    return [m for m in messages if '"Any"' in m or '"Unknown"' in m or "partially unknown" in m]


def test_mypy_knows_every_export(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(CACHE)]
    command += ["--config-file", "", "--no-error-summary"]
    command.append(str(ask_for_every_type(tmp_path)))
    done = subprocess.run(
        command,
        cwd=tmp_path,
        env={"MYPYPATH": str(ROOT), "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    lines = done.stdout.splitlines()
    assert [line for line in lines if REVEALING in line and ": error:" in line] == []
    assert vague(lines) == []
    assert len(lines) >= len(getattr(assets_core, "__all__", ()))


@pytest.fixture(scope="module")
def pyright(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, str]]:
    """What pyright says of a file that asks for every type, and of one with a misspelled import: one run for both."""
    folder = tmp_path_factory.mktemp("pyright")
    ask_for_every_type(folder)
    (folder / "typo.py").write_text("from assets_core import materialise\nprint(materialise)\n")
    settings = {"extraPaths": [str(ROOT)], "typeCheckingMode": "strict"}
    (folder / "pyrightconfig.json").write_text(json.dumps(settings))
    command = [sys.executable, "-m", "pyright", "--pythonpath", sys.executable, "--outputjson"]
    done = subprocess.run(
        [*command, "-p", str(folder)], cwd=folder, capture_output=True, text=True, check=False
    )
    diagnostics: list[dict[str, str]] = json.loads(done.stdout)["generalDiagnostics"]
    return diagnostics


def test_pyright_knows_every_export(pyright: list[dict[str, str]]) -> None:
    found = [d for d in pyright if Path(d["file"]).name == REVEALING]
    assert [d["message"] for d in found if d["severity"] == "error"] == []
    revealed = [d["message"] for d in found if d["severity"] == "information"]
    assert vague(revealed) == []
    assert len(revealed) == len(getattr(assets_core, "__all__", ()))


def test_a_misspelled_import_is_an_error_for_the_type_checker(
    pyright: list[dict[str, str]],
) -> None:
    said = [d["message"] for d in pyright if Path(d["file"]).name == "typo.py"]
    assert any("unknown import symbol" in message for message in said)

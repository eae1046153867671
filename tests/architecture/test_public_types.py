"""Every export has a type of its own for both type checkers: users get help from their editor, never ``Any``."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import assets_core
from tests.architecture.tree import ROOT


@pytest.fixture
def revealing(tmp_path: Path) -> Path:
    """A file that asks a type checker for the type of every export."""
    names = getattr(assets_core, "__all__", ())
    lines = ["import assets_core", *(f"reveal_type(assets_core.{name})" for name in names)]
    path = tmp_path / "revealing.py"
    path.write_text("\n".join(lines if names else []))
    return path


def vague(messages: list[str]) -> list[str]:
    return [m for m in messages if '"Any"' in m or '"Unknown"' in m or "partially unknown" in m]


def test_mypy_knows_every_export(revealing: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(tmp_path / "cache")]
    command += ["--config-file", "", "--no-error-summary", str(revealing)]
    done = subprocess.run(
        command,
        cwd=tmp_path,
        env={"MYPYPATH": str(ROOT), "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    lines = done.stdout.splitlines()
    assert [line for line in lines if "revealing.py" in line and ": error:" in line] == []
    assert vague(lines) == []
    assert len(lines) >= len(getattr(assets_core, "__all__", ()))


def pyright(tmp_path: Path, name: str) -> list[dict[str, str]]:
    settings = {
        "extraPaths": [str(ROOT)],
        "typeCheckingMode": "strict",
        "include": [name],
    }
    (tmp_path / "pyrightconfig.json").write_text(json.dumps(settings))
    command = [sys.executable, "-m", "pyright", "--pythonpath", sys.executable, "--outputjson"]
    done = subprocess.run(
        [*command, "-p", str(tmp_path)], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    diagnostics: list[dict[str, str]] = json.loads(done.stdout)["generalDiagnostics"]
    return diagnostics


def test_pyright_knows_every_export(revealing: Path, tmp_path: Path) -> None:
    found = pyright(tmp_path, revealing.name)
    assert [d["message"] for d in found if d["severity"] == "error"] == []
    revealed = [d["message"] for d in found if d["severity"] == "information"]
    assert vague(revealed) == []
    assert len(revealed) == len(getattr(assets_core, "__all__", ()))


def test_a_misspelled_import_is_an_error_for_the_type_checker(tmp_path: Path) -> None:
    (tmp_path / "typo.py").write_text("from assets_core import materialise\nprint(materialise)\n")
    assert any("unknown import symbol" in d["message"] for d in pyright(tmp_path, "typo.py"))

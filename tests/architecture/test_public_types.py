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
    body = "\n".join(f"reveal_type(assets_core.{name})" for name in names)
    path = tmp_path / "revealing.py"
    path.write_text(f"import assets_core\n{body}\n")
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


def test_pyright_knows_every_export(revealing: Path, tmp_path: Path) -> None:
    settings = {
        "extraPaths": [str(ROOT)],
        "typeCheckingMode": "strict",
        "include": ["revealing.py"],
    }
    (tmp_path / "pyrightconfig.json").write_text(json.dumps(settings))
    command = [sys.executable, "-m", "pyright", "--pythonpath", sys.executable, "--outputjson"]
    done = subprocess.run(
        [*command, "-p", str(tmp_path)], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    found = json.loads(done.stdout)["generalDiagnostics"]
    assert [d["message"] for d in found if d["severity"] == "error"] == []
    revealed = [d["message"] for d in found if d["severity"] == "information"]
    assert vague(revealed) == []
    assert len(revealed) == len(getattr(assets_core, "__all__", ()))

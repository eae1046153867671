"""What users install: the four packages, whole, and nothing else."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.architecture.tree import PACKAGES, ROOT, files, shown


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    folder: Path = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    [built] = folder.glob("*.whl")
    with zipfile.ZipFile(built) as opened:
        return opened


def test_the_wheel_holds_exactly_the_four_packages(wheel: zipfile.ZipFile) -> None:
    packed = {name for name in wheel.namelist() if ".dist-info/" not in name}
    assert packed == {shown(path) for path in files(*PACKAGES)}


def test_every_package_is_marked_as_typed(wheel: zipfile.ZipFile) -> None:
    assert {f"{package}/py.typed" for package in PACKAGES} <= set(wheel.namelist())


def test_only_known_kinds_of_files_are_shipped(wheel: zipfile.ZipFile) -> None:
    kinds = {Path(name).suffix for name in wheel.namelist() if ".dist-info/" not in name}
    assert kinds <= {".py", ".typed", ".json", ".sql", ".txt", ".md"}


def test_the_command_and_the_adapters_are_registered(
    tmp_path: Path, wheel: zipfile.ZipFile
) -> None:
    with zipfile.ZipFile(str(wheel.filename)) as opened:
        [name] = [n for n in opened.namelist() if n.endswith("/entry_points.txt")]
        text = opened.read(name).decode()
        metadata = opened.read(name.replace("entry_points.txt", "METADATA")).decode()
    assert "assets = assets_core.cli:main" in text
    assert "Requires-Python: >=3.11" in metadata
    assert "License-Expression: Apache-2.0" in metadata

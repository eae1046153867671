"""The first commands of a new user: our wheel in an environment of its own, without the source tree and the network.

The dependencies are those of the environment that runs the tests, put last on the path by a ``.pth`` file; what that
names is not searched for further such files, so the source tree that is installed there stays out.
"""

from __future__ import annotations

import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

from tests.architecture.tree import ROOT
from tests.faces.command import environment

# Every process of the environment runs this first, workers included.
NO_NETWORK = """
import sys

def refuse(event, arguments):
    if event == "socket.getaddrinfo" or event == "socket.connect" and isinstance(arguments[1], tuple):
        raise OSError(f"the network was wanted: {event} {arguments[1:]}")

sys.addaudithook(refuse)
"""
WITHOUT_A_NETWORK = 'import socket; socket.create_connection(("127.0.0.1", 9))'


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the programs of an environment that has the wheel."""
    folder = tmp_path_factory.mktemp("installed")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    [wheel] = folder.glob("*.whl")
    venv.create(folder / "venv", with_pip=False)
    python = folder / "venv" / "bin" / "python"
    install = ["uv", "pip", "install", "--offline", "--no-index", "--no-deps", "--python"]
    argv = [sys.executable, "-m", *install, str(python), str(wheel)]
    subprocess.run(argv, check=True, capture_output=True)
    [packages] = folder.glob("venv/lib/python*/site-packages")
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    (packages / "sitecustomize.py").write_text(NO_NETWORK)
    return python.parent


def run(argv: list[str], folder: Path) -> str:
    """What a command that succeeds prints on stdout."""
    done = subprocess.run(
        argv,
        cwd=folder,
        env=environment(),
        capture_output=True,
        timeout=150,
        check=False,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_environment_holds_the_wheel_and_no_network(installed: Path, tmp_path: Path) -> None:
    where = "import assets_core, checks; print(assets_core.__file__, checks.__file__)"
    for file in run([str(installed / "python"), "-c", where], tmp_path).split():
        assert Path(file).is_relative_to(installed.parent)
    argv = [str(installed / "python"), "-c", WITHOUT_A_NETWORK]
    done = subprocess.run(argv, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "the network was wanted" in done.stderr


def first_commands(assets: str, folder: Path) -> None:
    """Plan, materialize, and find nothing left to do."""
    planned = run([assets, "plan"], folder)
    assert "16" in planned
    assert "Nothing to do" not in planned
    run([assets, "materialize"], folder)
    assert run([assets, "plan"], folder) == "Nothing to do: 16 current.\n"


def test_the_first_commands_work_in_a_new_folder(installed: Path, tmp_path: Path) -> None:
    assets = str(installed / "assets")
    run([assets, "init", "demo"], tmp_path)
    first_commands(assets, tmp_path / "demo")


def test_the_first_commands_work_in_a_folder_with_files(installed: Path, tmp_path: Path) -> None:
    mine = {"pyproject.toml": '[project]\nname = "x"\n', "notes.txt": "mine", ".gitignore": "*.o\n"}
    for name, text in mine.items():
        (tmp_path / name).write_text(text)
    assets = str(installed / "assets")
    run([assets, "init"], tmp_path)
    first_commands(assets, tmp_path)
    assert {name: (tmp_path / name).read_text() for name in mine} == mine

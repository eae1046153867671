"""Which file configures a project, and what is said where none or two do."""

from __future__ import annotations

from pathlib import Path

import pytest

from assets_core.errors import ConfigError, Place
from assets_core.settings import ConfigFile, find_config, project_settings, read_settings


def _write(folder: Path, name: str, text: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text)
    return folder / name


def test_the_nearest_file_upward_configures_the_project(tmp_path: Path) -> None:
    _write(tmp_path, "assets.toml", 'module = "outer"')
    _write(tmp_path / "inner", "pyproject.toml", '[tool.assets]\nmodule = "inner"')
    _write(tmp_path / "inner" / "deep", "pyproject.toml", '[project]\nname = "no-assets-here"')
    settings = project_settings(tmp_path / "inner" / "deep", environ={})
    assert settings.module == ("inner",)
    assert settings.root == tmp_path / "inner"


def test_other_peoples_broken_pyproject_is_passed_over(tmp_path: Path) -> None:
    _write(tmp_path, "assets.toml", "")
    _write(tmp_path / "sub", "pyproject.toml", "this is = not [toml")
    found = find_config(tmp_path / "sub")
    assert found is not None
    assert found.path == tmp_path / "assets.toml"


def test_no_project_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        project_settings(tmp_path, environ={})
    assert str(caught.value) == (
        "E401: there is no project here or in a folder above; "
        "create one with `assets init`, or name its folder with -C"
    )


def test_two_files_in_one_folder_are_an_error_that_names_both(tmp_path: Path) -> None:
    _write(tmp_path, "assets.toml", "")
    _write(tmp_path, "pyproject.toml", "[project]\n\n[tool.assets]\n")
    with pytest.raises(ConfigError) as caught:
        find_config(tmp_path)
    error = caught.value
    assert str(error) == (
        "E402: both `assets.toml` and [tool.assets] in `pyproject.toml` configure this project "
        "(pyproject.toml:3:7); keep one of them"
    )
    assert error.notes == (("the other is `assets.toml`", Place("assets.toml")),)


BROKEN = [
    (b"jobs = \n", "E403: `assets.toml` is not valid TOML: invalid value (assets.toml:1:8)"),
    (
        b"jobs = 1\njobs = 2\n",
        "E403: `assets.toml` is not valid TOML: cannot overwrite a value (assets.toml:2:9)",
    ),
    (b'a = "\xff"\n', "E403: `assets.toml` is not UTF-8 text (assets.toml:1)"),
]


@pytest.mark.parametrize(("raw", "message"), BROKEN)
def test_a_broken_file_is_located(raw: bytes, message: str, tmp_path: Path) -> None:
    (tmp_path / "assets.toml").write_bytes(raw)
    with pytest.raises(ConfigError) as caught:
        find_config(tmp_path)
    assert str(caught.value) == message


def test_a_folder_in_the_place_of_the_file_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "assets.toml").mkdir()
    with pytest.raises(ConfigError) as caught:
        find_config(tmp_path)
    assert str(caught.value) == "E403: `assets.toml` cannot be read: Is a directory (assets.toml)"


def test_a_worker_opens_the_named_file(tmp_path: Path) -> None:
    path = _write(tmp_path, "pyproject.toml", '[tool.assets]\nmodule = ["a", "b"]')
    assert read_settings(ConfigFile.open(path), environ={}).module == ("a", "b")
    other = _write(tmp_path, "other.toml", "[assets]\n")
    with pytest.raises(ConfigError) as caught:
        ConfigFile.open(other)
    assert caught.value.code == "E401"


def test_definitions_without_a_project_have_default_settings(tmp_path: Path) -> None:
    settings = read_settings(None, environ={}, root=tmp_path)
    assert settings.file is None
    assert settings.home == tmp_path / ".assets"
    assert settings.module == ()

"""Loading a project: what is walked, what is read when, what goes wrong, and loading again in the same process."""

from __future__ import annotations

import importlib.resources
import inspect
import json
import os
import subprocess
import sys
import traceback
from pathlib import Path
from typing import Any

import pytest

from assets_core.declare.loader import load_project, unload
from assets_core.errors import AssetsError, DefinitionError

REPOSITORY = Path(__file__).parents[3]


def failure(shop: Any, files: dict[str, str | bytes], **options: Any) -> AssetsError:
    """The error that loading these files gives; nothing of the project stays behind."""
    shop.write(files)
    path, finders = list(sys.path), list(sys.meta_path)
    with pytest.raises(AssetsError) as caught:
        load_project(shop.root, options.pop("module", "shop"), **options)
    assert (sys.path, sys.meta_path) == (path, finders)
    assert not [name for name in sys.modules if name.partition(".")[0] in ("shop", "tools")]
    return caught.value


def shown(error: AssetsError) -> list[str]:
    """The error as its parts, one a line."""
    notes = [f"note: {text} {place}" for text, place in error.notes]
    return [f"{error.code}: {error.message}", f"--> {error.place}", *notes, f"help: {error.help}"]


def test_the_package_is_walked_without_tests(shop: Any) -> None:
    names = [
        "b",
        "a",
        "deep/__init__",
        "deep/inner",
        "plain/leaf",
        "conftest",
        "__main__",
        "tests/__init__",
        "tests/x",
    ]
    shop.write(
        {f"shop/{name}.py": "" for name in names}
        | {"shop/data/rows.csv": "", "shop/not-a-module.py": "1/0"}
    )
    project = shop.load()
    assert list(project.modules) == [
        "shop",
        "shop.a",
        "shop.b",
        "shop.deep",
        "shop.deep.inner",
        "shop.plain.leaf",
    ]
    assert project.modules["shop.deep"].is_package
    assert project.modules["shop.a"].path == shop.root.resolve() / "shop/a.py"


def test_a_module_of_one_file_and_a_list_of_modules(shop: Any) -> None:
    shop.write({"one.py": "x = 1", "two/__init__.py": "", "two/three.py": "y = 2"})
    project = load_project(shop.root, ["one", "two.three"])
    shop.loaded.append(project)
    assert set(project.modules) == {"one", "two", "two.three"}
    assert project.objects["two.three"].y == 2


def test_a_module_beside_the_package_is_the_project_s_once_it_is_imported(shop: Any) -> None:
    shop.write({"shop/a.py": "import tools", "tools.py": "import json", "unused.py": "1/0"})
    project = shop.load()
    assert set(project.modules) == {"shop", "shop.a", "tools"}
    assert project.display(project.modules["tools"].path) == "tools.py"
    assert project.display("/elsewhere/tools.py") is None


def test_a_folder_without_init_beside_the_package_is_the_project_s_too(
    shop: Any, monkeypatch: Any
) -> None:
    shop.write(
        {
            "shop/a.py": "import gear.deep.x, gear.y",
            "gear/deep/x.py": "x = 1",
            ".venv/gear/y.py": "y = 2",
        }
    )
    monkeypatch.syspath_prepend(str(shop.root / ".venv"))
    project = shop.load()
    assert set(project.modules) == {"shop", "shop.a", "gear.deep.x"}
    assert sys.modules["gear.y"].y == 2
    shop.unload()
    assert [name for name in sys.modules if name.startswith("gear")] == ["gear.y"]
    del sys.modules["gear.y"]
    assert not list(shop.root.glob("gear/**/*.pyc"))


def test_no_bytecode_is_read_or_written(shop: Any) -> None:
    shop.write({"shop/a.py": "x = 1"})
    planted = shop.root / "shop/__pycache__" / f"a.{sys.implementation.cache_tag}.pyc"
    planted.parent.mkdir()
    planted.write_bytes(b"planted")
    project = shop.load()
    assert project.objects["shop.a"].x == 1
    assert planted.read_bytes() == b"planted"
    assert list(shop.root.rglob("*.pyc")) == [planted]


def test_bytes_are_read_once_also_for_an_import_that_comes_later(shop: Any) -> None:
    shop.write(
        {"shop/a.py": "def late():\n    import tools\n    return tools.x\n", "tools.py": "x = 1"}
    )
    project = shop.load()
    source = project.source("tools")
    shop.write({"tools.py": "x = 2"})
    assert source is not None
    assert project.objects["shop.a"].late() == 1
    assert project.source("json") is None


def test_a_loaded_module_is_inspected_and_finds_its_resources(shop: Any) -> None:
    shop.write({"shop/a.py": "def f():\n    return 1\n", "shop/rows.csv": "a,b"})
    project = shop.load()
    assert "return 1" in inspect.getsource(project.objects["shop.a"].f)
    assert (importlib.resources.files("shop") / "rows.csv").read_text() == "a,b"


def test_what_a_module_prints_goes_to_stderr(shop: Any, capsys: Any) -> None:
    shop.write({"shop/a.py": "print('hello')"})
    shop.load()
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", "hello\n")


def test_projects_are_loaded_one_after_another(shop: Any, tmp_path: Path) -> None:
    shop.write({"shop/a.py": "import tools\nx = 1", "tools.py": "y = 1"})
    first = shop.load()
    other = type(shop)(tmp_path / "other")
    other.write({"shop/a.py": "import tools\nx = 2", "tools.py": "y = 2"})
    second = other.load()
    assert sys.modules["shop.a"] is second.objects["shop.a"]
    assert [p.objects["shop.a"].x for p in (first, second)] == [1, 2]
    assert [p.objects["shop.a"].tools.y for p in (first, second)] == [1, 2]
    again = shop.load()
    assert again.objects["shop.a"] is not first.objects["shop.a"]
    assert again.digest == first.digest != second.digest
    unload(again)
    assert "shop" not in sys.modules
    assert str(again.import_root) not in sys.path


def test_a_package_that_was_imported_the_usual_way_is_loaded_by_us(
    shop: Any, monkeypatch: Any
) -> None:
    shop.write({"shop/a.py": "x = 1"})
    monkeypatch.syspath_prepend(str(shop.root))
    __import__("shop.a")
    usual = sys.modules["shop.a"]
    project = shop.load()
    assert project.objects["shop.a"] is sys.modules["shop.a"] is not usual


def test_a_worker_that_loads_the_same_project_has_its_digest(shop: Any) -> None:
    shop.write({"shop/a.py": "x = 1"})
    script = """if True:
        import sys
        from assets_core.declare.loader import load_project
        print(load_project(sys.argv[1], "shop").digest)"""
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    run = subprocess.run(
        [sys.executable, "-c", script, str(shop.root)],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout.strip() == shop.load().digest


def test_the_source_folder_is_found(shop: Any) -> None:
    (shop.root / "shop/__init__.py").unlink()
    (shop.root / "shop").rmdir()
    shop.write({"src/shop/a.py": "1/0"})
    assert str(failure(shop, {}).place) == "src/shop/a.py:1:1"


# -- what goes wrong


def test_a_module_that_does_not_exist(shop: Any) -> None:
    message = (
        "E110: the module `shopp` of `[tool.assets]` was not found: there is no `shopp.py` and no folder `shopp` with "
        f"Python files in {shop.root} or its `src`"
    )
    assert shown(failure(shop, {}, module="shopp")) == [
        message,
        "--> None",
        "help: `module` names your package, relative to the folder of the configuration file",
    ]
    assert failure(shop, {}, module="my-shop").code == "E110"


def test_a_syntax_error(shop: Any) -> None:
    error = failure(shop, {"shop/a.py": "x = 1\ndef f(:\n"})
    assert shown(error) == [
        "E111: `shop/a.py` is not valid Python: invalid syntax",
        "--> shop/a.py:2:7",
        "help: None",
    ]
    assert isinstance(error.__cause__, SyntaxError)


def test_a_syntax_error_shows_who_imports_it(shop: Any) -> None:
    error = failure(shop, {"shop/a.py": "from . import b", "shop/b.py": "x = ]"})
    assert shown(error)[1:3] == ["--> shop/b.py:1:5", "note: imported from here shop/a.py:1:1"]


def test_bytes_that_are_no_text(shop: Any) -> None:
    error = failure(shop, {"shop/a.py": b"x = '\xff'\n"})
    assert (error.code, error.place.file if error.place else None) == ("E111", "shop/a.py")
    error = failure(shop, {"shop/a.py": b"x = 1\0\n"})
    assert (error.code, error.place.file if error.place else None) == ("E111", "shop/a.py")


def test_an_exception_at_import(shop: Any) -> None:
    files = {
        "shop/a.py": "from shop.b import f\nx = [f(1),\n     f(0)]\n",
        "shop/b.py": "def f(n):\n    return 1 / n\n",
    }
    error = failure(shop, files)
    assert shown(error) == [
        "E114: importing `shop.b` raised ZeroDivisionError: division by zero",
        "--> shop/b.py:2:12",
        "note: imported from here shop/a.py:3:6",
        "help: a module of assets must import cleanly; -v shows the whole traceback",
    ]
    assert error.place is not None
    assert error.place.length == len("1 / n")
    assert isinstance(error.__cause__, ZeroDivisionError)
    assert "return 1 / n" in "".join(traceback.format_exception(error))


def test_an_exception_of_any_kind_at_import(shop: Any) -> None:
    error = failure(shop, {"shop/a.py": "class Odd(BaseException): pass\nraise Odd"})
    assert shown(error)[:2] == ["E114: importing `shop.a` raised Odd", "--> shop/a.py:2:1"]


def test_an_interrupt_at_import_is_an_interrupt(shop: Any) -> None:
    shop.write({"shop/a.py": "raise KeyboardInterrupt"})
    with pytest.raises(KeyboardInterrupt):
        shop.load()


def test_an_exit_at_import(shop: Any) -> None:
    assert shown(failure(shop, {"shop/a.py": "import sys\nsys.exit(3)"})) == [
        "E115: importing `shop.a` ended the process with sys.exit(3)",
        "--> shop/a.py:2:1",
        'help: move what only a script should do under `if __name__ == "__main__":`',
    ]


def test_an_import_that_hangs(shop: Any) -> None:
    error = failure(
        shop, {"shop/a.py": "import threading\nthreading.Event().wait()\n"}, limit_s=0.2
    )
    assert shown(error)[:2] == [
        "E116: importing `shop.a` took longer than 0.2 s",
        "--> shop/a.py:2:1",
    ]
    assert (
        shown(error)[-1] == "help: do slow work inside an asset, not while its module is imported"
    )


def test_a_package_that_is_not_installed(shop: Any) -> None:
    assert shown(failure(shop, {"shop/a.py": "x = 1\nimport no_such_package.deep\n"})) == [
        "E117: importing `shop.a` failed: no module named 'no_such_package'",
        "--> shop/a.py:2:1",
        "help: install the package that provides `no_such_package`, or correct the import",
    ]


def test_a_name_that_a_module_does_not_have(shop: Any) -> None:
    error = failure(shop, {"shop/a.py": "from tools import nothing", "tools.py": ""})
    assert shown(error)[:2] == [
        "E117: importing `shop.a` failed: cannot import name 'nothing' from 'tools'",
        "--> shop/a.py:1:1",
    ]


def test_a_file_that_cannot_be_read(shop: Any) -> None:
    shop.write({"shop/a.py": ""})
    (shop.root / "shop/a.py").unlink()
    (shop.root / "shop/a.py").symlink_to(shop.root / "shop/a.py")
    error = failure(shop, {})
    assert (error.code, str(error.place)) == ("E118", "shop/a.py")


def test_our_own_errors_pass_as_they_are(shop: Any) -> None:
    text = "from assets_core.errors import DefinitionError\nraise DefinitionError('E103', 'mine')\n"
    error = failure(shop, {"shop/a.py": text})
    assert (error.code, error.message) == ("E103", "mine")


# -- two modules of one name


def test_an_installed_package_of_the_same_name(shop: Any, tmp_path: Path, monkeypatch: Any) -> None:
    installed = tmp_path / ".venv"
    (installed / "shop").mkdir(parents=True)
    (installed / "shop/__init__.py").write_text("")
    monkeypatch.syspath_prepend(str(installed))
    assert shown(failure(shop, {"shop/a.py": "1/0"})) == [
        f"E112: two modules are called `shop`: {shop.root}/shop/__init__.py and {installed}/shop/__init__.py",
        "--> shop/__init__.py",
        "help: rename the project's `shop`, or uninstall the other one (`pip uninstall shop`)",
    ]


def test_an_installed_package_that_hides_a_module_beside_ours(shop: Any) -> None:
    error = failure(shop, {"shop/a.py": "x = 1\nimport json\n", "json.py": ""})
    assert shown(error) == [
        f"E112: two modules are called `json`: {shop.root}/json.py and {json.__file__}",
        "--> shop/a.py:2",
        "help: rename the project's `json`: Python imports the other one here",
    ]


def test_an_error_inside_an_environment_in_the_folder_is_placed_at_the_import(
    shop: Any, monkeypatch: Any
) -> None:
    shop.write({".venv/broken_one.py": "1/0"})
    monkeypatch.syspath_prepend(str(shop.root / ".venv"))
    assert str(failure(shop, {"shop/a.py": "x = 1\nimport broken_one"}).place) == "shop/a.py:2:1"


def test_a_hidden_module_that_nobody_imports_is_no_error(shop: Any) -> None:
    shop.write({"shop/a.py": "import math", "json.py": "1/0"})
    assert set(shop.load().modules) == {"shop", "shop.a"}


@pytest.mark.parametrize("name", ["checks", "materializers", "integrations", "assets_core"])
@pytest.mark.parametrize("form", ["{}.py", "{}/__init__.py", "{}/mine.py"])
def test_a_module_called_like_one_of_ours(shop: Any, name: str, form: str) -> None:
    error = failure(shop, {form.format(name): "", "shop/a.py": ""})
    ours = REPOSITORY / name / "__init__.py"
    mine = shop.root / (name if form.endswith("mine.py") else form.format(name))
    assert shown(error) == [
        f"E113: the project's `{name}` and the package `{name}` of assets-core have the same name: {mine} and {ours}",
        f"--> {mine.relative_to(shop.root)}",
        f"help: rename the project's `{name}`, or move it into your own package",
    ]


def test_a_folder_of_other_files_called_like_one_of_ours_is_no_error(shop: Any) -> None:
    shop.write(
        {
            "checks/rows.sql": "select 1",
            "shop/checks.py": "x = 1",
            "shop/a.py": "from . import checks",
        }
    )
    assert "shop.checks" in shop.load().modules


def test_the_errors_are_definition_errors(shop: Any) -> None:
    assert isinstance(failure(shop, {"shop/a.py": "1/0"}), DefinitionError)

"""Definitions that our loader did not load: scripts, notebook cells, functions made by hand; and live objects."""

# ruff: noqa: E501 - a table reads best with a row on a line

from __future__ import annotations

import linecache
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from assets_core.declare.loader import project_in_place
from assets_core.versioning.fingerprint import Fingerprinter
from assets_core.versioning.parts import CodeFingerprint

REPOSITORY = Path(__file__).parents[3]
SCRIPT = """
from assets_core.declare.loader import project_in_place
from assets_core.versioning.fingerprint import Fingerprinter
from assets_core.versioning.config import config_version
import helpers

LIMIT = 3

def clean(rows):
    return helpers.clean(rows)[:LIMIT]

def build(rows):
    return clean(rows)

if __name__ == "__main__":
    found = Fingerprinter(project_in_place(".")).function(build)
    print(found.version, *(part.name for part in found.parts))
"""


class Notebook:
    """Cells as IPython runs them: each under a name of its own in ``linecache``, all in ``__main__``'s globals."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.globals: dict[str, Any] = {"__name__": "__main__", "__builtins__": __builtins__}
        self.files: list[str] = []

    def run(self, text: str) -> None:
        file = f"<ipython-input-{len(self.files)}-{id(self)}>"
        self.files.append(file)
        linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
        exec(compile(text, file, "exec"), self.globals)

    def fingerprint(self) -> CodeFingerprint:
        return Fingerprinter(project_in_place(self.root)).function(self.globals["build"])

    def version(self) -> str:
        return self.fingerprint().version


@pytest.fixture
def notebook(tmp_path: Path) -> Iterator[Notebook]:
    found = Notebook(tmp_path)
    found.run("LIMIT = 3\nUNUSED = 1\n")
    found.run("def clean(rows):\n    return rows[:LIMIT]\n")
    found.run("def build(rows):\n    return clean(rows)\n")
    yield found
    for file in found.files:
        del linecache.cache[file]


def test_names_lead_from_cell_to_cell(notebook: Notebook) -> None:
    names = [part.name for part in notebook.fingerprint().parts]
    assert names == ["__main__.LIMIT", "__main__.LIMIT=", "__main__.build", "__main__.clean"]


def test_a_cell_run_again_changes_nothing(notebook: Notebook) -> None:
    before = notebook.version()
    notebook.run("def clean(rows):\n    '''Documented.'''\n    return rows[:LIMIT]  # why\n")
    notebook.run("LIMIT = 3\n")
    notebook.run("UNUSED = 2\nprint(build)\n")
    assert notebook.version() == before


@pytest.mark.parametrize(
    "cell",
    [
        "LIMIT = 4\n",
        "def clean(rows):\n    return rows\n",
        "def clean(rows, n=1):\n    return rows[:LIMIT]\n",
        "from math import floor as clean\n",
        "class clean:\n    def __init__(self, rows): pass\n",
        "import os\ndef clean(rows):\n    return rows[:LIMIT]\nos.environ.get('x')\n",
    ],
)
def test_a_cell_that_replaces_a_name_counts(notebook: Notebook, cell: str) -> None:
    before = notebook.version()
    notebook.run(cell)
    assert notebook.version() != before


def test_a_class_of_another_cell_counts_with_and_without_methods(notebook: Notebook) -> None:
    notebook.run("class Row:\n    limit: int = 1\n")
    notebook.run("class Cleaner:\n    def clean(self): return 1\n")
    notebook.run("def build(rows):\n    return Row(), Cleaner().clean()\n")
    first = notebook.version()
    notebook.run("class Row:\n    limit: int = 2\n")
    second = notebook.version()
    notebook.run("class Cleaner:\n    def clean(self): return 2\n")
    assert len({first, second, notebook.version()}) == 3


def test_a_factory_in_a_cell_counts_by_its_cells(notebook: Notebook) -> None:
    notebook.run("def make(n):\n    def built(): return n\n    return built\nbuild = make(1)\n")
    first = notebook.version()
    notebook.run("build = make(2)\n")
    assert notebook.version() != first


def run_script(folder: Path) -> list[str]:
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY), "PYTHONDONTWRITEBYTECODE": "1"}
    run = subprocess.run(
        [sys.executable, "script.py"],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return run.stdout.split()


def test_a_script_follows_the_modules_beside_it(tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text(SCRIPT)
    (tmp_path / "helpers.py").write_text("def clean(rows): return rows\n")
    version, *names = run_script(tmp_path)
    assert names == [
        "__main__.LIMIT",
        "__main__.LIMIT=",
        "__main__.build",
        "__main__.clean",
        "helpers.clean",
    ]
    (tmp_path / "script.py").write_text(SCRIPT.replace("print(found", "print(  found"))
    assert run_script(tmp_path)[0] == version
    (tmp_path / "helpers.py").write_text("def clean(rows): return rows[1:]\n")
    assert run_script(tmp_path)[0] != version


# -- live objects of a loaded project


def live(shop: Any, text: str) -> CodeFingerprint:
    shop.write({"shop/orders.py": "import functools, types\n" + text})
    found: CodeFingerprint = shop.fingerprint()
    return found


@pytest.mark.parametrize(
    "text",
    [
        "def f(n, k): return EDIT\nbuild = functools.partial(f, k=1)\n",
        "def f(n, k): return n\nbuild = functools.partial(f, k=EDIT)\n",
        "@functools.lru_cache\ndef build(n): return EDIT\n",
        "class Made:\n    def __init__(self, n): self.n = n\n    def __call__(self): return EDIT\nbuild = Made(1)\n",
        "class Made:\n    def __init__(self, n): self.n = n\n    def __call__(self): return 1\nbuild = Made(EDIT)\n",
        "class Made:\n    def run(self): return EDIT\nbuild = Made().run\n",
        "class Made:\n    @classmethod\n    def run(cls): return EDIT\nbuild = Made.run\n",
        "class Made:\n    @staticmethod\n    def run(): return EDIT\nbuild = Made.run\n",
        "build = lambda n: EDIT\n",
        "def make(*steps):\n    def built(n):\n        for step in steps: n = step(n)\n    return built\ndef f(n): return EDIT\nbuild = make(len, f)\n",
        "def make(step):\n    def built(n): return step(n)\n    return built\nbuild = make(lambda n: EDIT)\n",
        "def make(n):\n    def built(m=n): return m\n    return built\nbuild = make(EDIT)\n",
        "class Made:\n    def run(self): return EDIT\ndef make(thing):\n    def built(): return thing.run()\n    return built\nbuild = make(Made())\n",
        "class Made:\n    def __init__(self, n): self.n = n\ndef make(thing):\n    def built(): return thing\n    return built\nbuild = make(Made(EDIT))\n",
        "import fractions\ndef make(thing):\n    def built(): return thing\n    return built\nbuild = make(fractions.Fraction(EDIT))\n",
        "import array\ndef make(thing):\n    def built(): return thing\n    return built\nbuild = make(array.array('i', [EDIT]))\n",
    ],
)  # fmt: skip
def test_what_a_live_callable_holds_counts(shop: Any, text: str) -> None:
    first, same = (
        live(shop, text.replace("EDIT", "1")),
        live(shop, "# moved\n" + text.replace("EDIT", "1")),
    )
    assert first.version == same.version
    assert live(shop, text.replace("EDIT", "2")).version != first.version


def test_a_lock_or_logger_in_a_closure_does_not_make_every_file_count(shop: Any) -> None:
    text = "import logging, threading\ndef make(lock, log):\n    def built(): return lock, log\n    return built\n"
    text += "build = make(threading.Lock(), logging.getLogger('x'))\n"
    first = live(shop, text)
    assert live(shop, text + "def other(): return 1\n").version == first.version


def test_a_function_of_a_library_counts_by_its_name(shop: Any) -> None:
    first = live(shop, "from textwrap import dedent as build\n")
    assert live(shop, "from textwrap import indent as build\n").version != first.version
    assert [part.name for part in first.parts] == ["textwrap.dedent"]


def test_the_function_that_a_partial_of_a_partial_wraps_is_named(shop: Any) -> None:
    text = "def f(n, k): return n\nbuild = functools.partial(functools.partial(f, 1), 2)\n"
    assert "shop.orders.f" in [part.name for part in live(shop, text).parts]

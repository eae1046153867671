"""The table of edits across modules: imports in all forms, effects of imported modules, what every file means.

Each row is executed like those of the other table. ``files`` hold the project, ``edit`` replaces one text in one file.
"""

# ruff: noqa: E501 - a table reads best with a row on a line

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from assets_core.errors import AssetsError
from assets_core.versioning.fingerprint import Fingerprinter
from assets_core.versioning.parts import CodePart, changed_parts, volatile_error, volatile_parts

CHANGED, SAME = "changed", "same"
ASSET = "from assets_core.declare.assets import asset\n"
USES = ASSET + "{imports}\n@asset\ndef build(rows):\n    return {body}\n"
HELPERS = "def clean(n): return 1\ndef other(n): return 1\n"


class Row(NamedTuple):
    name: str
    expected: str
    files: dict[str, str]
    edit: tuple[str, str, str]


def uses(imports: str, body: str, **files: str) -> dict[str, str]:
    """``shop/orders.py`` with these imports and body, and other files by their name with ``__`` for ``/``."""
    named = {
        f"{name.replace('__', '/').replace('INIT', '__init__')}.py": text
        for name, text in files.items()
    }
    return {"shop/orders.py": USES.format(imports=imports, body=body), **named}


# fmt: off
IN_CLEAN = ("shop/helpers.py", "clean(n): return 1", "clean(n): return 2")
IN_OTHER = ("shop/helpers.py", "other(n): return 1", "other(n): return 2")
ROWS = [
    Row("from module import name", CHANGED, uses("from shop.helpers import clean", "clean(rows)", shop__helpers=HELPERS), IN_CLEAN),
    Row("from module import name, another edited", SAME, uses("from shop.helpers import clean", "clean(rows)", shop__helpers=HELPERS), IN_OTHER),
    Row("from . import module", CHANGED, uses("from . import helpers", "helpers.clean(rows)", shop__helpers=HELPERS), IN_CLEAN),
    Row("from . import module, another edited", SAME, uses("from . import helpers", "helpers.clean(rows)", shop__helpers=HELPERS), IN_OTHER),
    Row("from .module import name as alias", CHANGED, uses("from .helpers import clean as c", "c(rows)", shop__helpers=HELPERS), IN_CLEAN),
    Row("import package.module", CHANGED, uses("import shop.helpers", "shop.helpers.clean(rows)", shop__helpers=HELPERS), IN_CLEAN),
    Row("import package.module, another edited", SAME, uses("import shop.helpers", "shop.helpers.clean(rows)", shop__helpers=HELPERS), IN_OTHER),
    Row("import package.module as alias", CHANGED, uses("import shop.helpers as h", "h.clean(rows)", shop__helpers=HELPERS), IN_CLEAN),
    Row("an import inside the function", CHANGED, uses("", "rows", shop__helpers=HELPERS) | {"shop/orders.py": ASSET + "@asset\ndef build(rows):\n    from .helpers import clean\n    return clean(rows)\n"}, IN_CLEAN),
    Row("an import inside the function, another edited", SAME, {"shop/orders.py": ASSET + "@asset\ndef build(rows):\n    import shop.helpers\n    return shop.helpers.clean(rows)\n", "shop/helpers.py": HELPERS}, IN_OTHER),
    Row("a module handed on as an object", CHANGED, uses("from . import helpers", "run(helpers)\ndef run(h): return h.clean(1)", shop__helpers=HELPERS), IN_OTHER),
    Row("a re-exported name", CHANGED, uses("from shop.api import clean", "clean(rows)", shop__helpers=HELPERS, shop__api="from .helpers import clean\n"), IN_CLEAN),
    Row("a re-exported name, another edited", SAME, uses("from shop.api import clean", "clean(rows)", shop__helpers=HELPERS, shop__api="from .helpers import clean\n"), IN_OTHER),
    Row("a name of the package itself", CHANGED, uses("import shop", "shop.clean(rows)", shop__INIT="from .helpers import clean\n", shop__helpers=HELPERS), IN_CLEAN),
    Row("a module outside the package", CHANGED, uses("from tools import clean", "clean(rows)", tools=HELPERS), ("tools.py", "clean(n): return 1", "clean(n): return 2")),
    Row("a module outside the package, first imported when called", CHANGED, {"shop/orders.py": ASSET + "@asset\ndef build(rows):\n    import tools\n    return tools.clean(rows)\n", "tools.py": HELPERS}, ("tools.py", "clean(n): return 1", "clean(n): return 2")),
    Row("a namespace package", CHANGED, uses("from shop.deep import helpers", "helpers.clean(rows)", shop__deep__helpers=HELPERS), ("shop/deep/helpers.py", "clean(n): return 1", "clean(n): return 2")),
    Row("a folder without __init__ beside the package", CHANGED, uses("from tools import helpers", "helpers.clean(rows)", tools__helpers=HELPERS), ("tools/helpers.py", "clean(n): return 1", "clean(n): return 2")),
    Row("a folder without __init__ beside the package, another edited", SAME, uses("from tools.helpers import clean", "clean(rows)", tools__helpers=HELPERS), ("tools/helpers.py", "other(n): return 1", "other(n): return 2")),
    Row("importlib and a folder without __init__", CHANGED, uses("import importlib", "importlib.import_module(rows)", far__away="def f(): return 1\n"), ("far/away.py", "1", "2")),
    Row("a relative import from two levels up", CHANGED, uses("from .deep.mid import run", "run(rows)", shop__helpers=HELPERS, shop__deep__INIT="", shop__deep__mid="from ..helpers import clean\ndef run(n): return clean(n)\n"), IN_CLEAN),
    Row("a type-checking import in a helper's annotation", CHANGED, uses("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from shop.helpers import Kind\ndef run(k: 'Kind'): return k", "run(rows)", shop__helpers="class Kind:\n    size = 1\n"), ("shop/helpers.py", "size = 1", "size = 2")),
    Row("an upstream named in Annotated", SAME, uses("from typing import Annotated\nfrom shop.helpers import raw", "rows") | {"shop/orders.py": ASSET + "from typing import Annotated\nfrom shop.helpers import raw\nfrom assets_core.declare.inputs import Input\n@asset\ndef build(rows: Annotated[list, Input(raw)]):\n    return rows\n", "shop/helpers.py": ASSET + "@asset\ndef raw(): return 1\n"}, ("shop/helpers.py", "return 1", "return 2")),
    Row("an upstream in deps", SAME, {"shop/orders.py": ASSET + "from shop.helpers import raw\n@asset(deps=[raw])\ndef build(rows):\n    return rows\n", "shop/helpers.py": ASSET + "@asset\ndef raw(): return 1\n"}, ("shop/helpers.py", "return 1", "return 2")),
    Row("an asset called as a function", CHANGED, {"shop/orders.py": ASSET + "from shop.helpers import raw\n@asset\ndef build(rows):\n    return raw()\n", "shop/helpers.py": ASSET + "@asset\ndef raw(): return 1\n"}, ("shop/helpers.py", "return 1", "return 2")),
    Row("our decorator re-exported", SAME, {"shop/orders.py": "from shop.api import asset\n@asset(group='a')\ndef build(rows):\n    return rows\n", "shop/api.py": ASSET}, ("shop/orders.py", "'a'", "'b'")),
    Row("a constant of another module", CHANGED, uses("from shop.helpers import LIMIT", "rows[:LIMIT]", shop__helpers="LIMIT = 1\n"), ("shop/helpers.py", "1", "2")),
    Row("a constant through a module", CHANGED, uses("from shop import helpers", "rows[:helpers.LIMIT]", shop__helpers="LIMIT = 1\n"), ("shop/helpers.py", "1", "2")),
    Row("a constant that another module changes", CHANGED, uses("from shop import helpers", "rows[:helpers.LIMIT]", shop__helpers="LIMIT = 1\n", shop__set_up="from shop import helpers\nhelpers.LIMIT = 5\n"), ("shop/set_up.py", "5", "6")),
    Row("a setting read from a file at import", CHANGED, uses("from shop.helpers import LIMIT", "rows[:LIMIT]", shop__helpers="from pathlib import Path\nLIMIT = int((Path(__file__).parent / 'limit.txt').read_text())\n") | {"shop/limit.txt": "1"}, ("shop/limit.txt", "1", "2")),
    Row("a class of another module", CHANGED, uses("from shop.helpers import Kind", "Kind().run()", shop__helpers="class Kind:\n    def run(self): return 1\n"), ("shop/helpers.py", "1", "2")),
    Row("a base of a base in another module", CHANGED, uses("from shop.helpers import Kind\nclass Mine(Kind): pass", "Mine().run()", shop__helpers="class Base:\n    def run(self): return 1\nclass Kind(Base): pass\n"), ("shop/helpers.py", "1", "2")),
    Row("an unknown receiver, its class imported", CHANGED, uses("from shop import helpers", "rows.run()", shop__helpers="class Kind:\n    def run(self): return 1\n"), ("shop/helpers.py", "1", "2")),
    Row("an unknown receiver, a class nobody here imports", SAME, uses("", "rows.run()", shop__helpers="class Kind:\n    def run(self): return 1\n"), ("shop/helpers.py", "1", "2")),
    Row("an unknown receiver in a helper elsewhere", CHANGED, uses("from shop.helpers import run\nclass Kind:\n    def clean(self): return 1", "run(rows)", shop__helpers="def run(k): return k.clean()\n"), ("shop/orders.py", "return 1", "return 2")),
    # effects of imported modules
    Row("an effect of an imported module", CHANGED, uses("import shop.helpers", "rows", shop__helpers="print(1)\n"), ("shop/helpers.py", "1", "2")),
    Row("an effect two imports away", CHANGED, uses("import shop.helpers", "rows", shop__helpers="import shop.deep\n", shop__deep="print(1)\n"), ("shop/deep.py", "1", "2")),
    Row("an effect of a module nobody here imports", SAME, uses("", "rows", shop__helpers="print(1)\n"), ("shop/helpers.py", "1", "2")),
    Row("an effect of the package", CHANGED, uses("", "rows", shop__INIT="print(1)\n"), ("shop/__init__.py", "1", "2")),
    Row("an effect of a module imported when called", CHANGED, {"shop/orders.py": ASSET + "@asset\ndef build(rows):\n    import shop.helpers\n", "shop/helpers.py": "print(1)\n"}, ("shop/helpers.py", "1", "2")),
    Row("an effect of a type-checking import", SAME, uses("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import shop.helpers", "rows", shop__helpers="print(1)\n"), ("shop/helpers.py", "1", "2")),
    Row("a definition of an imported module", SAME, uses("import shop.helpers", "rows", shop__helpers="def f(): return 1\n"), ("shop/helpers.py", "1", "2")),
    Row("an asset made in a loop elsewhere", SAME, {"shop/orders.py": ASSET + "ASSETS = []\n@asset\ndef build(rows):\n    return rows\n@asset\ndef other(rows):\n    return 1\nASSETS.append(other)\n"}, ("shop/orders.py", "return 1", "return 2")),
    Row("an asset in a list that an effect names", SAME, {"shop/orders.py": ASSET + "@asset\ndef build(rows):\n    return rows\n@asset\ndef other(rows):\n    return 1\nASSETS = [build, other]\nfor a in ASSETS: print(a)\n"}, ("shop/orders.py", "return 1", "return 2")),
    Row("a helper in a list that an effect names", CHANGED, {"shop/orders.py": ASSET + "@asset\ndef build(rows):\n    return rows\ndef other(rows):\n    return 1\nHOOKS = [other]\nfor a in HOOKS: a(1)\n"}, ("shop/orders.py", "return 1", "return 2")),
    Row("a script's call of ours", SAME, uses("from assets_core.versioning.config import config_version\nconfig_version({'a': 1})", "rows"), ("shop/orders.py", "'a': 1", "'a': 2")),
    # every file
    Row("importlib", CHANGED, uses("import importlib", "importlib.import_module(rows)", shop__far="def f(): return 1\n"), ("shop/far.py", "1", "2")),
    Row("importlib.util.find_spec", SAME, uses("import importlib.util", "importlib.util.find_spec('numpy')", shop__far="def f(): return 1\n"), ("shop/far.py", "1", "2")),
    Row("importlib that only another function uses", SAME, uses("import importlib\ndef f(): return importlib.import_module('x')", "rows", shop__far="def f(): return 1\n"), ("shop/far.py", "1", "2")),
    Row("importlib and a comment", SAME, uses("import importlib", "importlib.import_module(rows)", shop__far="# one\n"), ("shop/far.py", "one", "two")),
    Row("importlib and a group", SAME, uses("import importlib", "importlib.import_module(rows)", shop__far=ASSET + "@asset(group='a')\ndef f(): return 1\n"), ("shop/far.py", "'a'", "'b'")),
    Row("importlib and a module never imported", CHANGED, uses("import importlib", "importlib.import_module(rows)", far="def f(): return 1\n"), ("far.py", "1", "2")),
    Row("a star import", CHANGED, uses("from shop.helpers import *", "clean(rows)", shop__helpers=HELPERS), IN_OTHER),
    Row("a star import of a library", CHANGED, uses("from math import *", "floor(rows)", shop__helpers=HELPERS), IN_OTHER),
    Row("a helper of a package with a star import", CHANGED, uses("from shop import clean", "clean(rows)", shop__INIT="from shop.helpers import *\n", shop__helpers=HELPERS), IN_OTHER),
    Row("sys.modules", CHANGED, uses("import sys", "sys.modules['shop.far']", shop__far="def f(): return 1\n"), ("shop/far.py", "1", "2")),
    Row("a helper that uses eval", CHANGED, uses("from shop.helpers import run", "run(rows)", shop__helpers="def run(n): return eval(n)\n", shop__far="def f(): return 1\n"), ("shop/far.py", "1", "2")),
    Row("tests are no part of the project", SAME, uses("import importlib", "importlib.import_module(rows)", shop__tests__test_a="def f(): return 1\n"), ("shop/tests/test_a.py", "1", "2")),
]
TYPED = [
    ("a type alias", CHANGED, "type Rows = list[Kind[EDIT]]\ndef build(rows): return Rows\n"),
    ("a type parameter's bound in a helper", SAME, "def helper[T: EDIT](x: T): return x\ndef build(rows): return helper(rows)\n"),
    ("a class in a type parameter's bound", CHANGED, "def helper[T: Kind](x: T): return x\ndef build(rows): return helper(rows)\nclass Kind: size = EDIT\n"),
    ("a method of a generic class", CHANGED, "class Made[T]:\n    def run(self, x: T) -> T: return EDIT\ndef build(rows): return Made[int]().run(rows)\n"),
    ("a constant called like a type parameter", SAME, "T = EDIT\ndef helper[T](x: T): return T\ndef build(rows): return helper(rows)\n"),
]
if sys.version_info >= (3, 12):
    ROWS += [Row(name, expected, {"shop/orders.py": text}, ("shop/orders.py", "EDIT", "7")) for name, expected, text in TYPED]
# fmt: on


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name.replace(" ", "-"))
def test_the_edit_counts_as_the_table_says(row: Row, shop: Any) -> None:
    file, old, new = row.edit
    assert row.files[file].count(old) >= 1
    shop.write({name: text.replace("EDIT", "1") for name, text in row.files.items()})
    before = shop.fingerprint()
    shop.write({file: row.files[file].replace(old, new)})
    after = shop.fingerprint()
    assert ("same" if before.version == after.version else "changed") == row.expected


def test_an_edit_of_the_same_second_and_size_is_seen(shop: Any) -> None:
    files = uses("from shop.helpers import clean", "clean(rows)", shop__helpers=HELPERS)
    shop.write(files)
    before, ran = shop.fingerprint(), shop.load().objects["shop.helpers"].clean(0)
    path: Path = shop.root / "shop/helpers.py"
    status = path.stat()
    shop.write({"shop/helpers.py": HELPERS.replace("return 1", "return 2", 1)})
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert path.stat().st_size == status.st_size
    after = shop.fingerprint()
    assert (ran, shop.load().objects["shop.helpers"].clean(0)) == (1, 2)
    assert before.version != after.version
    assert not list(shop.root.rglob("*.pyc"))


def test_a_change_names_the_function_and_its_new_line(shop: Any) -> None:
    files = uses("from shop.helpers import clean", "clean(rows)", shop__helpers=HELPERS)
    shop.write(files)
    before = shop.fingerprint()
    shop.write({"shop/helpers.py": "# moved\n\n" + HELPERS.replace("return 1", "return 2", 1)})
    (change,) = changed_parts(before.parts, shop.fingerprint().parts)
    assert (change.kind, change.name, change.file, change.line) == (
        "edited",
        "shop.helpers.clean",
        "shop/helpers.py",
        3,
    )


def test_added_and_removed_helpers_are_named_after_the_edit_that_did_it(shop: Any) -> None:
    files = uses("from shop.helpers import clean, other", "clean(rows)", shop__helpers=HELPERS)
    shop.write(files)
    before = shop.fingerprint()
    shop.write({"shop/orders.py": files["shop/orders.py"].replace("clean(rows)", "other(rows)")})
    changes = changed_parts(before.parts, shop.fingerprint().parts)
    assert [(c.kind, c.name) for c in changes] == [
        ("edited", "shop.orders.build"),
        ("added", "shop.helpers.other"),
        ("removed", "shop.helpers.clean"),
    ]


def test_a_value_that_differs_over_equal_bytes_is_volatile(shop: Any) -> None:
    volatile = "import os\nfrom time import perf_counter_ns\nNOW = perf_counter_ns()\n"
    shop.write(uses("from shop.helpers import NOW", "NOW", shop__helpers=volatile))
    planned, worker = shop.fingerprint(), shop.fingerprint()
    assert planned.version != worker.version
    (part,) = volatile_parts(planned.parts, worker.parts)
    error = volatile_error(part)
    assert isinstance(error, AssetsError)
    assert (error.code, str(error.place)) == ("E120", "shop/helpers.py:3")
    assert "`shop.helpers.NOW`" in error.message
    assert [(c.kind, c.name) for c in changed_parts(planned.parts, worker.parts)] == [
        ("value", "shop.helpers.NOW")
    ]


def test_a_value_that_differs_because_of_an_edit_is_not_volatile() -> None:
    planned = (CodePart("a", "a.py", 1, "1"), CodePart("a=", "a.py", 1, "2"))
    worker = (CodePart("a", "a.py", 1, "3"), CodePart("a=", "a.py", 1, "4"))
    assert volatile_parts(planned, worker) == ()
    assert [c.kind for c in changed_parts(planned, worker)] == ["edited"]


def test_a_checkout_elsewhere_has_the_same_versions(shop: Any, tmp_path: Path) -> None:
    files = uses(
        "from shop.helpers import ROOT",
        "ROOT",
        shop__helpers="from pathlib import Path\nROOT = Path(__file__).parent\n",
    )
    shop.write(files)
    here = shop.fingerprint()
    there = type(shop)(tmp_path / "elsewhere")
    there.write(files)
    assert there.fingerprint().version == here.version


def test_a_source_layout_shows_files_from_the_root(shop: Any) -> None:
    (shop.root / "shop/__init__.py").unlink()
    (shop.root / "shop").rmdir()
    shop.write(
        {
            "src/shop/__init__.py": "",
            "src/shop/orders.py": ASSET + "@asset\ndef build(): return 1\n",
        }
    )
    (part,) = shop.fingerprint().parts
    assert (part.name, part.file, part.line) == ("shop.orders.build", "src/shop/orders.py", 3)


def test_options_and_the_load_specification_count(shop: Any) -> None:
    shop.write(uses("", "rows"))
    versions = {
        shop.fingerprint().version,
        shop.fingerprint(options={"materializer": "json"}).version,
        shop.fingerprint(options={"materializer": "json", "batch": 2}).version,
        shop.fingerprint(load_spec=["rows", "DataFrame"]).version,
    }
    assert len(versions) == 4
    first, second = (
        shop.fingerprint(options={"a": 1, "b": 2}),
        shop.fingerprint(options={"b": 2, "a": 1}),
    )
    assert first == second


def test_a_value_that_assets_change_as_they_run_counts_as_it_was_loaded(shop: Any) -> None:
    text = "SEEN = {}\ndef first(): SEEN['a'] = 1\ndef build(): return SEEN.get('a')\n"
    shop.write({"shop/orders.py": text})
    planned = shop.fingerprint()
    project = shop.load()
    fingerprinter = Fingerprinter(project)
    module = project.objects["shop.orders"]
    fingerprinter.function(module.first)
    module.first()
    assert fingerprinter.function(module.build) == planned

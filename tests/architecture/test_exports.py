"""The flat public namespace: every name resolves, to the thing it names, whatever was imported before."""

from __future__ import annotations

import importlib
import subprocess
import sys
from types import ModuleType

import assets_core
from tests.architecture.tree import PACKAGES, ROOT, modules

PUBLIC: list[str] = list(getattr(assets_core, "__all__", ()))


def test_every_submodule_of_every_package_can_be_imported() -> None:
    for package in PACKAGES:
        for name in modules(package):
            importlib.import_module(name)


def test_exports_are_the_same_objects_after_every_submodule_was_imported() -> None:
    before = {name: getattr(assets_core, name) for name in PUBLIC}
    for name in modules("assets_core"):
        importlib.import_module(name)
    changed = [name for name in PUBLIC if getattr(assets_core, name) is not before[name]]
    assert changed == []


def test_exports_resolve_in_an_interpreter_that_imported_every_submodule_first() -> None:
    imports = "\n".join(f"import {name}" for name in modules("assets_core"))
    code = (
        f"{imports}\nfrom types import ModuleType\nimport assets_core as a\n"
        "print([n for n in getattr(a, '__all__', ()) if isinstance(getattr(a, n), ModuleType)])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.stdout.strip(), done.stderr) == ("[]", "")


def test_every_export_is_what_its_defining_module_calls_by_that_name() -> None:
    for name in PUBLIC:
        value = getattr(assets_core, name)
        home = getattr(value, "__module__", None)
        if isinstance(value, ModuleType) or home is None or not hasattr(value, "__qualname__"):
            continue
        assert getattr(sys.modules[home], value.__qualname__) is value, name


def test_no_submodule_bears_the_name_of_an_export() -> None:
    children = {name.split(".")[1] for name in modules("assets_core") if "." in name}
    assert children & set(PUBLIC) == set()


def test_exports_are_sorted_unique_and_listed_by_dir() -> None:
    assert len(set(PUBLIC)) == len(PUBLIC)
    assert set(PUBLIC) <= set(dir(assets_core))


def test_an_unknown_name_is_an_attribute_error() -> None:
    assert not hasattr(assets_core, "no_such_export")

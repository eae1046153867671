"""What people see when their project is wrong: every message whole, with its exit code."""

from __future__ import annotations

from pathlib import Path

import pytest

import checks
from tests.faces.command import Command

CYCLE = """\
error[E107]: assets depend on each other in a cycle: `first` reads `second`, which reads `first`
  --> shop/a.py:6:11
 6 | def first(second: int) -> int:
   |           ^^^^^^
note: `second` reads `first`
  --> shop/a.py:11:12
11 | def second(first: int) -> int:
   |            ^^^^^
help: remove one of these dependencies
"""
AMBIGUOUS = """\
error[E104]: asset `report` depends on `rows`, which can mean `x/rows` or `y/rows`
  --> shop/c.py:6:12
 6 | def report(rows: int) -> int:
   |            ^^^^
note: `x/rows` is defined here
  --> shop/a.py:6:5
 6 | def rows() -> int:
   |     ^^^^
note: `y/rows` is defined here
  --> shop/b.py:6:5
 6 | def rows() -> int:
   |     ^^^^
help: write the whole key: `Annotated[..., Input("x/rows")]`
"""
DUPLICATE = """\
error[E105]: two definitions have the key `rows`
  --> shop/b.py:6:5
 6 | def rows() -> int:
   |     ^^^^
note: the other one
  --> shop/a.py:6:5
 6 | def rows() -> int:
   |     ^^^^
help: rename one of them, or give it a `prefix`
"""
LOST = """\
error[E106]: the asset `x` is created here, but no module-level name holds it, so it would not exist
  --> shop/a.py:8:9
 8 |     def made() -> int:
   |         ^^^^
help: put it in a list: a module-level list, tuple or dict is searched for definitions
"""
IMPORT = """\
error[E117]: importing `shop.a` failed: no module named 'nothing_of_that_name'
  --> shop/a.py:1:1
 1 | import nothing_of_that_name
   | ^^^^^^^^^^^^^^^^^^^^^^^^^^^
help: install the package that provides `nothing_of_that_name`, or correct the import
"""
EXIT = """\
error[E115]: importing `shop.a` ended the process with sys.exit(3)
  --> shop/a.py:3:1
 3 | sys.exit(3)
   | ^^^^^^^^^^^
help: move what only a script should do under `if __name__ == "__main__":`
"""
ANNOTATION = """\
error[E109]: the parameter `rows` of `two` is `*rows`, which can't be matched with upstreams
  --> shop/a.py:11:10
11 | def two(*rows: int) -> int:
   |          ^^^^
help: name each upstream as a parameter, or list it in `deps`
"""
SHADOWED = """\
error[E113]: the project's `checks` and the package `checks` of assets-core have the same name: \
<root>/checks/__init__.py and <ours>
  --> checks/__init__.py
help: rename the project's `checks`, or move it into your own package
"""
PARTITION = """\
error[E351]: no selected asset has the partition `europe`
help: the nearest: `eu`
"""
SELECTOR = """\
error[E804]: no asset matches `ordrs`
    ordrs
    ^^^^^
help: did you mean `orders` or `raw_orders`?
"""
METHOD = """\
error[E803]: `tagg:` is not a selection method
    tagg:x
    ^^^^^
help: did you mean `tag:`?
"""
NOT_A_DATABASE = """\
error[E603]: the state store is not a SQLite database
  --> .assets/state.sqlite
help: move the file away, or name another one in the store's URL
"""
UNWRITABLE = """\
error[E617]: the state directory cannot be created: Not a directory
  --> file/home
help: correct the permissions, or name another one: ASSETS_HOME=DIR
"""
NO_PROJECT = """\
error[E401]: there is no project here or in a folder above
help: create one with `assets init`, or name its folder with -C
"""
HEAD = "from __future__ import annotations\n\nfrom assets_core import asset, source\n\n"


def bad(folder: Path, **files: str) -> Command:
    (folder / "shop").mkdir()
    (folder / "assets.toml").write_text('module = "shop"\nexecutor = "inline"\n')
    (folder / "shop" / "__init__.py").write_text("")
    command = Command(folder)
    command.write(**files)
    return command


def test_a_cycle(tmp_path: Path) -> None:
    command = bad(
        tmp_path,
        a=HEAD + "@asset\ndef first(second: int) -> int:\n    return second\n\n\n"
        "@asset\ndef second(first: int) -> int:\n    return first\n",
    )
    done = command("plan")
    assert (done.code, done.out) == (2, "")
    assert done.err == CYCLE


def test_a_typo_in_an_upstream(tmp_path: Path) -> None:
    command = bad(
        tmp_path,
        orders=HEAD + "@asset\ndef orders_clean() -> int:\n    return 1\n",
        report=HEAD + "@asset\ndef daily_report(order_clean: int):\n    return 1\n",
    )
    done = command("plan")
    assert done.code == 2
    assert done.err == (
        "error[E103]: asset `daily_report` depends on `order_clean`, which is not defined\n"
        "  --> shop/report.py:6:18\n"
        " 6 | def daily_report(order_clean: int):\n"
        "   |                  ^^^^^^^^^^^\n"
        "help: a similar asset exists: `orders_clean` (shop/orders.py:6)\n"
    )


def test_an_ambiguous_name(tmp_path: Path) -> None:
    command = bad(
        tmp_path,
        a=HEAD + '@asset(prefix="x")\ndef rows() -> int:\n    return 1\n',
        b=HEAD + '@asset(prefix="y")\ndef rows() -> int:\n    return 1\n',
        c=HEAD + "@asset\ndef report(rows: int) -> int:\n    return rows\n",
    )
    done = command("plan")
    assert (done.code, done.err) == (2, AMBIGUOUS)


def test_two_definitions_of_a_key(tmp_path: Path) -> None:
    one = HEAD + "@asset\ndef rows() -> int:\n    return 1\n"
    done = bad(tmp_path, a=one, b=one)("plan")
    assert (done.code, done.err) == (2, DUPLICATE)


def test_a_definition_that_a_loop_loses(tmp_path: Path) -> None:
    command = bad(
        tmp_path,
        a=HEAD
        + 'for name in ("x", "y"):\n\n    @asset(name=name)\n    def made() -> int:\n        return 1\n',
    )
    done = command("plan")
    assert (done.code, done.err) == (2, LOST)


def test_an_import_that_fails(tmp_path: Path) -> None:
    done = bad(tmp_path, a="import nothing_of_that_name\n")("plan")
    assert (done.code, done.err) == (2, IMPORT)


def test_an_exit_while_importing(tmp_path: Path) -> None:
    done = bad(tmp_path, a="import sys\n\nsys.exit(3)\n")("plan")
    assert (done.code, done.err) == (2, EXIT)


def test_a_wrong_annotation(tmp_path: Path) -> None:
    command = bad(
        tmp_path,
        a=HEAD
        + "@asset\ndef one() -> int:\n    return 1\n\n\n@asset\ndef two(*rows: int) -> int:\n    return 1\n",
    )
    done = command("plan")
    assert (done.code, done.err) == (2, ANNOTATION)


def test_a_module_that_hides_one_of_ours(tmp_path: Path) -> None:
    (tmp_path / "checks").mkdir()
    (tmp_path / "checks" / "__init__.py").write_text("")
    (tmp_path / "assets.toml").write_text('module = "checks"\n')
    done = Command(tmp_path)("plan")
    ours = Path(checks.__file__)
    shown = done.err.replace(str(tmp_path), "<root>").replace(str(ours), "<ours>")
    assert (done.code, shown) == (2, SHADOWED)


def test_a_bad_partition_key(shop: Command) -> None:
    done = shop("plan", "orders", "-p", "europe")
    assert (done.code, done.err) == (2, PARTITION)


def test_a_bad_selector(shop: Command) -> None:
    done = shop("plan", "ordrs")
    assert (done.code, done.err) == (4, SELECTOR)
    done = shop("plan", "tagg:x")
    assert (done.code, done.err) == (2, METHOD)


@pytest.mark.parametrize("verb", ["plan", "materialize", "ls"])
def test_a_state_file_that_is_not_a_database(shop: Command, verb: str) -> None:
    (shop.folder / ".assets").mkdir(mode=0o700)
    (shop.folder / ".assets" / "state.sqlite").write_text("this is a letter, not a database\n" * 40)
    done = shop(verb)
    assert done.code == 6
    assert done.err == NOT_A_DATABASE
    document = shop(verb, "--json").document
    assert document["exit_code"] == 6


def test_a_home_that_cannot_be_written(shop: Command) -> None:
    (shop.folder / "file").write_text("")
    done = shop("materialize", ASSETS_HOME=str(shop.folder / "file" / "home"))
    assert done.code == 6
    assert done.err == UNWRITABLE


def test_no_project_at_all(empty: Command) -> None:
    done = empty("ls")
    assert (done.code, done.err) == (2, NO_PROJECT)


def test_a_traceback_is_shown_only_when_asked_for(tmp_path: Path) -> None:
    command = bad(tmp_path, a="1 / 0\n")
    assert "Traceback" not in command("plan").err
    assert "ZeroDivisionError" in command("plan", "-v").err


def test_every_bad_project_is_one_document_too(tmp_path: Path) -> None:
    done = bad(tmp_path, a="import nothing_of_that_name\n")("materialize", "--json")
    assert done.code == 2
    document = done.document
    assert (document["code"], document["file"], document["line"]) == ("E117", "shop/a.py", 1)

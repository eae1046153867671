"""Starting a project, and pressing Tab in it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from assets_core.cli.completion import SCRIPTS
from tests.faces.command import ASSETS, Command, environment


def test_the_quickstart_runs_as_it_is(empty: Command) -> None:
    done = empty("init", "demo")
    assert done.code == 0
    assert done.out.endswith("Next: cd demo && assets plan\n")
    demo = Command(empty.folder / "demo")
    first = demo.json("materialize")
    assert first["status"] == "succeeded"
    assert first["counts"]["materialized"] == 16
    assert demo("plan").out == "Nothing to do: 16 current.\n"
    check = demo("check")
    assert check.code == 0
    assert "1 of 14 failed (warn, 1 row)" in check.out


def test_the_blank_template_is_named_after_its_folder(empty: Command) -> None:
    assert empty("init", "my-data", "--template", "blank").code == 0
    assert (empty.folder / "my-data" / "my_data" / "__init__.py").exists()
    assert empty("-C", "my-data", "materialize", "--executor", "inline").code == 0


@pytest.mark.parametrize("name", ["json", "numpy", "1st"])
def test_a_package_never_hides_an_installed_module(empty: Command, name: str) -> None:
    assert empty("init", name, "--template", "blank").code == 0
    assert (empty.folder / name / "pipeline" / "__init__.py").exists()


def test_nothing_that_exists_is_overwritten(empty: Command) -> None:
    (empty.folder / "shop").mkdir()
    (empty.folder / "shop" / "orders.py").write_text("mine")
    (empty.folder / "pyproject.toml").write_text('[project]\nname = "x"\n')
    done = empty("init")
    assert done.code == 2
    assert done.err == (
        "error[E921]: nothing was created: shop/orders.py would be overwritten\n"
        "help: choose another folder: assets init NAME\n"
    )
    assert sorted(p.name for p in empty.folder.iterdir()) == ["pyproject.toml", "shop"]
    shutil.rmtree(empty.folder / "shop")
    assert empty("init", "--template", "blank").code == 0
    assert (empty.folder / "pyproject.toml").read_text() == '[project]\nname = "x"\n'
    assert empty("init").code == 2


def words(command: Command, *words: str) -> list[str]:
    return command("__complete", *words).out.splitlines()


def test_names_are_completed_from_the_index(built: Command) -> None:
    assert words(built, "pl") == ["plan"]
    assert words(built, "plan", "o") == ["orders", "owner:"]
    assert words(built, "plan", "+to") == ["+total"]
    assert words(built, "plan", "tag:") == ["tag:domain=ops"]
    assert words(built, "ls", "group:m") == ["group:mart"]
    assert words(built, "plan", "status:s") == ["status:stale"]
    assert words(built, "show", "") == ["label", "orders", "raw_orders", "total"]
    assert words(built, "plan", "--ex") == ["--exclude", "--exit-code"]
    assert words(built, "--env", "x", "runs", "") == ["logs", "ls", "show"]
    assert words(built, "lineage", "-o", "m") == ["mermaid"]
    assert words(built, "completion", "") == ["bash", "fish", "zsh"]
    assert words(Command(built.folder.parent), "-C", "project", "why", "la") == ["label"]
    assert words(built, "materialize", "--executor", "p") == ["processes"]


def test_the_index_follows_the_project(built: Command) -> None:
    (built.folder / "shop" / "more.py").write_text(
        "from assets_core import asset\n\n\n@asset\ndef extra() -> int:\n    return 1\n"
    )
    assert words(built, "show", "ex") == []
    assert built("ls").code == 0
    assert words(built, "show", "ex") == ["extra"]


def test_completion_without_a_project_offers_verbs_only(empty: Command) -> None:
    assert "plan" in words(empty, "")
    assert words(empty, "show", "") == []
    (empty.folder / "assets.toml").write_text("this is [ not TOML")
    assert words(empty, "show", "") == []


def test_a_tab_imports_neither_the_project_nor_anything_heavy(built: Command) -> None:
    (built.folder / "shop" / "__init__.py").write_text("raise SystemExit('imported')")
    code = (
        "import sys, json\nsys.argv = ['assets', '__complete', 'plan', 'o']\n"
        "from assets_core.cli import main\nmain()\n"
        "print(json.dumps(sorted(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=built.folder, env=environment(), capture_output=True,
        check=True,
    )  # fmt: skip
    modules = json.loads(done.stderr)
    ours = [name for name in modules if name.startswith("assets_core")]
    tops = {name.partition(".")[0] for name in modules}
    assert not tops & {"shop", "typer", "numpy", "pydantic", "sqlalchemy", "rich", "asyncio"}
    # With what a reference to a secret looks like, which `store` may be.
    assert len(ours) <= 17, ours
    assert len(modules) <= 200, len(modules)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts_are_valid_where_the_shell_is_installed(
    empty: Command, shell: str
) -> None:
    assert empty("completion", shell).out == SCRIPTS[shell]
    program = shutil.which(shell)
    if program is not None:
        script = empty.folder / "script"
        script.write_text(SCRIPTS[shell])
        subprocess.run([program, "-n", str(script)], check=True)


def test_bash_completes_a_key(built: Command) -> None:
    bash = shutil.which("bash")
    assert bash is not None
    script = (
        f"{SCRIPTS['bash']}\nCOMP_LINE='assets show la'; COMP_POINT=14\n_assets_complete\n"
        'printf "%s\\n" "${COMPREPLY[@]}"\n'
    )
    path = f"{Path(ASSETS).parent}:{os.environ['PATH']}"
    done = subprocess.run(
        [bash, "--norc", "-c", script], cwd=built.folder, env=environment() | {"PATH": path},
        capture_output=True, check=True, text=True,
    )  # fmt: skip
    assert done.stdout == "label\n"

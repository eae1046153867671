"""What holds for every verb: options on either side of it, one document, streams, exit codes, help."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from assets_core.cli.verb_table import BY_NAME, PANELS, VERBS
from tests.faces.command import ASSETS, Command, environment

READING = [
    ("plan",),
    ("ls",),
    ("show", "orders"),
    ("show", "orders@eu"),
    ("why", "total"),
    ("why", "orders"),
    ("why", "orders@eu"),
    ("partitions", "orders"),
    ("partitions", "orders", "--status", "current"),
    ("lineage",),
    ("runs", "ls"),
    ("runs", "show"),
    ("check",),
    ("doctor",),
    ("config", "show"),
    ("explain", "E103"),
    ("completion", "bash"),
]


@pytest.mark.parametrize("arguments", READING, ids=" ".join)
def test_json_prints_one_document_that_its_schema_allows(
    built: Command, arguments: tuple[str, ...]
) -> None:
    done = built(*arguments, "--json")
    assert done.code == 0, done.err
    assert done.document["schema"].endswith("/1")
    assert done.out.isascii()


def test_options_may_stand_before_and_after_the_verb(built: Command) -> None:
    elsewhere = Command(built.folder.parent)
    folder = str(built.folder)
    before = elsewhere("-C", folder, "--json", "--env", "default", "plan")
    after = elsewhere("plan", "-C", folder, "--json", "--env", "default")
    assert before.code == after.code == 0
    assert before.document["steps"] == after.document["steps"]
    assert elsewhere("-C", "nowhere", "plan", "-C", folder).code == 0
    assert elsewhere("runs", "-C", folder, "ls", "--json").document["schema"] == "assets.runs/1"


def test_a_verb_without_its_second_word_says_which_there_are(shop: Command) -> None:
    done = shop("runs")
    assert done.code == 2
    assert done.err == (
        "error[E901]: `assets runs` needs a verb\n"
        "help: one of `assets runs ls`, `assets runs show`, `assets runs logs`\n"
    )


@pytest.mark.parametrize(
    ("arguments", "code", "error"),
    [
        (("plan", "nothing"), 4, "E804"),
        (("plan", "a b and c"), 2, "E802"),
        (("plan", "--nope"), 2, "E901"),
        (("plna",), 2, "E902"),
        (("runs", "shw"), 2, "E902"),
        (("plan", "--color", "red"), 2, "E903"),
        (("plan", "-C", "nowhere"), 2, "E904"),
        (("plan", "--select", "@nowhere"), 2, "E906"),
        (("materialize", "--jsonl"), 2, "E907"),
        (("materialize", "-j", "many"), 2, "E901"),
        (("materialize", "--config", "x"), 2, "E407"),
        (("materialize", "--force", "--executor", "moon"), 2, "E421"),
        (("show", "nothing"), 4, "E912"),
        (("show", "orders@mars"), 2, "E203"),
        (("why",), 2, "E901"),
        (("partitions", "orders", "--status", "odd"), 2, "E909"),
        (("lineage", "-o", "svg"), 2, "E909"),
        (("runs", "show", "99"), 4, "E916"),
        (("explain", "E000"), 4, "E910"),
        (("init",), 2, "E920"),
        (("init", "x", "--template", "big"), 2, "E909"),
        (("completion", "tcsh"), 2, "E909"),
        (("sql", "drop table orders"), 2, "E922"),
        (("sql", "select * from orders"), 2, "E923"),
        (("config", "show", "--env", "NOT OK"), 2, "E406"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else str(value),
)
def test_every_error_is_one_document_with_its_code(
    built: Command, arguments: tuple[str, ...], code: int, error: str
) -> None:
    done = built(*arguments, "--json")
    assert (done.code, done.document["code"]) == (code, error)


@pytest.mark.parametrize("arguments", [("plan", "nothing"), ("plna",), ("show", "orders@mars")])
def test_errors_are_said_on_stderr_and_stdout_stays_empty(
    built: Command, arguments: tuple[str, ...]
) -> None:
    done = built(*arguments)
    assert done.code in {2, 4}
    assert done.err.startswith("error[E")
    assert done.out == ""


def test_quiet_says_nothing_but_the_result(shop: Command) -> None:
    done = shop("materialize", "-q")
    assert done.err == ""
    assert done.out.startswith("Done in ")


def test_verbose_names_each_asset_partition(shop: Command) -> None:
    assert "    orders[eu]" in shop("materialize", "-v").err


def test_color_is_only_where_it_is_wanted(built: Command) -> None:
    assert "\x1b[" not in built("ls").out
    assert "\x1b[" in built("ls", "--color", "always").out
    assert "\x1b[" not in built("ls", "--color", "never").out


def test_the_reader_of_a_pipe_may_leave_early(built: Command) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [str(ASSETS), "ls"], cwd=built.folder, env=environment(), stdout=writer,
        stderr=subprocess.PIPE, check=False,
    )  # fmt: skip
    os.close(writer)
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize("language", ["C", "POSIX"])
def test_a_c_locale_gets_ascii_only(built: Command, language: str) -> None:
    (built.folder / "shop" / "names.py").write_text(
        "from assets_core import asset\n\n\n@asset\ndef größe(label: str) -> str:\n    return label\n",
        encoding="utf-8",
    )
    for arguments in (("lineage",), ("ls",), ("plan",), ("show", "label")):
        done = built(*arguments, LANG=language)
        assert done.code == 0
        assert done.out.isascii(), done.out
    assert "gr\\xf6\\xdfe" in built("ls", LANG=language).out
    assert "größe" in built("ls").out


def test_a_terminal_of_twenty_columns_is_enough(built: Command) -> None:
    built.edit("shop/orders.py", "row > 0", "row >= 1")
    for arguments in (
        ("plan",),
        ("ls",),
        ("--help",),
        ("partitions", "orders"),
        ("show", "orders"),
    ):
        assert built(*arguments, COLUMNS="20", LINES="5").code == 0
    assert max(map(len, built("plan", COLUMNS="40").out.splitlines()[1:-1])) <= 40


def test_secrets_of_urls_reach_no_stream(built: Command) -> None:
    env = {"ASSETS_STORE": "postgresql+psycopg://me:hunter2secret@db/x"}
    for arguments in (("ls",), ("config", "show", "--origin"), ("doctor",), ("ls", "-v", "--json")):
        done = built(*arguments, **env)
        assert "hunter2secret" not in done.out + done.err


def test_the_first_help_shows_every_verb_in_its_panel(empty: Command) -> None:
    done = empty("--help")
    assert done.code == 0
    assert empty().out == done.out
    at = -1
    for panel in PANELS:
        assert (at := done.out.index(f"\n{panel}:\n", at + 1)) > 0
        for verb in (verb for verb in VERBS if verb.panel == panel):
            assert (at := done.out.index(f"\n  {verb.name} ", at)) > 0


@pytest.mark.parametrize("name", BY_NAME)
def test_every_verb_has_help_with_the_global_options(empty: Command, name: str) -> None:
    done = empty(name, "--help")
    assert done.code == 0
    assert "\nGlobal:\n  -C DIR " in done.out


def test_verbs_do_not_import_what_they_do_not_use(empty: Command) -> None:
    def loaded(*arguments: str) -> set[str]:
        code = (
            "import sys, json, io, contextlib\n"
            "from assets_core.cli.boundary import run\n"
            "with contextlib.redirect_stdout(io.StringIO()):\n"
            f"    run({list(arguments)!r})\n"
            "print(json.dumps(sorted(sys.modules)))"
        )
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=empty.folder, env=environment(), capture_output=True,
            check=True,
        )  # fmt: skip
        return set(json.loads(done.stdout))

    heavy = {"numpy", "pandas", "pyarrow", "pydantic", "rich", "sqlalchemy", "duckdb", "networkx"}
    for arguments in (("--help",), ("plan", "--help"), ("explain", "E103"), ("init", "here")):
        assert not loaded(*arguments) & heavy, arguments
    verbs = {f"assets_core.cli.{verb.name}" for verb in VERBS}
    assert not loaded("--help") & verbs
    assert (Path(empty.folder) / "here" / "assets.toml").exists()


def test_no_verb_needs_pydantic_to_read_its_arguments(built: Command) -> None:
    code = (
        "import sys\nfrom assets_core.cli.boundary import run\n"
        "code = run(['ls', 'orders', '--kind', 'python'])\n"
        "sys.exit(code or ('pydantic' in sys.modules) * 9 or ('pandas' in sys.modules) * 8)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=built.folder, env=environment(), check=False
    )
    assert done.returncode == 0

"""The verbs that only look: ls, show, why, partitions, lineage, config, sql."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from tests.faces.command import Command, environment

LOADED = """
import sys
from assets_core.cli import main
sys.argv[0] = "assets"
code = main()
print(*sys.modules, file=sys.stderr)
sys.exit(code)
"""


def test_ls_shows_status_without_observing_anything(built: Command) -> None:
    done = built("ls")
    head, *rows = [line.split() for line in done.out.splitlines()]
    assert head[:4] == ["raw_orders", "source", "raw", "observed"]
    assert rows == [
        ["*", "orders", "python", "staging", "3", "current"],
        ["*", "total", "python", "mart", "current"],
        ["*", "label", "python", "mart", "current"],
    ]
    (built.folder / "data" / "orders.json").write_text('{"eu": [1], "us": [3], "asia": []}')
    assert built("ls").out.splitlines()[1:] == done.out.splitlines()[1:]
    assert "input" not in built("plan", "label").out
    assert built("plan", "--exit-code").code == 3


def test_ls_before_the_first_run_says_what_is_missing(shop: Command) -> None:
    assert "+  orders      python  staging  3  missing\n" in shop("ls").out
    assert "never observed" in shop("ls").out
    assert not (shop.folder / ".assets" / "state.sqlite").exists()


def test_ls_selects_like_every_other_verb(built: Command) -> None:
    assert [a["key"] for a in built.json("ls", "group:mart")["assets"]] == ["total", "label"]
    assert [a["key"] for a in built.json("ls", "--kind", "source")["assets"]] == ["raw_orders"]
    done = built("ls", "status:stale")
    assert (done.code, done.out, done.err) == (0, "", "no asset is in that state\n")


def test_why_follows_a_change_to_the_function_that_was_edited(built: Command) -> None:
    built.edit("shop/orders.py", "row > 0", "row > 3")
    assert built("why", "label").out.startswith(
        "label may be stale\n"
        "  because total may change\n"
        "    because shop/orders.py:16 clean() was edited\n"
        "  last built by run 1 at "
    )
    assert built("materialize", "orders").code == 0
    assert re.fullmatch(
        r"total is stale\n"
        r"  because orders changed \(1 of 3 partitions: us\)\n"
        r"    because shop/orders\.py:16 clean\(\) was edited\n"
        r"  last built by run 1 at \S+ \S+, code [0-9a-f]{6}, from 3 partitions of orders\n",
        built("why", "total").out,
    )


def test_why_names_the_source_that_moved(built: Command) -> None:
    (built.folder / "data" / "orders.json").write_text('{"eu": [5, 0, 7], "us": [4], "asia": []}')
    assert "orders[us] is stale\n  because raw_orders changed\n" in built("why", "orders@us").out
    assert built("materialize", "orders").code == 0
    assert "because orders changed (1 of 3 partitions: us)\n    because raw_orders changed\n" in (
        built("why", "total").out
    )


def test_why_of_what_is_current_says_what_it_was_built_from(built: Command) -> None:
    assert built("why", "total").out.startswith("total is current\n  last built by run 1 at ")
    assert built("why", "orders").out == "orders: 3 of 3 partitions: eu..asia current\n"


def test_show_tells_everything(built: Command) -> None:
    done = built("show", "orders")
    assert done.code == 0
    for part in (
        "orders  python  group staging  shop/orders.py:20\n",
        "  The orders of one region.\n",
        "  owners     team:data\n",
        "  tags       domain=ops\n",
        "  upstream   raw_orders\n",
        "  downstream total\n",
        "  partitions static, 3: eu .. asia\n",
        "  status     3 current\n",
    ):
        assert part in done.out
    assert "  check      total_is_positive  blocking  passed\n" in built("show", "total").out
    assert "  status     [eu] current\n" in built("show", "orders@eu").out


def test_partitions_are_drawn_as_a_strip(built: Command) -> None:
    built.edit("shop/orders.py", 'StaticPartitions(["eu", ', 'StaticPartitions(["mars", "eu", ')
    done = built("partitions", "orders")
    assert done.out == (
        "orders  static, 4 partitions\n"
        "  +***\n"
        "  mars .. asia\n"
        "  + 1 missing  mars\n"
        "  ~ 1 stale  mars\n"
        "  * 3 current  eu..asia\n"
    )
    assert built("partitions", "orders", "--status", "missing").out == "mars\n"
    assert built("partitions", "total").out == "total is not partitioned\n"


def test_a_strip_folds_neighbours_into_cells(built: Command) -> None:
    keys = ", ".join(f'"p{n:04}"' for n in range(1000))
    built.edit("shop/orders.py", '["eu", "us", "asia"]', f"[{keys}]")
    done = built("partitions", "orders", COLUMNS="54")
    lines = done.out.splitlines()
    assert lines[1] == "  " + "+" * 50
    assert lines[2] == "  p0000 .. p0999  a cell is 20 partitions"


def test_lineage_is_drawn_in_four_forms(built: Command) -> None:
    assert built("lineage").out == ("raw_orders\n└─ orders\n   └─ total\n      └─ label\n")
    assert built("lineage", "total+", "-o", "mermaid").out == (
        'flowchart LR\n    n2["total"]\n    n3["label"]\n    n2 --> n3\n'
    )
    assert '    "total" -> "label";\n' in built("lineage", "-o", "dot").out
    assert built("lineage", "-o", "json").document["edges"][0]["upstream"] == "raw_orders"


def test_config_says_where_each_value_was_given(built: Command) -> None:
    done = built("config", "show", "--origin", ASSETS_JOBS="3")
    rows = {line.split()[0]: line.split()[1:] for line in done.out.splitlines()}
    assert rows["module"] == ["shop", "assets.toml:1"]
    assert rows["jobs"] == ["3", "ASSETS_JOBS"]
    assert rows["env"] == ["default", "default"]
    assert "ASSETS" not in built("config", "show", ASSETS_JOBS="3").out


def test_doctor_notes_variables_that_mean_nothing(built: Command) -> None:
    done = built("doctor", ASSETS_JOSB="3")
    assert done.code == 0
    assert "- variables      ASSETS_JOSB is set and means nothing\n" in done.out
    assert "help: did you mean ASSETS_JOBS?\n" in done.out


def test_doctor_looks_on_where_the_project_is_broken(built: Command) -> None:
    (built.folder / "shop" / "odd.py").write_text("1 / 0\n")
    done = built("doctor")
    assert done.code == 2
    assert (
        "x definitions    shop/odd.py:1:1: importing `shop.odd` raised ZeroDivisionError"
        in done.out
    )
    assert "+ home" in done.out


def test_explain_prints_the_long_text(empty: Command) -> None:
    done = empty("explain", "e103")
    assert done.out.startswith("E103: An asset depends on something that is not defined\n\n")


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Command:
    folder = tmp_path_factory.mktemp("tables")
    (folder / "shop").mkdir()
    (folder / "assets.toml").write_text('module = "shop"\nexecutor = "inline"\n')
    (folder / "shop" / "__init__.py").write_text(
        "import pyarrow as pa\n\nfrom assets_core import StaticPartitions, asset\n\n\n"
        '@asset(partitions=StaticPartitions(["b", "a"]), prefix="mart")\n'
        "def rows(context) -> pa.Table:\n"
        '    return pa.table({"who": [context.partition.key], "n": [len(context.partition.key)]})\n\n\n'
        "@asset\ndef word() -> str:\n    return '=cmd()'\n"
    )
    command = Command(folder)
    assert command("materialize").code == 0
    return command


def test_sql_reads_every_current_table(tables: Command) -> None:
    query = "select r.who, n + 1 as m from mart.rows as r order by who"
    assert tables("sql", query).out == "who  m\na    2\nb    2\n"
    assert tables("sql", query, "-o", "csv").out == "who,m\na,2\nb,2\n"
    assert tables.json("sql", query)["rows"] == [["a", 2], ["b", 2]]
    assert tables("sql", "with t as (select 1 as x) select x from t").out == "x\n1\n"
    assert tables("sql", "select count(*) as n from rows").out == "n\n2\n"


@pytest.mark.parametrize(
    ("query", "code", "error"),
    [
        ("select * from nothing", 4, "E912"),
        ("select * from word", 2, "E923"),
        ("select nope from mart.rows", 2, "E922"),
        ("select 1; select 2", 2, "E922"),
        ("create table x as select 1", 2, "E922"),
        ("copy mart.rows to 'x.csv'", 2, "E922"),
        ("select * from read_csv('/etc/passwd')", 2, "E922"),
        ("select * from '/etc/passwd'", 4, "E912"),
        ("set enable_external_access = true", 2, "E922"),
        ("attach 'x.db'", 2, "E922"),
        ("selec", 2, "E922"),
    ],
)
def test_sql_changes_nothing_and_reads_no_other_file(
    tables: Command, query: str, code: int, error: str
) -> None:
    done = tables("sql", query, "--json")
    assert (done.code, done.document["code"]) == (code, error)
    assert "root:" not in done.out


def test_a_source_is_not_explained_but_said_to_be_one(built: Command) -> None:
    assert built("why", "raw_orders").out == (
        "raw_orders is a source: observed, not made; it is read by orders\n"
    )
    for verb in ("plan", "materialize"):
        done = built(verb, "raw_orders")
        assert done.code == 0
        assert "note: nothing but sources is selected" in done.err


def test_a_run_whose_process_is_gone_is_said_to_have_died(built: Command) -> None:
    killed = (
        "\n\n@asset\ndef fatal() -> int:\n    import os, signal\n\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n    return 1\n"
    )
    path = built.folder / "shop" / "orders.py"
    path.write_text(path.read_text() + killed)
    assert built("materialize", "fatal").code == -9
    assert built.json("runs", "ls")["runs"][0]["status"] == "died"
    assert built("runs", "ls").out.startswith("2  died ")
    assert built.json("runs", "show")["status"] == "died"
    assert "! runs           run 2 ended without recording why\n" in built("doctor").out


def test_why_names_the_check_that_keeps_a_version_back(built: Command) -> None:
    built.edit("shop/orders.py", "return total > 0", "return total > 1_000")
    built.edit("shop/orders.py", "return sum(sum(rows)", "return 2 * sum(sum(rows)")
    assert built("materialize").code == 1
    assert built("why", "total").out.startswith(
        "total is blocked\n"
        "  because check total_is_positive failed on the candidate of run 2\n"
        "  last built by run 1 at "
    )
    assert built.json("why", "total")["explanations"][0]["state"] == "blocked"


@pytest.mark.parametrize("verb", ["ls", "plan"])
def test_looking_loads_neither_the_runner_nor_what_reads_data(built: Command, verb: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOADED, verb],
        cwd=built.folder, env=environment(), capture_output=True, text=True, check=True,
    )  # fmt: skip
    loaded = set(done.stderr.split())
    assert "assets_core.project.facade" in loaded
    assert loaded & {
        "assets_core.execution.runner",
        "assets_core.model.events",
        "assets_core.project.running",
        "duckdb",
        "pandas",
        "pyarrow",
        "pydantic",
        "sqlglot",
    } == set()  # fmt: skip

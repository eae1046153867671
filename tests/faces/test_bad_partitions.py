"""Mappings, keys and ``-p`` terms that cannot be: every message whole, with its exit code."""

# ruff: noqa: E501 - golden text is compared as it is shown
from __future__ import annotations

from pathlib import Path

import pytest

from tests.faces.test_bad_projects import bad

CHOICES = "choose a mapping: All(), Last(), Identity(), TimeWindow(start_offset, end_offset), Specific([keys]), Static({up: down}), DimensionOf(dim), Multi({down_dim: (up_dim, mapping)})"
FORMS = "a term is a key, A..B, a date prefix such as 2013-01, last:N, dim=value,dim=value, stale, missing, failed, or key:TEXT"
HEAD = """\
from __future__ import annotations

from typing import Annotated

from assets_core import (
    AssetContext, DailyPartitions, DimensionOf, Identity, Input, MultiPartitions, Specific, Static, StaticPartitions,
    TimeWindow, asset,
)

days = DailyPartitions(start="2026-01-01", end="2026-01-11")
late = DailyPartitions(start="2026-01-03", end="2026-01-11")
regions = StaticPartitions(["eu", "us"])
routes = MultiPartitions({"origin": regions, "goal": regions})


"""

CASES: dict[str, tuple[str, list[str], str]] = {
    "days and regions have nothing in common": (
        (
            "@asset(partitions=days)\n"
            "def sales(context: AssetContext) -> int:\n"
            "    return 1\n"
            "\n"
            "\n"
            "@asset(partitions=regions)\n"
            "def report(sales: dict[str, int]) -> int:\n"
            "    return 1\n"
        ),
        ["plan"],
        (
            "error[E133]: the partitions of `report` can't be mapped to those of `sales`: no mapping can be inferred from daily to static partitions: they have nothing in common\n"
            "  --> shop/a.py:22:12\n"
            "22 | def report(sales: dict[str, int]) -> int:\n"
            "   |            ^^^^^\n"
            "help: <choices>\n"
        ),
    ),
    "either dimension could be meant": (
        (
            "@asset(partitions=regions)\n"
            "def sales(context: AssetContext) -> int:\n"
            "    return 1\n"
            "\n"
            "\n"
            "@asset(partitions=routes)\n"
            "def report(sales: dict[str, int]) -> int:\n"
            "    return 1\n"
        ),
        ["plan"],
        (
            "error[E133]: the partitions of `report` can't be mapped to those of `sales`: no mapping can be inferred from static to multi partitions: it could follow any of the dimensions goal, origin\n"
            "  --> shop/a.py:22:12\n"
            "22 | def report(sales: dict[str, int]) -> int:\n"
            "   |            ^^^^^\n"
            "help: <choices>\n"
        ),
    ),
    "there is no such dimension": (
        (
            "@asset(partitions=regions)\n"
            "def sales(context: AssetContext) -> int:\n"
            "    return 1\n"
            "\n"
            "\n"
            "@asset(partitions=routes)\n"
            'def report(sales: Annotated[dict[str, int], Input("sales", mapping=DimensionOf("target"))]) -> int:\n'
            "    return 1\n"
        ),
        ["plan"],
        (
            "error[E133]: the partitions of `report` can't be mapped to those of `sales`: there is no dimension `target`\n"
            "  --> shop/a.py:22:12\n"
            '22 | def report(sales: Annotated[dict[str, int], Input("sales", mapping=DimensionOf("target"))]) -> int:\n'
            "   |            ^^^^^\n"
            "help: it has goal, origin\n"
        ),
    ),
    "the keys of the two are never the same": (
        (
            "@asset(partitions=days)\n"
            "def sales(context: AssetContext) -> int:\n"
            "    return 1\n"
            "\n"
            "\n"
            "@asset(partitions=regions)\n"
            'def report(sales: Annotated[dict[str, int], Input("sales", mapping=Identity())]) -> int:\n'
            "    return 1\n"
        ),
        ["plan"],
        (
            "error[E133]: the partitions of `report` can't be mapped to those of `sales`: identity can't map daily to static partitions: `eu` is not one of the daily partitions\n"
            "  --> shop/a.py:22:12\n"
            '22 | def report(sales: Annotated[dict[str, int], Input("sales", mapping=Identity())]) -> int:\n'
            "   |            ^^^^^\n"
            "help: <choices>\n"
        ),
    ),
    "a list has no windows": (
        (
            "@asset(partitions=regions)\n"
            "def sales(context: AssetContext) -> int:\n"
            "    return 1\n"
            "\n"
            "\n"
            "@asset(partitions=days)\n"
            'def report(sales: Annotated[dict[str, int], Input("sales", mapping=TimeWindow(-1, 0))]) -> int:\n'
            "    return 1\n"
        ),
        ["plan"],
        (
            "error[E133]: the partitions of `report` can't be mapped to those of `sales`: time_window(-1,0) can't map static to daily partitions: both sides must be partitioned by time\n"
            "  --> shop/a.py:22:12\n"
            '22 | def report(sales: Annotated[dict[str, int], Input("sales", mapping=TimeWindow(-1, 0))]) -> int:\n'
            "   |            ^^^^^\n"
            "help: <choices>\n"
        ),
    ),
    "a named partition is none": (
        (
            "@asset(partitions=regions)\n"
            "def sales(context: AssetContext) -> int:\n"
            "    return 1\n"
            "\n"
            "\n"
            "@asset(partitions=days)\n"
            'def report(sales: Annotated[dict[str, int], Input("sales", mapping=Specific(["asia"]))]) -> int:\n'
            "    return 1\n"
        ),
        ["plan"],
        (
            "error[E133]: the partitions of `report` can't be mapped to those of `sales`: specific names `asia`, which is not a partition of the upstream\n"
            "  --> shop/a.py:22:12\n"
            '22 | def report(sales: Annotated[dict[str, int], Input("sales", mapping=Specific(["asia"]))]) -> int:\n'
            "   |            ^^^^^\n"
            "help: <choices>\n"
        ),
    ),
    "a table names a downstream partition that is none": (
        (
            "@asset(partitions=regions)\n"
            "def sales(context: AssetContext) -> int:\n"
            "    return 1\n"
            "\n"
            "\n"
            "@asset(partitions=regions)\n"
            'def report(sales: Annotated[dict[str, int], Input("sales", mapping=Static({"eu": "asia"}))]) -> int:\n'
            "    return 1\n"
        ),
        ["plan"],
        (
            "error[E133]: the partitions of `report` can't be mapped to those of `sales`: static names `asia`, which is not a partition of the downstream\n"
            "  --> shop/a.py:22:12\n"
            '22 | def report(sales: Annotated[dict[str, int], Input("sales", mapping=Static({"eu": "asia"}))]) -> int:\n'
            "   |            ^^^^^\n"
            "help: <choices>\n"
        ),
    ),
    "the upstream begins later": (
        (
            "@asset(partitions=late)\n"
            "def sales(context: AssetContext) -> int:\n"
            "    return 1\n"
            "\n"
            "\n"
            "@asset(partitions=days)\n"
            "def report(sales: dict[str, int]) -> int:\n"
            "    return 1\n"
        ),
        ["plan"],
        (
            "error[E250]: asset `report` needs partitions of `sales` that cannot exist, such as `2026-01-01`\n"
            "  --> shop/a.py:22:12\n"
            "22 | def report(sales: dict[str, int]) -> int:\n"
            "   |            ^^^^^\n"
            "help: make the partitions of both cover the same range, or pass `mapping=TimeWindow(allow_missing=True)`\n"
        ),
    ),
    "a day that does not exist": (
        ("@asset(partitions=days)\ndef sales(context: AssetContext) -> int:\n    return 1\n\n\n"),
        ["plan", "-p", "2026-02-30"],
        (
            "error[E351]: no selected asset has the partition `2026-02-30`\n"
            "help: the nearest: `2026-01-01`\n"
        ),
    ),
    "a region that is misspelt": (
        (
            "@asset(partitions=regions)\n"
            "def sales(context: AssetContext) -> int:\n"
            "    return 1\n"
            "\n"
            "\n"
        ),
        ["plan", "-p", "ue"],
        ("error[E351]: no selected asset has the partition `ue`\nhelp: the nearest: `us`, `eu`\n"),
    ),
    "a combination that does not exist": (
        ("@asset(partitions=routes)\ndef sales(context: AssetContext) -> int:\n    return 1\n\n\n"),
        ["plan", "-p", "origin=eu,goal=asia"],
        (
            "error[E209]: the term `origin=eu,goal=asia` does not apply to `sales`, which has multi partitions\n"
            "help: its partitions look like `goal=...,origin=eu`\n"
        ),
    ),
    "a dimension that does not exist": (
        ("@asset(partitions=routes)\ndef sales(context: AssetContext) -> int:\n    return 1\n\n\n"),
        ["plan", "-p", "planet=eu"],
        (
            "error[E209]: the term `planet=eu` does not apply to `sales`, which has multi partitions\n"
            "help: its partitions look like `goal=...,origin=...`\n"
        ),
    ),
    "a range backwards": (
        ("@asset(partitions=days)\ndef sales(context: AssetContext) -> int:\n    return 1\n\n\n"),
        ["plan", "-p", "2026-01-05..2026-01-02"],
        (
            "error[E208]: `-p` `2026-01-05..2026-01-02`: `2026-01-05` comes after `2026-01-02`\n"
            "help: <terms>\n"
        ),
    ),
    "half a range": (
        ("@asset(partitions=days)\ndef sales(context: AssetContext) -> int:\n    return 1\n\n\n"),
        ["plan", "-p", "2026-01-05.."],
        (
            "error[E351]: no selected asset has the partition `2026-01-05..`\n"
            "help: the nearest: `2026-01-05`\n"
        ),
    ),
    "the last none": (
        ("@asset(partitions=days)\ndef sales(context: AssetContext) -> int:\n    return 1\n\n\n"),
        ["plan", "-p", "last:0"],
        ("error[E208]: `-p` `last:0`: last: takes a whole number from 1 on\nhelp: <terms>\n"),
    ),
    "nothing at all": (
        ("@asset(partitions=days)\ndef sales(context: AssetContext) -> int:\n    return 1\n\n\n"),
        ["plan", "-p", ""],
        ("error[E208]: `-p` ``: `` can't be a partition key: it is empty\nhelp: <terms>\n"),
    ),
    "a status that does not exist": (
        ("@asset(partitions=days)\ndef sales(context: AssetContext) -> int:\n    return 1\n\n\n"),
        ["plan", "-p", "status:gone"],
        (
            "error[E208]: `-p` `status:gone`: the statuses are stale, missing, failed\n"
            "help: <terms>\n"
        ),
    ),
    "a month of a list": (
        (
            "@asset(partitions=regions)\n"
            "def sales(context: AssetContext) -> int:\n"
            "    return 1\n"
            "\n"
            "\n"
        ),
        ["plan", "-p", "2026-01"],
        (
            "error[E209]: the term `2026-01` does not apply to `sales`, which has static partitions\n"
            "help: <terms>\n"
        ),
    ),
    "a range to a key that does not exist": (
        (
            "@asset(partitions=regions)\n"
            "def sales(context: AssetContext) -> int:\n"
            "    return 1\n"
            "\n"
            "\n"
        ),
        ["plan", "-p", "eu..asia"],
        (
            "error[E351]: no selected asset has the partition `asia`\n"
            "help: see `assets partitions KEY`\n"
        ),
    ),
    "an unknown partition of why": (
        (
            "@asset(partitions=regions)\n"
            "def sales(context: AssetContext) -> int:\n"
            "    return 1\n"
            "\n"
            "\n"
        ),
        ["why", "sales@asia"],
        "error[E203]: `asia` is not one of the static partitions\n",
    ),
    "a key with a line break": (
        ('@asset(partitions=StaticPartitions(["a\\nb"]))\ndef sales() -> int:\n    return 1\n'),
        ["plan"],
        (
            "error[E201]: `a\\nb` is not a partition key: it holds the control character U+000A\n"
            "  --> shop/a.py:16:19\n"
            '16 | @asset(partitions=StaticPartitions(["a\\nb"]))\n'
            "   |                   ^^^^^^^^^^^^^^^^^^^^^^^^^^\n"
            "help: a partition key is 1-512 bytes of UTF-8 in Unicode normal form C, without control or bidirectional characters\n"
        ),
    ),
    "a key that turns the line around": (
        ('@asset(partitions=StaticPartitions(["a\\u202eb"]))\ndef sales() -> int:\n    return 1\n'),
        ["plan"],
        (
            "error[E201]: `a\\u202eb` is not a partition key: it holds the bidirectional control U+202E\n"
            "  --> shop/a.py:16:19\n"
            '16 | @asset(partitions=StaticPartitions(["a\\u202eb"]))\n'
            "   |                   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^\n"
            "help: a partition key is 1-512 bytes of UTF-8 in Unicode normal form C, without control or bidirectional characters\n"
        ),
    ),
    "a key that is too long": (
        ('@asset(partitions=StaticPartitions(["k" * 513]))\ndef sales() -> int:\n    return 1\n'),
        ["plan"],
        (
            "error[E201]: `kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk...` is not a partition key: it is 513 bytes long, at most 512 are allowed\n"
            "  --> shop/a.py:16:19\n"
            '16 | @asset(partitions=StaticPartitions(["k" * 513]))\n'
            "   |                   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^\n"
            "help: a partition key is 1-512 bytes of UTF-8 in Unicode normal form C, without control or bidirectional characters\n"
        ),
    ),
    "an empty key": (
        ('@asset(partitions=StaticPartitions([""]))\ndef sales() -> int:\n    return 1\n'),
        ["plan"],
        (
            "error[E201]: `` is not a partition key: it is empty\n"
            "  --> shop/a.py:16:19\n"
            '16 | @asset(partitions=StaticPartitions([""]))\n'
            "   |                   ^^^^^^^^^^^^^^^^^^^^^^\n"
            "help: a partition key is 1-512 bytes of UTF-8 in Unicode normal form C, without control or bidirectional characters\n"
        ),
    ),
    "a key that is listed twice": (
        ('@asset(partitions=StaticPartitions(["a", "a"]))\ndef sales() -> int:\n    return 1\n'),
        ["plan"],
        (
            "error[E202]: the partition key `a` is listed twice\n"
            "  --> shop/a.py:16:19\n"
            '16 | @asset(partitions=StaticPartitions(["a", "a"]))\n'
            "   |                   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^\n"
        ),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_what_cannot_be_is_said_in_full(tmp_path: Path, name: str) -> None:
    text, arguments, golden = CASES[name]
    done = bad(tmp_path, a=HEAD + text)(*arguments)
    assert (done.code, done.out) == (2, "")
    assert done.err == golden.replace("<choices>", CHOICES).replace("<terms>", FORMS)


def test_what_the_upstream_cannot_have_may_be_left_out(tmp_path: Path) -> None:
    text, arguments, _ = CASES["the upstream begins later"]
    text = text.replace(
        "dict[str, int])",
        "Annotated[dict[str, int], Input('sales', mapping=TimeWindow(allow_missing=True))])",
    )
    command = bad(tmp_path, a=HEAD + text)
    done = command(*arguments)
    assert (done.code, done.err) == (0, "")
    assert (
        done.out.splitlines()[2]
        == "  + report   10 of 10   2026-01-01..2026-01-10   never materialized"
    )


STRANGE = [
    "a/b", "..", ".", "-rf", "'; drop table pointers; --", "[/x]", "[bold]x", "=cmd()", "<script>", "%2e%2e", "a,b=c",
    "last:2", "missing", "2026-01", "key:x", " a b ", "CON", "é", "日本", "🦆", "~", "a..b", "$(x)", "k" * 512,
]  # fmt: skip


def test_keys_of_any_characters_are_run_listed_and_asked_for(tmp_path: Path) -> None:
    text = f"@asset(partitions=StaticPartitions({STRANGE!r}))\ndef sales(context: AssetContext) -> str:\n"
    command = bad(tmp_path, a=HEAD + text + "    return context.partition.key\n")
    assert command("materialize", "-q").code == 0
    assert command("partitions", "sales", "--status", "current").out.splitlines() == STRANGE
    for key in ("-rf", "last:2", "[/x]", "a..b"):
        shown = command.json("plan", "-p", f"key:{key}", "--force")
        assert shown["steps"][0]["partitions"] == {"count": 1, "ranges": [[key, key, 1]]}

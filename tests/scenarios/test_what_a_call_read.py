"""The record says what a call read, whatever moved while it ran: never what is there by the time it is recorded."""

from __future__ import annotations

import sys

import pytest

from assets_core.execution.inline import InlineExecutor
from tests.scenarios.shops import Shop

RAW = """
@source(observe=file_digest("raw.json"))
def raw() -> list[int]:
    return __import__("json").loads(Path("raw.json").read_text())


def move():
    if Path("raw.json").read_text() == "[1]":
        Path("raw.json").write_text("[2]")


"""


def test_two_calls_that_end_together_are_recorded_with_the_token_that_each_saw(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(InlineExecutor, "capacity", 2)  # both outcomes arrive in one turn
    shop.write("raw.json", "[1]")
    shop.define(
        RAW
        + "@asset\ndef first(raw: list[int]) -> int:\n    move()\n    return sum(raw)\n\n\n"
        + "@asset\ndef second(raw: list[int]) -> int:\n    move()\n    return sum(raw)\n"
    )
    shop.attempt()
    assert (shop.value("first"), shop.value("second")) == (1, 2)
    assert shop.todo() == ["first run input_changed"]


def test_a_source_that_moves_before_a_check_reads_it_again_does_not_pass_for_what_was_loaded(
    shop: Shop,
) -> None:
    shop.write("raw.json", "[1]")
    shop.define(
        RAW
        + "@asset\ndef total(raw: list[int]) -> int:\n    move()\n    return sum(raw)\n\n\n"
        + "@check(asset=total)\ndef fine(total: int, raw: list[int]) -> bool:\n    return total == sum(raw)\n"
    )
    shop.attempt()
    assert shop.outcomes() == {"total": "rejected"}
    assert shop.todo() == ["total run never_materialized"]
    shop.build()
    assert shop.value("total") == 2


def test_a_batch_of_queries_does_not_mix_two_versions_of_a_source(shop: Shop) -> None:
    shop.write("raw.json", "[1]")
    shop.define(
        RAW
        + """
@source(observe=file_digest("raw.json"))
def numbers() -> pa.Table:
    ran("numbers")
    return pa.table({"n": [int(Path("raw.json").read_text()[1])]})


@source(observe=CONSTANT)
def mover() -> pa.Table:
    if Path("calls.log").exists():
        move()
    return pa.table({"m": [1]})


both = sql_asset(
    "both", "select n, m from numbers, mover", partitions=StaticPartitions(["x", "y"]), batch="all"
)
"""
    )
    shop.attempt()
    assert shop.outcomes() == {"both@x": "materialized", "both@y": "failed"}
    assert shop.todo() == ["both@x run input_changed", "both@y run never_materialized"]


DAYS = 'days = DailyPartitions(start="2026-01-01", end="2026-01-05")\n\n\n'


def test_an_earlier_partition_that_another_run_moves_meanwhile_was_not_read(shop: Shop) -> None:
    shop.write("n", "1")
    shop.define(
        DAYS
        + f"""
@asset(partitions=days)
def chain(context: AssetContext, chain: Annotated[int, Input("chain", mapping=TimeWindow(-1, -1))]) -> int:
    n = int(Path("n").read_text())
    if context.partition.key == "2026-01-02" and Path("meddle").exists():
        Path("meddle").unlink()
        Path("n").write_text("7")
        command = "import sys; from assets_core.cli import main; sys.exit(main())"
        arguments = ["materialize", "-q", "chain", "-p", "2026-01-01", "--force"]
        __import__("subprocess").run([{sys.executable!r}, "-c", command, *arguments], check=True)
    return n + (chain or 0)
"""
    )
    shop.build()
    shop.write("meddle", "")
    shop.build(partitions=["2026-01-02"], force=True)
    assert shop.value("chain", partition="2026-01-01") == 7
    assert shop.value("chain", partition="2026-01-02") == 2
    assert shop.todo()[0] == "chain@2026-01-02 run input_changed"


def test_declared_columns_of_its_own_earlier_partitions_are_compared_as_they_were_read(
    shop: Shop,
) -> None:
    shop.define(
        DAYS
        + """
@asset(partitions=days)
def chain(chain: Annotated[pa.Table, Input("chain", columns=["a"], mapping=TimeWindow(-1, -1))]) -> pa.Table:
    return pa.table({"a": [1], "b": [2]})
"""
    )
    shop.build()
    assert shop.todo() == []


@pytest.mark.parametrize("batch", ["1", "2", '"all"'])
@pytest.mark.parametrize("read", ["one", "two"])
def test_a_call_of_several_outputs_may_read_what_it_made_earlier_of_any_of_them(
    shop: Shop, batch: str, read: str
) -> None:
    shop.define(
        DAYS
        + f"""
@multi_asset(outputs=[Out("one"), Out("two")], partitions=days, batch={batch})
def both(
    context: AssetContext,
    {read}: Annotated[dict[str, int], Input("{read}", mapping=TimeWindow(-1, -1))],
) -> Iterator[Output[int]]:
    for key in context.partition.keys:
        yield Output(1, "one", partition=key)
        yield Output(2, "two", partition=key)
"""
    )
    shop.build()
    assert len(shop.outcomes()) == 8
    assert shop.todo() == []

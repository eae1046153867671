"""Sources: what is observed when, what a moved source makes run, and what one that cannot be observed blocks."""

from __future__ import annotations

import json

from tests.scenarios.shops import Shop

FILE = """
@source(observe=file_digest("raw.json"))
def raw() -> list[int]:
    ran("raw")
    return __import__("json").loads(Path("raw.json").read_text())


@asset
def total(raw: list[int]) -> int:
    ran("total")
    return sum(raw)


@asset
def sign(total: int) -> bool:
    ran("sign")
    return total > 0
"""


def test_a_changed_file_runs_what_reads_it_and_an_unchanged_one_nothing(shop: Shop) -> None:
    shop.write("raw.json", "[1, 2]")
    shop.define(FILE)
    assert shop.build() == ["raw", "sign", "total"]
    shop.write("raw.json", "[1, 2]")
    assert shop.todo() == []
    assert shop.build() == []
    shop.write("raw.json", "[2, 2]")
    assert shop.todo() == ["total run input_changed", "sign maybe upstream_pending"]
    assert shop.attempt() == ["raw", "total", "sign"]
    assert shop.value("total") == 4


def test_the_same_content_again_is_the_same_version(shop: Shop) -> None:
    shop.write("raw.json", "[1, 2]")
    shop.define(FILE)
    shop.build()
    shop.write("raw.json", "[9]")
    shop.write("raw.json", "[1, 2]")
    assert shop.todo() == []


def test_edited_code_of_a_source_counts_for_what_reads_it(shop: Shop) -> None:
    shop.write("raw.json", "[1, 2]")
    shop.define(FILE)
    shop.build()
    shop.edit('loads(Path("raw.json").read_text())', 'loads(Path("raw.json").read_text())[:1]')
    assert shop.todo() == ["total run input_changed", "sign maybe upstream_pending"]
    assert shop.attempt() == ["raw", "total", "sign"]
    assert shop.value("total") == 1


def test_a_constant_source_never_changes_by_itself(shop: Shop) -> None:
    shop.write("raw.json", "[1, 2]")
    shop.define(FILE.replace('file_digest("raw.json")', "CONSTANT"))
    shop.build()
    shop.write("raw.json", "[5]")
    assert shop.todo() == []


def test_a_source_that_cannot_be_observed_blocks_what_reads_it_and_nothing_else(shop: Shop) -> None:
    shop.write("raw.json", "[1, 2]")
    shop.define(FILE + '\n\n@asset\ndef other() -> int:\n    ran("other")\n    return 1\n')
    shop.build()
    (shop.root / "raw.json").unlink()
    shop.edit("    return 1\n", "    return 2\n")
    assert shop.todo() == ["total blocked observation_failed", "other run code_changed"]
    assert shop.attempt() == ["other"]
    assert shop.outcomes() == {"total": "blocked", "other": "materialized"}
    assert shop.result is not None
    assert not shop.result.ok
    assert shop.value("total") == 3


def test_an_observer_that_exits_or_gives_no_token_is_a_failed_observation(shop: Shop) -> None:
    for body in ('raise SystemExit("enough")', "return 1.5", "return None", "1 / 0"):
        shop.define(f"""
            def seen():
                {body}


            @source(observe=seen)
            def raw() -> int:
                return 1


            @asset
            def total(raw: int) -> int:
                return raw
            """)
        assert shop.todo() == ["total blocked observation_failed"], body


MOVING = """
import itertools

TOKENS = Path(__file__).with_name("tokens")


def seen():
    with (Path(__file__).with_name("observed.log")).open("a") as log:
        log.write("x\\n")
    return TOKENS.read_text()


@source(observe=seen, code_version="1")
def raw() -> str:
    before = TOKENS.read_text()
    left, _, text = before.partition(":")
    if int(left):
        TOKENS.write_text(f"{int(left) - 1}:{text}")
    ran("raw")
    return text


@asset(code_version="1")
def copy(raw: str) -> str:
    ran("copy")
    return raw
"""


def test_a_source_that_moves_while_it_is_read_is_read_again(shop: Shop) -> None:
    shop.write("tokens", "2:x")
    shop.define(MOVING)
    assert shop.build() == ["copy", "raw", "raw", "raw"]
    assert shop.todo() == []


def test_a_source_that_never_stands_still_fails_what_reads_it(shop: Shop) -> None:
    shop.write("tokens", "99:x")
    shop.define(MOVING)
    assert shop.attempt() == ["raw", "raw", "raw"]
    assert shop.failure("copy").kind == "E513"
    shop.write("tokens", "0:x")
    assert shop.build() == ["copy", "raw"]


def test_what_was_read_is_recorded_where_a_source_moved_after_the_plan(shop: Shop) -> None:
    shop.write("tokens", "0:x")
    shop.define(MOVING)
    shop.build()
    shop.edit('def copy(raw: str) -> str:\n    ran("copy")', "def copy(raw: str) -> str:")
    shop.edit('@asset(code_version="1")', '@asset(code_version="2")')
    shop.attempt(planned=lambda _: shop.write("tokens", "0:y"))
    assert shop.value("copy") == "y"
    assert shop.todo() == []
    shop.write("tokens", "0:x")
    assert shop.todo() == ["copy run input_changed"]


PARTITIONED = """
days = DailyPartitions(start="2026-01-01")


def seen():
    return __import__("json").loads(Path("tokens.json").read_text())


@source(observe=seen, partitions=days)
def raw(context: AssetContext) -> str:
    return context.partition.key


@asset(partitions=days)
def day(context: AssetContext, raw: str) -> str:
    ran("day", context.partition.key)
    assert raw == context.partition.key
    return raw


@asset
def everything(raw: str) -> int:
    ran("everything")
    return 1
"""


def test_a_partitioned_source_has_a_token_per_partition(shop: Shop) -> None:
    tokens = {f"2026-01-0{n}": "a" for n in (1, 2, 3)}
    shop.write("tokens.json", json.dumps(tokens))
    shop.define(
        PARTITIONED.replace("def everything(raw: str)", "def everything()").replace(
            "@asset\ndef every", "@asset(deps=[raw])\ndef every"
        )
    )
    shop.attempt()
    assert shop.outcomes()["day@2026-01-04"] == "blocked", "the source has no such partition yet"
    assert shop.outcomes()["day@2026-01-03"] == "materialized"
    tokens["2026-01-02"] = "b"
    shop.write("tokens.json", json.dumps(tokens))
    assert shop.attempt() == ["day@2026-01-02", "everything"]
    tokens["2026-01-04"] = "a"
    shop.write("tokens.json", json.dumps(tokens))
    assert shop.attempt() == ["day@2026-01-04", "everything"]


def test_one_token_of_a_partitioned_source_is_that_of_every_partition(shop: Shop) -> None:
    shop.write("tokens.json", '"a"')
    shop.define(
        PARTITIONED[: PARTITIONED.index("@asset\ndef everything")].replace(
            'start="2026-01-01"', 'start="2026-01-01", end="2026-02-01"'
        )
    )
    assert shop.build() == [f"day@2026-01-{n:02}" for n in range(1, 10)]
    shop.now = shop.now.replace(day=12)
    assert shop.build() == ["day@2026-01-10", "day@2026-01-11"]
    shop.write("tokens.json", '"b"')
    assert len(shop.build()) == 11

"""The fingerprint of queries: what counts, and what a query that cannot be parsed says."""

from __future__ import annotations

from pathlib import Path

import pytest

from assets_core.declare.loader import project_in_place
from assets_core.errors import AssetsError
from assets_core.versioning.cache import FingerprintCache
from assets_core.versioning.fingerprint import Fingerprinter

BASE = "select carrier, avg(dep_delay) as delay from flights where origin <> 'JFK' group by carrier"


def version(text: str, dialect: str = "duckdb", folder: Path | None = None, **options: str) -> str:
    cache = FingerprintCache(folder) if folder is not None else None
    fingerprinter = Fingerprinter(project_in_place("."), cache=cache)
    found = fingerprinter.sql(text, dialect, name="q", file="q.sql", line=4, options=options)
    fingerprinter.save()
    (part,) = found.parts
    assert part[:3] == ("q", "q.sql", 4)
    return found.version


@pytest.mark.parametrize(
    "text",
    [
        BASE.replace("select", "SELECT").replace(" from", "\nFROM"),
        BASE + " -- a comment",
        "/* a comment */ " + BASE + ";",
        BASE.replace("avg", "AVG"),
        BASE.replace("<>", "!="),
        BASE.replace(" as delay", " delay"),
    ],
)
def test_formatting_and_comments_do_not_count(text: str) -> None:
    assert version(text) == version(BASE)


@pytest.mark.parametrize(
    "text",
    [
        BASE.replace("avg", "max"),
        BASE.replace("JFK", "jfk"),
        BASE.replace("delay from", "Delay from"),
        BASE.replace("carrier, ", "carrier, carrier, "),
        BASE.replace("avg(dep_delay)", "avg(distinct dep_delay)"),
        BASE + " order by carrier",
        BASE + " limit 1",
        BASE.replace("flights", "main.flights"),
        BASE.replace("flights", '"flights"'),
        BASE + "; select 1",
    ],
)
def test_everything_else_counts(text: str) -> None:
    assert version(text) != version(BASE)


def test_options_and_dialect_count() -> None:
    text = "select a || b as c from t"
    assert len({version(text), version(text, threads="2"), version(text, "mysql")}) == 3


def test_the_cache_gives_the_same_versions(tmp_path: Path) -> None:
    assert version(BASE) == version(BASE, folder=tmp_path) == version(BASE, folder=tmp_path)


def test_a_query_that_cannot_be_parsed_is_placed_in_its_file() -> None:
    with pytest.raises(AssetsError) as caught:
        version("select a,\n  (b + from t")
    assert caught.value.code == "E122"
    assert str(caught.value.place) == "q.sql:5:8"
    assert caught.value.message.startswith("the query cannot be parsed: ")


def test_a_query_as_deep_as_a_thousand_unions() -> None:
    text = " union all ".join(f"select {n} as n" for n in range(1_000))
    assert version(text) != version(text.replace("999", "1000"))

"""The example project on its real data: what it finds there, and what runs when the data or the code change."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pandas as pd
import pytest

from assets_core import Project, load
from tests.scenarios.example.conftest import Materialized
from tests.scenarios.example.copies import Copy

pytestmark = pytest.mark.timeout(
    600
)  # the first test pays for the year, on a machine that may be shared

Partition = tuple[str, str | None]

FLIGHT = {"month": "7", "day": "4", "carrier": "US", "flight": "1431", "origin": "EWR"}


def test_the_year_materializes_and_only_the_known_defects_are_found(year: Materialized) -> None:
    judged = [e for e in year.events if e["event"] == "check_evaluated"]

    assert year.events[-1]["status"] == "succeeded"
    assert sum(e["event"] == "materialized" for e in year.events) == 1_846
    assert {
        (e["asset"], e["partition"], e["check"], e["count"]) for e in judged if not e["passed"]
    } == {
        ("raw_flights", None, "relationship(tailnum, planes.tailnum)", 50_094),
        ("raw_flights", None, "not_null(tailnum)", 2_512),
        ("raw_flights", None, "relationship(dest, airports.airport)", 7_602),
        ("raw_flights", None, "not_null(dep_time)", 8_255),
        ("weather", "2013-12-31", "row_count(min=1)", 0),
    }
    assert not any(e["blocking"] for e in judged if not e["passed"])


def test_the_key_of_a_flight_is_checked_on_every_day(year: Materialized) -> None:
    unique = "unique(carrier, flight, sched_dep_time, origin)"
    judged = [e for e in year.events if e.get("check") == unique]

    assert len({e["partition"] for e in judged}) == 365
    assert all(e["passed"] and e["blocking"] for e in judged)


def test_files_are_read_once_and_ingested_in_one_call(year: Materialized) -> None:
    assert Counter(year.copy.calls()) == {
        "flights_csv": 1,
        "weather_csv": 1,
        "planes_csv": 1,
        "airports_csv": 1,
        "airlines": 2,  # by the check of carriers, and by the scorecard
        "raw_flights": 1,
        "raw_weather": 1,
        "flights": 1,
        "weather": 1,
        "departures": 365,
        "route_performance": 12,
        "split": 1,
        "delay_model": 1,
        "report": 1,
    }


def test_the_year_adds_up(year: Materialized) -> None:
    project = Project.load(year.copy.root)
    scorecard = load("scorecard", as_type=pd.DataFrame, project=project)
    model = load("delay_model", as_type=dict, project=project)

    assert len(scorecard) == 16
    assert scorecard["flights"].sum() == 336_776
    assert scorecard["cancelled"].sum() == 8_255
    assert set(model["weights"]) == {"hour", "wind_speed", "precip", "visib", "built", "seats"}
    assert "336,776 departures were scheduled, 8,255 of them cancelled" in load(
        "report", project=project
    )


def test_the_day_without_weather_is_an_empty_partition(year: Materialized) -> None:
    project = Project.load(year.copy.root)
    weather = load("weather", partition="2013-12-31", project=project)
    departures = load("departures", partition="2013-12-31", project=project)

    assert weather.num_rows == 0
    assert weather.schema == load("weather", partition="2013-12-30", project=project).schema
    assert len(departures) == 760
    assert departures["wind_speed"].isna().all()


def test_a_second_run_does_nothing_and_says_so(project: Copy) -> None:
    before = project.calls()

    assert project.assets("materialize") == "Nothing to do: 1,846 current.\n"
    assert project.calls() == before


def test_one_changed_row_runs_its_day_its_month_and_the_year(project: Copy) -> None:
    before = len(project.calls())
    project.edit_flight(FLIGHT, dep_delay="55", arr_delay="60")

    events = project.materialize()

    assert Counter(project.calls()[before:]) == {
        "flights_csv": 1,
        "raw_flights": 1,
        "flights": 1,
        "departures": 1,
        "route_performance": 1,
        "split": 1,
        "delay_model": 1,
        "report": 1,
        "airlines": 2,
    }
    assert _materialized(events, changed=True) == {
        ("raw_flights", None),
        ("flights", "2013-07-04"),
        ("departures", "2013-07-04"),
        ("carrier_delays", "2013-07-04"),
        ("airport_delays", "2013-07-04"),
        ("route_performance", "2013-07"),
        ("scorecard", None),
        ("training", None),
        ("delay_model", None),
    }
    unchanged = _materialized(events, changed=False)
    assert Counter(asset for asset, _ in unchanged) == {"flights": 364, "holdout": 1, "report": 1}


def test_a_column_that_nobody_reads_runs_nothing_beyond_the_ingestion(project: Copy) -> None:
    before = len(project.calls())
    project.edit_flight(FLIGHT, arr_time="641")

    events = project.materialize()

    assert project.calls()[before:] == ["flights_csv", "raw_flights", "airlines", "flights"]
    assert _materialized(events, changed=True) == {("raw_flights", None), ("flights", "2013-07-04")}


def test_a_changed_setting_runs_what_takes_it(project: Copy) -> None:
    before = len(project.calls())

    events = project.materialize("--config", "route_performance.tolerance_minutes=30")

    assert Counter(project.calls()[before:]) == {
        "route_performance": 12,
        "airlines": 1,
        "report": 1,
    }
    assert ("scorecard", None) in _materialized(events, changed=True)


def _materialized(events: list[dict[str, Any]], *, changed: bool) -> set[Partition]:
    return {
        (e["asset"], e["partition"])
        for e in events
        if e["event"] == "materialized" and e["changed"] is changed
    }

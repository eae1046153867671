"""A user's module that uses the whole declaring interface: mypy and pyright check it strictly, nothing imports it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import pandas as pd

from assets_core import (
    AssetContext,
    CheckResult,
    Config,
    Connection,
    DailyPartitions,
    Input,
    MonthlyPartitions,
    Out,
    Output,
    Project,
    Retry,
    Severity,
    asset,
    check,
    file_digest,
    load,
    materialize,
    multi_asset,
    not_null,
    plan,
    relationship,
    source,
    sql_asset,
    unique,
)

days = DailyPartitions(start="2013-01-01", end="2014-01-01", timezone="America/New_York")
months = MonthlyPartitions(start="2013-01-01", end="2014-01-01", timezone="America/New_York")


class Cleaning(Config):
    """How rows are cleaned."""

    max_delay_minutes: int = 1_000


class Warehouse(Connection):
    """Where reports are sent."""

    url: str


@source(observe=file_digest("data/planes.csv"))
def planes() -> pd.DataFrame:
    return pd.read_csv("data/planes.csv")


@source(observe=file_digest("data/flights.csv"))
def raw_flights() -> pd.DataFrame:
    return pd.read_csv("data/flights.csv")


@asset(
    partitions=days,
    group="staging",
    owners=["team:data"],
    tags={"domain": "ops"},
    retry=Retry(max_retries=3, delay=2.0, backoff=2.0, jitter=0.2),
    checks=[
        not_null("origin"),
        unique("carrier", "flight", "sched_dep_time"),
        relationship("tailnum", to=planes, column="tailnum", severity=Severity.WARN),
    ],
)
def flights(context: AssetContext, raw_flights: pd.DataFrame, cleaning: Cleaning) -> pd.DataFrame:
    """One row per departure."""
    day = context.partition.date
    rows = raw_flights[(raw_flights["month"] == day.month) & (raw_flights["day"] == day.day)]
    return rows[rows["dep_delay"].fillna(0) < cleaning.max_delay_minutes]


carrier_delays = sql_asset(
    "carrier_delays",
    "select carrier, avg(dep_delay) as delay from flights group by carrier",
    partitions=days,
)


@asset
def one() -> int:
    return 1


@asset(partitions=months)
def monthly(
    delays: Annotated[pd.DataFrame, Input(carrier_delays, columns=["delay"])], one: int
) -> dict[str, float]:
    return {"mean": float(delays["delay"].mean()) * one}


@multi_asset(outputs=[Out("train"), Out("test", optional=True)])
def split(context: AssetContext, one: int) -> Iterator[Output[pd.DataFrame]]:
    context.log.info("splitting")
    yield Output(pd.DataFrame({"x": [one]}), "train", metadata={"rows": one})


@asset(deps=[flights, "train"])
async def report(warehouse: Warehouse) -> Path:
    return Path(warehouse.url)


@check(asset=flights, severity=Severity.WARN)
def some_rows(flights: pd.DataFrame) -> bool | CheckResult:
    return len(flights) > 0


def script() -> int:
    """What a notebook does: look, then build, then read."""
    project = Project.load(Path("shop"))
    print(project.root, plan(select="flights", partitions="2013-01"))
    materialize(select="+monthly")
    frame = load("flights", as_type=pd.DataFrame, partition="2013-01-01")
    plain: int = one()
    return len(frame) + plain

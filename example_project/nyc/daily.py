"""Day by day, in New York's time: a delivery that changes one day is worked through for that day only."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated

import pandas as pd
import pyarrow as pa

from assets_core import (
    AssetContext,
    DailyPartitions,
    Input,
    Output,
    Severity,
    asset,
    in_range,
    row_count,
    sql_asset,
    unique,
)
from nyc.raw import planes

NEW_YORK = "America/New_York"

days = DailyPartitions(start="2013-01-01", end="2014-01-01", timezone=NEW_YORK)


def by_day(rows: pa.Table, keys: Sequence[str]) -> Iterator[Output[pa.Table]]:
    """One output per day: the rows whose ``time_hour``, which is UTC, falls on it in New York."""
    utc = pd.DatetimeIndex(rows.column("time_hour").to_numpy(), tz="UTC")
    local = pd.Series(utc.tz_convert(NEW_YORK))
    positions = local.groupby(local.dt.strftime("%Y-%m-%d")).indices
    for key in keys:
        yield Output(rows.take(pa.array(positions.get(key, []), pa.int64())), partition=key)


@asset(
    partitions=days,
    batch="all",
    group="daily",
    checks=[row_count(min=1), unique("carrier", "flight", "sched_dep_time", "origin")],
)
def flights(context: AssetContext, raw_flights: pa.Table) -> Iterator[Output[pa.Table]]:
    """The scheduled departures of a day."""
    return by_day(raw_flights, context.partition.keys)


@asset(
    partitions=days,
    batch="all",
    group="daily",
    checks=[
        row_count(min=1, severity=Severity.WARN),
        unique("origin", "time_hour"),
        in_range("humid", min=0, max=100),
    ],
)
def weather(context: AssetContext, raw_weather: pa.Table) -> Iterator[Output[pa.Table]]:
    """The hours of a day at each airport; the last day of the year was never delivered, which is a warning."""
    return by_day(raw_weather, context.partition.keys)


@asset(partitions=days, group="daily")
def departures(
    flights: Annotated[
        pd.DataFrame,
        Input(flights, columns=["origin", "time_hour", "tailnum", "hour", "dep_delay"]),
    ],
    weather: Annotated[
        pd.DataFrame,
        Input(weather, columns=["origin", "time_hour", "wind_speed", "precip", "visib"]),
    ],
    planes: Annotated[pd.DataFrame, Input(planes, columns=["tailnum", "built", "seats"])],
) -> pd.DataFrame:
    """The flights that left, with the weather of their hour and the plane that flew."""
    left = flights.dropna(subset=["dep_delay"])
    return left.merge(weather, how="left", on=["origin", "time_hour"]).merge(
        planes, how="left", on="tailnum"
    )


carrier_delays = sql_asset(
    "carrier_delays",
    """
    select
        carrier,
        count(*) as flights,
        count(*) - count(dep_time) as cancelled,
        coalesce(sum(greatest(dep_delay, 0)), 0) as minutes_late
    from flights
    group by carrier
    """,
    partitions=days,
    group="daily",
    key=["carrier"],
)

airport_delays = sql_asset(
    "airport_delays",
    file="nyc/sql/airport_delays.sql",
    partitions=days,
    group="daily",
    key=["origin"],
)

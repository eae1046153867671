"""What people read: routes by month, carriers over the year, and a page about both."""

from __future__ import annotations

from typing import Annotated

import pandas as pd

from assets_core import Config, Input, MonthlyPartitions, asset, in_range, sql_asset, unique
from nyc.daily import NEW_YORK, flights

months = MonthlyPartitions(start="2013-01-01", end="2014-01-01", timezone=NEW_YORK)


class Punctuality(Config):
    """What counts as on time."""

    tolerance_minutes: int = 15


@asset(
    partitions=months,
    group="reports",
    checks=[unique("carrier", "origin", "dest"), in_range("on_time", min=0, max=1)],
)
def route_performance(
    flights: Annotated[
        pd.DataFrame, Input(flights, columns=["carrier", "origin", "dest", "arr_delay"])
    ],
    punctuality: Punctuality,
) -> pd.DataFrame:
    """Per month, carrier and route: flights, mean delay at arrival (minutes), share on time of those that arrived."""
    arrived = flights.dropna(subset=["arr_delay"])
    arrived = arrived.assign(on_time=arrived["arr_delay"] <= punctuality.tolerance_minutes)
    return arrived.groupby(["carrier", "origin", "dest"], as_index=False).agg(
        flights=("on_time", "size"), mean_delay=("arr_delay", "mean"), on_time=("on_time", "mean")
    )


scorecard = sql_asset(
    "scorecard",
    file="nyc/sql/scorecard.sql",
    group="reports",
    key=["carrier"],
    checks=[unique("carrier")],
)


@asset(group="reports")
def report(scorecard: pd.DataFrame, airport_delays: pd.DataFrame) -> str:
    """A page in Markdown."""
    best = scorecard.sort_values("on_time", ascending=False)
    lines = [f"| {row.name} | {row.flights:,} | {row.on_time:.0%} |" for row in best.itertuples()]
    cancelled = int(airport_delays["cancelled"].sum())
    return "\n".join(
        [
            "# Flights from New York, 2013",
            f"{int(scorecard['flights'].sum()):,} departures were scheduled, {cancelled:,} of them cancelled.",
            "",
            "| carrier | flights | on time |",
            "|---|---:|---:|",
            *lines,
            "",
        ]
    )

"""The tables as they were delivered, each read once and audited: what is wrong with the data is said here.

The known defects are warnings. An unknown carrier or airport of departure is an error: it keeps the delivery out.
"""

from __future__ import annotations

import pyarrow as pa

from assets_core import (
    Severity,
    accepted_values,
    asset,
    not_null,
    relationship,
    sql_asset,
    unique,
)
from nyc.sources import airlines

planes = sql_asset(
    "planes",
    "select tailnum, year as built, manufacturer, model, engines, seats from planes_csv",
    group="raw",
    key=["tailnum"],
    checks=[not_null("tailnum"), unique("tailnum")],
)

airports = sql_asset(
    "airports",
    "select faa as airport, name, lat, lon, alt from airports_csv",
    group="raw",
    key=["airport"],
    checks=[not_null("airport"), unique("airport")],
)


@asset(
    group="raw",
    checks=[
        not_null("tailnum", "dep_time", severity=Severity.WARN),
        relationship("tailnum", to=planes, severity=Severity.WARN),
        relationship("dest", to=airports, column="airport", severity=Severity.WARN),
        relationship("carrier", to=airlines),
        accepted_values("origin", values=["EWR", "JFK", "LGA"]),
    ],
)
def raw_flights(flights_csv: pa.Table) -> pa.Table:
    """One row per scheduled departure; no departure time means that it was cancelled."""
    return flights_csv


@asset(group="raw", checks=[accepted_values("origin", values=["EWR", "JFK", "LGA"])])
def raw_weather(weather_csv: pa.Table) -> pa.Table:
    """One row per airport and hour."""
    return weather_csv

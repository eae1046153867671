"""A small model of how late a flight leaves: least squares on hour, weather and plane."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import BaseModel

from assets_core import (
    AssetContext,
    CheckResult,
    Input,
    Out,
    Output,
    asset,
    check,
    multi_asset,
    row_count,
)
from nyc.daily import NEW_YORK, departures

Floats: TypeAlias = NDArray[np.floating[Any]]

FEATURES = ["hour", "wind_speed", "precip", "visib", "built", "seats"]
TARGET = "dep_delay"


class DelayModel(BaseModel):
    """Minutes late = intercept + the sum of weight × feature."""

    intercept: float
    weights: dict[str, float]

    def predict(self, rows: pd.DataFrame) -> pd.Series[float]:
        predicted = rows[list(self.weights)].mul(pd.Series(self.weights)).sum(axis="columns")
        return predicted + self.intercept


@multi_asset(
    outputs=[
        Out("training", checks=[row_count(min=1_000)]),
        Out("holdout", checks=[row_count(min=1_000)]),
    ],
    group="reports",
)
def split(
    departures: Annotated[
        pd.DataFrame, Input(departures, columns=["time_hour", *FEATURES, TARGET])
    ],
) -> Iterator[Output[pd.DataFrame]]:
    """The first nine months to learn from, the last three to be judged by."""
    complete = departures.dropna()
    late = complete["time_hour"] >= pd.Timestamp("2013-10-01", tz=NEW_YORK)
    yield Output(complete[~late], "training")
    yield Output(complete[late], "holdout")


@asset(group="reports")
def delay_model(context: AssetContext, training: pd.DataFrame, holdout: pd.DataFrame) -> DelayModel:
    """The fitted model, stored as JSON; how well it does on the holdout is its metadata."""
    known: Floats = np.column_stack([np.ones(len(training)), training[FEATURES].to_numpy(float)])
    late: Floats = training[TARGET].to_numpy(float)
    solution: Floats = np.linalg.lstsq(known, late)[0]
    intercept, *weights = (round(float(weight), 6) for weight in solution)
    model = DelayModel(intercept=intercept, weights=dict(zip(FEATURES, weights, strict=True)))
    context.add_metadata({"rows": len(training), **errors(model, holdout)})
    return model


def errors(model: DelayModel, rows: pd.DataFrame) -> dict[str, float]:
    """Root mean square errors in minutes: of the model, and of always saying the mean delay."""
    actual = rows[TARGET]
    return {
        "rmse": float(((actual - model.predict(rows)) ** 2).mean() ** 0.5),
        "rmse_of_mean": float(actual.std(ddof=0)),
    }


@check(asset=delay_model)
def beats_the_mean(delay_model: DelayModel, holdout: pd.DataFrame) -> CheckResult:
    """A model that does no better than the mean delay is not published."""
    found = errors(delay_model, holdout)
    return CheckResult(found["rmse"] < found["rmse_of_mean"], metadata=found)

"""P5 beside Dagster: its staleness resolver asked for every asset-partition of a chain of five hourly assets.

Its cost per asset-partition does not depend on how many there are, and recording them takes it long; 1,000 are enough.
They are recorded by a real run over the whole range, with an IO manager that stores nothing.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

from benchmarks.measuring import Figure, measure, timed
from benchmarks.partitioned import ASSETS, SMALLEST

SHOP = f"""
import dagster as dg

HOURS = dg.HourlyPartitionsDefinition(start_date="2021-01-01-00:00", end_date="2021-01-09-08:00")


class Nothing(dg.IOManager):
    def handle_output(self, context, obj):
        pass

    def load_input(self, context):
        return 1


def _asset(number):
    reads = {{f"p{{number - 1}}": dg.AssetIn()}} if number else {{}}

    @dg.asset(
        name=f"p{{number}}", ins=reads, partitions_def=HOURS, backfill_policy=dg.BackfillPolicy.single_run()
    )
    def one(**read):
        return 1

    return one


ASSETS = [_asset(number) for number in range({ASSETS})]
"""

FILL = """
import dagster as dg
import shop

keys = shop.HOURS.get_partition_keys()
tags = {"dagster/asset_partition_range_start": keys[0], "dagster/asset_partition_range_end": keys[-1]}
with dg.DagsterInstance.get() as instance:
    done = dg.materialize(
        shop.ASSETS, instance=instance, resources={"io_manager": shop.Nothing()}, tags=tags
    )
assert done.success
"""

STALENESS = """
import dagster as dg
import shop
from dagster._core.definitions.data_version import CachingStaleStatusResolver
from dagster._core.loader import LoadingContextForTest

graph = dg.Definitions(assets=shop.ASSETS).resolve_asset_graph()
keys = shop.HOURS.get_partition_keys()
with dg.DagsterInstance.get() as instance:
    resolver = CachingStaleStatusResolver(instance, graph, LoadingContextForTest(instance))
    resolver.instance_queryer.prefetch_asset_records([asset.key for asset in shop.ASSETS])
    states = [resolver.get_status(asset.key, key) for asset in shop.ASSETS for key in keys]
assert {state.name for state in states} == {"FRESH"} and len(states) == len(shop.ASSETS) * len(keys)
"""


def figures(work: Path, python: str) -> Iterator[Figure]:
    """One figure: the staleness of every asset-partition, nothing having changed, as a whole process."""
    project, home = work / "dagster-partitions", work / "dagster-partitions-home"
    for folder in (project, home):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
    for name, text in (("shop", SHOP), ("fill", FILL), ("staleness", STALENESS)):
        (project / f"{name}.py").write_text(text)
    env = {"DAGSTER_HOME": str(home), "DAGSTER_DISABLE_TELEMETRY": "1"}
    timed([python, "fill.py"], project, env)
    title = f"{SMALLEST.title}, no-op plan"
    argv = [python, "staleness.py"]
    yield measure("P5", title, "Dagster staleness resolver", argv, project, env=env)

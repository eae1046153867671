"""assets-core: declare the tables, files and models that should exist; materialize exactly what is out of date.

Everything that users need is imported from here. Names are loaded on first use (PEP 562), so that importing the
package costs nothing: no pandas, numpy, DuckDB or SQLAlchemy before something needs them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from assets_core.declare.assets import asset as asset
    from assets_core.declare.check_functions import check as check
    from assets_core.declare.config import Config as Config
    from assets_core.declare.connection import Connection as Connection
    from assets_core.declare.context import AssetContext as AssetContext
    from assets_core.declare.inputs import Input as Input
    from assets_core.declare.multi_assets import multi_asset as multi_asset
    from assets_core.declare.observers import CONSTANT as CONSTANT
    from assets_core.declare.observers import file_digest as file_digest
    from assets_core.declare.outputs import Out as Out
    from assets_core.declare.outputs import Output as Output
    from assets_core.declare.sources import source as source
    from assets_core.declare.sql_assets import sql_asset as sql_asset
    from assets_core.errors import AssetsError as AssetsError
    from assets_core.model.assets import AssetDefinition as AssetDefinition
    from assets_core.model.assets import AssetSpec as AssetSpec
    from assets_core.model.assets import Retry as Retry
    from assets_core.model.checks import CheckResult as CheckResult
    from assets_core.model.checks import Severity as Severity
    from assets_core.model.keys import AssetKey as AssetKey
    from assets_core.partitions import All as All
    from assets_core.partitions import DailyPartitions as DailyPartitions
    from assets_core.partitions import DimensionOf as DimensionOf
    from assets_core.partitions import DynamicPartitions as DynamicPartitions
    from assets_core.partitions import HourlyPartitions as HourlyPartitions
    from assets_core.partitions import Identity as Identity
    from assets_core.partitions import Last as Last
    from assets_core.partitions import MonthlyPartitions as MonthlyPartitions
    from assets_core.partitions import Multi as Multi
    from assets_core.partitions import MultiPartitions as MultiPartitions
    from assets_core.partitions import PartitionMapping as PartitionMapping
    from assets_core.partitions import PartitionsDefinition as PartitionsDefinition
    from assets_core.partitions import PartitionSet as PartitionSet
    from assets_core.partitions import Specific as Specific
    from assets_core.partitions import Static as Static
    from assets_core.partitions import StaticPartitions as StaticPartitions
    from assets_core.partitions import TimePartitions as TimePartitions
    from assets_core.partitions import TimeWindow as TimeWindow
    from assets_core.partitions import WeeklyPartitions as WeeklyPartitions
    from assets_core.project.facade import Project as Project
    from assets_core.project.scripting import load as load
    from assets_core.project.scripting import materialize as materialize
    from assets_core.project.scripting import plan as plan
    from checks.builders import accepted_values as accepted_values
    from checks.builders import expression as expression
    from checks.builders import has_columns as has_columns
    from checks.builders import in_range as in_range
    from checks.builders import matches as matches
    from checks.builders import not_null as not_null
    from checks.builders import relationship as relationship
    from checks.builders import row_count as row_count
    from checks.builders import sql_check as sql_check
    from checks.builders import unique as unique

_HOMES = {
    "assets_core.declare.assets": ("asset",),
    "assets_core.declare.check_functions": ("check",),
    "assets_core.declare.config": ("Config",),
    "assets_core.declare.connection": ("Connection",),
    "assets_core.declare.context": ("AssetContext",),
    "assets_core.declare.inputs": ("Input",),
    "assets_core.declare.multi_assets": ("multi_asset",),
    "assets_core.declare.observers": ("CONSTANT", "file_digest"),
    "assets_core.declare.outputs": ("Out", "Output"),
    "assets_core.declare.sources": ("source",),
    "assets_core.declare.sql_assets": ("sql_asset",),
    "assets_core.errors": ("AssetsError",),
    "assets_core.model.assets": ("AssetDefinition", "AssetSpec", "Retry"),
    "assets_core.model.checks": ("CheckResult", "Severity"),
    "assets_core.model.keys": ("AssetKey",),
    "assets_core.partitions": (
        "All",
        "DailyPartitions",
        "DimensionOf",
        "DynamicPartitions",
        "HourlyPartitions",
        "Identity",
        "Last",
        "MonthlyPartitions",
        "Multi",
        "MultiPartitions",
        "PartitionMapping",
        "PartitionSet",
        "PartitionsDefinition",
        "Specific",
        "Static",
        "StaticPartitions",
        "TimePartitions",
        "TimeWindow",
        "WeeklyPartitions",
    ),
    "assets_core.project.facade": ("Project",),
    "assets_core.project.scripting": ("load", "materialize", "plan"),
    "checks.builders": (
        "accepted_values",
        "expression",
        "has_columns",
        "in_range",
        "matches",
        "not_null",
        "relationship",
        "row_count",
        "sql_check",
        "unique",
    ),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__version__ = "0.1.0"
__all__ = [
    "CONSTANT",
    "All",
    "AssetContext",
    "AssetDefinition",
    "AssetKey",
    "AssetSpec",
    "AssetsError",
    "CheckResult",
    "Config",
    "Connection",
    "DailyPartitions",
    "DimensionOf",
    "DynamicPartitions",
    "HourlyPartitions",
    "Identity",
    "Input",
    "Last",
    "MonthlyPartitions",
    "Multi",
    "MultiPartitions",
    "Out",
    "Output",
    "PartitionMapping",
    "PartitionSet",
    "PartitionsDefinition",
    "Project",
    "Retry",
    "Severity",
    "Specific",
    "Static",
    "StaticPartitions",
    "TimePartitions",
    "TimeWindow",
    "WeeklyPartitions",
    "__version__",
    "accepted_values",
    "asset",
    "check",
    "expression",
    "file_digest",
    "has_columns",
    "in_range",
    "load",
    "matches",
    "materialize",
    "multi_asset",
    "not_null",
    "plan",
    "relationship",
    "row_count",
    "source",
    "sql_asset",
    "sql_check",
    "unique",
]


if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        home = _HOME_OF.get(name)
        if home is None:
            raise AttributeError(f"module `assets_core` has no attribute `{name}`")
        from importlib import import_module

        value = globals()[name] = getattr(import_module(home), name)
        return value


def __dir__() -> list[str]:
    return __all__

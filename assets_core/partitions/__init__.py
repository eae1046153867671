"""Partitions: sets of ordinals, definitions of keys and windows, and mappings between definitions.

An extractable library: standard library, numpy (loaded on first use), cronsim, and this project's errors.
Import from here.
"""

from __future__ import annotations

from assets_core.partitions.bound import BoundMapping
from assets_core.partitions.calendars import (
    DailyPartitions,
    HourlyPartitions,
    MonthlyPartitions,
    TimePartitions,
    WeeklyPartitions,
)
from assets_core.partitions.definitions import DynamicKey, PartitionsDefinition, Window
from assets_core.partitions.keys import check_key, key_to_path, path_to_key
from assets_core.partitions.listed import (
    DynamicPartitions,
    ResolvedPartitions,
    StaticPartitions,
    Unpartitioned,
)
from assets_core.partitions.mappings import (
    All,
    DimensionOf,
    Identity,
    Last,
    Multi,
    PartitionMapping,
    Specific,
    Static,
    TimeWindow,
    infer_mapping,
)
from assets_core.partitions.multi import MultiPartitions
from assets_core.partitions.ranges import RangeTable, runs_within
from assets_core.partitions.sets import PartitionSet
from assets_core.partitions.terms import (
    PartitionTerm,
    SelectableTerm,
    StatusTerm,
    describe_ranges,
    no_term_applies,
    parse_term,
    select,
    select_any,
)
from assets_core.partitions.timed import TimeDefinition

__all__ = [
    "All",
    "BoundMapping",
    "DailyPartitions",
    "DimensionOf",
    "DynamicKey",
    "DynamicPartitions",
    "HourlyPartitions",
    "Identity",
    "Last",
    "MonthlyPartitions",
    "Multi",
    "MultiPartitions",
    "PartitionMapping",
    "PartitionSet",
    "PartitionTerm",
    "PartitionsDefinition",
    "RangeTable",
    "ResolvedPartitions",
    "SelectableTerm",
    "Specific",
    "Static",
    "StaticPartitions",
    "StatusTerm",
    "TimeDefinition",
    "TimePartitions",
    "TimeWindow",
    "Unpartitioned",
    "WeeklyPartitions",
    "Window",
    "check_key",
    "describe_ranges",
    "infer_mapping",
    "key_to_path",
    "no_term_applies",
    "parse_term",
    "path_to_key",
    "runs_within",
    "select",
    "select_any",
]

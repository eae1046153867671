"""The protocols between the core and what serves it. If a test fake needs more than 40 lines, the port is too big.

Materializers store values, checks judge staged ones, executors place steps, stores keep facts. All four are found
through entry points or configuration; the core never imports an implementation.
"""

from __future__ import annotations

from assets_core.ports.checks import BatchCheck as BatchCheck
from assets_core.ports.checks import Check as Check
from assets_core.ports.checks import RelatedTable as RelatedTable
from assets_core.ports.checks import Staged as Staged
from assets_core.ports.execution import CheckRequest as CheckRequest
from assets_core.ports.execution import Executor as Executor
from assets_core.ports.execution import Limit as Limit
from assets_core.ports.execution import Outcome as Outcome
from assets_core.ports.execution import OutputTask as OutputTask
from assets_core.ports.execution import PinnedInput as PinnedInput
from assets_core.ports.execution import ProjectRef as ProjectRef
from assets_core.ports.execution import Request as Request
from assets_core.ports.execution import StepRequest as StepRequest
from assets_core.ports.materializers import Materializer as Materializer
from assets_core.ports.materializers import WriteOptions as WriteOptions
from assets_core.ports.reading import StateReader as StateReader
from assets_core.ports.rows import ColumnRow as ColumnRow
from assets_core.ports.rows import Completion as Completion
from assets_core.ports.rows import DurationStats as DurationStats
from assets_core.ports.rows import Lease as Lease
from assets_core.ports.rows import LimitFull as LimitFull
from assets_core.ports.rows import LineageRows as LineageRows
from assets_core.ports.rows import LivenessProbe as LivenessProbe
from assets_core.ports.rows import PackedChange as PackedChange
from assets_core.ports.rows import PackedRows as PackedRows
from assets_core.ports.rows import PoolFull as PoolFull
from assets_core.ports.rows import Recorded as Recorded
from assets_core.ports.rows import Refusal as Refusal
from assets_core.ports.rows import Renaming as Renaming
from assets_core.ports.rows import Retention as Retention
from assets_core.ports.rows import SlotHolder as SlotHolder
from assets_core.ports.rows import Unreferenced as Unreferenced
from assets_core.ports.time import Clock as Clock
from assets_core.ports.writing import StateStore as StateStore
from assets_core.ports.writing import Transaction as Transaction

__all__ = [
    "BatchCheck",
    "Check",
    "CheckRequest",
    "Clock",
    "ColumnRow",
    "Completion",
    "DurationStats",
    "Executor",
    "Lease",
    "Limit",
    "LimitFull",
    "LineageRows",
    "LivenessProbe",
    "Materializer",
    "Outcome",
    "OutputTask",
    "PackedChange",
    "PackedRows",
    "PinnedInput",
    "PoolFull",
    "ProjectRef",
    "Recorded",
    "Refusal",
    "RelatedTable",
    "Renaming",
    "Request",
    "Retention",
    "SlotHolder",
    "Staged",
    "StateReader",
    "StateStore",
    "StepRequest",
    "Transaction",
    "Unreferenced",
    "WriteOptions",
]

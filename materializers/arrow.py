"""Arrow as this package uses it: arrays whose element types are known only at run time.

The published stubs type every array by its element, which is right for code that knows its columns and wrong for code
that takes any table. So the modules are reached through here untyped, and the aliases say in signatures what is meant.
Importing this imports pyarrow: only modules that are themselves loaded lazily do.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import pyarrow
import pyarrow.compute
import pyarrow.parquet
import pyarrow.types

pa: Any = pyarrow
pc: Any = pyarrow.compute
pq: Any = pyarrow.parquet
pt: Any = pyarrow.types

Array: TypeAlias = Any
ChunkedArray: TypeAlias = Any
DataType: TypeAlias = Any
Field: TypeAlias = Any
Schema: TypeAlias = Any
Table: TypeAlias = Any

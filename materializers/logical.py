"""Logical column types: what a stored table means, apart from how Arrow happens to lay it out.

A table can arrive with large or view strings, run-end or dictionary encodings, small decimals; all of these load as one
thing, so there is one logical type for them. Differences that ``load`` shows stay differences: units, zones, widths,
categoricals with their list and order, and the flavour a pandas column had (``Int64`` is not ``int64``).
Nullability flags, field metadata and the names of list items are not kept.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from materializers.arrow import Array, DataType, pa, pc, pt
from materializers.refusals import shorten, unstorable

Flavour: TypeAlias = Literal["", "masked", "arrow", "hugeint"]
"""How a column was produced, where load shows it: pandas' nullable or Arrow dtypes, DuckDB's 128-bit integer."""


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """One column: the logical type of its values and, for a categorical, its categories in order."""

    name: str
    type: DataType
    flavour: Flavour = ""
    categories: Array | None = None
    ordered: bool = False

    @property
    def type_name(self) -> str:
        """The text that stands for the logical type in records and digests, the same under every Arrow release."""
        text = type_name(self.type)
        if self.categories is not None:
            text = f"categorical<{text}{', ordered' if self.ordered else ''}>"
        return f"{text}[{self.flavour}]" if self.flavour else text

    @property
    def arrow_type(self) -> DataType:
        """The type of this column in a ``pyarrow.Table`` that is loaded."""
        if self.categories is None:
            return self.type
        return pa.dictionary(pa.int32(), self.type, ordered=self.ordered)

    def with_type(self, wanted: DataType) -> Column:
        """The same column with other values."""
        return replace(self, type=wanted)


def logical_type(found: DataType, column: str) -> DataType:
    """The logical type of an Arrow type; raises StepError E302 for a type no stored table can hold."""
    if pt.is_string(found) or pt.is_large_string(found) or pt.is_string_view(found):
        return pa.string()
    if pt.is_binary(found) or pt.is_large_binary(found) or pt.is_binary_view(found):
        return pa.binary()
    if pt.is_dictionary(found) or pt.is_run_end_encoded(found):
        return logical_type(found.value_type, column)
    if pt.is_decimal(found) and found.precision <= 38:
        return pa.decimal128(found.precision, found.scale)
    if pt.is_date(found):
        return pa.date32()
    if pt.is_nested(found):
        return _logical_nested(found, column)
    if isinstance(found, pa.BaseExtensionType) or pt.is_interval(found):
        raise unstorable(
            f"column `{shorten(column)}` has the type {found}, which a stored table cannot hold",
            help="convert it to text, numbers or timestamps before returning it",
        )
    return found


def _logical_nested(found: DataType, column: str) -> DataType:
    if pt.is_struct(found) and found.num_fields:
        fields = [found.field(i) for i in range(found.num_fields)]
        names = [field.name for field in fields]
        if len(set(names)) == len(names):
            return pa.struct([(f.name, logical_type(f.type, column)) for f in fields])
    if pt.is_map(found):
        return pa.map_(logical_type(found.key_type, column), logical_type(found.item_type, column))
    if pt.is_fixed_size_list(found):
        return pa.list_(logical_type(found.value_type, column), found.list_size)
    if pt.is_list(found) or pt.is_large_list(found) or _is_list_view(found):
        return pa.list_(logical_type(found.value_type, column))
    raise unstorable(
        f"column `{shorten(column)}` has the type {found}, which a stored table cannot hold",
        help="unions and structs without fields or with equal field names have no place in Parquet",
    )


def storable(array: Array, wanted: DataType) -> Array:
    """The same values in a layout that Parquet and the digest take: ``array`` itself wherever possible."""
    if not _needs_cast(array.type):
        return array
    if pt.is_dictionary(array.type) or pt.is_run_end_encoded(array.type):
        return storable(_decoded(array), wanted)
    if carrier(wanted) != wanted or _has_list_view(array.type):
        # Both are rare, and Arrow 26 casts both wrongly: too few nulls of a slice, too short offsets of a view.
        return pa.array(array.to_pylist(), type=carrier(wanted))
    return array.cast(wanted)


def carrier(logical: DataType, *, inside: bool = False) -> DataType:
    """The type that carries a logical type in Parquet: nulls inside a nested type travel as missing booleans.

    Arrow 26 writes such nulls to Parquet and reads back arrays that are too short.
    """
    if pt.is_null(logical):
        return pa.bool_() if inside else logical
    if pt.is_struct(logical):
        fields = [logical.field(i) for i in range(logical.num_fields)]
        return pa.struct([(field.name, carrier(field.type, inside=True)) for field in fields])
    if pt.is_map(logical):
        return pa.map_(logical.key_type, carrier(logical.item_type, inside=True))
    if pt.is_fixed_size_list(logical):
        return pa.list_(carrier(logical.value_type, inside=True), logical.list_size)
    if pt.is_list(logical):
        return pa.list_(carrier(logical.value_type, inside=True))
    return logical


def _decoded(array: Array) -> Array:
    if pt.is_dictionary(array.type):
        return array.dictionary_decode()
    return pc.run_end_decode(array)


def _needs_cast(found: DataType) -> bool:
    encoded = pt.is_dictionary(found) or pt.is_run_end_encoded(found)
    if pt.is_nested(found) and not encoded:
        inner = _inner_types(found)
        return _is_list_view(found) or any(pt.is_null(i) or _needs_cast(i) for i in inner)
    views = pt.is_string_view(found) or pt.is_binary_view(found)
    return bool(encoded or views or pt.is_date64(found) or _is_other_decimal(found))


def _is_other_decimal(found: DataType) -> bool:
    return bool(pt.is_decimal(found) and found.precision <= 38 and not pt.is_decimal128(found))


def _inner_types(found: DataType) -> list[DataType]:
    return [found.field(i).type for i in range(found.num_fields)] if pt.is_nested(found) else []


def _has_list_view(found: DataType) -> bool:
    return _is_list_view(found) or any(map(_has_list_view, _inner_types(found)))


def _is_list_view(found: DataType) -> bool:
    return bool(pt.is_list_view(found) or pt.is_large_list_view(found))


def type_name(found: DataType) -> str:
    """The text of a logical type; names inside structs are quoted, so no two types share a text."""
    if pt.is_struct(found):
        fields = [found.field(i) for i in range(found.num_fields)]
        return f"struct<{', '.join(f'{json.dumps(f.name)}: {type_name(f.type)}' for f in fields)}>"
    if pt.is_map(found):
        return f"map<{type_name(found.key_type)}, {type_name(found.item_type)}>"
    if pt.is_fixed_size_list(found):
        return f"list<{type_name(found.value_type)}>[{found.list_size}]"
    if pt.is_list(found):
        return f"list<{type_name(found.value_type)}>"
    return str(found)

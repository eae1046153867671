"""The version types, and the one digest they are all made of.

Every version is 128 bits of BLAKE3, written as 32 lowercase hex digits. Code, config, data and source versions are
distinct types so that one can never be compared with another. A *term* stands for one (partition key, data version):
two independent 64-bit lanes, so that the version of many partitions is the lane-wise sum mod 2^64 of their terms,
vectorised and prefix-summable, together with the number of terms (an empty first fill is therefore seen).
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from json import JSONEncoder
from typing import TYPE_CHECKING, NamedTuple, NewType

if TYPE_CHECKING:
    from blake3 import blake3

CodeVersion = NewType("CodeVersion", str)
ConfigVersion = NewType("ConfigVersion", str)
DataVersion = NewType("DataVersion", str)
SourceVersion = NewType("SourceVersion", str)

LANE = 1 << 64


class Term(NamedTuple):
    """H(key, data version) as two unsigned 64-bit lanes."""

    low: int
    high: int


class InputVersion(NamedTuple):
    """The sum of the terms that were read, lane by lane mod 2^64, and how many there were."""

    low: int
    high: int
    count: int  # type: ignore[assignment]  # hides tuple.count, which nobody needs of three numbers


NO_INPUT = InputVersion(0, 0, 0)

_canonical = JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
).encode
"""``json.dumps`` makes an encoder for each call, which takes longer than a short text."""


@cache
def _blake3() -> type[blake3]:
    from blake3 import blake3

    return blake3


def digest(*parts: bytes | str) -> str:
    """32 hex digits over the parts, each length-prefixed so that no two lists of parts collide."""
    hasher = _blake3()()
    for part in parts:
        raw = part.encode() if isinstance(part, str) else part
        hasher.update(len(raw).to_bytes(8, "little"))
        hasher.update(raw)
    return hasher.hexdigest(16)


def digest_json(value: object) -> str:
    """The digest of a JSON value in canonical form (sorted keys, no blanks, no NaN)."""
    return digest(canonical_json(value))


def canonical_json(value: object) -> str:
    """One text per JSON value; raises ValueError for NaN and infinities, TypeError for anything not JSON."""
    return _canonical(value)


def term(partition: str, version: str) -> Term:
    """The term of one materialized partition; ``partition`` is ``""`` for an unpartitioned asset."""
    raw = bytes.fromhex(digest("term", partition, version))
    return Term(int.from_bytes(raw[:8], "little"), int.from_bytes(raw[8:], "little"))


def column_term(partition: str, name: str, type_name: str, rows: int, column_digest: str) -> Term:
    """The term of one column of one partition; the row-count term has the name ``""`` and no digest."""
    return term(partition, digest("column", name, type_name, str(rows), column_digest))


def sum_terms(terms: Iterable[Term]) -> InputVersion:
    """The input version of exactly these terms."""
    return sum_versions(InputVersion(t.low, t.high, 1) for t in terms)


def sum_versions(versions: Iterable[InputVersion]) -> InputVersion:
    """The input version of everything that these are versions of."""
    low = high = number = 0
    for version in versions:
        low, high, number = low + version.low, high + version.high, number + version.count
    return InputVersion(low % LANE, high % LANE, number)

"""Records as the texts and blobs of table columns, and back. Plain tagged data: nothing read here is ever run.

JSON is written with ASCII escapes, so that any text Python can hold survives every driver (also a lone surrogate or a
NUL), and reads back NaN and integers of any size as they were. Free text of users is therefore a JSON text too.
Times are ISO texts in UTC.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import lru_cache, wraps
from typing import Any, ParamSpec, TypeVar

from assets_core.model.checks import CheckOutcome, CheckStatus, Severity
from assets_core.model.keys import AssetKey
from assets_core.model.records import Failure, InputRecord, MaterializationRecord
from assets_core.model.values import ColumnDigest, StoredFile, Written
from assets_core.model.versions import DataVersion, InputVersion, Term

P = ParamSpec("P")
T = TypeVar("T")

dumps = json.JSONEncoder(separators=(",", ":")).encode
loads = json.loads


class UnreadableRow(Exception):
    """A stored row is not what was written. Engines raise it again as an error that names the file."""


def stored(decode: Callable[P, T]) -> Callable[P, T]:
    """A reader of stored columns: whatever is wrong with their content is ``UnreadableRow``."""

    @wraps(decode)
    def read(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return decode(*args, **kwargs)
        except (
            ValueError,
            KeyError,
            TypeError,
            IndexError,
            AttributeError,
            RecursionError,
        ) as error:
            what = decode.__name__.removesuffix("_of").replace("_", " ")
            raise UnreadableRow(f"a row cannot be read ({what}: {error})") from error

    return read


def time_text(time: datetime) -> str:
    """An aware time as ISO text in UTC; a naive one is a bug of the caller."""
    if time.tzinfo is not UTC:
        if time.tzinfo is None:
            raise ValueError("a recorded time must be aware")
        time = time.astimezone(UTC)
    return _utc_text(time)


@lru_cache(maxsize=4096)
def _utc_text(time: datetime) -> str:
    """One moment stands in several rows. Not for other zones, where two moments can be equal (``fold``)."""
    return time.isoformat()


def time_of(text: str) -> datetime:
    """The aware time of an ISO text."""
    return datetime.fromisoformat(text)


def term_blob(term: Term) -> bytes:
    """The two lanes, little-endian."""
    return term.low.to_bytes(8, "little") + term.high.to_bytes(8, "little")


def term_of(blob: bytes) -> Term:
    """The term of sixteen bytes."""
    return Term(int.from_bytes(blob[:8], "little"), int.from_bytes(blob[8:], "little"))


def details_text(made: MaterializationRecord) -> str:
    """What of a materialization is only read whole: one text, because each costs 2 us beside its content.

    ``inputs``: per input upstream, partitions, columns, the version's lanes and count, as_of. ``written``: by field
    name, files as (name, size, digest), columns as (name, type, digest). ``metadata``: as given. ``stored_as``: of a
    renamed asset the former key.

    Put together from parts, because encoding even a small dictionary takes 5 us and a text 0.1 us.
    """
    inputs = [[i.upstream, i.partitions, i.columns, *i.version, i.as_of] for i in made.inputs]
    renamed = "" if made.stored_as is None else f'"stored_as":{dumps(made.stored_as)},'
    return (
        f'{{{renamed}"inputs":{dumps(inputs) if inputs else "[]"},'
        f'"written":{_written_text(made.written)},'
        f'"metadata":{dumps(dict(made.metadata)) if made.metadata else "{}"}}}'
    )


def _written_text(written: Written) -> str:
    columns = written.columns
    listed = "null" if columns is None else dumps([[c.name, c.type, c.digest] for c in columns])
    files = ",".join(
        [f"[{dumps(f.name)},{_number(f.size)},{dumps(f.digest)}]" for f in written.files]
    )
    return (
        f'{{"materializer":{dumps(written.materializer)},'
        f'"data_version":{dumps(written.data_version)},"value_type":{dumps(written.value_type)},'
        f'"rows":{_number(written.rows)},"size":{_number(written.size)},'
        f'"files":[{files}],"columns":{listed}}}'
    )


def _number(value: object) -> str:
    """What a materializer of somebody else's gives for a number need not be one."""
    return str(value) if type(value) is int else dumps(value)


def inputs_of(data: Iterable[Any]) -> tuple[InputRecord, ...]:
    """The ``inputs`` of details."""
    return tuple(
        InputRecord(
            AssetKey(upstream),
            partitions,
            None if columns is None else tuple(columns),
            InputVersion(low, high, count),
            as_of,
        )
        for upstream, partitions, columns, low, high, count, as_of in data
    )


def written_of(data: dict[str, Any]) -> Written:
    """The ``written`` of details."""
    columns = data["columns"]
    return Written(
        materializer=data["materializer"],
        data_version=DataVersion(data["data_version"]),
        files=tuple(StoredFile(*file) for file in data["files"]),
        value_type=data["value_type"],
        rows=data["rows"],
        size=data["size"],
        columns=None if columns is None else tuple(ColumnDigest(*column) for column in columns),
    )


def failure_text(failure: Failure | None) -> str | None:
    """A failure by field name."""
    if failure is None:
        return None
    return dumps({name: getattr(failure, name) for name in Failure.__slots__})


def failure_of(text: str | None) -> Failure | None:
    """The failure of a text."""
    return None if text is None else Failure(**loads(text))


def results_text(results: Iterable[tuple[CheckOutcome, InputVersion]]) -> str:
    """Check outcomes by field name, each with what it read of other assets."""
    return dumps([_result(outcome) | {"related": list(read)} for outcome, read in results])


def _result(outcome: CheckOutcome) -> dict[str, Any]:
    return {
        "name": outcome.name,
        "status": outcome.status.value,
        "severity": outcome.severity.value,
        "blocking": outcome.blocking,
        "version": outcome.version,
        "count": outcome.count,
        "sample": [dict(row) for row in outcome.sample],
        "metadata": dict(outcome.metadata),
        "message": outcome.message,
        "scope": outcome.scope,
    }


def results_of(text: str) -> tuple[tuple[CheckOutcome, InputVersion], ...]:
    """The outcomes of a text."""
    return tuple(_result_of(data) for data in loads(text))


def _result_of(data: dict[str, Any]) -> tuple[CheckOutcome, InputVersion]:
    related = InputVersion(*data.pop("related"))
    data["status"] = CheckStatus(data["status"])
    data["severity"] = Severity(data["severity"])
    data["sample"] = tuple(data["sample"])
    return CheckOutcome(**data), related


@stored
def text_of(text: str) -> str:
    """A free text."""
    return str(loads(text))

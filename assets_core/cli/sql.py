"""``assets sql``: query the current assets. Read-only."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from assets_core.cli.session import Session, session_of
from assets_core.errors import UsageError

if TYPE_CHECKING:
    import pyarrow as pa

FORMS = ("table", "csv", "json", "parquet")
_ROWS = 40
_WIDEST = 60

Text = Annotated[str, typer.Argument(metavar="SELECT", help="A query; `a.b` is the asset a/b.")]
Form = Annotated[
    str | None, typer.Option("-o", "--output", metavar="FORM", help="table, csv, json or parquet.")
]


def run(ctx: typer.Context, text: Text, output: Form = None) -> int:
    """Query the current assets with SQL.

    Every asset that is stored as a table is one here. The table form shows the first rows; the others give all.
    """
    from assets_core.project.querying import query

    session = session_of(ctx)
    if output not in (None, *FORMS):
        raise UsageError("E909", f"`-o {output}` is none of {', '.join(FORMS)}")
    if output == "parquet" and session.out.is_tty:
        raise UsageError("E909", "Parquet is not for a terminal", help="redirect it: > FILE")
    result = query(session.project(), text)
    if session.as_json or output == "json":
        session.document(_document(result))
    elif output == "csv":
        _csv(session, result)
    elif output == "parquet":
        import pyarrow.parquet as pq

        pq.write_table(result, sys.stdout.buffer)
        sys.stdout.buffer.flush()
    else:
        _table(session, result)
    return 0


def _document(result: pa.Table) -> dict[str, Any]:
    columns = [{"name": f.name, "type": str(f.type)} for f in result.schema]
    rows = zip(*(column.to_pylist() for column in result.columns), strict=True)
    return {
        "schema": "assets.sql/1",
        "columns": columns,
        "rows": [[_plain(value) for value in row] for row in rows],
    }


def _plain(value: Any) -> Any:
    """A cell as JSON: what JSON has no form for is its text, and what is no number is null."""
    match value:
        case None | bool() | int() | str():
            return value
        case float():
            return value if value - value == 0 else None
        case list() | tuple():
            return [_plain(item) for item in value]
        case dict():
            return {str(name): _plain(item) for name, item in value.items()}
        case bytes():
            return value.hex()
        case _:
            return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _csv(session: Session, result: pa.Table) -> None:
    """Batch by batch, so that a large result is never one text."""
    session.out.write(_csv_text([result.column_names]))
    for batch in result.to_batches():
        columns = [map(_plain, column.to_pylist()) for column in batch.columns]
        session.out.write(_csv_text(zip(*columns, strict=True)))


def _csv_text(rows: Iterable[Iterable[Any]]) -> str:
    import csv
    import io

    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerows(rows)
    return buffer.getvalue()


def _table(session: Session, result: pa.Table) -> None:
    from assets_core.cli.columns import print_columns
    from assets_core.cli.wording import counted

    shown = result.slice(0, _ROWS)
    cells = [[_cell(value) for value in column.to_pylist()] for column in shown.columns]
    rows = [[(name, "bold") for name in result.column_names], *zip(*cells, strict=True)]
    print_columns(session.out, rows)
    if result.num_rows > _ROWS:
        session.say(f"the first {_ROWS} of {counted(result.num_rows, 'row')}; -o csv gives all")


def _cell(value: Any) -> str:
    text = "" if value is None else str(_plain(value))
    return text if len(text) <= _WIDEST else text[: _WIDEST - 1] + "…"

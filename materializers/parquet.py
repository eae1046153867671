"""The ``parquet`` materializer: tables as one Parquet file with page checksums and a content digest per column.

Takes and gives ``pandas.DataFrame``, ``pyarrow.Table``, ``duckdb.DuckDBPyRelation`` and, where it is installed,
``polars.DataFrame``; unannotated, what was produced. Options: ``compression`` = zstd (default), snappy, lz4, none.

Measured on 10 million rows of five columns (421 MB in memory), in processor time of ``pyarrow.parquet.write_table``
with the same compression and no checksums, digests and page checksums included: a frame 1.09 to 1.17, an Arrow table
1.06, a DuckDB relation, query included, 1.28. Above the 0.59 GB of a process that holds the frame it needs 0.05 GB. A
frame of ten rows is written in 0.8 ms and loaded in 0.5 ms.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from assets_core.model.values import StoredPart, Written
from assets_core.ports import WriteOptions
from materializers.annotations import PANDAS, TABLES, annotation_name, family_of
from materializers.refusals import bad_option, not_loadable
from materializers.stored_files import FileStorage, inside

FILE = "data.parquet"
_COMPRESSIONS = ("zstd", "snappy", "lz4", "none")


class ParquetMaterializer(FileStorage):
    """Tables in Parquet files; every version is one file, ``data.parquet``."""

    name = "parquet"

    def accepts(self, value: object) -> bool:
        """Whether ``value`` is one of the supported tables, by the names of its classes."""
        return family_of(value) is not None

    def write(self, value: object, location: Path, options: WriteOptions) -> Written:
        """Store a table; raises StepError E302 for what Parquet cannot hold unchanged, naming the column."""
        from materializers.ordering import in_canonical_order
        from materializers.parquet_file import write_table
        from materializers.tabulate import tabulate

        compression = _compression(options)
        table = (
            in_canonical_order(value, options.row_key, location / "spill")
            if options.canonical
            else tabulate(value)
        )
        file, rows, version, columns = write_table(
            location, FILE, table.columns, table.pieces, table.family, compression
        )
        return Written(
            materializer=self.name,
            data_version=version,
            files=(file,),
            value_type=table.family,
            rows=rows,
            size=file.size,
            columns=columns,
        )

    def load(
        self, parts: Sequence[StoredPart], columns: tuple[str, ...] | None, as_type: object
    ) -> object:
        """The partitions as one table, in their order; ``columns`` are read in the order given, and nothing else."""
        from materializers.detabulate import loaded_as
        from materializers.joining import join, nothing
        from materializers.parquet_file import read_table

        produced = parts[0].written.value_type if parts else PANDAS
        family = annotation_name(as_type) or produced
        if family not in TABLES:
            raise not_loadable(self.name, family, TABLES)
        pieces = [read_table(part, columns) for part in parts] or [nothing(columns or ())]
        return loaded_as(family, *join(pieces))

    def tables(self, parts: Sequence[StoredPart]) -> Sequence[Path]:
        """The Parquet file of each partition, for engines that read them in place."""
        return [inside(part.location, file.name) for part in parts for file in part.written.files]


def _compression(options: WriteOptions) -> str:
    unknown = sorted(set(options.options) - {"compression"})
    if unknown:
        raise bad_option("parquet", unknown[0], "the only option is `compression`")
    chosen = options.options.get("compression", "zstd")
    if chosen not in _COMPRESSIONS:
        raise bad_option(
            "parquet", "compression", f"{chosen!r} is not one of {', '.join(_COMPRESSIONS)}"
        )
    return str(chosen)

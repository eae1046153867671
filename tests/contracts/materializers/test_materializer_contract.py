"""What every materializer promises, asked of each one that this distribution registers."""

from __future__ import annotations

import dataclasses
import importlib
import shutil
import stat
import subprocess
import sys
import tomllib
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from assets_core.errors import AssetsError, CorruptionError, StepError
from assets_core.model.values import StoredPart
from assets_core.ports import Materializer, WriteOptions

ROOT = Path(__file__).parents[3]
TABLE = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["entry-points"]
REGISTERED: dict[str, str] = TABLE["assets_core.materializers"]
Store = Callable[..., StoredPart]

FRAME = pd.DataFrame(
    {
        "id": [3, 1, 2],
        "name": ["x", None, "é"],
        "delay": [1.5, np.nan, -0.0],
        "when": pd.to_datetime(["2013-03-10 07:00", None, "2013-11-03 05:30"]).tz_localize("UTC"),
        "carrier": pd.Categorical(["AA", None, "UA"], categories=["UA", "AA", "DL"], ordered=True),
        "exact": [Decimal("1.10"), None, Decimal("-2.00")],
        "items": [["a"], None, []],
    }
)
VALUES: list[tuple[str, str, Any]] = [
    ("parquet", "a frame", FRAME),
    ("parquet", "a frame without rows", FRAME.iloc[:0]),
    ("parquet", "a frame without columns", pd.DataFrame()),
    ("parquet", "an Arrow table", pa.table({"a": [1, None], "b": [[1], []]})),
    ("parquet", "a column name of 10 kB", pd.DataFrame({"n" * 10_000: [1]})),
    ("json", "a document", {"b": [1, 2.5, None, True, "é"], "a": {}}),
    ("json", "an empty list", []),
    ("json", "a number", -0.0),
    ("json", "nothing", None),
    ("json", "text of 5 MB", ["x" * 5_000_000]),
    ("text", "text", "one\r\ntwo\x00é"),
    ("text", "empty text", ""),
    ("bytes", "bytes", b"\x00\xff"),
    ("bytes", "no bytes", b""),
    ("memory", "an object", Fraction(2, 3)),
    ("pickle", "an object", Fraction(1, 3)),
]
STORED = [row for row in VALUES if row[0] != "memory"]
by_value = pytest.mark.parametrize(
    ("name", "value"), [pytest.param(n, v, id=f"{n}: {what}") for n, what, v in VALUES]
)
stored_value = pytest.mark.parametrize(
    ("name", "value"), [pytest.param(n, v, id=f"{n}: {what}") for n, what, v in STORED]
)


def bundled(name: str) -> Materializer:
    module, _, kind = REGISTERED[name].partition(":")
    made: Materializer = getattr(importlib.import_module(module), kind)()
    return made


def same(one: object, other: object) -> bool:
    if isinstance(one, pd.DataFrame):
        assert isinstance(other, pd.DataFrame)
        pd.testing.assert_frame_equal(one, other, check_column_type=False)
        return True
    if isinstance(one, pa.Table):
        return bool(one.equals(other))
    return repr(one) == repr(other) or one == other


@pytest.mark.parametrize("name", REGISTERED)
def test_a_materializer_bears_the_name_it_is_registered_under(name: str) -> None:
    assert bundled(name).name == name


@by_value
def test_a_value_comes_naturally_to_at_most_one_materializer(name: str, value: object) -> None:
    natural = [other for other in REGISTERED if bundled(other).accepts(value)]
    assert natural == ([] if name in {"memory", "pickle"} else [name])


@pytest.mark.parametrize(
    "value",
    [{1, 2}, (1, 2), object(), bytearray(b"x"), 1j, pd.Series([1]), np.arange(3), range(3)],
    ids=lambda value: type(value).__name__,
)
def test_values_that_would_load_as_something_else_come_to_none(value: object) -> None:
    assert [name for name in REGISTERED if bundled(name).accepts(value)] == []


@by_value
def test_what_is_loaded_is_what_was_written(store: Store, name: str, value: object) -> None:
    part = store(bundled(name), value)
    assert part.written.materializer == name
    assert same(value, bundled(name).load([part], None, None))


@stored_value
def test_equal_values_are_one_version_in_private_closed_files(
    store: Store, name: str, value: object
) -> None:
    parts = [store(bundled(name), value) for _ in range(2)]
    assert parts[0].written == parts[1].written
    for file in parts[0].written.files:
        found = (parts[0].location / file.name).stat()
        assert stat.S_IMODE(found.st_mode) == 0o600
        assert found.st_size == file.size
    assert parts[0].written.size == sum(file.size for file in parts[0].written.files)


@stored_value
def test_verify_passes_what_is_whole_and_delete_leaves_nothing(
    store: Store, name: str, value: object
) -> None:
    part = store(bundled(name), value)
    bundled(name).verify(part)
    bundled(name).delete(part.location, part.written)
    assert list(part.location.iterdir()) == []
    bundled(name).delete(part.location, part.written)


def target(part: StoredPart) -> Path:
    return part.location / part.written.files[0].name


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def lengthen(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"\0")


def link(path: Path) -> None:
    moved = path.with_name("moved")
    path.rename(moved)
    path.symlink_to(moved)


def become_a_directory(path: Path) -> None:
    path.unlink()
    path.mkdir()


@stored_value
@pytest.mark.parametrize("damage", [cut, lengthen, link, become_a_directory, Path.unlink])
def test_a_damaged_file_is_found_and_named(
    store: Store, name: str, value: object, damage: Callable[[Path], None]
) -> None:
    part = store(bundled(name), value)
    if damage is cut and not part.written.size:
        damage = lengthen
    damage(target(part))
    for read in (bundled(name).verify, lambda p: bundled(name).load([p], None, None)):
        with pytest.raises(CorruptionError) as caught:
            read(part)
        assert caught.value.code == ("E311" if damage is Path.unlink else "E310")
        assert str(target(part)) in caught.value.message


@pytest.mark.parametrize("name", ["parquet", "json", "text", "bytes", "pickle"])
def test_every_flipped_bit_is_found(store: Store, name: str) -> None:
    value = next(v for n, _, v in VALUES if n == name)
    part = store(bundled(name), value)
    whole = target(part).read_bytes()
    for at in range(0, len(whole), max(1, len(whole) // 150)):
        flipped = bytearray(whole)
        flipped[at] ^= 1 << (at % 8)
        target(part).write_bytes(flipped)
        with pytest.raises(CorruptionError):
            bundled(name).load([part], None, None)
        with pytest.raises(CorruptionError):
            bundled(name).verify(part)


@pytest.mark.parametrize(
    ("name", "ours", "theirs"),
    [("parquet", pd.DataFrame({"a": [1]}), pd.DataFrame({"a": [2]})), ("text", "a", "b")],
)
def test_another_assets_file_of_the_same_size_is_found(
    store: Store, name: str, ours: object, theirs: object
) -> None:
    part, other = store(bundled(name), ours), store(bundled(name), theirs)
    assert part.written.size == other.written.size
    shutil.copyfile(target(other), target(part))
    with pytest.raises(CorruptionError):
        bundled(name).load([part], None, None)


@stored_value
def test_a_version_whose_directory_became_a_link_is_found(
    store: Store, name: str, value: object
) -> None:
    part = store(bundled(name), value)
    moved = part.location.with_name("moved")
    part.location.rename(moved)
    part.location.symlink_to(moved)
    with pytest.raises(CorruptionError, match="symbolic link"):
        bundled(name).verify(part)


@pytest.mark.parametrize("name", ["json", "text", "bytes"])
@pytest.mark.parametrize("planted", ["../other", "/etc/passwd", "a/../../b", ""])
def test_a_recorded_name_that_leads_out_is_never_opened(
    store: Store, name: str, planted: str
) -> None:
    part = store(bundled(name), next(v for n, _, v in VALUES if n == name))
    outside = dataclasses.replace(part.written.files[0], name=planted)
    forged = dataclasses.replace(part, written=dataclasses.replace(part.written, files=(outside,)))
    for read in (bundled(name).verify, lambda p: bundled(name).delete(p.location, p.written)):
        with pytest.raises(CorruptionError, match="leads out of it"):
            read(forged)


@pytest.mark.parametrize("name", ["json", "text", "bytes", "pickle", "memory"])
def test_only_tables_concatenate_and_have_columns(store: Store, name: str) -> None:
    value = next(v for n, _, v in VALUES if n == name)
    parts = [store(bundled(name), value) for _ in range(2)]
    for some in ([], parts):
        with pytest.raises(StepError, match="E304") as caught:
            bundled(name).load(some, None, None)
        assert "dict[str, ...]" in str(caught.value.help)
    with pytest.raises(StepError, match="E305"):
        bundled(name).load(parts[:1], ("a",), None)
    assert bundled(name).tables(parts) is None


@pytest.mark.parametrize("name", [n for n in REGISTERED if n != "memory"])
def test_an_unknown_option_is_an_error(tmp_path: Path, name: str) -> None:
    with pytest.raises(AssetsError, match="E306"):
        bundled(name).write("x", tmp_path, WriteOptions(options={"colour": "red"}))


@stored_value
def test_an_annotation_that_does_not_fit_is_an_error(
    store: Store, name: str, value: object
) -> None:
    part = store(bundled(name), value)
    with pytest.raises(StepError, match="E303"):
        bundled(name).load([part], None, Unrelated)


class Unrelated:
    """A type that nothing stored can become."""


WRITE = """
import sys, tempfile
from pathlib import Path
import pandas as pd
from assets_core.ports import WriteOptions
from materializers.json_values import JsonMaterializer
from materializers.parquet import ParquetMaterializer
frame = pd.DataFrame({"a": [1, 2], "c": pd.Categorical(["u", "v"]), "t": pd.to_datetime(["2020-01-01", None])})
for made, value in ((JsonMaterializer(), {k: len(k) for k in {"x", "yy", "zzz"}}), (ParquetMaterializer(), frame)):
    with tempfile.TemporaryDirectory() as folder:
        print(made.write(value, Path(folder), WriteOptions(canonical=True)))
"""


def test_versions_are_the_same_in_every_process() -> None:
    answers = {
        subprocess.run(
            [sys.executable, "-c", WRITE],
            cwd=ROOT,
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT), "TZ": zone},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed, zone in (("1", "UTC"), ("2", "Asia/Tokyo"))
    }
    assert len(answers) == 1
    assert "data_version" in answers.pop()


HEAVY = ("pandas", "numpy", "pyarrow", "duckdb", "polars", "pydantic", "sqlalchemy")


@pytest.mark.parametrize("name", REGISTERED)
def test_asking_who_takes_a_value_imports_no_library(name: str) -> None:
    module, _, kind = REGISTERED[name].partition(":")
    code = (
        f"import sys; from {module} import {kind} as kind; kind().accepts([1]); kind().accepts('x')\n"
        f"print([heavy for heavy in {HEAVY!r} if heavy in sys.modules])"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert answer.stdout.strip() == "[]"
